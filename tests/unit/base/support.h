/* What several tests of base need. */
#ifndef TESTS_BASE_SUPPORT_H
#define TESTS_BASE_SUPPORT_H

#include <stdbool.h>

/* Runs act(argument) in a child process; true: it ended by SIGABRT, as CHECK does it. */
bool aborts(void (*act)(void *argument), void *argument);

/* Lets other threads and processes run until is_true(argument), for at most a minute; then fails the test. */
void wait_until(bool (*is_true)(void *argument), void *argument);

#endif

/* A folder for a test's files, and an environment without Ferry's variables. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include "settings/settings.h"

/* Makes a folder, changes into it, clears the environment. Setup and teardown of each test. */
int support_setup(void **state);
int support_teardown(void **state);

void support_write(const char *name, const char *text);

/* Loads ferry.yaml with this text (NULL: no file at all); the test fails unless it is right. */
struct settings *support_load(const char *text);
/* The test fails unless loading fails with exactly this text. */
void support_assert_refused(const char *text, const char *expected);

#endif

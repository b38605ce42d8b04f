/* Named threads. Every thread that is started is joined. Mutexes and conditions are pthread's own; condition
 * variables are made with thread_condition_init so that they wait on the monotonic clock. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef void thread_main_fn(void *argument);

/* name: at most 15 bytes, shown by ps -T. All signals are blocked in the thread: they belong to the thread that waits
 * for them (base/signals.h). stack_bytes 0: the system's default. INTERNAL (retryable) when the system refuses. */
MUST_CHECK enum status thread_start(pthread_t *out_thread, const char *name, size_t stack_bytes, thread_main_fn *main,
                                    void *argument, struct error *error);
void thread_join(pthread_t thread);

void thread_condition_init(pthread_cond_t *condition);
/* Waits until signalled or until deadline_ms (clock_monotonic_ms; INT64_MAX: no deadline). false: the deadline came. */
bool thread_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline_ms);

#endif

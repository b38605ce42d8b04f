/* Coroutines on stacks of their own, from a pool of mapped stacks with a guard page below each.
 *
 * A coroutine is resumed by one thread at a time, not necessarily the same one. The pool is for any thread.
 * A coroutine may be destroyed while suspended: its stack is dropped as it is, nothing on it is run or freed. */
#ifndef TEMPORAL_COROUTINE_H
#define TEMPORAL_COROUTINE_H

#include <stdbool.h>
#include <stddef.h>

/* Virtual: only touched pages cost memory. The deepest JSON that jansson takes needs 613 KiB to be printed. */
#define COROUTINE_STACK_DEFAULT ((size_t)1024 * 1024)
#define COROUTINE_STACK_MINIMUM ((size_t)16 * 1024)

struct coroutine;
struct coroutine_pool;

/* Keeps up to idle_maximum unused stacks of the default size mapped for reuse. */
struct coroutine_pool *coroutine_pool_new(size_t idle_maximum);
void coroutine_pool_destroy(struct coroutine_pool *pool); /* NULL is fine; all its coroutines are gone by then */

typedef void coroutine_fn(struct coroutine *coroutine, void *context);

/* label (copied, cut at 127 bytes) names the coroutine if its stack overflows. stack_bytes 0: the default.
 * NULL: the system gives no more memory mappings. Does not start it. */
struct coroutine *coroutine_new(struct coroutine_pool *pool, size_t stack_bytes, const char *label,
                                coroutine_fn *function, void *context);
void coroutine_destroy(struct coroutine *coroutine); /* not from inside itself. NULL is fine */

/* Runs it until it suspends or its function returns. false: it has returned (now or before). */
bool coroutine_resume(struct coroutine *coroutine);
/* From inside only: back to the one who resumed. */
void coroutine_suspend(struct coroutine *coroutine);
bool coroutine_has_returned(const struct coroutine *coroutine);

/* Stack pages that were ever touched (by this or an earlier user of a reused stack), in bytes. */
size_t coroutine_stack_used(const struct coroutine *coroutine);
size_t coroutine_stack_size(const struct coroutine *coroutine);
/* Of the bookkeeping beside the stack. */
size_t coroutine_overhead(void);

/* Once at start-up: a stack overflow then says which coroutine it was, on standard error, before the process dies
 * of SIGSEGV as usual. The calling thread gets an alternate signal stack until it ends; other threads that resume
 * coroutines call coroutine_watch_thread(). */
void coroutine_watch_overflow(void);
void coroutine_watch_thread(void);

#endif

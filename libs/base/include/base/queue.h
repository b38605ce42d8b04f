/* Bounded queue that hands pointers from thread to thread. Who pops an item owns it. Any thread. */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct queue;

struct queue *queue_new(size_t capacity);
void queue_destroy(struct queue *queue); /* must be empty and unused; NULL is fine */

/* Waits for room. false: closed, the item stays the caller's. */
MUST_CHECK bool queue_push(struct queue *queue, void *item);
/* Never waits. false: full or closed, the item stays the caller's. */
MUST_CHECK bool queue_try_push(struct queue *queue, void *item);
/* Waits until deadline_ms (clock_monotonic_ms; INT64_MAX: for ever). NULL: deadline came, or closed and empty. */
void *queue_pop(struct queue *queue, int64_t deadline_ms);
void *queue_try_pop(struct queue *queue);
size_t queue_count(struct queue *queue);

/* No more pushes; pops drain what is left and then answer NULL at once. Wakes everyone. */
void queue_close(struct queue *queue);

#endif

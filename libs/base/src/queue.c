/* Bounded queue: a ring under one mutex. */
#include "base/queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/thread.h"

/* Any thread; every member below the mutex is guarded by it. */
struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t has_item;
    pthread_cond_t has_room;
    size_t capacity;
    size_t first;
    size_t count;
    bool is_closed;
    void *items[];
};

struct queue *queue_new(size_t capacity)
{
    CHECK(capacity > 0 && capacity <= (SIZE_MAX - sizeof(struct queue)) / sizeof(void *));
    struct queue *queue = memory_alloc(sizeof *queue + capacity * sizeof queue->items[0]);
    CHECK(pthread_mutex_init(&queue->mutex, NULL) == 0);
    thread_condition_init(&queue->has_item);
    thread_condition_init(&queue->has_room);
    queue->capacity = capacity;
    return queue;
}

void queue_destroy(struct queue *queue)
{
    if (queue == NULL) {
        return;
    }
    CHECK(queue->count == 0);
    CHECK(pthread_cond_destroy(&queue->has_item) == 0);
    CHECK(pthread_cond_destroy(&queue->has_room) == 0);
    CHECK(pthread_mutex_destroy(&queue->mutex) == 0);
    free(queue);
}

static bool push(struct queue *queue, void *item, bool may_wait)
{
    CHECK(item != NULL);
    bool is_pushed = false;
    pthread_mutex_lock(&queue->mutex);
    while (may_wait && !queue->is_closed && queue->count == queue->capacity) {
        (void)thread_condition_wait(&queue->has_room, &queue->mutex, INT64_MAX);
    }
    if (!queue->is_closed && queue->count < queue->capacity) {
        queue->items[(queue->first + queue->count) % queue->capacity] = item;
        queue->count++;
        is_pushed = true;
        pthread_cond_signal(&queue->has_item);
    }
    pthread_mutex_unlock(&queue->mutex);
    return is_pushed;
}

bool queue_push(struct queue *queue, void *item)
{
    return push(queue, item, true);
}

bool queue_try_push(struct queue *queue, void *item)
{
    return push(queue, item, false);
}

/* With the mutex held. */
static void *take_first(struct queue *queue)
{
    if (queue->count == 0) {
        return NULL;
    }
    void *item = queue->items[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    pthread_cond_signal(&queue->has_room);
    return item;
}

void *queue_pop(struct queue *queue, int64_t deadline_ms)
{
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == 0 && !queue->is_closed) {
        if (!thread_condition_wait(&queue->has_item, &queue->mutex, deadline_ms)) {
            break;
        }
    }
    void *item = take_first(queue);
    pthread_mutex_unlock(&queue->mutex);
    return item;
}

void *queue_try_pop(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    void *item = take_first(queue);
    pthread_mutex_unlock(&queue->mutex);
    return item;
}

size_t queue_count(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    size_t count = queue->count;
    pthread_mutex_unlock(&queue->mutex);
    return count;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->is_closed = true;
    pthread_cond_broadcast(&queue->has_item);
    pthread_cond_broadcast(&queue->has_room);
    pthread_mutex_unlock(&queue->mutex);
}

/* See sqs_thread.h. */
#include "sqs_thread.h"

#include <stdlib.h>

#include "aws/sqs_stack.h"
#include "base/map.h"
#include "base/memory.h"

/* Made by the starter, then the thread's own until it has ended; the map is not changed meanwhile. */
struct sqs_thread {
    struct sqs_stack *stack;
    struct map *queues; /* by URL, struct receipt_queue */
};

static void for_each_queue(const struct sqs_thread *thread, void (*act)(struct receipt_queue *queue))
{
    size_t position = 0;
    const char *url = NULL;
    void *queue = NULL;
    while (map_next(thread->queues, &position, &url, &queue)) {
        act(queue);
    }
}

static void add_queues(struct sqs_thread *thread, const struct settings *settings, struct metrics *metrics)
{
    for (size_t i = 0; i < settings->queue_count; i++) {
        const char *url = settings->queues[i].url;
        struct receipt_queue *queue = receipt_queue_new(&(struct receipt_queue_options){
            .loop = sqs_stack_loop(thread->stack),
            .client = sqs_stack_client(thread->stack),
            .queue_url = url,
            .metrics = metrics});
        receipt_queue_destroy(map_put(thread->queues, url, queue));
    }
}

enum status sqs_thread_start(const struct settings *settings, struct metrics *metrics, struct sqs_thread **out_thread,
                             struct error *error)
{
    struct sqs_thread *thread = memory_alloc(sizeof *thread);
    thread->queues = map_new();
    enum status status = sqs_stack_new(NULL, &thread->stack, error);
    if (status != STATUS_OK) {
        goto done;
    }
    add_queues(thread, settings, metrics);
    status = sqs_stack_start_thread(thread->stack, error);
    if (status != STATUS_OK) {
        goto done;
    }
    *out_thread = thread;
    thread = NULL;
done:
    sqs_thread_stop(thread);
    return status;
}

struct receipt_queue *sqs_thread_find(const struct sqs_thread *thread, const char *queue_url)
{
    return map_get(thread->queues, queue_url);
}

void sqs_thread_stop(struct sqs_thread *thread)
{
    if (thread == NULL) {
        return;
    }
    sqs_stack_end_thread(thread->stack);
    for_each_queue(thread, receipt_queue_stop);
    sqs_stack_destroy(thread->stack);
    for_each_queue(thread, receipt_queue_destroy);
    map_destroy(thread->queues);
    free(thread);
}

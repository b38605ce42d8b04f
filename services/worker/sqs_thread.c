/* See sqs_thread.h. */
#include "sqs_thread.h"

#include <stdlib.h>

#include "aws/credentials.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/thread.h"
#include "http/client.h"

#define STACK_BYTES ((size_t)256 << 10)

/* Made by the starter, then the thread's own until it is joined; the map is not changed meanwhile. */
struct sqs_thread {
    pthread_t thread;
    struct loop *loop;
    struct http_client *http;
    struct aws_credentials_provider *credentials;
    struct sqs_client *client;
    struct map *queues; /* by URL, struct receipt_queue */
};

static void thread_main(void *argument)
{
    struct sqs_thread *thread = argument;
    loop_run(thread->loop);
}

/* In the order of who uses whom; the thread has ended or was never started. */
static void free_all(struct sqs_thread *thread)
{
    size_t position = 0;
    const char *url = NULL;
    void *queue = NULL;
    while (map_next(thread->queues, &position, &url, &queue)) {
        receipt_queue_stop(queue);
    }
    sqs_client_destroy(thread->client);
    position = 0;
    while (map_next(thread->queues, &position, &url, &queue)) {
        receipt_queue_destroy(queue);
    }
    map_destroy(thread->queues);
    aws_credentials_provider_destroy(thread->credentials);
    http_client_destroy(thread->http);
    loop_destroy(thread->loop);
    free(thread);
}

static void add_queues(struct sqs_thread *thread, const struct settings *settings, struct metrics *metrics)
{
    for (size_t i = 0; i < settings->queue_count; i++) {
        const char *url = settings->queues[i].url;
        struct receipt_queue *queue = receipt_queue_new(&(struct receipt_queue_options){
            .loop = thread->loop, .client = thread->client, .queue_url = url, .metrics = metrics});
        receipt_queue_destroy(map_put(thread->queues, url, queue));
    }
}

enum status sqs_thread_start(const struct settings *settings, struct metrics *metrics, struct sqs_thread **out_thread,
                             struct error *error)
{
    struct sqs_thread *thread = memory_alloc(sizeof *thread);
    struct sqs_client_options options = {0};
    thread->loop = loop_new();
    thread->queues = map_new();
    enum status status = http_client_new(thread->loop, &(struct http_client_options){0}, &thread->http, error);
    if (status != STATUS_OK) {
        goto done;
    }
    thread->credentials = aws_credentials_provider_new_default(thread->loop, thread->http);
    options.loop = thread->loop;
    options.http = thread->http;
    options.credentials = thread->credentials;
    status = sqs_client_new(&options, &thread->client, error);
    if (status != STATUS_OK) {
        goto done;
    }
    add_queues(thread, settings, metrics);
    status = thread_start(&thread->thread, "sqs", STACK_BYTES, thread_main, thread, error);
    if (status != STATUS_OK) {
        goto done;
    }
    *out_thread = thread;
    thread = NULL;
done:
    if (thread) {
        free_all(thread);
    }
    return status;
}

struct receipt_queue *sqs_thread_find(const struct sqs_thread *thread, const char *queue_url)
{
    return map_get(thread->queues, queue_url);
}

void sqs_thread_stop(struct sqs_thread *thread)
{
    if (!thread) {
        return;
    }
    loop_stop(thread->loop);
    thread_join(thread->thread);
    free_all(thread);
}

/* See delete_thread.h. */
#include "delete_thread.h"

#include <stdlib.h>

#include "aws/credentials.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/thread.h"
#include "http/client.h"

#define STACK_BYTES ((size_t)256 << 10)

/* Made by the starter, then the thread's own until it is joined. */
struct delete_thread {
    pthread_t thread;
    struct loop *loop;
    struct http_client *http;
    struct aws_credentials_provider *credentials;
    struct sqs_client *client;
    struct delete_queue *queue;
};

static void thread_main(void *argument)
{
    struct delete_thread *thread = argument;
    loop_run(thread->loop);
}

/* In the order of who uses whom; the thread has ended or was never started. */
static void free_all(struct delete_thread *thread)
{
    if (thread->queue) {
        delete_queue_stop(thread->queue);
    }
    sqs_client_destroy(thread->client);
    delete_queue_destroy(thread->queue);
    aws_credentials_provider_destroy(thread->credentials);
    http_client_destroy(thread->http);
    loop_destroy(thread->loop);
    free(thread);
}

enum status delete_thread_start(const char *queue_url, struct metrics *metrics, struct delete_thread **out_thread,
                                struct error *error)
{
    struct delete_thread *thread = memory_alloc(sizeof *thread);
    struct sqs_client_options options = {0};
    thread->loop = loop_new();
    enum status status = http_client_new(thread->loop, &(struct http_client_options){0}, &thread->http, error);
    if (status != STATUS_OK) {
        goto done;
    }
    thread->credentials = aws_credentials_provider_new_default(thread->loop);
    options.loop = thread->loop;
    options.http = thread->http;
    options.credentials = thread->credentials;
    status = sqs_client_new(&options, &thread->client, error);
    if (status != STATUS_OK) {
        goto done;
    }
    thread->queue = delete_queue_new(&(struct delete_queue_options){
        .loop = thread->loop, .client = thread->client, .queue_url = queue_url, .metrics = metrics});
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

struct delete_queue *delete_thread_queue(struct delete_thread *thread)
{
    return thread->queue;
}

void delete_thread_stop(struct delete_thread *thread)
{
    if (!thread) {
        return;
    }
    loop_stop(thread->loop);
    thread_join(thread->thread);
    free_all(thread);
}

/* See queue_sender.h. */
#include "queue_sender.h"

#include <stdbool.h>
#include <stdlib.h>

#include "aws/credentials.h"
#include "base/memory.h"
#include "base/thread.h"
#include "http/client.h"

#define STACK_BYTES ((size_t)256 << 10)

/* Made by the starter, then the thread's own until it is joined. */
struct queue_sender {
    pthread_t thread;
    struct loop *loop;
    struct http_client *http;
    struct aws_credentials_provider *credentials;
    struct sqs_client *client;
    bool is_stopping;
};

static void thread_main(void *argument)
{
    struct queue_sender *sender = argument;
    loop_run(sender->loop);
}

/* The thread has ended or was never started. */
static void free_all(struct queue_sender *sender)
{
    sender->is_stopping = true;
    sqs_client_destroy(sender->client);
    aws_credentials_provider_destroy(sender->credentials);
    http_client_destroy(sender->http);
    loop_destroy(sender->loop);
    free(sender);
}

enum status queue_sender_start(struct queue_sender **out_sender, struct error *error)
{
    struct queue_sender *sender = memory_alloc(sizeof *sender);
    struct sqs_client_options options = {0};
    sender->loop = loop_new();
    enum status status = http_client_new(sender->loop, &(struct http_client_options){0}, &sender->http, error);
    if (status != STATUS_OK) {
        goto done;
    }
    sender->credentials = aws_credentials_provider_new_default(sender->loop, sender->http);
    options.loop = sender->loop;
    options.http = sender->http;
    options.credentials = sender->credentials;
    status = sqs_client_new(&options, &sender->client, error);
    if (status != STATUS_OK) {
        goto done;
    }
    status = thread_start(&sender->thread, "sqs", STACK_BYTES, thread_main, sender, error);
    if (status != STATUS_OK) {
        goto done;
    }
    *out_sender = sender;
    sender = NULL;
done:
    if (sender != NULL) {
        free_all(sender);
    }
    return status;
}

void queue_sender_stop(struct queue_sender *sender)
{
    if (sender != NULL) {
        loop_stop(sender->loop);
        thread_join(sender->thread);
        free_all(sender);
    }
}

void queue_sender_post(struct queue_sender *sender, loop_task_fn *fn, void *argument)
{
    loop_post(sender->loop, fn, argument);
}

struct sqs_client *queue_sender_client(const struct queue_sender *sender)
{
    return sender->is_stopping ? NULL : sender->client;
}

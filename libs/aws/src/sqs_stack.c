/* See aws/sqs_stack.h. */
#include "aws/sqs_stack.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/thread.h"

#define THREAD_MEMORY_BYTES ((size_t)256 << 10)

struct sqs_stack {
    struct loop *loop;
    struct http_client *http;
    struct aws_credentials_provider *credentials;
    struct sqs_client *client;
    pthread_t thread;
    bool has_thread;
    bool is_ending;
};

enum status sqs_stack_new(const struct http_client_options *http, struct sqs_stack **out_stack, struct error *error)
{
    static const struct http_client_options defaults = {0};
    struct sqs_stack *stack = memory_alloc(sizeof *stack);
    struct sqs_client_options options = {0};
    stack->loop = loop_new();
    enum status status = http_client_new(stack->loop, http != NULL ? http : &defaults, &stack->http, error);
    if (status != STATUS_OK) {
        goto done;
    }
    stack->credentials = aws_credentials_provider_new_default(stack->loop, stack->http);
    options.loop = stack->loop;
    options.http = stack->http;
    options.credentials = stack->credentials;
    status = sqs_client_new(&options, &stack->client, error);
    if (status != STATUS_OK) {
        goto done;
    }
    *out_stack = stack;
    stack = NULL;
done:
    sqs_stack_destroy(stack);
    return status;
}

void sqs_stack_destroy(struct sqs_stack *stack)
{
    if (stack == NULL) {
        return;
    }
    sqs_stack_end_thread(stack);
    stack->is_ending = true;
    sqs_client_destroy(stack->client);
    aws_credentials_provider_destroy(stack->credentials);
    http_client_destroy(stack->http);
    loop_destroy(stack->loop);
    free(stack);
}

static void thread_main(void *argument)
{
    const struct sqs_stack *stack = argument;
    loop_run(stack->loop);
}

enum status sqs_stack_start_thread(struct sqs_stack *stack, struct error *error)
{
    CHECK(!stack->has_thread);
    enum status status = thread_start(&stack->thread, "sqs", THREAD_MEMORY_BYTES, thread_main, stack, error);
    stack->has_thread = status == STATUS_OK;
    return status;
}

void sqs_stack_end_thread(struct sqs_stack *stack)
{
    if (stack != NULL && stack->has_thread) {
        loop_stop(stack->loop);
        thread_join(stack->thread);
        stack->has_thread = false;
    }
}

struct loop *sqs_stack_loop(const struct sqs_stack *stack)
{
    return stack->loop;
}

struct http_client *sqs_stack_http(const struct sqs_stack *stack)
{
    return stack->http;
}

struct aws_credentials_provider *sqs_stack_credentials(const struct sqs_stack *stack)
{
    return stack->credentials;
}

struct sqs_client *sqs_stack_client(const struct sqs_stack *stack)
{
    return stack->is_ending ? NULL : stack->client;
}

/* What it takes to speak with SQS, put together: a loop, an HTTP client on it, the credentials that the environment
 * gives (aws/credentials.h), and an SQS client with the environment's region and endpoint (aws/sqs_client.h).
 *
 * Thread: everything is the caller's, who runs the loop, or hands it all to a thread of its own with start_thread. */
#ifndef AWS_SQS_STACK_H
#define AWS_SQS_STACK_H

#include "aws/credentials.h"
#include "aws/sqs_client.h"
#include "base/error.h"
#include "base/loop.h"
#include "http/client.h"

struct sqs_stack;

/* http: NULL, or the options of the HTTP client. INVALID_ARGUMENT: the environment's region or endpoint is no such
 * thing. INTERNAL: http_client_new. */
MUST_CHECK enum status sqs_stack_new(const struct http_client_options *http, struct sqs_stack **out_stack,
                                     struct error *error);
/* Ends the thread, then what is under way with CANCELED, on the calling thread. NULL is fine. */
void sqs_stack_destroy(struct sqs_stack *stack);

/* From here on the loop runs on a thread "sqs", and what is on it belongs to that. INTERNAL: thread_start. */
MUST_CHECK enum status sqs_stack_start_thread(struct sqs_stack *stack, struct error *error);
/* Returns when the thread has ended: what was posted before has run, what is under way stays so. Not on that thread.
 * Without a thread it does nothing; sqs_stack_destroy does it, too. NULL is fine. */
void sqs_stack_end_thread(struct sqs_stack *stack);

/* Borrowed, as long as the stack lives. */
struct loop *sqs_stack_loop(const struct sqs_stack *stack);
struct http_client *sqs_stack_http(const struct sqs_stack *stack);
struct aws_credentials_provider *sqs_stack_credentials(const struct sqs_stack *stack);
/* The same; NULL inside sqs_stack_destroy: the dones that it calls must not start new calls. */
struct sqs_client *sqs_stack_client(const struct sqs_stack *stack);

#endif

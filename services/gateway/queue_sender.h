/* The gateway's thread "sqs": a loop of its own with the HTTP client, the credentials and the SQS client on it. It is
 * there only where a route has target: sqs. Everything here but start and stop is any thread's. */
#ifndef GATEWAY_QUEUE_SENDER_H
#define GATEWAY_QUEUE_SENDER_H

#include "aws/sqs_client.h"
#include "base/error.h"
#include "base/loop.h"

struct queue_sender;

/* INVALID_ARGUMENT: the region or the endpoint of the environment is no such thing. */
MUST_CHECK enum status queue_sender_start(struct queue_sender **out_sender, struct error *error);
/* What is under way ends with CANCELED before it returns; nothing may be posted any more. NULL is fine. */
void queue_sender_stop(struct queue_sender *sender);

/* fn(argument) runs on the thread, where the client may be used. */
void queue_sender_post(struct queue_sender *sender, loop_task_fn *fn, void *argument);
/* On the thread. NULL: it is being stopped, and nothing is sent any more. */
struct sqs_client *queue_sender_client(const struct queue_sender *sender);

#endif

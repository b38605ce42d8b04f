/* What sqs.DeleteMessage and sqs.ChangeMessageVisibility are given, taken apart and checked against the queues that the
 * configuration allows (docs/adr/0020). Pure. */
#ifndef WORKER_SQS_REQUEST_H
#define WORKER_SQS_REQUEST_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "settings/settings.h"

#define SQS_REQUEST_HANDLE_MAX ((size_t)4096) /* bytes; AWS says 1,024, other servers have longer ones */

/* Caller's storage; borrowed from the input and the settings. */
struct sqs_activity_request {
    const char *queue_url;
    const char *receipt_handle; /* a secret */
    int visibility_timeout;     /* seconds */
};

/* input: {"queueUrl", "receiptHandle", "visibilityTimeout"}, the last one exactly where has_visibility; queueUrl may be
 * left out where the settings have one queue. INVALID_ARGUMENT: a member is missing, wrong or unknown, with a reason
 * that holds no value. PERMISSION_DENIED: the queue is none of the settings'. */
MUST_CHECK enum status sqs_activity_request_read(const json_t *input, bool has_visibility,
                                                 const struct settings *settings,
                                                 struct sqs_activity_request *out_request, struct error *error);

#endif

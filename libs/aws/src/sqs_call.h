/* One call under way: asked for credentials, sent, waiting for the next attempt, finished once. Private to libs/aws. */
#ifndef AWS_SRC_SQS_CALL_H
#define AWS_SRC_SQS_CALL_H

#include "aws/sigv4.h"
#include "aws/sqs_client.h"
#include "aws_uri.h"
#include "base/buffer.h"
#include "endpoint.h"
#include "retry.h"
#include "service_clock.h"
#include "sqs_error.h"

/* Belongs to its maker; the loop's thread only. */
struct sqs_client {
    struct loop *loop;
    struct http_client *http;
    struct aws_credentials_provider *credentials;
    int64_t (*wall_ms)(void);
    char *region;                 /* NULL: by each call's queue URL */
    bool is_region_given;         /* in the options: holds for all queues, whatever their URLs say */
    bool has_endpoint;            /* else by each call's queue URL */
    struct aws_endpoint endpoint;
    struct endpoint_variant variant;
    struct service_clock clock;
    struct retry_quota quota;
    int receive_debt;             /* what the last receive that failed took from the quota */
    int receive_failures;         /* in a row */
    struct sigv4_key_cache keys;
    struct list calls;
};

/* What differs from action to action. */
struct sqs_action {
    const char *name;   /* "ReceiveMessage" */
    const char *target; /* "AmazonSQS.ReceiveMessage" */
    bool is_retried;
    size_t max_response_bytes;
    /* Reads a 200's body and calls done, or returns MALFORMED without calling it. */
    enum status (*deliver)(struct sqs_call *call, const char *body, size_t length, struct error *error);
    void (*fail)(struct sqs_call *call, const struct sqs_error *error); /* calls done */
};

struct sqs_call {
    struct list link; /* of the client's calls */
    struct sqs_client *client;
    const struct sqs_action *action;
    union {
        sqs_receive_done_fn *receive;
        sqs_done_fn *nothing;
        sqs_batch_done_fn *batch;
        sqs_send_done_fn *send;
        sqs_attributes_done_fn *attributes;
        sqs_queue_url_done_fn *queue_url;
    } done;
    void *user;
    size_t entry_count; /* batches */

    struct buffer body;
    char body_hash[CRYPTO_SHA256_HEX_SIZE];
    struct aws_endpoint endpoint;
    char *region;
    int64_t deadline_ms;

    int attempts;
    int taken;                  /* from the quota, for this attempt */
    int64_t sent_wall_ms;       /* of this attempt, so the next two */
    int64_t signed_offset_ms;
    uint64_t generation;        /* of the credentials */
    bool is_clock_corrected;
    bool is_credentials_renewed;
    struct sqs_failure failure; /* of what ended, or of the attempt before a pause */
    struct aws_credentials_request credentials_request;
    struct http_call *http_call;
    struct loop_timer timer;
};

/* The body is to be written into call->body by the caller, then sqs_call_start. */
struct sqs_call *sqs_call_new(struct sqs_client *client, const struct sqs_action *action, int64_t deadline_ms,
                              void *user);
/* is_written: the body could be written; else the call ends with INVALID_ARGUMENT. queue_url (NULL: the action has
 * none) stands for endpoint and region where the client has none of its own. Returns call. */
struct sqs_call *sqs_call_start(struct sqs_call *call, const char *queue_url, bool is_written);
/* Ends with CANCELED. */
void sqs_call_abort(struct sqs_call *call);

#endif

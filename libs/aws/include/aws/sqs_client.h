/* Asynchronous client of Amazon SQS: AWS JSON 1.0 over the HTTP client, signed with SigV4 at each send.
 *
 * Thread: everything belongs to the loop's thread, callbacks included. Requests are copied. Each done is called
 * exactly once, never inside the call that started it; results and errors are borrowed for the callback. A call is
 * valid until its done is called or sqs_call_cancel.
 *
 * Retries: all but receive_message are tried up to 3 times on transport errors, HTTP 5xx and throttling, with
 * jittered back-off, until the deadline; each attempt is signed anew. Attempts beyond the first draw on one budget of
 * the client, which successes fill again (retry.h); spent, a first failure is the last. receive_message is tried
 * once: its caller repeats it with the same attempt_id, on the same budget: once that is spent, a failure is told
 * only after the back-off. Signatures follow the service's clock, which every answer tells; a signature that was
 * refused because ours was more than 4 minutes off is made anew once. Expired credentials are loaded anew and the
 * call is repeated once. */
#ifndef AWS_SQS_CLIENT_H
#define AWS_SQS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/credentials.h"
#include "aws/sqs_message.h"
#include "base/error.h"
#include "base/json_scan.h"
#include "base/loop.h"
#include "http/client.h"

#define SQS_BATCH_MAX 10
#define SQS_WAIT_SECONDS_MAX 20
#define SQS_VISIBILITY_SECONDS_MAX 43200
#define SQS_ATTRIBUTES_MAX 64                          /* of a message or queue, in a request */
#define SQS_RECEIVE_RESPONSE_MAX ((size_t)64 << 20)    /* bytes: 10 messages of 1 MiB, escaped */
#define SQS_RESPONSE_MAX ((size_t)1 << 20)             /* bytes, all other calls */
#define SQS_REQUEST_MAX ((size_t)16 << 20)             /* bytes: a longer request is refused before it is sent */

struct sqs_client;
struct sqs_call;

struct sqs_client_options {
    struct loop *loop;                           /* borrowed, as the next two: they outlive the client */
    struct http_client *http;
    struct aws_credentials_provider *credentials;
    const char *region;   /* NULL: that of the queue URL's host where that is called, else aws_region_resolve */
    const char *endpoint; /* "http://127.0.0.1:4566"; NULL: AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL, the profile's
                           * services section and endpoint_url, else the queue URL's scheme, host and port, else
                           * (create_queue, get_queue_url; or FIPS or dual stack is asked for) the region's */
    int64_t (*wall_ms)(void); /* NULL: clock_wall_ms */
};

enum sqs_error_class {
    SQS_ERROR_THROTTLED,     /* slow down, then again */
    SQS_ERROR_CREDENTIALS,   /* none, wrong, expired, without the right to do this, or to use the queue's key: a person
                              * must act, or time */
    SQS_ERROR_MISSING_QUEUE, /* there is no such queue (now) */
    SQS_ERROR_HANDLE,        /* the receipt handle is stale, or the message gone or not in flight */
    SQS_ERROR_TRANSIENT,     /* transport, timeout, 5xx, an answer that does not parse: again later */
    SQS_ERROR_FINAL          /* the same call fails again */
};
const char *sqs_error_class_name(enum sqs_error_class class); /* "throttled" … */

struct sqs_error {
    struct error error;
    enum sqs_error_class class;
    const char *code;       /* "QueueDoesNotExist", from __type; "": the answer held none, or there was no answer */
    const char *alias;      /* "AWS.SimpleQueueService.NonExistentQueue", from x-amzn-query-error; "": none */
    int http_status;        /* 0: no answer */
    int64_t retry_after_ms; /* from x-amz-retry-after or Retry-After; 0: not said */
};

MUST_CHECK enum status sqs_client_new(const struct sqs_client_options *options, struct sqs_client **out_client,
                                      struct error *error); /* INVALID_ARGUMENT: region or endpoint are no such thing */
/* Ends what is under way with CANCELED first; their dones must not start new calls on it. NULL is fine. */
void sqs_client_destroy(struct sqs_client *client);
void sqs_call_cancel(struct sqs_call *call); /* done will not be called */

struct sqs_receive_result {
    struct sqs_message *const *messages; /* borrowed, unless taken */
    size_t count;
    size_t malformed_count; /* elements without a MessageId or ReceiptHandle, left out */
};
/* The message becomes the caller's (sqs_message_destroy); its place in the result is NULL then. */
struct sqs_message *sqs_receive_result_take(const struct sqs_receive_result *result, size_t index);

struct sqs_receive_request {
    const char *queue_url;
    int max_messages;       /* 1 .. SQS_BATCH_MAX */
    int wait_seconds;       /* 0 .. SQS_WAIT_SECONDS_MAX */
    int visibility_seconds; /* 0 .. SQS_VISIBILITY_SECONDS_MAX; -1: the queue's */
    const char *attempt_id; /* FIFO: keep it when the answer was lost, change it else; NULL: none (standard queue) */
    int64_t deadline_ms;    /* clock_monotonic_ms, here and below; wait_seconds + 10 s is a good one */
};
typedef void sqs_receive_done_fn(void *user, const struct sqs_receive_result *result, const struct sqs_error *error);
struct sqs_call *sqs_client_receive_message(struct sqs_client *client, const struct sqs_receive_request *request,
                                            sqs_receive_done_fn *done, void *user);

/* error NULL: done. */
typedef void sqs_done_fn(void *user, const struct sqs_error *error);
struct sqs_call *sqs_client_delete_message(struct sqs_client *client, const char *queue_url,
                                           const char *receipt_handle, int64_t deadline_ms, sqs_done_fn *done,
                                           void *user);
struct sqs_call *sqs_client_change_visibility(struct sqs_client *client, const char *queue_url,
                                              const char *receipt_handle, int visibility_seconds,
                                              int64_t deadline_ms, sqs_done_fn *done, void *user);

/* What became of one entry of a batch. An entry that the answer does not speak of has failed, SQS_ERROR_TRANSIENT. */
struct sqs_entry_result {
    bool is_ok;
    enum sqs_error_class class; /* of the rest only where !is_ok */
    const char *code;           /* "" : none */
    const char *text;           /* for logs */
    const char *message_id;      /* send: "" elsewhere */
    const char *sequence_number; /* send to FIFO: "" elsewhere */
};
/* One entry for each of the request's, in its order. */
struct sqs_batch_result {
    const struct sqs_entry_result *entries;
    size_t count;
};
typedef void sqs_batch_done_fn(void *user, const struct sqs_batch_result *result, const struct sqs_error *error);

/* 1 .. SQS_BATCH_MAX entries in each batch. */
struct sqs_call *sqs_client_delete_message_batch(struct sqs_client *client, const char *queue_url,
                                                 const char *const *receipt_handles, size_t count,
                                                 int64_t deadline_ms, sqs_batch_done_fn *done, void *user);

struct sqs_visibility_entry {
    const char *receipt_handle;
    int visibility_seconds; /* 0 .. SQS_VISIBILITY_SECONDS_MAX */
};
struct sqs_call *sqs_client_change_visibility_batch(struct sqs_client *client, const char *queue_url,
                                                    const struct sqs_visibility_entry *entries, size_t count,
                                                    int64_t deadline_ms, sqs_batch_done_fn *done, void *user);

typedef void sqs_send_done_fn(void *user, const struct sqs_entry_result *result, const struct sqs_error *error);
struct sqs_call *sqs_client_send_message(struct sqs_client *client, const char *queue_url,
                                         const struct sqs_send_entry *entry, int64_t deadline_ms,
                                         sqs_send_done_fn *done, void *user);
struct sqs_call *sqs_client_send_message_batch(struct sqs_client *client, const char *queue_url,
                                               const struct sqs_send_entry *entries, size_t count,
                                               int64_t deadline_ms, sqs_batch_done_fn *done, void *user);

/* SendMessageBatch without an entry, which sends nothing and is refused by every SQS: with EmptyBatchRequest where the
 * caller may send, as far as that is looked at first, else with AccessDenied. */
struct sqs_call *sqs_client_probe_send(struct sqs_client *client, const char *queue_url, int64_t deadline_ms,
                                       sqs_batch_done_fn *done, void *user);

struct sqs_queue_attribute {
    const char *name;
    const char *value;
};
struct sqs_attributes_result {
    const struct sqs_queue_attribute *attributes;
    size_t count;
};
/* NULL: not there. */
const char *sqs_attributes_get(const struct sqs_attributes_result *result, const char *name);
typedef void sqs_attributes_done_fn(void *user, const struct sqs_attributes_result *result,
                                    const struct sqs_error *error);
/* All attributes. */
struct sqs_call *sqs_client_get_queue_attributes(struct sqs_client *client, const char *queue_url,
                                                 int64_t deadline_ms, sqs_attributes_done_fn *done, void *user);

typedef void sqs_queue_url_done_fn(void *user, const char *queue_url, const struct sqs_error *error);
struct sqs_call *sqs_client_get_queue_url(struct sqs_client *client, const char *queue_name, int64_t deadline_ms,
                                          sqs_queue_url_done_fn *done, void *user);
struct sqs_call *sqs_client_create_queue(struct sqs_client *client, const char *queue_name,
                                         const struct sqs_queue_attribute *attributes, size_t count,
                                         int64_t deadline_ms, sqs_queue_url_done_fn *done, void *user);

#endif

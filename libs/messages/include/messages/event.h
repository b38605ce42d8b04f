/* What a POST to a route brings: HTTP headers and body → events. Pure; keeps slices of the body. */
#ifndef MESSAGES_EVENT_H
#define MESSAGES_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json_scan.h"

#define EVENT_BATCH_MAX ((size_t)100)
#define EVENT_IDENTITY_MAX ((size_t)1000) /* bytes of a message ID that are kept as they are; longer: hashed */
#define EVENT_RUN_ID_MAX ((size_t)100)    /* bytes; Temporal's are UUIDs */
#define EVENT_QUEUE_MAX ((size_t)2000)    /* bytes of a queue's URL; a longer source is none */

/* The request header of a caller who gives up in so many milliseconds: a start must not happen behind his back. */
#define EVENT_TIME_LEFT_HEADER "ferry-time-left-ms"

/* The message attribute that `ferry dlq replay` adds: {"messageId", "workflowId", "runId", ...} of the original. */
#define EVENT_REPLAY_ATTRIBUTE "FerryReplay"

enum event_form {
    EVENT_FORM_STRUCTURED, /* application/cloudevents+json */
    EVENT_FORM_BATCH,      /* application/cloudevents-batch+json */
    EVENT_FORM_BINARY,     /* ce-specversion among the headers: the body is the data, of any media type */
    EVENT_FORM_PLAIN,      /* application/json: the JSON is the message */
    EVENT_FORM_UNSUPPORTED
};

#define EVENT_HEADERS_MAX ((size_t)100) /* ce-* headers of a request */

/* A header ce-NAME, without the "ce-", as it came. Borrowed. */
struct event_header {
    const char *name;
    const char *value;
};

/* The headers that matter; NULL: not there. */
struct event_headers {
    const char *content_type;
    const char *idempotency_key;
    const struct event_header *attributes;
    size_t attribute_count;
};

enum event_content {
    EVENT_CONTENT_JSON,
    EVENT_CONTENT_TEXT, /* of a media type that is none of JSON's: data is a JSON string of it */
    EVENT_CONTENT_BYTES,
    EVENT_CONTENT_NONE /* the event has no data */
};

struct event {
    enum event_content content;
    struct json_slice data; /* JSON, TEXT: the message's own bytes, as they came wherever they came as JSON */
    const char *bytes;      /* BYTES */
    size_t bytes_length;
    char *owned_data;       /* what data or bytes lie in; NULL: the body */
    /* The event in CloudEvents' JSON form, as it came; or, of one in binary form, its attributes alone. .data NULL:
     * plain JSON, which has none. */
    struct json_slice json;
    char *owned_json;       /* what json lies in; NULL: the body */
    bool is_whole;          /* json has the data in it, too */
    bool is_keyed;          /* plain JSON with an Idempotency-Key, which is its message_id */
    struct json_slice traceparent; /* its attributes, raw JSON; .data NULL: not there */
    struct json_slice tracestate;
    char *message_id;       /* what {MessageId} stands for (a replayed message's original); NULL with a defect */
    char *queue;            /* an SQS message's queue: the event's source; NULL: none */
    char *after;            /* the run that failed: the next attempt is asked for; NULL: the first start */
    bool is_anew;           /* attempts are counted from 1 again */
    const char *defect;     /* NULL, or why this event can never be accepted: a constant */
};

/* Owned by who parsed; the body must outlive it. */
struct event_list {
    struct event *events;
    size_t count;
};

enum event_form event_form(const struct event_headers *headers);

/* header: EVENT_TIME_LEFT_HEADER's value; NULL: none. What it says, at most most_ms; most_ms where it is no number. */
int64_t event_time_left_ms(const char *header, int64_t most_ms);

/* MALFORMED: the body is not the JSON that its media type promises, or no list where a batch is due. TOO_LARGE: over
 * EVENT_BATCH_MAX events. INVALID_ARGUMENT: an empty batch; an Idempotency-Key that is none. One bad event among good
 * ones is no error: it carries a defect. */
MUST_CHECK enum status event_list_parse(enum event_form form, const struct event_headers *headers, const char *body,
                                        size_t length, struct event_list *out_list, struct error *error);
void event_list_deinit(struct event_list *list);

/* Another identity for an event without a defect: a webhook's. */
void event_set_message_id(struct event *event, const char *message_id);

#endif

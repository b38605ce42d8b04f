/* See message_event.h. The message itself passes byte for byte: it never goes through a JSON library. */
#include "messages/message_event.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "envelope.h"
#include "message_context.h"

/* The constant parts of an event, its time, traceparent, tracestate with every character escaped, and punctuation. */
#define EVENT_FRAME_MAX ((size_t)512 + (size_t)6 * TRACE_STATE_MAX)

/* The value as JSON; "null" for none. NULL: not UTF-8. */
static char *quote(const char *value)
{
    return value != NULL ? json_quote(value, strlen(value)) : memory_copy_string("null");
}

/* Does not fail: the caller has made sure that it fits. */
static void append_member(struct buffer *out, const char *name, const char *value, const char *quoted)
{
    if (value != NULL) {
        CHECK(buffer_append_string(out, name) && buffer_append_string(out, quoted));
    }
}

/* Texts of an event, each as JSON. */
struct quoted {
    char *id;
    char *group;
    char *sequence;
    char *after; /* the run after which an attempt is asked for */
};

static bool quote_all(const struct message_event *event, struct quoted *out)
{
    const struct sqs_message *message = event->message;
    *out = (struct quoted){
        .id = quote(message->message_id),
        .group = quote(message->group_id),
        .sequence = quote(message->sequence_number),
        .after = quote(event->after),
    };
    return out->id != NULL && out->group != NULL && out->sequence != NULL && out->after != NULL;
}

static void quoted_deinit(struct quoted *quoted)
{
    free(quoted->id);
    free(quoted->group);
    free(quoted->sequence);
    free(quoted->after);
}

/* Does not fail: the caller has made sure that it fits. */
static void append_context(struct buffer *out, const struct trace_context *context)
{
    char traceparent[TRACE_PARENT_SIZE];
    trace_context_format(context, traceparent);
    CHECK(buffer_append_format(out, ",\"traceparent\":\"%s\"", traceparent));
    if (context->state[0] != '\0') {
        char *quoted = json_quote(context->state, strlen(context->state)); /* ASCII: it can be quoted */
        append_member(out, ",\"tracestate\":", quoted, quoted);
        free(quoted);
    }
}

/* Does not fail: the caller has made sure that it fits. context NULL: there is none. */
static void append_event(struct buffer *out, const struct message_event *event, const struct quoted *quoted,
                         struct json_slice data, const struct trace_context *context, bool is_first)
{
    const struct sqs_message *message = event->message;
    CHECK(buffer_append_string(out, is_first ? "{" : ",{"));
    append_member(out, "\"specversion\":\"1.0\",\"type\":\"com.amazonaws.sqs.message\",\"id\":",
                  message->message_id, quoted->id);
    append_member(out, ",\"source\":", event->quoted_source, event->quoted_source);
    if (message->sent_timestamp_ms > 0) {
        char time[CLOCK_RFC3339_SIZE];
        clock_format_rfc3339(message->sent_timestamp_ms, time);
        CHECK(buffer_append_format(out, ",\"time\":\"%s\"", time));
    }
    append_member(out, ",\"partitionkey\":", message->group_id, quoted->group);
    append_member(out, ",\"sequence\":", message->sequence_number, quoted->sequence);
    append_member(out, ",\"ferryafter\":", event->after, quoted->after);
    if (context != NULL) {
        append_context(out, context);
    }
    CHECK(!event->is_anew || buffer_append_string(out, ",\"ferryanew\":true"));
    CHECK(buffer_append_string(out, ",\"datacontenttype\":\"application/json\",\"data\":") &&
          buffer_append(out, data.data, data.length) && buffer_append_string(out, "}"));
}

enum status message_event_append(struct buffer *out, const struct message_event *event, bool is_first,
                                 struct error *error)
{
    enum status status = STATUS_OK;
    struct json_slice data = {event->message->json, event->message->json_length};
    struct json_slice attributes = event->message->attributes;
    struct quoted quoted;
    struct buffer unwrapped;
    size_t needed = EVENT_FRAME_MAX;
    const struct trace_context *context = event->context;
    struct trace_context sender;
    buffer_init(&unwrapped, out->maximum);
    if (!quote_all(event, &quoted)) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "an attribute of the message is not UTF-8");
        goto done;
    }
    if (event->envelope != SETTINGS_ENVELOPE_NONE) {
        status = envelope_unwrap(event->envelope, event->message, &unwrapped, error);
        if (status != STATUS_OK) {
            goto done;
        }
        data = (struct json_slice){unwrapped.data, unwrapped.length};
        attributes = json_scan_member(data.data, data.length, "MessageAttributes");
    }
    needed += strlen(event->quoted_source) + strlen(quoted.id) + strlen(quoted.group) + strlen(quoted.sequence) +
              strlen(quoted.after) + data.length;
    if (needed > out->maximum - out->length) {
        status = error_set(error, STATUS_TOO_LARGE, "the message does not fit into a request to the gateway");
        goto done;
    }
    if (context == NULL && message_context_of_attributes(event->message, attributes, &sender)) {
        context = &sender;
    }
    append_event(out, event, &quoted, data, context, is_first);
done:
    buffer_deinit(&unwrapped);
    quoted_deinit(&quoted);
    return status;
}

const char *message_event_reject_class(enum status status)
{
    switch (status) {
    case STATUS_TOO_LARGE:
        return "too_large";
    case STATUS_MALFORMED:
        return "envelope";
    default:
        return "bad_event";
    }
}

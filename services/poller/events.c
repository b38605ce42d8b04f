/* See events.h. The message itself passes byte for byte: it never goes through a JSON library. */
#include "events.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "envelope.h"

#define EVENT_FRAME_MAX 512 /* the constant parts of an event, its time, traceparent and punctuation */

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

/* 00-<32 hexadecimal digits>-<16>-<2>, as W3C Trace Context has it. */
static bool is_traceparent(const char *text, size_t length)
{
    static const char shape[] = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
    if (length != sizeof shape - 1) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        bool is_digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (shape[i] == '-' ? text[i] != '-' : !is_digit) {
            return false;
        }
    }
    return true;
}

/* The message attribute of that name, as a JSON string of that form; .data NULL: none. */
static struct json_slice find_traceparent(struct json_slice attributes)
{
    struct json_slice none = {0};
    if (attributes.data == NULL) {
        return none;
    }
    struct json_slice attribute = json_scan_member(attributes.data, attributes.length, "traceparent");
    struct json_slice value = attribute.data != NULL
                                  ? json_scan_member(attribute.data, attribute.length, "StringValue")
                                  : none;
    return value.data != NULL && value.length > 2 && is_traceparent(value.data + 1, value.length - 2) ? value : none;
}

/* Texts of an event, each as JSON. */
struct quoted {
    char *id;
    char *group;
    char *sequence;
    char *after; /* the run after which an attempt is asked for */
};

static bool quote_all(const struct message *message, struct quoted *out)
{
    const struct sqs_message *delivery = message->delivery;
    *out = (struct quoted){
        .id = quote(delivery->message_id),
        .group = quote(delivery->group_id),
        .sequence = quote(delivery->sequence_number),
        .after = quote(message->asks_attempt ? message->run_id : NULL),
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
static void append_event(struct buffer *out, const struct message *message, const struct quoted *quoted,
                         const char *quoted_source, struct json_slice data, struct json_slice traceparent,
                         bool is_first)
{
    const struct sqs_message *delivery = message->delivery;
    CHECK(buffer_append_string(out, is_first ? "{" : ",{"));
    append_member(out, "\"specversion\":\"1.0\",\"type\":\"com.amazonaws.sqs.message\",\"id\":",
                  delivery->message_id, quoted->id);
    append_member(out, ",\"source\":", quoted_source, quoted_source);
    if (delivery->sent_timestamp_ms > 0) {
        char time[CLOCK_RFC3339_SIZE];
        clock_format_rfc3339(delivery->sent_timestamp_ms, time);
        CHECK(buffer_append_format(out, ",\"time\":\"%s\"", time));
    }
    append_member(out, ",\"partitionkey\":", delivery->group_id, quoted->group);
    append_member(out, ",\"sequence\":", delivery->sequence_number, quoted->sequence);
    append_member(out, ",\"ferryafter\":", message->asks_attempt ? message->run_id : NULL, quoted->after);
    CHECK(traceparent.data == NULL || (buffer_append_string(out, ",\"traceparent\":") &&
                                       buffer_append(out, traceparent.data, traceparent.length)));
    CHECK(!message->asks_anew || buffer_append_string(out, ",\"ferryanew\":true"));
    CHECK(buffer_append_string(out, ",\"datacontenttype\":\"application/json\",\"data\":") &&
          buffer_append(out, data.data, data.length) && buffer_append_string(out, "}"));
}

enum status events_append(struct buffer *out, const struct message *message, enum settings_envelope envelope,
                          const char *quoted_source, bool is_first, struct error *error)
{
    enum status status = STATUS_OK;
    struct json_slice data = {message->delivery->json, message->delivery->json_length};
    struct json_slice attributes = message->delivery->attributes;
    struct quoted quoted;
    struct buffer unwrapped;
    size_t needed = EVENT_FRAME_MAX;
    buffer_init(&unwrapped, out->maximum);
    if (!quote_all(message, &quoted)) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "an attribute of the message is not UTF-8");
        goto done;
    }
    if (envelope != SETTINGS_ENVELOPE_NONE) {
        status = envelope_unwrap(envelope, message->delivery, &unwrapped, error);
        if (status != STATUS_OK) {
            goto done;
        }
        data = (struct json_slice){unwrapped.data, unwrapped.length};
        attributes = json_scan_member(data.data, data.length, "MessageAttributes");
    }
    needed += strlen(quoted_source) + strlen(quoted.id) + strlen(quoted.group) + strlen(quoted.sequence) +
              strlen(quoted.after) + data.length;
    if (needed > out->maximum - out->length) {
        status = error_set(error, STATUS_TOO_LARGE, "the message does not fit into a request to the gateway");
        goto done;
    }
    append_event(out, message, &quoted, quoted_source, data, find_traceparent(attributes), is_first);
done:
    buffer_deinit(&unwrapped);
    quoted_deinit(&quoted);
    return status;
}

const char *events_reject_class(enum status status)
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

enum {
    OUTCOME,
    WORKFLOW_ID,
    RUN_ID,
    FIRST_RUN_ID,
    ATTEMPT,
    STATUS,
    FAILURE_TYPE,
    FAILURE_MESSAGE,
    NON_RETRYABLE,
    SIGNALED,
    RETRY_AFTER,
    REASON,
    CLASS,
    MEMBER_COUNT
};

static const char *const s_members[MEMBER_COUNT] = {
    [OUTCOME] = "outcome",
    [WORKFLOW_ID] = "workflowId",
    [RUN_ID] = "runId",
    [FIRST_RUN_ID] = "firstRunId",
    [ATTEMPT] = "attempt",
    [STATUS] = "status",
    [FAILURE_TYPE] = "failureType",
    [FAILURE_MESSAGE] = "failureMessage",
    [NON_RETRYABLE] = "nonRetryable",
    [SIGNALED] = "signaled",
    [RETRY_AFTER] = "retryAfterMs",
    [REASON] = "reason",
    [CLASS] = "class",
};

static enum status parse_entry(struct json_slice text, struct answer_texts *texts, struct event_result *out,
                               struct error *error)
{
    struct json_slice members[MEMBER_COUNT];
    json_scan_members(text.data, text.length, s_members, members, MEMBER_COUNT);
    const char *word = answer_text(texts, members[OUTCOME]);
    if (word[0] == '\0') {
        return error_set(error, STATUS_MALFORMED, "an entry of the gateway's answer has no outcome");
    }
    *out = (struct event_result){
        .outcome = event_outcome_parse(word),
        .status = run_status_parse(answer_text(texts, members[STATUS])),
        .workflow_id = answer_text(texts, members[WORKFLOW_ID]),
        .run_id = answer_text(texts, members[RUN_ID]),
        .first_run_id = answer_text(texts, members[FIRST_RUN_ID]),
        .failure_type = answer_text(texts, members[FAILURE_TYPE]),
        .failure_message = answer_text(texts, members[FAILURE_MESSAGE]),
        .reason = answer_text(texts, members[REASON]),
        .reject_class = answer_text(texts, members[CLASS]),
        .is_non_retryable = answer_is_true(members[NON_RETRYABLE]),
        .is_signaled = answer_is_true(members[SIGNALED]),
        .attempt = answer_integer(members[ATTEMPT]),
        .retry_after_ms = answer_integer(members[RETRY_AFTER]),
    };
    if (out->first_run_id[0] == '\0') {
        out->first_run_id = out->run_id;
    }
    bool has_run = out->outcome == EVENT_STARTED || out->outcome == EVENT_ATTACHED || out->outcome == EVENT_CLOSED;
    if (has_run && (out->workflow_id[0] == '\0' || out->run_id[0] == '\0')) {
        return error_set(error, STATUS_MALFORMED, "a %s entry of the gateway's answer has no workflowId or runId",
                         word);
    }
    return STATUS_OK;
}

enum status event_results_parse(const char *body, size_t length, size_t count, struct event_results *out_results,
                                struct error *error)
{
    enum status status = STATUS_OK;
    struct event_results results = {.entries = memory_alloc_array(count > 0 ? count : 1, sizeof *results.entries)};
    struct json_slice array = answer_array(body, length, "results");
    struct json_slice element;
    size_t position = 0;
    size_t found = 0;
    answer_texts_init(&results.texts, length);
    if (array.data == NULL) {
        status = error_set(error, STATUS_MALFORMED, "the gateway's answer is not JSON with an array \"results\"");
        goto done;
    }
    while (json_scan_element(array.data, array.length, &position, &element)) {
        if (found++ < count && status == STATUS_OK) {
            status = parse_entry(element, &results.texts, &results.entries[results.count++], error);
        }
    }
    if (found != count) {
        status = error_set(error, STATUS_MALFORMED, "the gateway's answer has %zu results for %zu events", found,
                           count);
    }
    if (status == STATUS_OK) {
        *out_results = results;
        results = (struct event_results){0};
    }
done:
    event_results_deinit(&results);
    return status;
}

void event_results_deinit(struct event_results *results)
{
    answer_texts_deinit(&results->texts);
    free(results->entries);
    *results = (struct event_results){0};
}

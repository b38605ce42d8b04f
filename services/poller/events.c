/* See events.h. The message itself passes byte for byte: it never goes through a JSON library. */
#include "events.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/json_scan.h"
#include "base/memory.h"

#define EVENT_FRAME_MAX 512 /* the constant parts of an event, its time and punctuation */

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

enum status events_append(struct buffer *out, const struct message *message, const char *quoted_source,
                          bool is_first, struct error *error)
{
    enum status status = STATUS_OK;
    size_t needed = EVENT_FRAME_MAX;
    const struct sqs_message *delivery = message->delivery;
    char *id = quote(delivery->message_id);
    char *group = quote(delivery->group_id);
    char *sequence = quote(delivery->sequence_number);
    if (id == NULL || group == NULL || sequence == NULL) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "an attribute of the message is not UTF-8");
        goto done;
    }
    needed += strlen(quoted_source) + strlen(id) + strlen(group) + strlen(sequence) + delivery->json_length;
    if (needed > out->maximum - out->length) {
        status = error_set(error, STATUS_TOO_LARGE, "the message does not fit into a request to the gateway");
        goto done;
    }
    CHECK(buffer_append_string(out, is_first ? "{" : ",{"));
    append_member(out, "\"specversion\":\"1.0\",\"type\":\"com.amazonaws.sqs.message\",\"id\":",
                  delivery->message_id, id);
    append_member(out, ",\"source\":", quoted_source, quoted_source);
    if (delivery->sent_timestamp_ms > 0) {
        char time[CLOCK_RFC3339_SIZE];
        clock_format_rfc3339(delivery->sent_timestamp_ms, time);
        CHECK(buffer_append_format(out, ",\"time\":\"%s\"", time));
    }
    append_member(out, ",\"partitionkey\":", delivery->group_id, group);
    append_member(out, ",\"sequence\":", delivery->sequence_number, sequence);
    CHECK(buffer_append_string(out, ",\"datacontenttype\":\"application/json\",\"data\":") &&
          buffer_append(out, delivery->json, delivery->json_length) && buffer_append_string(out, "}"));
done:
    free(id);
    free(group);
    free(sequence);
    return status;
}

static const char *text_of(const json_t *entry, const char *name)
{
    const char *text = json_string_value(json_object_get(entry, name));
    return text != NULL ? text : "";
}

static enum status parse_entry(const json_t *entry, struct event_result *out, struct error *error)
{
    const char *word = json_string_value(json_object_get(entry, "outcome"));
    if (word == NULL) {
        return error_set(error, STATUS_MALFORMED, "an entry of the gateway's answer has no outcome");
    }
    out->outcome = event_outcome_parse(word);
    out->workflow_id = text_of(entry, "workflowId");
    out->run_id = text_of(entry, "runId");
    out->first_run_id = text_of(entry, "firstRunId");
    if (out->first_run_id[0] == '\0') {
        out->first_run_id = out->run_id;
    }
    out->failure_type = text_of(entry, "failureType");
    out->reason = text_of(entry, "reason");
    out->attempt = json_integer_value(json_object_get(entry, "attempt"));
    out->retry_after_ms = json_integer_value(json_object_get(entry, "retryAfterMs"));
    out->status = run_status_parse(json_string_value(json_object_get(entry, "status")));
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
    results.root = json_loadb(body, length, 0, NULL);
    const json_t *entries = json_object_get(results.root, "results");
    if (!json_is_array(entries)) {
        status = error_set(error, STATUS_MALFORMED, "the gateway's answer is not JSON with an array \"results\"");
        goto done;
    }
    if (json_array_size(entries) != count) {
        status = error_set(error, STATUS_MALFORMED, "the gateway's answer has %zu results for %zu events",
                           json_array_size(entries), count);
        goto done;
    }
    for (size_t i = 0; i < count; i++) {
        status = parse_entry(json_array_get(entries, i), &results.entries[i], error);
        if (status != STATUS_OK) {
            goto done;
        }
    }
    results.count = count;
    *out_results = results;
    results = (struct event_results){0};
done:
    event_results_deinit(&results);
    return status;
}

void event_results_deinit(struct event_results *results)
{
    json_decref(results->root);
    free(results->entries);
    *results = (struct event_results){0};
}

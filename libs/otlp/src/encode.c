/* See encode.h. Field names and forms are those of OTLP's JSON mapping: IDs in hexadecimal, 64-bit numbers as text. */
#include "encode.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json_scan.h"

#define REJECTED_DIGITS_MAX 9
#define STATUS_ERROR 2

static void append(struct buffer *out, const char *text)
{
    CHECK(buffer_append_string(out, text));
}

static void append_quoted(struct buffer *out, const char *text)
{
    char *quoted = json_quote(text, strlen(text));
    append(out, quoted != NULL ? quoted : "\"(not UTF-8)\"");
    free(quoted);
}

/* A time in nanoseconds. */
static void append_time(struct buffer *out, const char *name, int64_t wall_us)
{
    CHECK(buffer_append_format(out, ",\"%s\":\"%" PRId64 "000\"", name, wall_us > 0 ? wall_us : 0));
}

static void append_attribute(struct buffer *out, const struct trace_attribute *attribute, bool is_first)
{
    CHECK(buffer_append_format(out, "%s{\"key\":\"%s\",\"value\":{", is_first ? "" : ",", attribute->key));
    if (attribute->text != NULL) {
        append(out, "\"stringValue\":");
        append_quoted(out, attribute->text);
    } else {
        CHECK(buffer_append_format(out, "\"intValue\":\"%" PRId64 "\"", attribute->number));
    }
    append(out, "}}");
}

static void append_dropped(struct buffer *out, const char *name, unsigned count)
{
    if (count > 0) {
        CHECK(buffer_append_format(out, ",\"%s\":%u", name, count));
    }
}

static void append_attributes(struct buffer *out, const struct trace_span *span)
{
    append(out, ",\"attributes\":[");
    for (size_t i = 0; i < span->attribute_count; i++) {
        append_attribute(out, &span->attributes[i], i == 0);
    }
    append(out, "]");
    append_dropped(out, "droppedAttributesCount", span->dropped_attributes);
}

static void append_events(struct buffer *out, const struct trace_span *span)
{
    append(out, ",\"events\":[");
    for (size_t i = 0; i < span->event_count; i++) {
        const struct trace_event *event = &span->events[i];
        CHECK(buffer_append_format(out, "%s{\"name\":\"%s\"", i == 0 ? "" : ",", event->name));
        append_time(out, "timeUnixNano", event->wall_us);
        if (event->attribute.key != NULL) {
            append(out, ",\"attributes\":[");
            append_attribute(out, &event->attribute, true);
            append(out, "]");
        }
        append(out, "}");
    }
    append(out, "]");
    append_dropped(out, "droppedEventsCount", span->dropped_events);
}

static void append_links(struct buffer *out, const struct trace_span *span)
{
    char trace_id[TRACE_ID_SIZE];
    char span_id[TRACE_SPAN_ID_SIZE];
    append(out, ",\"links\":[");
    for (size_t i = 0; i < span->link_count; i++) {
        trace_id_format(span->links[i].trace_id, trace_id);
        trace_span_id_format(span->links[i].span_id, span_id);
        CHECK(buffer_append_format(out, "%s{\"traceId\":\"%s\",\"spanId\":\"%s\"}", i == 0 ? "" : ",", trace_id,
                                   span_id));
    }
    append(out, "]");
    append_dropped(out, "droppedLinksCount", span->dropped_links);
}

static void append_ids(struct buffer *out, const struct trace_span *span)
{
    static const uint8_t none[TRACE_SPAN_ID_BYTES] = {0};
    char trace_id[TRACE_ID_SIZE];
    char span_id[TRACE_SPAN_ID_SIZE];
    trace_id_format(span->context.trace_id, trace_id);
    trace_span_id_format(span->context.span_id, span_id);
    CHECK(buffer_append_format(out, "\"traceId\":\"%s\",\"spanId\":\"%s\",\"flags\":%u", trace_id, span_id,
                               span->context.flags));
    if (memcmp(span->parent_id, none, sizeof none) != 0) {
        trace_span_id_format(span->parent_id, span_id);
        CHECK(buffer_append_format(out, ",\"parentSpanId\":\"%s\"", span_id));
    }
    if (span->context.state[0] != '\0') {
        append(out, ",\"traceState\":");
        append_quoted(out, span->context.state);
    }
}

void otlp_encode_span(struct buffer *out, const struct trace_span *span, bool is_first)
{
    append(out, is_first ? "{" : ",{");
    append_ids(out, span);
    append(out, ",\"name\":");
    append_quoted(out, span->name);
    CHECK(buffer_append_format(out, ",\"kind\":%d", (int)span->kind));
    append_time(out, "startTimeUnixNano", span->start_wall_us);
    append_time(out, "endTimeUnixNano", span->end_wall_us);
    append_attributes(out, span);
    append_events(out, span);
    append_links(out, span);
    append(out, ",\"status\":{");
    if (span->has_failed) {
        CHECK(buffer_append_format(out, "\"code\":%d", STATUS_ERROR));
        if (span->failure != NULL) {
            append(out, ",\"message\":");
            append_quoted(out, span->failure);
        }
    }
    append(out, "}}");
}

void otlp_encode_begin(struct buffer *out, const struct otlp_pairs *resource)
{
    append(out, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
    for (size_t i = 0; i < resource->count; i++) {
        append(out, i == 0 ? "{\"key\":" : ",{\"key\":");
        append_quoted(out, resource->list[i].name);
        append(out, ",\"value\":{\"stringValue\":");
        append_quoted(out, resource->list[i].value);
        append(out, "}}");
    }
    append(out, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"ferry\",\"version\":\"" FERRY_VERSION "\"},\"spans\":[");
}

void otlp_encode_end(struct buffer *out)
{
    append(out, "]}]}]}");
}

size_t otlp_decode_rejected(const char *body, size_t length)
{
    size_t rejected = 0;
    if (body == NULL || length == 0) {
        return 0;
    }
    struct json_slice partial = json_scan_member(body, length, "partialSuccess");
    if (partial.data == NULL) {
        return 0;
    }
    struct json_slice count = json_scan_member(partial.data, partial.length, "rejectedSpans");
    for (size_t i = 0, digits = 0; count.data != NULL && i < count.length; i++) {
        if (count.data[i] == '"') {
            continue;
        }
        if (count.data[i] < '0' || count.data[i] > '9' || ++digits > REJECTED_DIGITS_MAX) {
            return 0;
        }
        rejected = rejected * 10 + (size_t)(count.data[i] - '0');
    }
    return rejected;
}

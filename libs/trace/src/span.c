/* See trace/span.h. */
#include "trace/span.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/utf8.h"

static char *copy_cut(const char *text)
{
    size_t length = strnlen(text, TRACE_TEXT_MAX + 1);
    if (length > TRACE_TEXT_MAX) {
        length = utf8_cut(text, TRACE_TEXT_MAX);
    }
    return memory_copy(text, length);
}

struct trace_span *trace_span_new(const struct trace_context *context, const struct trace_context *parent,
                                  enum trace_kind kind, const char *name)
{
    struct trace_span *span = memory_alloc(sizeof *span);
    span->context = *context;
    span->is_recorded = trace_context_is_sampled(context);
    span->kind = kind;
    if (parent != NULL) {
        memcpy(span->parent_id, parent->span_id, sizeof span->parent_id);
    }
    if (span->is_recorded) {
        span->name = copy_cut(name);
        span->start_wall_us = clock_wall_us();
        span->start_us = clock_monotonic_us();
    }
    return span;
}

void trace_span_destroy(struct trace_span *span)
{
    if (span == NULL) {
        return;
    }
    for (size_t i = 0; i < span->attribute_count; i++) {
        free(span->attributes[i].text);
    }
    for (size_t i = 0; i < span->event_count; i++) {
        free(span->events[i].attribute.text);
    }
    free(span->attributes);
    free(span->events);
    free(span->links);
    free(span->name);
    free(span->failure);
    free(span);
}

const struct trace_context *trace_span_context(const struct trace_span *span)
{
    return span != NULL ? &span->context : NULL;
}

static bool is_wanted(const struct trace_span *span)
{
    return span != NULL && span->is_recorded;
}

/* Room for one more in an array of count; doubled each time. false: it is full. */
static bool grow(void **array, size_t count, size_t maximum, size_t size, unsigned *dropped)
{
    if (count >= maximum) {
        (*dropped)++;
        return false;
    }
    if ((count & (count - 1)) == 0) { /* 0, 1, 2, 4, 8 … */
        size_t wanted = count == 0 ? 1 : 2 * count;
        *array = memory_resize_array(*array, wanted < maximum ? wanted : maximum, size);
    }
    return true;
}

static void add_attribute(struct trace_span *span, const struct trace_attribute *attribute)
{
    void *array = span->attributes;
    bool has_room = grow(&array, span->attribute_count, TRACE_ATTRIBUTES_MAX, sizeof *span->attributes,
                         &span->dropped_attributes);
    span->attributes = array;
    if (has_room) {
        span->attributes[span->attribute_count++] = *attribute;
    } else {
        free(attribute->text);
    }
}

void trace_span_text(struct trace_span *span, const char *key, const char *value)
{
    if (is_wanted(span) && value != NULL) {
        add_attribute(span, &(struct trace_attribute){.key = key, .text = copy_cut(value)});
    }
}

void trace_span_number(struct trace_span *span, const char *key, int64_t value)
{
    if (is_wanted(span)) {
        add_attribute(span, &(struct trace_attribute){.key = key, .number = value});
    }
}

void trace_span_rename(struct trace_span *span, const char *name)
{
    if (is_wanted(span)) {
        free(span->name);
        span->name = copy_cut(name);
    }
}

void trace_span_event(struct trace_span *span, const char *name, const char *key, const char *value)
{
    if (!is_wanted(span)) {
        return;
    }
    void *array = span->events;
    bool has_room =
        grow(&array, span->event_count, TRACE_EVENTS_MAX, sizeof *span->events, &span->dropped_events);
    span->events = array;
    if (has_room) {
        struct trace_event *event = &span->events[span->event_count++];
        *event = (struct trace_event){.name = name, .wall_us = clock_wall_us()};
        if (key != NULL && value != NULL) {
            event->attribute = (struct trace_attribute){.key = key, .text = copy_cut(value)};
        }
    }
}

void trace_span_link(struct trace_span *span, const struct trace_context *to)
{
    if (!is_wanted(span) || to == NULL) {
        return;
    }
    void *array = span->links;
    bool has_room = grow(&array, span->link_count, TRACE_LINKS_MAX, sizeof *span->links, &span->dropped_links);
    span->links = array;
    if (has_room) {
        struct trace_link *link = &span->links[span->link_count++];
        memcpy(link->trace_id, to->trace_id, sizeof link->trace_id);
        memcpy(link->span_id, to->span_id, sizeof link->span_id);
    }
}

void trace_span_fail(struct trace_span *span, const char *type, const char *message)
{
    if (!is_wanted(span) || span->has_failed) {
        return;
    }
    span->has_failed = true;
    span->failure = message != NULL ? copy_cut(message) : NULL;
    trace_span_text(span, "error.type", type);
}

void trace_span_set_times(struct trace_span *span, int64_t start_wall_us, int64_t end_wall_us)
{
    if (is_wanted(span)) {
        span->start_wall_us = start_wall_us;
        span->end_wall_us = end_wall_us < start_wall_us ? start_wall_us : end_wall_us;
    }
}

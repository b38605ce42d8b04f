/* A span: what was done, from when to when, where in its trace. Bounded, whatever is put into it. One owner; every
 * function takes NULL for a span that nobody wants to have and does nothing then, so that callers need not ask whether
 * tracing is on. */
#ifndef TRACE_SPAN_H
#define TRACE_SPAN_H

#include "trace/context.h"

#define TRACE_ATTRIBUTES_MAX 24
#define TRACE_EVENTS_MAX 32
#define TRACE_LINKS_MAX 100
#define TRACE_TEXT_MAX 1024 /* bytes of a name or of an attribute's text; longer ones are cut */

/* OTLP's numbers. */
enum trace_kind {
    TRACE_KIND_INTERNAL = 1,
    TRACE_KIND_SERVER = 2,
    TRACE_KIND_CLIENT = 3,
    TRACE_KIND_PRODUCER = 4,
    TRACE_KIND_CONSUMER = 5
};

struct trace_attribute {
    const char *key; /* a constant */
    char *text;      /* UTF-8; NULL: the number it is */
    int64_t number;
};

struct trace_event {
    const char *name; /* a constant */
    int64_t wall_us;
    struct trace_attribute attribute; /* key NULL: none */
};

/* A span of this or another trace that has to do with it. */
struct trace_link {
    uint8_t trace_id[TRACE_ID_BYTES];
    uint8_t span_id[TRACE_SPAN_ID_BYTES];
};

/* Read the members, change them only through the functions below. */
struct trace_span {
    struct trace_context context;
    uint8_t parent_id[TRACE_SPAN_ID_BYTES]; /* zeros: it has none */
    bool is_recorded;                       /* false: only its context counts, and the rest stays empty */
    enum trace_kind kind;
    char *name;
    int64_t start_wall_us;
    int64_t end_wall_us;
    int64_t start_us; /* clock_monotonic_us */
    bool has_failed;
    char *failure; /* NULL: none */
    size_t attribute_count;
    size_t event_count;
    size_t link_count;
    unsigned dropped_attributes; /* over the bounds above, so the next two */
    unsigned dropped_events;
    unsigned dropped_links;
    struct trace_attribute *attributes;
    struct trace_event *events;
    struct trace_link *links;
};

/* Begins now. parent NULL: none, the context's own trace begins with it. is_recorded as the context's flag says. */
struct trace_span *trace_span_new(const struct trace_context *context, const struct trace_context *parent,
                                  enum trace_kind kind, const char *name);
void trace_span_destroy(struct trace_span *span);

/* NULL: nothing is known of it. */
const struct trace_context *trace_span_context(const struct trace_span *span);

/* value NULL: left out. A key is set once. */
void trace_span_text(struct trace_span *span, const char *key, const char *value);
void trace_span_number(struct trace_span *span, const char *key, int64_t value);
void trace_span_rename(struct trace_span *span, const char *name);
/* key NULL: without an attribute. */
void trace_span_event(struct trace_span *span, const char *name, const char *key, const char *value);
void trace_span_link(struct trace_span *span, const struct trace_context *to);
/* type: a low-cardinality word, the attribute error.type; message: for people, or NULL. The first one holds. */
void trace_span_fail(struct trace_span *span, const char *type, const char *message);
/* Of a span that was not measured here. */
void trace_span_set_times(struct trace_span *span, int64_t start_wall_us, int64_t end_wall_us);

#endif

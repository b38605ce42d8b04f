/* See trace/carrier.h. */
#include "trace/carrier.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/json_scan.h"

#define FRAME_MAX ((size_t)256)                             /* names, traceparent and punctuation */
#define STATE_QUOTED_MAX ((size_t)6 * TRACE_STATE_MAX + 2)

enum { TRACEPARENT, TRACESTATE, BAGGAGE, MEMBER_COUNT };

static const char *const s_members[MEMBER_COUNT] = {
    [TRACEPARENT] = "traceparent",
    [TRACESTATE] = "tracestate",
    [BAGGAGE] = "baggage",
};

static bool scan(const char *json, size_t length, struct json_slice members[MEMBER_COUNT])
{
    if (json == NULL || length > TRACE_CARRIER_MAX) {
        return false;
    }
    json_scan_members(json, length, s_members, members, MEMBER_COUNT);
    return true;
}

bool trace_carrier_parse(const char *json, size_t length, struct trace_context *out)
{
    struct json_slice members[MEMBER_COUNT];
    struct trace_context context;
    if (!scan(json, length, members)) {
        return false;
    }
    size_t text_length = 0;
    char *text = json_scan_string(members[TRACEPARENT], &text_length);
    bool is_context = trace_context_parse(text, text_length, &context);
    free(text);
    if (!is_context) {
        return false;
    }
    text = json_scan_string(members[TRACESTATE], &text_length);
    trace_context_set_state(&context, text, text != NULL ? text_length : 0);
    free(text);
    *out = context;
    return true;
}

char *trace_carrier_write(const struct trace_context *context, const char *template, size_t template_length,
                          size_t *out_length)
{
    struct json_slice members[MEMBER_COUNT] = {0};
    char traceparent[TRACE_PARENT_SIZE];
    struct buffer out;
    buffer_init(&out, FRAME_MAX + TRACE_CARRIER_MAX + STATE_QUOTED_MAX);
    trace_context_format(context, traceparent);
    CHECK(buffer_append_format(&out, "{\"traceparent\":\"%s\"", traceparent));
    if (context->state[0] != '\0') {
        char *state = json_quote(context->state, strlen(context->state)); /* ASCII: it can be quoted */
        CHECK(state != NULL && buffer_append_format(&out, ",\"tracestate\":%s", state));
        free(state);
    }
    if (scan(template, template_length, members) && members[BAGGAGE].data != NULL && members[BAGGAGE].data[0] == '"') {
        CHECK(buffer_append_string(&out, ",\"baggage\":") &&
              buffer_append(&out, members[BAGGAGE].data, members[BAGGAGE].length));
    }
    CHECK(buffer_append_string(&out, "}"));
    return buffer_take(&out, out_length);
}

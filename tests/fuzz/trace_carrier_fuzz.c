/* Fuzzes trace/context.h and trace/carrier.h: what is read as a context comes out the same when it is written and read
 * again, and what is written is always a carrier. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json_scan.h"
#include "trace/carrier.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_same(const struct trace_context *left, const struct trace_context *right)
{
    CHECK(memcmp(left->trace_id, right->trace_id, sizeof left->trace_id) == 0);
    CHECK(memcmp(left->span_id, right->span_id, sizeof left->span_id) == 0);
    CHECK(left->flags == right->flags && strcmp(left->state, right->state) == 0);
}

static void check_context(const struct trace_context *context, const char *template, size_t length)
{
    char text[TRACE_PARENT_SIZE];
    struct trace_context again;
    size_t written_length = 0;
    CHECK(trace_context_is_valid(context));
    trace_context_format(context, text);
    CHECK(strlen(text) == TRACE_PARENT_SIZE - 1 && trace_context_parse(text, strlen(text), &again));
    char *written = trace_carrier_write(context, template, length, &written_length);
    CHECK(strlen(written) == written_length && json_scan_value(written, written_length, NULL));
    CHECK(written_length > TRACE_CARRIER_MAX || trace_carrier_parse(written, written_length, &again));
    if (written_length <= TRACE_CARRIER_MAX) {
        check_same(context, &again);
    }
    free(written);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const char *text = (const char *)data;
    struct trace_context context;
    if (trace_context_parse(text, size, &context) || trace_context_parse_aws(text, size, &context)) {
        trace_context_set_state(&context, text, size);
        check_context(&context, text, size);
    }
    if (trace_carrier_parse(text, size, &context)) {
        check_context(&context, text, size);
    }
    return 0;
}

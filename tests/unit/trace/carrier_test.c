/* Tests of trace/carrier.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "trace/carrier.h"

#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void reads_what_the_sdks_write(void **state)
{
    static const char json[] =
        "{\"tracestate\": \"a=1,b=\\u00322\", \"traceparent\": \"" PARENT "\", \"x\": [1], \"baggage\": \"k=v\"}";
    struct trace_context context;
    char text[TRACE_PARENT_SIZE];
    (void)state;
    assert_true(trace_carrier_parse(json, strlen(json), &context));
    trace_context_format(&context, text);
    assert_string_equal(text, PARENT);
    assert_string_equal(context.state, "a=1,b=22");
}

static void what_has_no_traceparent_is_none(void **state)
{
    static const char *const bad[] = {"", "null", "[]", "{}", "{\"traceparent\":1}", "{\"traceparent\":\"00-1\"}",
                                      "{\"traceparent\":[\"" PARENT "\"]}", "{\"traceparent\":\"" PARENT "\""};
    struct trace_context context;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(trace_carrier_parse(bad[i], strlen(bad[i]), &context));
    }
    assert_false(trace_carrier_parse(NULL, 0, &context));
    char *huge = memory_alloc(TRACE_CARRIER_MAX + 2);
    memset(huge, ' ', TRACE_CARRIER_MAX + 1);
    memcpy(huge, "{\"traceparent\":\"" PARENT "\"}", sizeof "{\"traceparent\":\"" PARENT "\"}" - 1);
    assert_false(trace_carrier_parse(huge, TRACE_CARRIER_MAX + 1, &context));
    assert_true(trace_carrier_parse(huge, TRACE_CARRIER_MAX, &context));
    free(huge);
}

static void writes_what_the_sdks_read(void **state)
{
    static const char template[] = "{\"traceparent\":\"other\",\"baggage\":\"k=\\\"v\\\"\",\"x\":1}";
    struct trace_context context;
    size_t length = 0;
    (void)state;
    assert_true(trace_context_parse(PARENT, strlen(PARENT), &context));
    char *json = trace_carrier_write(&context, NULL, 0, &length);
    assert_string_equal(json, "{\"traceparent\":\"" PARENT "\"}");
    assert_int_equal(length, strlen(json));
    free(json);
    trace_context_set_state(&context, "a=\"1\"", 5);
    json = trace_carrier_write(&context, template, strlen(template), NULL);
    assert_string_equal(json, "{\"traceparent\":\"" PARENT "\",\"tracestate\":\"a=\\\"1\\\"\","
                              "\"baggage\":\"k=\\\"v\\\"\"}");
    free(json);
    json = trace_carrier_write(&context, "{\"baggage\":{}}", 14, NULL);
    assert_null(strstr(json, "baggage"));
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_sdks_write),
        cmocka_unit_test(what_has_no_traceparent_is_none),
        cmocka_unit_test(writes_what_the_sdks_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

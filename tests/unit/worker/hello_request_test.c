/* Which requests helloWorldActivity takes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "activities/hello_request.h"

static enum status read_text(const char *text, struct hello_request *request, struct error *error)
{
    *request = (struct hello_request){0};
    return hello_request_read(text, strlen(text), request, error);
}

static void takes_an_object_with_a_message_and_keeps_its_bytes(void **state)
{
    (void)state;
    struct hello_request request;
    assert_int_equal(read_text("{\"correlationId\":\"c\",\"request\":{\"message\":\"m\",\"n\":1.00},"
                               "\"sqsReceipt\":\"r\"}",
                               &request, NULL),
                     STATUS_OK);
    assert_string_equal(request.correlation_id, "c");
    assert_string_equal(request.receipt_handle, "r");
    assert_memory_equal(request.request.data, "{\"message\":\"m\",\"n\":1.00}", request.request.length);
    hello_request_deinit(&request);
}

static void reads_how_the_message_came_where_that_is_said(void **state)
{
    (void)state;
    struct hello_request request;
    assert_int_equal(read_text("{\"request\":{\"message\":\"m\"},\"route\":\"orders\",\"sqsQueue\":\"http://q\"}",
                               &request, NULL),
                     STATUS_OK);
    assert_string_equal(request.route, "orders");
    assert_string_equal(request.queue_url, "http://q");
    hello_request_deinit(&request);
    assert_int_equal(read_text("{\"request\":{\"message\":\"m\"},\"route\":1}", &request, NULL), STATUS_OK);
    assert_null(request.route);
    assert_null(request.queue_url);
    hello_request_deinit(&request);
}

static void takes_numbers_that_a_parser_refuses(void **state)
{
    (void)state;
    struct hello_request request;
    assert_int_equal(
        read_text("{\"request\":{\"message\":\"m\",\"n\":123456789012345678901234567890,\"e\":1e999}}", &request, NULL),
        STATUS_OK);
    assert_null(request.correlation_id);
    assert_null(request.receipt_handle);
    hello_request_deinit(&request);
}

static void refuses_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *reason;
    } cases[] = {
        {"{\"request\":{}}", "\"message\""},
        {"{\"request\":{\"message\":\"\"}}", "non-empty"},
        {"{\"request\":{\"message\":1}}", "string"},
        {"{\"request\":[1]}", "object"},
        {"{\"request\":null}", "object"},
        {"{\"request\":\"x\"}", "object"},
        {"{\"request\":\"x\",\"requestIsJson\":false}", "not JSON"},
        {"{}", "\"request\""},
        {"", "\"request\""},
        {"[", "\"request\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hello_request request;
        struct error error = {0};
        assert_int_equal(read_text(cases[i].text, &request, &error), STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(error.text, cases[i].reason));
        hello_request_deinit(&request);
    }
}

static void a_refusal_still_has_its_correlation_id(void **state)
{
    (void)state;
    struct hello_request request;
    assert_int_equal(read_text("{\"correlationId\":\"c\",\"request\":1}", &request, NULL), STATUS_INVALID_ARGUMENT);
    assert_string_equal(request.correlation_id, "c");
    hello_request_deinit(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_an_object_with_a_message_and_keeps_its_bytes),
        cmocka_unit_test(reads_how_the_message_came_where_that_is_said),
        cmocka_unit_test(takes_numbers_that_a_parser_refuses),
        cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(a_refusal_still_has_its_correlation_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

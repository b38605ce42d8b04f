/* Which input the activities sqs.* take, and which queues it may name. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "activities/sqs_request.h"

static char s_a[] = "http://sqs/1/a", s_b[] = "http://sqs/1/b";
static struct settings_queue s_queues[] = {{.url = s_a}, {.url = s_b}};

static enum status read_text(const char *text, bool has_visibility, size_t queue_count,
                             struct sqs_activity_request *request, struct error *error)
{
    const struct settings settings = {.queues = s_queues, .queue_count = queue_count};
    json_t *input = text ? json_loads(text, 0, NULL) : NULL;
    enum status status = sqs_activity_request_read(input, has_visibility, &settings, request, error);
    if (status == STATUS_OK) { /* what is borrowed from the input is compared before it goes */
        assert_string_equal(request->receipt_handle, "h");
        request->receipt_handle = NULL;
    }
    json_decref(input);
    return status;
}

static void takes_a_queue_of_the_settings(void **state)
{
    (void)state;
    struct sqs_activity_request request;
    assert_int_equal(
        read_text("{\"queueUrl\":\"http://sqs/1/b\",\"receiptHandle\":\"h\"}", false, 2, &request, NULL), STATUS_OK);
    assert_ptr_equal(request.queue_url, s_b);
}

static void the_only_queue_need_not_be_named(void **state)
{
    (void)state;
    struct sqs_activity_request request;
    assert_int_equal(read_text("{\"receiptHandle\":\"h\",\"visibilityTimeout\":0}", true, 1, &request, NULL),
                     STATUS_OK);
    assert_ptr_equal(request.queue_url, s_a);
    assert_int_equal(request.visibility_timeout, 0);
    assert_int_equal(read_text("{\"receiptHandle\":\"h\",\"visibilityTimeout\":43200}", true, 1, &request, NULL),
                     STATUS_OK);
    assert_int_equal(request.visibility_timeout, 43200);
}

static void another_queue_is_not_allowed(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://sqs/1/c", "http://sqs/1/a/", "http://SQS/1/a", "a"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        char text[128];
        struct sqs_activity_request request;
        struct error error = {0};
        (void)snprintf(text, sizeof text, "{\"queueUrl\":\"%s\",\"receiptHandle\":\"h\"}", urls[i]);
        assert_int_equal(read_text(text, false, 1, &request, &error), STATUS_PERMISSION_DENIED);
        assert_non_null(strstr(error.text, "ferry-worker's configuration"));
    }
}

static void refuses_with_a_reason_that_holds_no_value(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has_visibility;
        size_t queue_count;
        const char *reason;
    } cases[] = {
        {NULL, false, 1, "JSON object"},
        {"[]", false, 1, "JSON object"},
        {"{}", false, 1, "receiptHandle is missing"},
        {"{\"receiptHandle\":\"\"}", false, 1, "receiptHandle"},
        {"{\"receiptHandle\":1}", false, 1, "receiptHandle"},
        {"{\"receiptHandle\":null}", false, 1, "receiptHandle"},
        {"{\"receiptHandle\":\"h\"}", false, 2, "has 2 queues"},
        {"{\"receiptHandle\":\"h\"}", false, 0, "has 0 queues"},
        {"{\"receiptHandle\":\"h\",\"queueUrl\":null}", false, 1, "queueUrl"},
        {"{\"receiptHandle\":\"h\",\"queueUrl\":\"\"}", false, 1, "queueUrl"},
        {"{\"receiptHandle\":\"h\",\"queueURL\":\"http://sqs/1/a\"}", false, 1, "none of"},
        {"{\"receiptHandle\":\"h\",\"secret-handle\":1}", false, 1, "none of"},
        {"{\"receiptHandle\":\"h\",\"visibilityTimeout\":1}", false, 1, "none of"},
        {"{\"receiptHandle\":\"h\"}", true, 1, "visibilityTimeout is missing"},
        {"{\"receiptHandle\":\"h\",\"visibilityTimeout\":-1}", true, 1, "0 to 43200"},
        {"{\"receiptHandle\":\"h\",\"visibilityTimeout\":43201}", true, 1, "0 to 43200"},
        {"{\"receiptHandle\":\"h\",\"visibilityTimeout\":1.5}", true, 1, "whole number"},
        {"{\"receiptHandle\":\"h\",\"visibilityTimeout\":\"30\"}", true, 1, "whole number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sqs_activity_request request;
        struct error error = {0};
        assert_int_equal(read_text(cases[i].text, cases[i].has_visibility, cases[i].queue_count, &request, &error),
                         STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(error.text, cases[i].reason));
        assert_null(strstr(error.text, "secret"));
    }
}

static void a_handle_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static char s_text[SQS_REQUEST_HANDLE_MAX + 64] = "{\"receiptHandle\":\"";
    size_t start = strlen(s_text);
    memset(s_text + start, 'h', SQS_REQUEST_HANDLE_MAX + 1);
    memcpy(s_text + start + SQS_REQUEST_HANDLE_MAX + 1, "\"}", 3);
    struct sqs_activity_request request;
    struct error error = {0};
    assert_int_equal(read_text(s_text, false, 1, &request, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "longer than 4096 bytes"));
    assert_null(strstr(error.text, "hhhh"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_queue_of_the_settings),
        cmocka_unit_test(the_only_queue_need_not_be_named),
        cmocka_unit_test(another_queue_is_not_allowed),
        cmocka_unit_test(refuses_with_a_reason_that_holds_no_value),
        cmocka_unit_test(a_handle_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

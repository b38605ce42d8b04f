/* Which class an error has, and what of it may be shown. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sqs_error.h"

static void codes_have_classes(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        const char *alias;
        const char *text;
        int http_status;
        enum sqs_error_class class;
    } s_cases[] = {
        {"RequestThrottled", "", "", 400, SQS_ERROR_THROTTLED},
        {"ThrottlingException", "", "", 400, SQS_ERROR_THROTTLED},
        {"OverLimit", "", "", 403, SQS_ERROR_THROTTLED},
        {"", "", "", 429, SQS_ERROR_THROTTLED},
        {"ExpiredTokenException", "", "", 403, SQS_ERROR_CREDENTIALS},
        {"InvalidClientTokenId", "", "", 403, SQS_ERROR_CREDENTIALS},
        {"SignatureDoesNotMatch", "", "", 403, SQS_ERROR_CREDENTIALS},
        {"AccessDeniedException", "", "", 400, SQS_ERROR_CREDENTIALS},
        {"", "", "", 403, SQS_ERROR_CREDENTIALS},
        {"QueueDoesNotExist", "", "", 400, SQS_ERROR_MISSING_QUEUE},
        {"", "AWS.SimpleQueueService.NonExistentQueue", "", 400, SQS_ERROR_MISSING_QUEUE},
        {"AWS.SimpleQueueService.NonExistentQueue", "", "", 400, SQS_ERROR_MISSING_QUEUE},
        {"ReceiptHandleIsInvalid", "", "", 404, SQS_ERROR_HANDLE},
        {"MessageNotInflight", "", "", 400, SQS_ERROR_HANDLE},
        {"InvalidParameterValue", "",
         "Value AQ for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.", 400,
         SQS_ERROR_HANDLE},
        {"InvalidParameterValueException", "",
         "Message does not exist or is not available for visibility timeout change.", 400, SQS_ERROR_HANDLE},
        {"InvalidParameterValue", "", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
         400, SQS_ERROR_FINAL},
        {"InternalFailure", "", "", 400, SQS_ERROR_TRANSIENT},
        {"Whatever", "", "", 500, SQS_ERROR_TRANSIENT},
        {"", "", "", 502, SQS_ERROR_TRANSIENT},
        {"", "", "", 408, SQS_ERROR_TRANSIENT},
        {"UnsupportedOperation", "", "", 400, SQS_ERROR_FINAL},
        {"KmsDisabled", "", "", 400, SQS_ERROR_CREDENTIALS},
        {"KmsThrottled", "", "", 400, SQS_ERROR_THROTTLED},
        {"InvalidAddress", "", "", 404, SQS_ERROR_MISSING_QUEUE},
        {"InvalidSecurity", "", "", 403, SQS_ERROR_CREDENTIALS},
        /* a dead letter is sent again without its attribute on these */
        {"InvalidParameterValue", "", "Number of message attributes [11] exceeds the allowed maximum [10].", 400,
         SQS_ERROR_FINAL},
        {"InvalidParameterValue", "", "One or more parameters are invalid. Reason: Message must be shorter than "
                                      "1048576 bytes.", 400, SQS_ERROR_FINAL},
        {"BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", "", 400, SQS_ERROR_FINAL},
        {"", "", "", 413, SQS_ERROR_FINAL},
        {"", "", "", 404, SQS_ERROR_FINAL},
    };
    for (size_t i = 0; i < sizeof s_cases / sizeof s_cases[0]; i++) {
        enum sqs_error_class class =
            sqs_error_classify(s_cases[i].code, s_cases[i].alias, s_cases[i].text, s_cases[i].http_status);
        if (class != s_cases[i].class) {
            fail_msg("%s %s %d: %s", s_cases[i].code, s_cases[i].alias, s_cases[i].http_status,
                     sqs_error_class_name(class));
        }
    }
}

static struct sqs_failure fail_with(int status, const char *body, const struct http_header *headers, size_t count)
{
    const struct http_response response = {
        .status = status, .body = body, .body_length = strlen(body), .headers = headers, .header_count = count};
    struct sqs_failure failure;
    sqs_failure_from_response("DeleteMessage", &response, &failure);
    assert_string_equal(failure.public.code, failure.code);
    return failure;
}

static void the_type_is_cut_to_its_name(void **state)
{
    (void)state;
    const struct http_header headers[] = {{"x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender"}};
    struct sqs_failure failure =
        fail_with(400, "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"gone\"}", headers, 1);
    assert_string_equal(failure.code, "QueueDoesNotExist");
    assert_string_equal(failure.alias, "AWS.SimpleQueueService.NonExistentQueue");
    assert_int_equal(failure.public.class, SQS_ERROR_MISSING_QUEUE);
    assert_int_equal(failure.public.error.status, STATUS_NOT_FOUND);
    assert_int_equal(failure.public.http_status, 400);
    assert_non_null(strstr(failure.public.error.text, "gone"));
    failure = fail_with(400, "{\"__type\":\"AccessDenied:http://x\",\"Message\":\"no\"}", NULL, 0);
    assert_string_equal(failure.code, "AccessDenied");
    assert_int_equal(failure.public.error.status, STATUS_PERMISSION_DENIED);
    assert_non_null(strstr(failure.public.error.text, "no"));
}

static void a_page_of_html_has_no_code(void **state)
{
    (void)state;
    struct sqs_failure failure = fail_with(500, "<html><h1>oops</h1></html>", NULL, 0);
    assert_string_equal(failure.code, "");
    assert_int_equal(failure.public.class, SQS_ERROR_TRANSIENT);
    assert_true(failure.public.error.retryable);
}

static void a_receipt_handle_never_reaches_the_text(void **state)
{
    (void)state;
    struct sqs_failure failure = fail_with(
        400,
        "{\"__type\":\"x#InvalidParameterValue\",\"message\":\"AQEBsecret for parameter ReceiptHandle is invalid\"}",
        NULL, 0);
    assert_int_equal(failure.public.class, SQS_ERROR_HANDLE);
    assert_int_equal(failure.public.error.status, STATUS_FAILED_PRECONDITION);
    assert_null(strstr(failure.public.error.text, "AQEBsecret"));
}

static void only_the_first_line_of_a_message_is_kept(void **state)
{
    (void)state;
    struct sqs_failure failure =
        fail_with(403, "{\"__type\":\"SignatureDoesNotMatch\",\"message\":\"wrong\\n\\nx-amz-security-token:SECRET\"}",
                  NULL, 0);
    assert_null(strstr(failure.public.error.text, "SECRET"));
    assert_true(sqs_error_is_clock(&failure));
    assert_false(sqs_error_is_expired(&failure));
}

static void the_service_may_say_when_to_come_back(void **state)
{
    (void)state;
    const struct http_header precise[] = {{"x-amz-retry-after", "1500"}, {"retry-after", "9"}};
    assert_int_equal(fail_with(503, "", precise, 2).public.retry_after_ms, 1500);
    const struct http_header seconds[] = {{"retry-after", "9"}};
    assert_int_equal(fail_with(503, "", seconds, 1).public.retry_after_ms, 9000);
    const struct http_header date[] = {{"retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"}};
    assert_int_equal(fail_with(503, "", date, 1).public.retry_after_ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_classes),
        cmocka_unit_test(the_type_is_cut_to_its_name),
        cmocka_unit_test(a_page_of_html_has_no_code),
        cmocka_unit_test(a_receipt_handle_never_reaches_the_text),
        cmocka_unit_test(only_the_first_line_of_a_message_is_kept),
        cmocka_unit_test(the_service_may_say_when_to_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

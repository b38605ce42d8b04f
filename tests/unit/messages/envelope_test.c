/* What stands inside envelopes of SNS and EventBridge, byte for byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "envelope.h"

struct sample {
    struct sqs_message message;
    struct buffer out;
    char *json;
    struct error error;
};

/* A message with this body (plain text) and these message attributes (JSON; NULL: none). */
static enum status unwrap(struct sample *sample, enum settings_envelope kind, const char *body, const char *attributes)
{
    char *quoted = json_quote(body, strlen(body));
    *sample = (struct sample){0};
    sample->json = memory_format("{\"MessageId\":\"m1\",\"ReceiptHandle\":\"h\",\"MD5OfBody\":\"x\",\"Body\":%s,"
                                 "\"Attributes\":{\"SentTimestamp\":\"1\"}%s%s}",
                                 quoted, attributes != NULL ? ",\"MessageAttributes\":" : "",
                                 attributes != NULL ? attributes : "");
    sample->message =
        (struct sqs_message){.message_id = "m1", .json = sample->json, .json_length = strlen(sample->json)};
    sample->message.body = json_scan_member(sample->json, strlen(sample->json), "Body");
    sample->message.attributes = json_scan_member(sample->json, strlen(sample->json), "MessageAttributes");
    buffer_init(&sample->out, 1 << 20);
    free(quoted);
    return envelope_unwrap(kind, &sample->message, &sample->out, &sample->error);
}

static void drop(struct sample *sample)
{
    buffer_deinit(&sample->out);
    free(sample->json);
}

static void an_sns_message_is_taken_out_with_its_attributes(void **state)
{
    (void)state;
    struct sample sample;
    assert_int_equal(unwrap(&sample, SETTINGS_ENVELOPE_SNS,
                            "{\"Type\":\"Notification\",\"MessageId\":\"sns\",\"TopicArn\":\"arn\",\"Subject\":null,"
                            "\"Message\":\"{\\\"n\\\":1.00,\\\"big\\\":123456789012345678901234567890}\\u00e9\","
                            "\"MessageAttributes\":{\"kind\":{\"Type\":\"String\",\"Value\":\"order\"},"
                            "\"raw\":{\"Type\":\"Binary\",\"Value\":\"AAE=\"}}}",
                            NULL),
                     STATUS_OK);
    assert_string_equal(sample.out.data,
                        "{\"MessageId\":\"m1\",\"ReceiptHandle\":\"h\",\"Attributes\":{\"SentTimestamp\":\"1\"},"
                        "\"Body\":\"{\\\"n\\\":1.00,\\\"big\\\":123456789012345678901234567890}\\u00e9\","
                        "\"MessageAttributes\":{\"kind\":{\"DataType\":\"String\",\"StringValue\":\"order\"},"
                        "\"raw\":{\"DataType\":\"Binary\",\"BinaryValue\":\"AAE=\"}}}");
    drop(&sample);
}

static void the_messages_own_attributes_win(void **state)
{
    (void)state;
    struct sample sample;
    assert_int_equal(
        unwrap(&sample, SETTINGS_ENVELOPE_SNS,
               "{\"Type\":\"Notification\",\"TopicArn\":\"arn\",\"Message\":\"x\",\"MessageAttributes\":"
               "{\"a\":{\"Type\":\"String\",\"Value\":\"theirs\"},\"b\":{\"Type\":\"String\",\"Value\":\"b\"}}}",
               "{ \"a\":{\"DataType\":\"String\",\"StringValue\":\"own\"}}"),
        STATUS_OK);
    assert_non_null(strstr(sample.out.data,
                           "\"MessageAttributes\":{\"a\":{\"DataType\":\"String\",\"StringValue\":\"own\"},"
                           "\"b\":{\"DataType\":\"String\",\"StringValue\":\"b\"}}}"));
    drop(&sample);
}

static void empty_attributes_of_its_own_leave_no_stray_comma(void **state)
{
    (void)state;
    struct sample sample;
    assert_int_equal(unwrap(&sample, SETTINGS_ENVELOPE_SNS,
                            "{\"Type\":\"Notification\",\"TopicArn\":\"arn\",\"Message\":\"x\",\"MessageAttributes\":"
                            "{\"b\":{\"Type\":\"Number\",\"Value\":\"7\"}}}",
                            "{ }"),
                     STATUS_OK);
    assert_true(json_scan_value(sample.out.data, sample.out.length, NULL));
    assert_non_null(strstr(sample.out.data, "{\"b\":{\"DataType\":\"Number\",\"StringValue\":\"7\"}}"));
    drop(&sample);
}

static void the_detail_of_an_event_is_passed_on_as_it_stands(void **state)
{
    (void)state;
    struct sample sample;
    assert_int_equal(unwrap(&sample, SETTINGS_ENVELOPE_EVENTBRIDGE,
                            "{\"version\":\"0\",\"source\":\"shop\",\"detail-type\":\"Order\",\"detail\": "
                            "{ \"n\" : 1.0, \"n\":2, \"t\":\"\\u0041\" } }",
                            NULL),
                     STATUS_OK);
    assert_string_equal(sample.out.data,
                        "{\"MessageId\":\"m1\",\"ReceiptHandle\":\"h\",\"Attributes\":{\"SentTimestamp\":\"1\"},"
                        "\"Body\":\"{ \\\"n\\\" : 1.0, \\\"n\\\":2, \\\"t\\\":\\\"\\\\u0041\\\" }\","
                        "\"MessageAttributes\":{}}");
    drop(&sample);
}

static void what_is_no_envelope_is_named_and_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        enum settings_envelope kind;
        const char *body;
    } cases[] = {
        {SETTINGS_ENVELOPE_SNS, ""},
        {SETTINGS_ENVELOPE_SNS, "plain text"},
        {SETTINGS_ENVELOPE_SNS, "[]"},
        {SETTINGS_ENVELOPE_SNS, "{\"Type\":\"Notification\",\"TopicArn\":\"t\"}"},
        {SETTINGS_ENVELOPE_SNS, "{\"Type\":\"Notification\",\"TopicArn\":\"t\",\"Message\":{}}"},
        {SETTINGS_ENVELOPE_SNS, "{\"Type\":\"SubscriptionConfirmation\",\"TopicArn\":\"t\",\"Message\":\"m\"}"},
        {SETTINGS_ENVELOPE_SNS, "{\"Type\":\"Notification\",\"Message\":\"m\"}"},
        {SETTINGS_ENVELOPE_EVENTBRIDGE, "{\"source\":\"s\",\"detail-type\":\"d\"}"},
        {SETTINGS_ENVELOPE_EVENTBRIDGE, "{\"source\":\"s\",\"detail-type\":\"d\",\"detail\":\"text\"}"},
        {SETTINGS_ENVELOPE_EVENTBRIDGE, "{\"source\":\"s\",\"detail\":{}}"},
        {SETTINGS_ENVELOPE_EVENTBRIDGE, "{\"source\":\"s\",\"detail-type\":\"d\",\"detail\":{}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sample sample;
        assert_int_equal(unwrap(&sample, cases[i].kind, cases[i].body, NULL), STATUS_MALFORMED);
        assert_int_equal(sample.out.length, 0);
        assert_string_not_equal(sample.error.text, "");
        drop(&sample);
    }
}

static void attributes_are_limited(void **state)
{
    (void)state;
    struct sample sample;
    struct buffer body;
    buffer_init(&body, 1 << 20);
    assert_true(buffer_append_string(
        &body, "{\"Type\":\"Notification\",\"TopicArn\":\"arn\",\"Message\":\"x\",\"MessageAttributes\":{"));
    for (size_t i = 0; i <= ENVELOPE_ATTRIBUTES_MAX; i++) {
        assert_true(buffer_append_format(&body, "%s\"a%zu\":{\"Type\":\"String\",\"Value\":\"v\"}",
                                         i > 0 ? "," : "", i));
    }
    assert_true(buffer_append_string(&body, "}}"));
    assert_int_equal(unwrap(&sample, SETTINGS_ENVELOPE_SNS, body.data, NULL), STATUS_MALFORMED);
    drop(&sample);
    buffer_deinit(&body);
}

static void a_message_over_the_limit_is_too_large(void **state)
{
    (void)state;
    struct sample sample;
    struct buffer small;
    assert_int_equal(unwrap(&sample, SETTINGS_ENVELOPE_SNS,
                            "{\"Type\":\"Notification\",\"TopicArn\":\"arn\",\"Message\":\"x\"}", NULL),
                     STATUS_OK);
    for (size_t maximum = 0; maximum < sample.out.length; maximum++) {
        buffer_init(&small, maximum);
        assert_int_equal(envelope_unwrap(SETTINGS_ENVELOPE_SNS, &sample.message, &small, NULL), STATUS_TOO_LARGE);
        assert_int_equal(small.length, 0);
        buffer_deinit(&small);
    }
    drop(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_sns_message_is_taken_out_with_its_attributes),
        cmocka_unit_test(the_messages_own_attributes_win),
        cmocka_unit_test(empty_attributes_of_its_own_leave_no_stray_comma),
        cmocka_unit_test(the_detail_of_an_event_is_passed_on_as_it_stands),
        cmocka_unit_test(what_is_no_envelope_is_named_and_changes_nothing),
        cmocka_unit_test(attributes_are_limited),
        cmocka_unit_test(a_message_over_the_limit_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

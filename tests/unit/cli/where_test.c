/* Conditions of --where and patterns of --filter, over messages and what their letters say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "where.h"

static const char s_json[] =
    "{\"MessageId\":\"d1\",\"ReceiptHandle\":\"h\","
    "\"Body\":\"{\\\"customer\\\":42,\\\"type\\\":\\\"order\\\",\\\"total\\\":"
    "10.5,\\\"a\\\":{\\\"b\\\":[\\\"x\\\",\\\"y*z\\\"]},\\\"paid\\\":true,\\\"code\\\":\\\"42\\\"}\","
    "\"Attributes\":{\"MessageGroupId\":\"g1\",\"SentTimestamp\":\"1\"},"
    "\"MessageAttributes\":{\"colour.dark\":{\"DataType\":\"String\",\"StringValue\":\"red\"},"
    "\"FerryDeadLetter\":{\"DataType\":\"String\",\"StringValue\":\"{\\\"messageId\\\":\\\"m1\\\",\\\"reason\\\":"
    "\\\"failed\\\",\\\"route\\\":\\\"orders\\\",\\\"attempt\\\":3,"
    "\\\"failureMessage\\\":\\\"no *money*, sorry\\\"}\"}}}";

static struct json_slice member(const char *name)
{
    return json_scan_member(s_json, strlen(s_json), name);
}

static struct sqs_message message(void)
{
    return (struct sqs_message){.message_id = "d1",
                                .json = s_json,
                                .json_length = strlen(s_json),
                                .body = member("Body"),
                                .attributes = member("MessageAttributes")};
}

static void assert_takes(const char *condition, bool expected)
{
    struct sqs_message subject = message();
    struct dead_letter letter = {0};
    struct error error = {0};
    struct where *where = where_new();
    assert_int_equal(dead_letter_read(&subject, &letter, &error), STATUS_OK);
    if (where_add(where, condition, &error) != STATUS_OK) {
        fail_msg("%s: %s", condition, error.text);
    }
    if (where_takes(where, &subject, &letter) != expected) {
        fail_msg("%s: expected %s", condition, expected ? "to be taken" : "not to be taken");
    }
    where_destroy(where);
    dead_letter_deinit(&letter);
}

static void members_of_the_body_are_compared(void **state)
{
    (void)state;
    assert_takes("body.customer=42", true);
    assert_takes("body.customer=42.0", true);
    assert_takes(" body.customer = 42 ", true);
    assert_takes("body.customer=43", false);
    assert_takes("body.customer=\"42\"", false);
    assert_takes("body.code=42", true);
    assert_takes("body.code=\"42\"", true);
    assert_takes("body.type=order", true);
    assert_takes("body.type!=order", false);
    assert_takes("body.paid=true", true);
    assert_takes("body.a.b=x", true);
    assert_takes("body.a.b=y*z", true);
    assert_takes("body.a.b~y*", true);
    assert_takes("body.a.b~x*", false);
    assert_takes("body.nothing=1", false);
    assert_takes("body.nothing!=1", true);
}

static void numbers_are_compared_by_size(void **state)
{
    (void)state;
    assert_takes("body.total>10", true);
    assert_takes("body.total>10.5", false);
    assert_takes("body.total>=10.5", true);
    assert_takes("body.total<11", true);
    assert_takes("body.total<=10", false);
    assert_takes("body.type<11", false);
    assert_takes("attempt>2", true);
    assert_takes("attempt<3", false);
}

static void the_body_as_a_text_and_what_is_around_it(void **state)
{
    (void)state;
    assert_takes("body~\"customer\":", true);
    assert_takes("body~nobody", false);
    assert_takes("body!~nobody", true);
    assert_takes("body={}", false);
    assert_takes("group=g1", true);
    assert_takes("attribute.colour.dark=red", true);
    assert_takes("attribute.colour=red", false);
}

static void what_the_letter_says_of_itself(void **state)
{
    (void)state;
    assert_takes("reason=failed", true);
    assert_takes("reason!=failed", false);
    assert_takes("route=orders", true);
    assert_takes("messageId=m1", true);
    assert_takes("messageId=d1", false);
    assert_takes("id=d1", true);
    assert_takes("failureMessage~*money*", true);
    assert_takes("failureMessage~*gold*", false);
    assert_takes("failureType=", false);
    assert_takes("failureType!=Timeout", true);
}

static void all_conditions_must_hold(void **state)
{
    (void)state;
    struct sqs_message subject = message();
    struct error error = {0};
    struct where *where = where_new();
    assert_true(where_is_empty(where) && where_takes(where, &subject, NULL));
    assert_int_equal(where_add(where, "body.type=order", &error), STATUS_OK);
    assert_int_equal(where_add_filter(where, "{\"body\":{\"customer\":[{\"numeric\":[\">\",40]}]}}", &error),
                     STATUS_OK);
    assert_true(!where_is_empty(where) && where_takes(where, &subject, NULL));
    assert_int_equal(where_add(where, "body.type=offer", &error), STATUS_OK);
    assert_false(where_takes(where, &subject, NULL));
    where_destroy(where);
}

static void a_letter_that_cannot_be_read_has_no_fields_but_its_id(void **state)
{
    (void)state;
    static const struct {
        const char *condition;
        bool takes;
    } cases[] = {{"reason=failed", false}, {"reason!=failed", true}, {"id=d1", true}, {"messageId=d1", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sqs_message subject = message();
        struct error error = {0};
        struct where *where = where_new();
        assert_int_equal(where_add(where, cases[i].condition, &error), STATUS_OK);
        assert_int_equal(where_takes(where, &subject, NULL), cases[i].takes);
        where_destroy(where);
    }
}

static void a_body_that_is_no_json_has_no_members(void **state)
{
    (void)state;
    static const char json[] = "{\"MessageId\":\"d1\",\"Body\":\"plain text\"}";
    struct sqs_message subject = {.message_id = "d1",
                                  .json = json,
                                  .json_length = strlen(json),
                                  .body = json_scan_member(json, strlen(json), "Body")};
    struct error error = {0};
    struct where *where = where_new();
    assert_int_equal(where_add(where, "body.type!=order", &error), STATUS_OK);
    assert_int_equal(where_add(where, "body~plain", &error), STATUS_OK);
    assert_true(where_takes(where, &subject, NULL));
    assert_int_equal(where_add(where, "body.type=order", &error), STATUS_OK);
    assert_false(where_takes(where, &subject, NULL));
    where_destroy(where);
}

static void what_is_no_condition_is_refused_with_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *condition;
        const char *words;
    } cases[] = {
        {"", "expected FIELD"},
        {"reason", "expected FIELD"},
        {"=failed", "expected FIELD"},
        {"reason==failed", "expected FIELD"},
        {"colour=red", "no field \"colour\"; known are body, body.MEMBER"},
        {"Reason=failed", "no field \"Reason\""},
        {"attribute.=red", "no field \"attribute.\""},
        {"body.=1", "an empty name"},
        {"body.a..b=1", "an empty name"},
        {"body.a>many", "expected a number behind >, found \"many\""},
        {"body<5", "body is a text"},
        {"reason~", "expected a text behind ~"},
        {"reason=\xff", "no UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {0};
        struct where *where = where_new();
        assert_int_equal(where_add(where, cases[i].condition, &error), STATUS_INVALID_ARGUMENT);
        if (strstr(error.text, cases[i].words) == NULL) {
            fail_msg("%s: %s", cases[i].condition, error.text);
        }
        assert_true(where_is_empty(where));
        where_destroy(where);
    }
}

static void too_much_is_refused(void **state)
{
    (void)state;
    struct error error = {0};
    struct where *where = where_new();
    char *text = memory_format("body.a=%01000d", 1);
    assert_int_equal(where_add(where, text, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "at most 1000 bytes"));
    for (int i = 0; i < WHERE_CONDITIONS_MAX; i++) {
        assert_int_equal(where_add(where, "reason=failed", &error), STATUS_OK);
    }
    assert_int_equal(where_add(where, "reason=failed", &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "at most 32 conditions"));
    where_destroy(where);
    free(text);
}

static void what_is_no_pattern_is_refused(void **state)
{
    (void)state;
    static const char *const patterns[] = {"", "[]", "{", "{}", "{\"reason\":[\"failed\"]}", "{\"body\":{\"a\":1}}"};
    struct where *where = where_new();
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct error error = {0};
        assert_int_equal(where_add_filter(where, patterns[i], &error), STATUS_INVALID_ARGUMENT);
        assert_int_equal(strncmp(error.text, "--filter: ", 10), 0);
    }
    where_destroy(where);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_the_body_are_compared),
        cmocka_unit_test(numbers_are_compared_by_size),
        cmocka_unit_test(the_body_as_a_text_and_what_is_around_it),
        cmocka_unit_test(what_the_letter_says_of_itself),
        cmocka_unit_test(all_conditions_must_hold),
        cmocka_unit_test(a_letter_that_cannot_be_read_has_no_fields_but_its_id),
        cmocka_unit_test(a_body_that_is_no_json_has_no_members),
        cmocka_unit_test(what_is_no_condition_is_refused_with_its_reason),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(what_is_no_pattern_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

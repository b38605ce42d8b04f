/* A dead letter as a row, and in full. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dlq_rows.h"

static const char s_json[] =
    "{\"MessageId\":\"d1\",\"Body\":\"{\\\"n\\\":12345678901234567890}\",\"MessageAttributes\":{"
    "\"colour\":{\"DataType\":\"String\",\"StringValue\":\"red\"},"
    "\"FerryDeadLetter\":{\"DataType\":\"String\",\"StringValue\":\"{\\\"messageId\\\":\\\"m1\\\",\\\"reason\\\":"
    "\\\"failed\\\",\\\"route\\\":\\\"orders\\\",\\\"attempt\\\":3}\"}}}";

static struct sqs_message s_message = {
    .message_id = "d1", .json = s_json, .json_length = sizeof s_json - 1, .group_id = "g", .receive_count = 2,
    .sent_timestamp_ms = 1700000000000};

static struct dlq_item make_item(void)
{
    struct dlq_item item = {.message = &s_message};
    s_message.body = json_scan_member(s_json, sizeof s_json - 1, "Body");
    s_message.attributes = json_scan_member(s_json, sizeof s_json - 1, "MessageAttributes");
    item.is_readable = dead_letter_read(&s_message, &item.letter, &item.problem) == STATUS_OK;
    assert_true(item.is_readable);
    return item;
}

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void an_age_is_in_one_unit(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *expected;
    } cases[] = {{-5, "0s"},         {119999, "119s"},     {120000, "2m"},         {7199999, "119m"},
                 {7200000, "2h"},    {172799999, "47h"},   {172800000, "2d"},      {1209600000, "14d"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *age = dlq_rows_age(cases[i].ms);
        assert_string_equal(age, cases[i].expected);
        free(age);
    }
}

static void a_row_has_both_ids_and_why(void **state)
{
    (void)state;
    struct dlq_item item = make_item();
    json_t *row = dlq_rows_line(&item, 1700000180000);
    assert_string_equal(text(row, "messageId"), "m1");
    assert_string_equal(text(row, "deadLetterId"), "d1");
    assert_string_equal(text(row, "reason"), "failed");
    assert_string_equal(text(row, "group"), "g");
    assert_string_equal(text(row, "age"), "3m");
    assert_string_equal(text(row, "sentAt"), "2023-11-14T22:13:20.000Z");
    assert_int_equal(json_integer_value(json_object_get(row, "ageSeconds")), 180);
    assert_int_equal(json_integer_value(json_object_get(row, "attempt")), 3);
    assert_null(json_object_get(row, "workflowId"));
    json_decref(row);
    dead_letter_deinit(&item.letter);
}

static void in_full_it_has_the_body_as_it_came_and_the_attributes_of_others(void **state)
{
    (void)state;
    struct dlq_item item = make_item();
    json_t *row = dlq_rows_full(&item);
    const json_t *attributes = json_object_get(row, "messageAttributes");
    assert_string_equal(text(row, "body"), "{\"n\":12345678901234567890}");
    assert_string_equal(text(json_object_get(row, "deadLetter"), "route"), "orders");
    assert_int_equal(json_object_size(attributes), 1);
    assert_string_equal(text(json_object_get(attributes, "colour"), "StringValue"), "red");
    assert_int_equal(json_integer_value(json_object_get(row, "receiveCount")), 2);
    json_decref(row);
    dead_letter_deinit(&item.letter);
}

static void one_that_cannot_be_read_shows_all_that_is_there(void **state)
{
    (void)state;
    struct dlq_item item = make_item();
    dead_letter_deinit(&item.letter);
    item.is_readable = false;
    json_t *row = dlq_rows_full(&item);
    assert_string_equal(text(row, "messageId"), "d1");
    assert_null(json_object_get(row, "deadLetter"));
    assert_int_equal(json_object_size(json_object_get(row, "messageAttributes")), 2);
    json_decref(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_age_is_in_one_unit),
        cmocka_unit_test(a_row_has_both_ids_and_why),
        cmocka_unit_test(in_full_it_has_the_body_as_it_came_and_the_attributes_of_others),
        cmocka_unit_test(one_that_cannot_be_read_shows_all_that_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

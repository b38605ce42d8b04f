/* What `ferry explain` takes for messages and events. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "explain_input.h"

static enum status parse(const char *text, size_t *out_count)
{
    struct sqs_message *messages[EXPLAIN_MESSAGES_MAX];
    struct error error = {0};
    enum status status = explain_parse_messages(text, strlen(text), messages, out_count, &error);
    assert_int_equal(status, error.status);
    for (size_t i = 0; status == STATUS_OK && i < *out_count; i++) {
        sqs_message_destroy(messages[i]);
    }
    return status;
}

#define ONE "{\"MessageId\":\"m\",\"ReceiptHandle\":\"h\",\"Body\":\"x\"}"

static void takes_one_message_a_list_and_what_the_aws_tool_prints(void **state)
{
    (void)state;
    size_t count = 0;
    assert_int_equal(parse(ONE, &count), STATUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(parse("{\"Messages\": [" ONE ", " ONE "]}", &count), STATUS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(parse("[" ONE "]", &count), STATUS_OK);
    assert_int_equal(count, 1);
}

static void refuses_what_is_no_message(void **state)
{
    (void)state;
    size_t count = 0;
    static const char *const bad[] = {"", "x", "{}", "[]", "7", "{\"Messages\":[]}", "{\"Messages\":7}",
                                      "[" ONE ",{\"MessageId\":\"m\"}]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(parse(bad[i], &count), STATUS_MALFORMED);
    }
}

static void says_where_it_is_no_json(void **state)
{
    (void)state;
    struct sqs_message *messages[EXPLAIN_MESSAGES_MAX];
    struct error error = {0};
    size_t count = 0;
    assert_int_equal(explain_parse_messages("{\n  7", 5, messages, &count, &error), STATUS_MALFORMED);
    assert_memory_equal(error.text, "line 2, column 3: expected JSON in UTF-8: ", 42);
}

static void a_body_becomes_a_message_with_any_bytes_of_text(void **state)
{
    (void)state;
    struct sqs_message *message = NULL;
    size_t length = 0;
    assert_int_equal(explain_wrap_body("a\"\n", 3, "id", "g", &message, NULL), STATUS_OK);
    char *body = sqs_message_body(message, &length);
    assert_string_equal(body, "a\"\n");
    assert_string_equal(message->message_id, "id");
    assert_string_equal(message->group_id, "g");
    free(body);
    sqs_message_destroy(message);
    assert_int_equal(explain_wrap_body("\xff", 1, "id", NULL, &message, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(explain_wrap_body("x", 1, "", NULL, &message, NULL), STATUS_INVALID_ARGUMENT);
}

static void an_event_is_known_by_its_look(void **state)
{
    (void)state;
    assert_string_equal(explain_content_type("[]", 2), "application/cloudevents-batch+json");
    assert_string_equal(explain_content_type("{\"specversion\":\"1.0\"}", 21), "application/cloudevents+json");
    assert_string_equal(explain_content_type("{}", 2), "application/json");
    assert_string_equal(explain_content_type("x", 1), "application/json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_one_message_a_list_and_what_the_aws_tool_prints),
        cmocka_unit_test(refuses_what_is_no_message),
        cmocka_unit_test(says_where_it_is_no_json),
        cmocka_unit_test(a_body_becomes_a_message_with_any_bytes_of_text),
        cmocka_unit_test(an_event_is_known_by_its_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

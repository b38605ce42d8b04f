/* ce-* headers → the attributes of an event. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "event_attributes.h"

static void assert_value(const char *value, const char *expected)
{
    const struct event_header header = {"x", value};
    const struct event_headers headers = {.attributes = &header, .attribute_count = 1};
    size_t length = 0;
    char *json = event_attributes_json(&headers, &length);
    if (expected == NULL) {
        assert_null(json);
    } else {
        assert_string_equal(json, expected);
        assert_int_equal(length, strlen(expected));
    }
    free(json);
}

static void values_are_unquoted_and_decoded_once(void **state)
{
    (void)state;
    assert_value("plain text", "{\"x\":\"plain text\"}");
    assert_value("", "{\"x\":\"\"}");
    assert_value("a%20b%2520%e2%82%ac", "{\"x\":\"a b%20\xe2\x82\xac\"}");
    assert_value("\"a \\\"b\\\" %41\"", "{\"x\":\"a \\\"b\\\" A\"}");
    assert_value("\"", "{\"x\":\"\\\"\"}");
    assert_value("\"\\\"", "{\"x\":\"\\\\\"}");
    assert_value("\xe2\x82\xac", "{\"x\":\"\xe2\x82\xac\"}");
}

static void what_is_no_escape_stays(void **state)
{
    (void)state;
    assert_value("100%", "{\"x\":\"100%\"}");
    assert_value("%4", "{\"x\":\"%4\"}");
    assert_value("%zz%00", "{\"x\":\"%zz%00\"}");
}

static void what_is_no_utf8_is_refused(void **state)
{
    (void)state;
    assert_value("%ff", NULL);
    assert_value("\xe4", NULL);
}

static void names_are_lower_case_and_an_attribute_s(void **state)
{
    (void)state;
    static const struct event_header attributes[] = {
        {"SpecVersion", "1.0"}, {"a-b", "no"}, {"", "no"}, {"data", "no"}, {"datacontenttype", "no"}, {"x9", "y"}};
    const struct event_headers headers = {.content_type = "text/plain; a=\"b\"", .attributes = attributes,
                                          .attribute_count = sizeof attributes / sizeof attributes[0]};
    size_t length = 0;
    char *json = event_attributes_json(&headers, &length);
    assert_string_equal(json, "{\"specversion\":\"1.0\",\"x9\":\"y\",\"datacontenttype\":\"text/plain; a=\\\"b\\\"\"}");
    free(json);
}

static void a_name_comes_once(void **state)
{
    (void)state;
    static const struct event_header attributes[] = {{"id", "1"}, {"ID", "1"}};
    const struct event_headers headers = {.attributes = attributes, .attribute_count = 2};
    size_t length = 0;
    assert_null(event_attributes_json(&headers, &length));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_unquoted_and_decoded_once),
        cmocka_unit_test(what_is_no_escape_stays),
        cmocka_unit_test(what_is_no_utf8_is_refused),
        cmocka_unit_test(names_are_lower_case_and_an_attribute_s),
        cmocka_unit_test(a_name_comes_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Compiling event patterns: what is taken, and what is refused with which words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rules/event_pattern.h"
#include "rules/json_value.h"

static enum status compile(const char *text, struct event_pattern **out, struct error *error)
{
    json_t *value = NULL;
    assert_int_equal(json_value_parse(text, strlen(text), &value, NULL), STATUS_OK);
    enum status status = event_pattern_compile(value, out, error);
    json_decref(value);
    return status;
}

static void assert_refused(const char *text, const char *expected)
{
    struct event_pattern *pattern = NULL;
    struct error error = {0};
    if (compile(text, &pattern, &error) != STATUS_INVALID_ARGUMENT) {
        fail_msg("%s is taken", text);
    }
    assert_null(pattern);
    if (strncmp(error.text, expected, strlen(expected)) != 0) {
        fail_msg("%s: expected %s, found %s", text, expected, error.text);
    }
}

static bool needs_body_json(const char *text)
{
    struct event_pattern *pattern = NULL;
    struct error error = {0};
    if (compile(text, &pattern, &error) != STATUS_OK) {
        fail_msg("%s: %s", text, error.text);
    }
    bool needs = event_pattern_needs_body_json(pattern);
    event_pattern_destroy(pattern);
    return needs;
}

static void it_knows_whether_it_looks_into_the_body(void **state)
{
    (void)state;
    assert_true(needs_body_json("{\"body\": {\"a\": [1]}}"));
    assert_true(needs_body_json("{\"$or\": [{\"messageId\": [\"a\"]}, {\"body\": {\"a\": [1]}}]}"));
    assert_false(needs_body_json("{\"body\": [{\"prefix\": \"a\"}]}"));
    assert_false(needs_body_json("{\"attributes\": {\"SenderId\": [\"a\"]}}"));
}

static void structure_is_checked(void **state)
{
    (void)state;
    assert_refused("5", "(root): expected an object with at least one member");
    assert_refused("{}", "(root): expected an object with at least one member");
    assert_refused("{\"bodi\": [1]}", "/bodi: not a member of a message; known are body, messageAttributes");
    assert_refused("{\"receiptHandle\": [\"a\"]}", "/receiptHandle: not a member of a message");
    assert_refused("{\"messageId\": {\"a\": [1]}}", "/messageId: expected a list: it is a text");
    assert_refused("{\"attributes\": [1]}", "/attributes: expected an object with names of attributes");
    assert_refused("{\"body\": 5}", "/body: expected a list of values and operators, or an object");
    assert_refused("{\"body\": {\"a\": {}}}", "/body/a: expected an object with at least one member");
    assert_refused("{\"body\": {\"a/b\": []}}", "/body/a~1b: expected a list of at least one value or operator");
    assert_refused("{\"body\": {\"a\": [[1]]}}", "/body/a/0: expected a value or an operator, found a list");
    assert_refused("{\"body\": {\"a\": [1, {}]}}", "/body/a/1: expected an object with one operator; known are prefix");
    assert_refused("{\"body\": {\"a\": [{\"prefix\": \"a\", \"suffix\": \"b\"}]}}",
                   "/body/a/0: expected an object with one");
    assert_refused("{\"$or\": [{\"messageId\": [\"a\"]}]}", "/$or: expected a list of at least two objects");
    assert_refused("{\"body\": {\"$or\": {\"a\": [1]}}}", "/body/$or: expected a list of at least two objects");
    assert_refused("{\"$or\": [{\"messageId\": [\"a\"]}, {\"a\": [1]}]}", "/$or/1/a: not a member of a message");
}

static void each_operator_is_checked(void **state)
{
    (void)state;
    const char *const cases[][2] = {
        {"{\"prefx\": \"a\"}", "/prefx: not an operator; known are prefix, suffix, equals-ignore-case"},
        {"{\"prefix\": 5}", "/prefix: expected a text, or {\"equals-ignore-case\": text}"},
        {"{\"suffix\": {\"prefix\": \"a\"}}", "/suffix: expected a text, or {\"equals-ignore-case\": text}"},
        {"{\"prefix\": {\"equals-ignore-case\": 5}}", "/prefix/equals-ignore-case: expected a text"},
        {"{\"equals-ignore-case\": 5}", "/equals-ignore-case: expected a text"},
        {"{\"wildcard\": 5}", "/wildcard: expected a text of at most 256 bytes"},
        {"{\"wildcard\": \"a**\"}", "/wildcard: \"**\" is not allowed"},
        {"{\"wildcard\": \"a\\\\b\"}", "/wildcard: \"\\\" stands before"},
        {"{\"wildcard\": \"a\\\\\"}", "/wildcard: \"\\\" stands before"},
        {"{\"exists\": 1}", "/exists: expected true or false"},
        {"{\"cidr\": \"10.0.0.0\"}", "/cidr: expected a block"},
        {"{\"cidr\": \"10.0.0.0/33\"}", "/cidr: expected a block"},
        {"{\"cidr\": \"10.0.0/8\"}", "/cidr: expected a block"},
        {"{\"cidr\": \"2001:db8::/129\"}", "/cidr: expected a block"},
        {"{\"cidr\": \"10.0.0.0/8x\"}", "/cidr: expected a block"},
        {"{\"cidr\": 5}", "/cidr: expected a block"},
        {"{\"numeric\": 5}", "/numeric: expected a list such as"},
        {"{\"numeric\": [\"=\"]}", "/numeric: expected a list such as"},
        {"{\"numeric\": [\"=\", \"5\"]}", "/numeric: expected one of =, <, <=, > and >=, then a number"},
        {"{\"numeric\": [\"==\", 5]}", "/numeric: expected one of =, <, <=, > and >=, then a number"},
        {"{\"numeric\": [\">\", 5, \">\", 6]}", "/numeric: expected \"=\" and a number alone, or one lower"},
        {"{\"numeric\": [\"=\", 5, \"<\", 6]}", "/numeric: expected \"=\" and a number alone, or one lower"},
        {"{\"numeric\": [\">\", 5, \"<=\", 5]}", "/numeric: no number is within these bounds"},
        {"{\"anything-but\": true}", "/anything-but: expected a text, a number, a list of texts"},
        {"{\"anything-but\": []}", "/anything-but: expected a text, a number, a list of texts"},
        {"{\"anything-but\": [1, \"a\"]}", "/anything-but: expected a text, a number, a list of texts"},
        {"{\"anything-but\": {\"numeric\": [\"=\", 5]}}",
         "/anything-but/numeric: not an operator that anything-but takes"},
        {"{\"anything-but\": {\"prefix\": \"\"}}", "/anything-but/prefix: an empty text would take nothing"},
        {"{\"anything-but\": {\"prefix\": []}}", "/anything-but/prefix: expected a text or a list of texts"},
        {"{\"anything-but\": {\"wildcard\": [\"a\", 5]}}", "/anything-but/wildcard: expected a text of at most 256"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char pattern[256] = "";
        char expected[256] = "";
        snprintf(pattern, sizeof pattern, "{\"body\": {\"a\": [1, %s]}}", cases[i][0]);
        snprintf(expected, sizeof expected, "/body/a/1%s", cases[i][1]);
        assert_refused(pattern, expected);
    }
}

static void large_and_deep_patterns_are_refused(void **state)
{
    (void)state;
    struct event_pattern *pattern = NULL;
    struct error error = {0};
    json_t *deep = json_pack("[i]", 1);
    for (unsigned i = 0; i <= EVENT_PATTERN_NESTING_MAX; i++) {
        deep = json_pack("{s:o}", "body", deep);
    }
    assert_int_equal(event_pattern_compile(deep, &pattern, &error), STATUS_TOO_LARGE);
    assert_string_equal(error.text, "(root): nested deeper than 64 levels");
    json_decref(deep);
    json_t *values = json_array();
    for (unsigned i = 0; i < EVENT_PATTERN_VALUES_MAX; i++) {
        json_array_append_new(values, json_null());
    }
    json_t *wide = json_pack("{s:o}", "body", values);
    assert_int_equal(event_pattern_compile(wide, &pattern, &error), STATUS_TOO_LARGE);
    assert_string_equal(error.text, "(root): more than 1000 JSON values");
    json_decref(wide);
    assert_null(pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_knows_whether_it_looks_into_the_body),
        cmocka_unit_test(structure_is_checked),
        cmocka_unit_test(each_operator_is_checked),
        cmocka_unit_test(large_and_deep_patterns_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

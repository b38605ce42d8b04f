/* Matching messages: each operator, lists, absence, and where the values come from. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "rules/event_pattern.h"
#include "rules/json_value.h"

static json_t *parse(const char *text)
{
    json_t *value = NULL;
    assert_int_equal(json_value_parse(text, strlen(text), &value, NULL), STATUS_OK);
    return value;
}

static struct event_pattern *compile(const char *text)
{
    json_t *value = parse(text);
    struct event_pattern *pattern = NULL;
    struct error error = {0};
    if (event_pattern_compile(value, &pattern, &error) != STATUS_OK) {
        fail_msg("%s: %s", text, error.text);
    }
    json_decref(value);
    return pattern;
}

static bool matches(const char *pattern_text, const char *body)
{
    struct event_pattern *pattern = compile(pattern_text);
    struct event_subject subject = {.body = body, .body_length = body == NULL ? 0 : strlen(body)};
    bool result = event_pattern_matches(pattern, &subject);
    /* what was made for the first one is used again */
    assert_int_equal(event_pattern_matches(pattern, &subject), result);
    event_subject_deinit(&subject);
    event_pattern_destroy(pattern);
    return result;
}

struct value_case {
    const char *matcher;
    const char *value;
    bool is_taken;
};

static void check_values(const struct value_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_t *pattern = json_pack("{s:{s:[o]}}", "body", "a", parse(cases[i].matcher));
        json_t *body = json_pack("{s:o}", "a", parse(cases[i].value));
        assert_non_null(pattern);
        assert_non_null(body);
        char *pattern_text = json_dumps(pattern, 0);
        char *body_text = json_dumps(body, 0);
        if (matches(pattern_text, body_text) != cases[i].is_taken) {
            fail_msg("%s with %s: not %s", cases[i].matcher, cases[i].value, cases[i].is_taken ? "taken" : "left");
        }
        free(pattern_text);
        free(body_text);
        json_decref(pattern);
        json_decref(body);
    }
}
#define CHECK_VALUES(cases) check_values(cases, sizeof(cases) / sizeof(cases)[0])

static void values_are_compared_exactly(void **state)
{
    (void)state;
    const struct value_case cases[] = {
        {"\"a\"", "\"a\"", true}, {"\"a\"", "\"A\"", false}, {"\"\"", "\"\"", true},   {"5", "5", true},
        {"5", "5.0", true},       {"5", "\"5\"", false},     {"300", "3.0e2", true},  {"null", "null", true},
        {"null", "false", false}, {"true", "true", true},    {"true", "1", false},    {"\"null\"", "null", false},
    };
    CHECK_VALUES(cases);
}

static void texts_have_operators(void **state)
{
    (void)state;
    const struct value_case cases[] = {
        {"{\"prefix\": \"ab\"}", "\"abc\"", true},
        {"{\"prefix\": \"ab\"}", "\"a\"", false},
        {"{\"prefix\": \"1\"}", "12", false},
        {"{\"prefix\": \"\"}", "\"\"", true},
        {"{\"prefix\": {\"equals-ignore-case\": \"AB\"}}", "\"abc\"", true},
        {"{\"prefix\": {\"equals-ignore-case\": \"AB\"}}", "\"cab\"", false},
        {"{\"suffix\": \"bc\"}", "\"abc\"", true},
        {"{\"suffix\": \"bc\"}", "\"bcd\"", false},
        {"{\"suffix\": {\"equals-ignore-case\": \"BC\"}}", "\"abc\"", true},
        {"{\"suffix\": {\"equals-ignore-case\": \"BC\"}}", "\"bca\"", false},
        {"{\"equals-ignore-case\": \"aliCE\"}", "\"Alice\"", true},
        {"{\"equals-ignore-case\": \"alice\"}", "\"alice2\"", false},
        {"{\"equals-ignore-case\": \"\xc3\xa9\"}", "\"\xc3\x89\"", true},
        {"{\"wildcard\": \"a*c\"}", "\"abbc\"", true},
        {"{\"wildcard\": \"a*c\"}", "\"ac\"", true},
        {"{\"wildcard\": \"a*c\"}", "\"acb\"", false},
        {"{\"wildcard\": \"ab*bc\"}", "\"abc\"", false},
        {"{\"wildcard\": \"*/lib/*\"}", "\"/usr/lib/x\"", true},
        {"{\"wildcard\": \"*ab*bc*\"}", "\"xabxabcx\"", true},
        {"{\"wildcard\": \"*ab*ab\"}", "\"ab\"", false},
        {"{\"wildcard\": \"*\"}", "\"\"", true},
        {"{\"wildcard\": \"*\"}", "5", false},
        {"{\"wildcard\": \"ab\"}", "\"ab\"", true},
        {"{\"wildcard\": \"ab\"}", "\"abc\"", false},
        {"{\"wildcard\": \"a\\\\*b\\\\\\\\\"}", "\"a*b\\\\\"", true},
        {"{\"wildcard\": \"a\\\\*b\"}", "\"axb\"", false},
    };
    CHECK_VALUES(cases);
}

static void numbers_have_ranges(void **state)
{
    (void)state;
    const struct value_case cases[] = {
        {"{\"numeric\": [\"=\", 5]}", "5.0", true},
        {"{\"numeric\": [\"=\", 5]}", "\"5\"", false},
        {"{\"numeric\": [\">\", 0, \"<=\", 5]}", "5", true},
        {"{\"numeric\": [\">\", 0, \"<=\", 5]}", "0", false},
        {"{\"numeric\": [\"<=\", 5, \">\", 0]}", "1", true},
        {"{\"numeric\": [\">=\", 0, \"<\", 5]}", "0", true},
        {"{\"numeric\": [\">=\", 0, \"<\", 5]}", "5", false},
        {"{\"numeric\": [\"<\", 9007199254740993]}", "9007199254740992", true},
        {"{\"numeric\": [\">\", 1e10]}", "12345678901234567890", true},
    };
    CHECK_VALUES(cases);
}

static void anything_but_takes_all_others(void **state)
{
    (void)state;
    const struct value_case cases[] = {
        {"{\"anything-but\": \"a\"}", "\"b\"", true},
        {"{\"anything-but\": \"a\"}", "\"a\"", false},
        {"{\"anything-but\": \"a\"}", "5", true},
        {"{\"anything-but\": \"a\"}", "null", true},
        {"{\"anything-but\": 5}", "5.0", false},
        {"{\"anything-but\": [1, 2]}", "3", true},
        {"{\"anything-but\": [1, 2]}", "2", false},
        {"{\"anything-but\": [\"a\", \"b\"]}", "\"b\"", false},
        {"{\"anything-but\": {\"prefix\": \"a\"}}", "\"ab\"", false},
        {"{\"anything-but\": {\"prefix\": [\"a\", \"b\"]}}", "\"bc\"", false},
        {"{\"anything-but\": {\"prefix\": \"a\"}}", "\"ba\"", true},
        {"{\"anything-but\": {\"prefix\": \"1\"}}", "12", true},
        {"{\"anything-but\": {\"suffix\": \"a\"}}", "\"ba\"", false},
        {"{\"anything-but\": {\"suffix\": \"a\"}}", "\"ab\"", true},
        {"{\"anything-but\": {\"equals-ignore-case\": [\"A\", \"b\"]}}", "\"B\"", false},
        {"{\"anything-but\": {\"equals-ignore-case\": \"a\"}}", "\"b\"", true},
        {"{\"anything-but\": {\"wildcard\": \"*/lib/*\"}}", "\"/lib/\"", false},
        {"{\"anything-but\": {\"wildcard\": \"*/lib/*\"}}", "\"/bin/\"", true},
    };
    CHECK_VALUES(cases);
    assert_false(matches("{\"body\": {\"a\": [{\"anything-but\": \"x\"}]}}", "{\"b\": 1}"));
}

static void addresses_are_in_blocks(void **state)
{
    (void)state;
    const struct value_case cases[] = {
        {"{\"cidr\": \"10.0.0.0/24\"}", "\"10.0.0.255\"", true},
        {"{\"cidr\": \"10.0.0.0/24\"}", "\"10.0.1.0\"", false},
        {"{\"cidr\": \"10.0.0.128/25\"}", "\"10.0.0.127\"", false},
        {"{\"cidr\": \"10.0.0.1/32\"}", "\"10.0.0.1\"", true},
        {"{\"cidr\": \"0.0.0.0/0\"}", "\"203.0.113.9\"", true},
        {"{\"cidr\": \"0.0.0.0/0\"}", "\"::1\"", false},
        {"{\"cidr\": \"0.0.0.0/0\"}", "\"no address\"", false},
        {"{\"cidr\": \"2001:db8::/33\"}", "\"2001:db8:7fff::1\"", true},
        {"{\"cidr\": \"2001:db8::/33\"}", "\"2001:db8:8000::1\"", false},
    };
    CHECK_VALUES(cases);
}

static void existence_is_that_of_a_value_at_the_end(void **state)
{
    (void)state;
    const char *is_there = "{\"body\": {\"a\": {\"b\": [{\"exists\": true}]}}}";
    const char *is_absent = "{\"body\": {\"a\": {\"b\": [{\"exists\": false}]}}}";
    const struct {
        const char *body;
        bool is_there;
    } cases[] = {
        {"{\"a\": {\"b\": 1}}", true},
        {"{\"a\": {\"b\": null}}", true},
        {"{\"a\": {\"b\": {\"c\": 1}}}", false},
        {"{\"a\": {\"b\": []}}", false},
        {"{\"a\": {\"b\": [1]}}", true},
        {"{\"a\": {\"b\": [{\"c\": 1}]}}", false},
        {"{\"a\": {}}", false},
        {"{\"a\": 1}", false},
        {"{}", false},
        {"{\"a\": [{}, {\"b\": 1}]}", true},
        {"[]", false},
        {"5", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(matches(is_there, cases[i].body), cases[i].is_there);
        assert_int_equal(matches(is_absent, cases[i].body), !cases[i].is_there);
    }
    assert_true(matches("{\"body\": {\"a\": [\"x\", {\"exists\": false}]}}", "{}"));
    assert_true(matches("{\"body\": {\"a\": [\"x\", {\"exists\": false}]}}", "{\"a\": \"x\"}"));
    assert_false(matches("{\"body\": {\"a\": [\"x\", {\"exists\": false}]}}", "{\"a\": \"y\"}"));
}

static void lists_are_looked_through(void **state)
{
    (void)state;
    const char *people = "{\"p\": [[{\"first\": \"John\", \"last\": \"Doe\"}], {\"first\": \"Anna\", \"last\": "
                         "\"Smith\"}]}";
    assert_true(matches("{\"body\": {\"a\": [2]}}", "{\"a\": [1, [2]]}"));
    assert_true(matches("{\"body\": {\"a\": [{\"anything-but\": 1}]}}", "{\"a\": [1, 2]}"));
    assert_false(matches("{\"body\": {\"a\": [{\"anything-but\": 1}]}}", "{\"a\": [1, 1]}"));
    assert_true(matches("{\"body\": {\"p\": {\"first\": [\"John\"]}}}", people));
    assert_true(matches("{\"body\": {\"p\": {\"first\": [\"Anna\"], \"last\": [\"Smith\"]}}}", people));
    /* of two people */
    assert_false(matches("{\"body\": {\"p\": {\"first\": [\"Anna\"], \"last\": [\"Doe\"]}}}", people));
    assert_true(matches("{\"body\": {\"x\": [1]}}", "[{\"x\": 2}, {\"x\": 1}]"));
}

static void all_fields_and_one_alternative_must_match(void **state)
{
    (void)state;
    const char *pattern = "{\"body\": {\"a\": [1], \"$or\": [{\"b\": [2]}, {\"c\": [3], \"d\": [4]}]}}";
    assert_true(matches(pattern, "{\"a\": 1, \"b\": 2}"));
    assert_true(matches(pattern, "{\"a\": 1, \"c\": 3, \"d\": 4}"));
    assert_false(matches(pattern, "{\"a\": 1, \"c\": 3}"));
    assert_false(matches(pattern, "{\"b\": 2}"));
    assert_true(matches("{\"$or\": [{\"messageId\": [\"x\"]}, {\"body\": [\"text\"]}]}", "text"));
}

static void a_list_matches_the_body_as_text(void **state)
{
    (void)state;
    assert_true(matches("{\"body\": [{\"prefix\": \"Result: \"}]}", "Result: 5"));
    assert_true(matches("{\"body\": [\"5\"]}", "5"));
    assert_false(matches("{\"body\": [5]}", "5"));
    assert_true(matches("{\"body\": [{\"wildcard\": \"*\\\"a\\\":1*\"}]}", "{\"a\":1}"));
    assert_true(matches("{\"body\": [{\"exists\": false}]}", NULL));
    assert_false(matches("{\"body\": [{\"exists\": true}]}", NULL));
}

static void a_body_without_json_does_not_match_where_it_is_looked_into(void **state)
{
    (void)state;
    assert_false(matches("{\"body\": {\"a\": [{\"exists\": false}]}}", "no JSON"));
    assert_false(matches("{\"body\": {\"a\": [{\"exists\": false}]}}", NULL));
    assert_true(matches("{\"$or\": [{\"body\": {\"a\": [1]}}, {\"body\": [\"no JSON\"]}]}", "no JSON"));
}

static bool matches_message(const char *text, struct event_subject *subject)
{
    struct event_pattern *pattern = compile(text);
    bool result = event_pattern_matches(pattern, subject);
    event_pattern_destroy(pattern);
    return result;
}

static void attributes_are_named_as_in_lambdas_record(void **state)
{
    (void)state;
    json_t *attributes = json_pack("{s:s, s:s}", "ApproximateReceiveCount", "3", "MessageGroupId", "g1");
    json_t *custom = json_pack("{s:{s:s, s:s}, s:{s:s, s:s}, s:{s:s, s:s}}", "color", "DataType", "String",
                               "StringValue",
                               "red", "size", "DataType", "Number", "StringValue", "12.5", "raw", "DataType", "Binary",
                               "BinaryValue", "AAE=");
    struct event_subject subject = {.message_id = "id-1",
                                    .message_attributes = custom,
                                    .attributes = attributes,
                                    .event_source_arn = "arn:aws:sqs:eu-west-1:1:q",
                                    .aws_region = "eu-west-1"};
    assert_true(matches_message("{\"messageId\": [\"id-1\"]}", &subject));
    assert_true(matches_message("{\"eventSource\": [\"aws:sqs\"], \"awsRegion\": [{\"prefix\": \"eu-\"}]}", &subject));
    assert_true(matches_message("{\"eventSourceARN\": [{\"suffix\": \":q\"}]}", &subject));
    assert_true(matches_message("{\"messageAttributes\": {\"color\": {\"stringValue\": [\"red\"]}}}", &subject));
    assert_false(matches_message("{\"messageAttributes\": {\"color\": {\"StringValue\": [\"red\"]}}}", &subject));
    assert_true(matches_message("{\"messageAttributes\": {\"color\": {\"dataType\": [\"String\"]}}}", &subject));
    assert_true(matches_message("{\"messageAttributes\": {\"raw\": {\"binaryValue\": [\"AAE=\"]}}}", &subject));
    assert_true(matches_message("{\"messageAttributes\": {\"none\": {\"stringValue\": [{\"exists\": false}]}}}",
                                &subject));
    assert_true(matches_message("{\"attributes\": {\"MessageGroupId\": [\"g1\"]}}", &subject));
    assert_true(matches_message("{\"attributes\": {\"ApproximateReceiveCount\": [{\"numeric\": [\">\", 2]}]}}",
                                &subject));
    assert_false(matches_message("{\"attributes\": {\"MessageGroupId\": [{\"numeric\": [\">\", 0]}]}}", &subject));
    assert_true(matches_message(
        "{\"messageAttributes\": {\"size\": {\"stringValue\": [{\"numeric\": [\"=\", 12.5]}]}}}", &subject));
    event_subject_deinit(&subject);
    json_decref(attributes);
    json_decref(custom);
}

static void what_a_message_lacks_is_absent(void **state)
{
    (void)state;
    struct event_subject subject = {0};
    assert_true(matches_message("{\"messageId\": [{\"exists\": false}], \"awsRegion\": [{\"exists\": false}]}",
                                &subject));
    assert_true(matches_message("{\"attributes\": {\"SenderId\": [{\"exists\": false}]}}", &subject));
    assert_false(matches_message("{\"messageAttributes\": {\"a\": {\"stringValue\": [\"b\"]}}}", &subject));
    event_subject_deinit(&subject);
}

static void assert_why(const char *pattern_text, const char *body, const char *expected)
{
    struct event_pattern *pattern = compile(pattern_text);
    struct event_subject subject = {.body = body, .body_length = strlen(body)};
    char why[EVENT_PATTERN_WHY_SIZE];
    assert_int_equal(event_pattern_explain(pattern, &subject, why), expected[0] == '\0');
    assert_string_equal(why, expected);
    assert_int_equal(event_pattern_matches(pattern, &subject), expected[0] == '\0');
    event_subject_deinit(&subject);
    event_pattern_destroy(pattern);
}

static void a_refusal_names_the_field_that_is_to_blame(void **state)
{
    (void)state;
    static const char pattern[] = "{\"body\": {\"a\": {\"b\": [\"x\"]}, \"n\": [{\"numeric\": [\">\", 3]}]}}";
    assert_why(pattern, "{\"a\":{\"b\":\"x\"},\"n\":4}", "");
    assert_why(pattern, "{\"a\":{\"b\":\"x\"},\"n\":3}", "body.n: no condition takes 3");
    assert_why(pattern, "{\"a\":{},\"n\":4}", "body.a.b: not there");
    assert_why(pattern, "text", "body: no JSON");
    /* an element, or an alternative, that is not taken is not to blame where another is */
    assert_why(pattern, "{\"a\":[{\"b\":\"y\"},{\"b\":\"x\"}],\"n\":\"\"}", "body.n: no condition takes \"\"");
    assert_why("{\"body\": {\"$or\": [{\"a\": [1]}, {\"b\": [1]}], \"c\": [1]}}", "{\"b\":1,\"c\":2}",
               "body.c: no condition takes 2");
    assert_why("{\"body\": {\"$or\": [{\"a\": [1]}, {\"b\": [1]}]}}", "{\"b\":2}", "body.a: not there");
    assert_why("{\"body\": {\"a\": [1]}}",
               "{\"a\":\"0123456789012345678901234567890123456789012345678901234567890123\"}",
               "body.a: no condition takes \"01234567890123456789012345678901234567890123456789012345678...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_compared_exactly),
        cmocka_unit_test(texts_have_operators),
        cmocka_unit_test(numbers_have_ranges),
        cmocka_unit_test(anything_but_takes_all_others),
        cmocka_unit_test(addresses_are_in_blocks),
        cmocka_unit_test(existence_is_that_of_a_value_at_the_end),
        cmocka_unit_test(lists_are_looked_through),
        cmocka_unit_test(all_fields_and_one_alternative_must_match),
        cmocka_unit_test(a_list_matches_the_body_as_text),
        cmocka_unit_test(a_body_without_json_does_not_match_where_it_is_looked_into),
        cmocka_unit_test(attributes_are_named_as_in_lambdas_record),
        cmocka_unit_test(what_a_message_lacks_is_absent),
        cmocka_unit_test(a_refusal_names_the_field_that_is_to_blame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

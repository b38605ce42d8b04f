/* Message attributes as the command line has them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "send_attribute.h"

static void assert_parsed(const char *text, const char *name, const char *type, const char *value)
{
    struct sqs_message_attribute attribute = {0};
    struct error error = {0};
    assert_int_equal(send_attribute_parse(text, &attribute, &error), STATUS_OK);
    assert_string_equal(attribute.name, name);
    assert_string_equal(attribute.type, type);
    assert_string_equal(attribute.value, value);
    assert_int_equal(attribute.value_length, strlen(value));
    send_attribute_deinit(&attribute);
}

static void a_name_a_type_and_a_value(void **state)
{
    (void)state;
    assert_parsed("colour=red", "colour", "String", "red");
    assert_parsed("a.b-c_1==x", "a.b-c_1", "String", "=x");
    assert_parsed("url=http://x:1/?a=b", "url", "String", "http://x:1/?a=b");
    assert_parsed("weight:Number=5", "weight", "Number", "5");
    assert_parsed("weight:Number.int=5", "weight", "Number.int", "5");
}

static void what_is_no_attribute_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {"", "expected NAME=VALUE"},       {"colour", "expected NAME=VALUE"},
        {"=red", "expected NAME=VALUE"},   {"a b=red", "expected NAME=VALUE"},
        {"colour=", "expected a value"},   {"colour=\xff", "expected a value in UTF-8"},
        {"a:Binary=eA==", "found \"Binary\""}, {"a:=1", "found \"\""},
        {"a:number=1", "found \"number\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sqs_message_attribute attribute = {0};
        struct error error = {0};
        assert_int_equal(send_attribute_parse(cases[i].text, &attribute, &error), STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(error.text, cases[i].words));
        assert_null(attribute.name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_a_type_and_a_value),
        cmocka_unit_test(what_is_no_attribute_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

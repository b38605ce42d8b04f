/* JSON for people, every value as it came. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_indent.h"

static void assert_indented(const char *text, int blanks, const char *expected)
{
    char *printed = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&printed, &length);
    assert_non_null(out);
    bool is_json = json_indent(out, text, strlen(text), blanks);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(is_json, expected != NULL);
    assert_string_equal(printed, expected != NULL ? expected : "");
    free(printed);
}

static void each_value_has_its_line(void **state)
{
    (void)state;
    assert_indented("{\"a\":1,\"b\":[true,null,{\"c\":\"d\"}]}", 0,
                    "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null,\n    {\n      \"c\": \"d\"\n    }\n  ]\n}");
    assert_indented(" { \"a\" : [ 1 , 2 ] } ", 3, "{\n     \"a\": [\n       1,\n       2\n     ]\n   }");
    assert_indented("{\"a\":{ },\"b\":[\n]}", 0, "{\n  \"a\": {},\n  \"b\": []\n}");
}

static void numbers_and_texts_stay_as_they_came(void **state)
{
    (void)state;
    assert_indented("12345678901234567890123", 0, "12345678901234567890123");
    assert_indented("[1.00,1e5,-0]", 0, "[\n  1.00,\n  1e5,\n  -0\n]");
    assert_indented("\"{\\\"a\\\": [1,2]} \\\\\"", 0, "\"{\\\"a\\\": [1,2]} \\\\\"");
    assert_indented("\"gr\xc3\xbc\xc3\x9f\"", 0, "\"gr\xc3\xbc\xc3\x9f\"");
}

static void what_a_terminal_would_obey_is_escaped(void **state)
{
    (void)state;
    assert_indented("\"a\x7f\xc2\x9b" "b\\u001b\xc2\xa0\"", 0, "\"a\\u007f\\u009bb\\u001b\xc2\xa0\"");
}

static void what_is_no_json_is_not_printed(void **state)
{
    (void)state;
    assert_indented("plain text", 0, NULL);
    assert_indented("{\"a\":1} x", 0, NULL);
    assert_indented("\"\x1b\"", 0, NULL);
    assert_indented("", 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_has_its_line),
        cmocka_unit_test(numbers_and_texts_stay_as_they_came),
        cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
        cmocka_unit_test(what_is_no_json_is_not_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

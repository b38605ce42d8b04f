/* Texts and numbers where they stand in an answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "answer.h"

static struct json_slice slice(const char *text)
{
    return (struct json_slice){text, strlen(text)};
}

static void texts_are_unescaped_into_one_block(void **state)
{
    (void)state;
    static const char answer[] = "{\"a\":\"x\\ny\",\"b\":\"\",\"c\":\"\\u00e4\"}";
    struct answer_texts texts;
    answer_texts_init(&texts, sizeof answer - 1);
    const char *first = answer_text(&texts, json_scan_member(answer, sizeof answer - 1, "a"));
    const char *second = answer_text(&texts, json_scan_member(answer, sizeof answer - 1, "b"));
    const char *third = answer_text(&texts, json_scan_member(answer, sizeof answer - 1, "c"));
    assert_string_equal(first, "x\ny");
    assert_string_equal(second, "");
    assert_string_equal(third, "\xC3\xA4");
    answer_texts_deinit(&texts);
}

static void what_is_no_text_is_an_empty_one(void **state)
{
    (void)state;
    struct answer_texts texts;
    answer_texts_init(&texts, 20);
    assert_string_equal(answer_text(&texts, (struct json_slice){0}), "");
    assert_string_equal(answer_text(&texts, slice("7")), "");
    assert_string_equal(answer_text(&texts, slice("null")), "");
    assert_string_equal(answer_text(&texts, slice("\"a\\u0000b\"")), "");
    answer_texts_deinit(&texts);
}

static void numbers_are_read_when_they_are_whole_and_fit(void **state)
{
    (void)state;
    assert_int_equal(answer_integer(slice("0")), 0);
    assert_int_equal(answer_integer(slice("1500")), 1500);
    assert_int_equal(answer_integer(slice("999999999999999999")), 999999999999999999);
    assert_int_equal(answer_integer(slice("1000000000000000000")), 0);
    assert_int_equal(answer_integer(slice("-1")), 0);
    assert_int_equal(answer_integer(slice("1.5")), 0);
    assert_int_equal(answer_integer(slice("\"1\"")), 0);
    assert_int_equal(answer_integer((struct json_slice){0}), 0);
    assert_true(answer_is_true(slice("true")));
    assert_false(answer_is_true(slice("false")));
    assert_false(answer_is_true((struct json_slice){0}));
}

static void an_array_is_found_in_a_valid_answer_only(void **state)
{
    (void)state;
    assert_int_equal(answer_array("{\"r\":[1]}", 9, "r").length, 3);
    assert_null(answer_array("{\"r\":{}}", 8, "r").data);
    assert_null(answer_array("{\"r\":[1]", 8, "r").data);
    assert_null(answer_array("", 0, "r").data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_unescaped_into_one_block),
        cmocka_unit_test(what_is_no_text_is_an_empty_one),
        cmocka_unit_test(numbers_are_read_when_they_are_whole_and_fit),
        cmocka_unit_test(an_array_is_found_in_a_valid_answer_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

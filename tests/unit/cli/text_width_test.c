/* Columns of texts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>

#include "text_width.h"

static void letters_take_one_column_whatever_their_bytes(void **state)
{
    (void)state;
    assert_int_equal(text_width(""), 0);
    assert_int_equal(text_width("orders"), 6);
    assert_int_equal(text_width("gr\xc3\xb6\xc3\x9f" "e"), 5);
    assert_int_equal(text_width("\xd0\x9f\xd1\x80"), 2);
}

static void chinese_and_emoji_take_two_and_marks_none(void **state)
{
    (void)state;
    locale_t tables = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (tables == (locale_t)0) {
        skip();
    }
    freelocale(tables);
    assert_int_equal(text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
    assert_int_equal(text_width("\xf0\x9f\x9a\xa2"), 2);
    assert_int_equal(text_width("u\xcc\x88"), 1);
}

static void what_is_no_text_counts_as_one(void **state)
{
    (void)state;
    assert_int_equal(text_width("a\xff" "b"), 3);
    assert_int_equal(text_width("a\x01"), 2);
}

static void the_threads_locale_stays(void **state)
{
    (void)state;
    locale_t before = uselocale((locale_t)0);
    (void)text_width("x");
    assert_ptr_equal(uselocale((locale_t)0), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_take_one_column_whatever_their_bytes),
        cmocka_unit_test(chinese_and_emoji_take_two_and_marks_none),
        cmocka_unit_test(what_is_no_text_counts_as_one),
        cmocka_unit_test(the_threads_locale_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

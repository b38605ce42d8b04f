/* Texts for roff: what is special to it stands in them as it is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "roff.h"

static void expect(const char *text, const char *expected)
{
    char *written = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&written, &length);
    assert_non_null(out);
    roff_text(out, text);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(written, expected);
    free(written);
}

static void a_line_is_no_request(void **state)
{
    (void)state;
    expect(".a\n'b\nc.", "\\&.a\n\\&\\(aqb\nc.");
}

static void what_can_be_copied_stays_ascii(void **state)
{
    (void)state;
    expect("a-b \\n `c` ~/d ^e", "a\\-b \\en \\(gac\\(ga \\(ti/d \\(hae");
}

static void other_characters_have_their_number(void **state)
{
    (void)state;
    expect("\303\244\342\200\246\360\237\230\200", "\\[u00E4]\\[u2026]\\[u1F600]");
}

static void broken_utf8_is_a_question_mark(void **state)
{
    (void)state;
    expect("\303", "?");
    expect("\303x\200", "?x?");
    expect("\342\200", "??");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_no_request),
        cmocka_unit_test(what_can_be_copied_stays_ascii),
        cmocka_unit_test(other_characters_have_their_number),
        cmocka_unit_test(broken_utf8_is_a_question_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

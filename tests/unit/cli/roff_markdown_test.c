/* Markdown as sections of a manual page. mandoc reads the page of the configuration in
 * tests/integration/test_ferry_manual.py. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "roff_markdown.h"

static void expect(const char *text, const char *expected)
{
    char *written = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&written, &length);
    assert_non_null(out);
    roff_markdown(out, text);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(written, expected);
    free(written);
}

static void headings_are_sections_and_the_title_is_left_out(void **state)
{
    (void)state;
    expect("# Title\n\nintro\n\n## gateway\n\na\n\n## Other things\n\n### part\nb\n",
           ".SH \"DESCRIPTION\"\nintro\n.SH \"gateway\"\na\n.SH \"OTHER THINGS\"\n.SS part\nb\n");
    expect("# Title\n\n## one\n", ".SH \"one\"\n");
}

static void paragraphs_are_parted_and_their_lines_are_not(void **state)
{
    (void)state;
    expect("## a\none\ntwo\n\nthree\n", ".SH \"a\"\none\ntwo\n.PP\nthree\n");
}

static void items_take_the_lines_below_them(void **state)
{
    (void)state;
    expect("## a\n\n- one\n  more\n- two\n\nb\n",
           ".SH \"a\"\n.IP \\[u2022] 2\none\nmore\n.IP \\[u2022] 2\ntwo\n.PP\nb\n");
}

static void code_stands_as_it_is(void **state)
{
    (void)state;
    expect("## a\nb:\n\n    x `y`\n    - z\n\n    w\n\nc\n",
           ".SH \"a\"\nb:\n.PP\n.nf\n    x \\(gay\\(ga\n    \\- z\n\n    w\n.fi\n.PP\nc\n");
    expect("## a\n\n    last\n", ".SH \"a\"\n.nf\n    last\n.fi\n");
}

static void marks_inside_of_lines_become_fonts_and_names_of_pages(void **state)
{
    (void)state;
    expect("## a\n`x-y` and **bold**, 2 * 3 [x]\n", ".SH \"a\"\n\\fBx\\-y\\fR and \\fBbold\\fR, 2 * 3 [x]\n");
    expect("## a\n[keys](codec.md#keys), [b.md](b.md#x), [`c`](https://c.example/#d)\n",
           ".SH \"a\"\nkeys (docs/codec.md), docs/b.md, \\fBc\\fR (https://c.example/#d)\n");
    expect("## a\nan `open one, [and](another\n", ".SH \"a\"\nan \\(gaopen one, [and](another\n");
}

static void a_row_is_its_name_its_meaning_and_its_facts(void **state)
{
    (void)state;
    static const char head[] = "## a\n\n| key | type | default | meaning |\n|---|---|---|---|\n";
    static const struct {
        const char *row;
        const char *expected;
    } cases[] = {
        {"| `k` | `a|b` | none | what |\n", ".TP\n\\fBk\\fR\nwhat\n.br\ntype: \\fBa|b\\fR; default: none\n"},
        {"| `k` | path | | what |\n", ".TP\n\\fBk\\fR\nwhat\n.br\ntype: path\n"},
        {"| `k` | path | none | |\n", ".TP\n\\fBk\\fR\ntype: path; default: none\n"},
        {"| `k` | | | what |\n", ".TP\n\\fBk\\fR\nwhat\n"},
        {"| `k` | | | |\n", ".TP\n\\fBk\\fR\n\\&\n"},
        {"| `k` | | | what |\n\nb\n", ".TP\n\\fBk\\fR\nwhat\n.PP\nb\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        char expected[256];
        (void)snprintf(text, sizeof text, "%s%s", head, cases[i].row);
        (void)snprintf(expected, sizeof expected, ".SH \"a\"\n%s", cases[i].expected);
        expect(text, expected);
    }
}

static void what_is_no_table_at_all_breaks_nothing(void **state)
{
    (void)state;
    expect("", "");
    expect("|\n|\n|x\n", ".SH \"DESCRIPTION\"\n");
    expect("## a\n| 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |\n|---|\n| 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |\n",
           ".SH \"a\"\n.TP\n1\n8\n.br\n2: 2; 3: 3; 4: 4; 5: 5; 6: 6; 7: 7\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headings_are_sections_and_the_title_is_left_out),
        cmocka_unit_test(paragraphs_are_parted_and_their_lines_are_not),
        cmocka_unit_test(items_take_the_lines_below_them),
        cmocka_unit_test(code_stands_as_it_is),
        cmocka_unit_test(marks_inside_of_lines_become_fonts_and_names_of_pages),
        cmocka_unit_test(a_row_is_its_name_its_meaning_and_its_facts),
        cmocka_unit_test(what_is_no_table_at_all_breaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

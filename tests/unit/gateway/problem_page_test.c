/* Sections of docs/errors.md by a problem's name. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "problem_page.h"

static void a_problem_has_its_own_section_and_nothing_else(void **state)
{
    (void)state;
    static const char *const names[] = {"malformed-request", "workflow-not-found", "no-worker"}; /* first to last */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct problem_section section = {0};
        assert_true(problem_page_find(names[i], &section));
        assert_memory_equal(section.text, "## ", 3);
        assert_memory_equal(section.text + 3, names[i], strlen(names[i]));
        assert_int_equal(section.text[section.length - 1], '\n');
        assert_null(memmem(section.text + 1, section.length - 1, "\n## ", 4));
    }
}

static void other_names_have_none(void **state)
{
    (void)state;
    static const char *const names[] = {"", "workflow", "workflow-not-found ", "nobody-knows-this", "\n", "# "};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct problem_section section = {0};
        assert_false(problem_page_find(names[i], &section));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_has_its_own_section_and_nothing_else),
        cmocka_unit_test(other_names_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

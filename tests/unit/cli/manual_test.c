/* Manual pages: what is special to roff stands in them as it is. mandoc reads them in
 * tests/integration/test_ferry_manual.py. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "manual.h"

static char *page_of(const struct command *command)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    assert_int_equal(setenv("SOURCE_DATE_EPOCH", "86400", 1), 0);
    manual_command(command, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void texts_are_not_taken_for_requests(void **state)
{
    (void)state;
    static const struct command_option options[] = {{'x', "a-b", "N", ".hidden\n'quoted' \\n", NULL},
                                                    COMMAND_OPTIONS_END};
    const struct command command = {.words = "thing do", .arguments = "ID [NAME]", .summary = "do it",
                                    .description = ".first\n\n    as it is\n    - two\n\nlast", .options = options};
    char *page = page_of(&command);
    assert_non_null(strstr(page, ".TH \"FERRY-THING-DO\" \"1\" \"1970-01-02\""));
    assert_non_null(strstr(page, ".SH NAME\nferry\\-thing\\-do \\- do it\n"));
    assert_non_null(strstr(page, "\\fIID\\fR [\\fINAME\\fR]\n"));
    assert_non_null(strstr(page, "\\fB\\-x\\fR, \\fB\\-\\-a\\-b\\fR \\fIN\\fR\n"
                                 "\\&.hidden\n\\&\\(aqquoted\\(aq \\en\n"));
    assert_non_null(strstr(page, "\\&.first\n.PP\n.nf\n    as it is\n    \\- two\n.fi\n.PP\nlast\n"));
    free(page);
}

static void a_command_without_options_has_help_alone(void **state)
{
    (void)state;
    const struct command command = {.words = "do", .arguments = "", .summary = "do it"};
    char *page = page_of(&command);
    assert_null(strstr(page, "options"));
    assert_null(strstr(page, "DESCRIPTION"));
    assert_non_null(strstr(page, "\\-\\-help"));
    free(page);
}

static void the_tools_page_lists_every_command(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    manual_tool(out);
    assert_int_equal(fclose(out), 0);
    size_t count = 0;
    for (const char *found = strstr(text, "\n.TP\n\\fB"); found != NULL; found = strstr(found + 1, "\n.TP\n\\fB")) {
        count++;
    }
    size_t commands = 0;
    while (g_commands[commands] != NULL) {
        commands++;
    }
    assert_int_equal(count, commands + 2); /* --version and --help */
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_not_taken_for_requests),
        cmocka_unit_test(a_command_without_options_has_help_alone),
        cmocka_unit_test(the_tools_page_lists_every_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the help looks like, and that all of it fits a screen. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "command_help.h"

#define COLUMNS 100

struct text {
    char *text;
    size_t length;
    FILE *out;
};

static void begin(struct text *text)
{
    *text = (struct text){0};
    text->out = open_memstream(&text->text, &text->length);
    assert_non_null(text->out);
}

static void end(struct text *text)
{
    assert_int_equal(fclose(text->out), 0);
}

static void assert_fits(const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (length > COLUMNS || (length > 0 && text[length - 1] == ' ')) {
            fail_msg("too wide, or blanks at its end: %.*s", (int)length, text);
        }
        text += length + (text[length] == '\n');
    }
}

static void one_command_is_told_in_full(void **state)
{
    (void)state;
    static const struct command_option options[] = {
        COMMAND_OPTION_OUTPUT,
        {'\0', "to", "URL", "send all of them\nto this queue", NULL},
        {'\0', "a-name-that-is-longer-than-its-column", NULL, "text", NULL},
        COMMAND_OPTIONS_END,
    };
    const struct command command = {.words = "thing do", .arguments = "ID", .summary = "do it",
                                    .description = "First.\n\nSecond.", .options = options};
    struct text text;
    begin(&text);
    command_help_one(&command, text.out);
    end(&text);
    assert_string_equal(text.text, "Usage: ferry thing do [options] ID\n\n"
                                   "do it\n\n"
                                   "First.\n\nSecond.\n\n"
                                   "  -o, --output FORMAT             table for people (the default), or json for "
                                   "programs\n"
                                   "      --to URL                    send all of them\n"
                                   "                                  to this queue\n"
                                   "      --a-name-that-is-longer-than-its-column\n"
                                   "                                  text\n"
                                   "  -h, --help                      print this and end\n");
    free(text.text);
}

static void a_command_without_options_has_none_in_its_usage(void **state)
{
    (void)state;
    const struct command command = {.words = "do", .arguments = "", .summary = "do it"};
    struct text text;
    begin(&text);
    command_help_one(&command, text.out);
    end(&text);
    assert_string_equal(text.text, "Usage: ferry do\n\ndo it\n\n"
                                   "  -h, --help                      print this and end\n");
    free(text.text);
}

static void all_of_them_are_listed(void **state)
{
    (void)state;
    struct text text;
    begin(&text);
    command_help_all(text.out);
    end(&text);
    assert_fits(text.text);
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        assert_non_null(strstr(text.text, (*command)->summary));
    }
    free(text.text);
}

static void a_group_lists_its_own_alone(void **state)
{
    (void)state;
    struct text text;
    begin(&text);
    assert_int_equal(command_help_group("dl", text.out), 0);
    assert_int_equal(command_help_group("dlqs", text.out), 0);
    assert_true(command_help_group("dlq", text.out) > 0);
    end(&text);
    assert_fits(text.text);
    assert_non_null(strstr(text.text, "\n  dlq replay QUEUE"));
    assert_null(strstr(text.text, "\n  check"));
    free(text.text);
}

static void every_commands_help_fits_100_columns(void **state)
{
    (void)state;
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        struct text text;
        begin(&text);
        command_help_one(*command, text.out);
        end(&text);
        assert_fits(text.text);
        free(text.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_command_is_told_in_full),
        cmocka_unit_test(a_command_without_options_has_none_in_its_usage),
        cmocka_unit_test(all_of_them_are_listed),
        cmocka_unit_test(a_group_lists_its_own_alone),
        cmocka_unit_test(every_commands_help_fits_100_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

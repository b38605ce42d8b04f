/* How the words behind a command are read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "command_line.h"

#define COUNT(words) (sizeof(words) / sizeof *(words))

static const struct command_option s_options[] = {
    {'c', "config", "FILE", "a file", NULL},
    {'o', "output", "FORMAT", "a format", "table json"},
    {'v', "verbose", NULL, "say more", NULL},
    {'\0', "limit", "N", "a number", NULL},
    {'\0', "wait", "TIME", "a time", NULL},
    COMMAND_OPTIONS_END,
};
static const struct command s_command = {
    .words = "thing do",
    .arguments = "ID [INPUT]",
    .arguments_min = 1,
    .arguments_max = 2,
    .summary = "do it",
    .options = s_options,
};

/* main's words are not constant, which these are. */
static enum status parse_constant(const char *const *words, size_t count, struct command_line *line,
                                  struct error *error)
{
    char *copy[COMMAND_LINE_OPTIONS_MAX + 2];
    assert_true(count <= COUNT(copy));
    if (count > 0) {
        (void)memcpy(copy, words, count * sizeof *words);
    }
    return command_line_parse(&s_command, copy, count, line, error);
}

static struct command_line parse(const char *const *words, size_t count)
{
    struct command_line line = {0};
    struct error error = {0};
    enum status status = parse_constant(words, count, &line, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(status, STATUS_OK);
    return line;
}

static void assert_refused(const char *const *words, size_t count, const char *why)
{
    struct command_line line = {.argument_count = 77};
    struct error error = {0};
    assert_int_equal(parse_constant(words, count, &line, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, why);
    assert_int_equal(line.argument_count, 77);
}

static void options_stand_before_between_and_behind_arguments(void **state)
{
    (void)state;
    const char *const words[] = {"-v", "first", "--limit", "3", "second", "--config=a=b"};
    struct command_line line = parse(words, COUNT(words));
    assert_int_equal(line.argument_count, 2);
    assert_string_equal(line.arguments[0], "first");
    assert_string_equal(line.arguments[1], "second");
    assert_true(command_line_has(&line, "verbose"));
    assert_string_equal(command_line_value(&line, "limit"), "3");
    assert_string_equal(command_line_value(&line, "config"), "a=b");
    assert_null(command_line_value(&line, "wait"));
    assert_false(command_line_has(&line, "wait"));
}

static void letters_stand_alone_together_and_with_a_value(void **state)
{
    (void)state;
    const char *const words[] = {"x", "-vojson", "-c", "file", "-vv"};
    struct command_line line = parse(words, COUNT(words));
    assert_string_equal(command_line_value(&line, "output"), "json");
    assert_true(command_line_wants_json(&line));
    assert_string_equal(command_line_value(&line, "config"), "file");
    assert_int_equal(line.option_count, 5);
}

static void behind_two_dashes_all_are_arguments(void **state)
{
    (void)state;
    const char *const words[] = {"-v", "--", "--limit", "-x"};
    struct command_line line = parse(words, COUNT(words));
    assert_int_equal(line.argument_count, 2);
    assert_string_equal(line.arguments[0], "--limit");
    assert_string_equal(line.arguments[1], "-x");
}

static void a_dash_alone_is_an_argument_and_a_value(void **state)
{
    (void)state;
    const char *const words[] = {"-", "--config", "-"};
    struct command_line line = parse(words, COUNT(words));
    assert_string_equal(line.arguments[0], "-");
    assert_string_equal(command_line_value(&line, "config"), "-");
}

static void of_an_option_given_twice_the_last_holds_and_all_are_there(void **state)
{
    (void)state;
    const char *const words[] = {"x", "--config", "one", "--limit=1", "-c", "two"};
    struct command_line line = parse(words, COUNT(words));
    size_t place = 0;
    assert_string_equal(command_line_value(&line, "config"), "two");
    assert_string_equal(command_line_next(&line, "config", &place), "one");
    assert_string_equal(command_line_next(&line, "config", &place), "two");
    assert_null(command_line_next(&line, "config", &place));
}

static void what_the_command_does_not_have_is_refused(void **state)
{
    (void)state;
    const char *const unknown[] = {"x", "--limits=3"};
    const char *const prefix[] = {"x", "--lim", "3"};
    const char *const letter[] = {"x", "-vq"};
    const char *const third[] = {"x", "y", "z"};
    const char *const other[] = {"x", "--colour"};
    const char *const letter_alone[] = {"x", "-q"};
    const char *const empty[] = {"x", ""};
    assert_refused(unknown, COUNT(unknown), "unknown option --limits; did you mean --limit?");
    assert_refused(prefix, COUNT(prefix), "unknown option --lim; did you mean --limit?");
    assert_refused(other, COUNT(other), "unknown option --colour");
    assert_refused(letter, COUNT(letter), "unknown option -q in -vq");
    assert_refused(letter_alone, COUNT(letter_alone), "unknown option -q");
    assert_refused(empty, COUNT(empty), "argument 2 is empty: expected ID [INPUT]");
    assert_refused(third, COUNT(third), "unexpected argument \"z\"");
}

static void values_are_looked_at(void **state)
{
    (void)state;
    const char *const missing[] = {"x", "--limit"};
    const char *const empty[] = {"x", "--limit="};
    const char *const attached[] = {"x", "--verbose=yes"};
    const char *const word[] = {"x", "-o", "jso"};
    const char *const longer[] = {"x", "-o", "table json"};
    assert_refused(missing, COUNT(missing), "--limit: expected N");
    assert_refused(empty, COUNT(empty), "--limit: expected N, found nothing");
    assert_refused(attached, COUNT(attached), "--verbose takes no value");
    assert_refused(word, COUNT(word), "--output: expected one of: table json; found \"jso\"");
    assert_refused(longer, COUNT(longer), "--output: expected one of: table json; found \"table json\"");
}

static void missing_arguments_are_named(void **state)
{
    (void)state;
    const char *const none[] = {"-v"};
    assert_refused(none, COUNT(none), "expected ID [INPUT]");
    assert_refused(NULL, 0, "expected ID [INPUT]");
}

static void help_needs_no_arguments(void **state)
{
    (void)state;
    const char *const words[] = {"--help"};
    const char *const letter[] = {"-vh"};
    assert_true(parse(words, 1).wants_help);
    assert_true(parse(letter, 1).wants_help);
}

static void a_line_with_more_options_than_it_holds_is_refused(void **state)
{
    (void)state;
    const char *words[COMMAND_LINE_OPTIONS_MAX + 2];
    words[0] = "x";
    for (size_t i = 1; i < COUNT(words); i++) {
        words[i] = "-v";
    }
    (void)parse(words, COUNT(words) - 1);
    assert_refused(words, COUNT(words), "at most 64 options");
}

static enum status number(const char *text, int64_t min, int64_t max, int64_t *out_number, struct error *error)
{
    const char *const words[] = {"x", "--limit", text};
    struct command_line line = parse(words, text == NULL ? 1 : COUNT(words));
    return command_line_number(&line, "limit", min, max, -7, out_number, error);
}

static void numbers_lie_between_their_bounds(void **state)
{
    (void)state;
    static const char *const refused[] = {"0", "6", "9", "10", "99999999999999999999", "3x", "x", "-3", "+3",
                                          " 3", "3 "};
    struct error error = {0};
    int64_t value = 0;
    assert_int_equal(number("1", 1, 5, &value, &error), STATUS_OK);
    assert_int_equal(value, 1);
    assert_int_equal(number("005", 1, 5, &value, &error), STATUS_OK);
    assert_int_equal(value, 5);
    assert_int_equal(number("9223372036854775807", 0, INT64_MAX, &value, &error), STATUS_OK);
    assert_true(value == INT64_MAX);
    assert_int_equal(number("9223372036854775808", 0, INT64_MAX, &value, &error), STATUS_INVALID_ARGUMENT);
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_int_equal(number(refused[i], 1, 5, &value, &error), STATUS_INVALID_ARGUMENT);
        assert_true(value == INT64_MAX);
    }
    assert_int_equal(number("6", 1, 5, &value, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "--limit: expected a number from 1 to 5, found \"6\"");
}

static void a_number_that_is_not_given_is_the_default(void **state)
{
    (void)state;
    struct error error = {0};
    int64_t value = 0;
    assert_int_equal(number(NULL, 1, 5, &value, &error), STATUS_OK);
    assert_int_equal(value, -7);
}

static enum status duration(const char *text, int64_t max_ms, int64_t *out_ms, struct error *error)
{
    const char *const words[] = {"x", "--wait", text};
    struct command_line line = parse(words, text == NULL ? 1 : COUNT(words));
    return command_line_duration(&line, "wait", max_ms, 11, out_ms, error);
}

static void durations_have_a_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"0s", 0}, {"500ms", 500}, {"30s", 30000}, {"5m", 300000}, {"2h", 7200000}, {"1d", 86400000}};
    static const char *const refused[] = {"30", "s", "", "1.5s", "-1s", "1 s", "1S", "1w", "25h", "2d", "86400001ms",
                                          "99999999999999999999d"};
    struct error error = {0};
    int64_t ms = 0;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(duration(good[i].text, 86400000, &ms, &error), STATUS_OK);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < COUNT(refused); i++) {
        if (*refused[i] != '\0') {
            assert_int_equal(duration(refused[i], 86400000, &ms, &error), STATUS_INVALID_ARGUMENT);
        }
    }
    assert_int_equal(duration("9m", 60000, &ms, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text,
                        "--wait: expected a time with its unit (500ms, 30s, 5m, 2h, 1d), at most 1m; found \"9m\"");
    assert_int_equal(duration(NULL, 60000, &ms, &error), STATUS_OK);
    assert_int_equal(ms, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_before_between_and_behind_arguments),
        cmocka_unit_test(letters_stand_alone_together_and_with_a_value),
        cmocka_unit_test(behind_two_dashes_all_are_arguments),
        cmocka_unit_test(a_dash_alone_is_an_argument_and_a_value),
        cmocka_unit_test(of_an_option_given_twice_the_last_holds_and_all_are_there),
        cmocka_unit_test(what_the_command_does_not_have_is_refused),
        cmocka_unit_test(values_are_looked_at),
        cmocka_unit_test(missing_arguments_are_named),
        cmocka_unit_test(help_needs_no_arguments),
        cmocka_unit_test(a_line_with_more_options_than_it_holds_is_refused),
        cmocka_unit_test(numbers_lie_between_their_bounds),
        cmocka_unit_test(a_number_that_is_not_given_is_the_default),
        cmocka_unit_test(durations_have_a_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

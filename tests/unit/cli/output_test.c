/* Tables, lines and JSON: what they look like. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "output.h"

static const struct output_column s_columns[] = {{"NAME", "name"}, {"AGE", "age"}, {"OPEN", "open"}};

/* What a table or, is_fields, the lines of the JSON look like; free() it. */
static char *print(const char *json, bool is_fields)
{
    char *text = NULL;
    size_t length = 0;
    json_t *value = json_loads(json, 0, NULL);
    FILE *out = open_memstream(&text, &length);
    assert_non_null(value);
    assert_non_null(out);
    if (is_fields) {
        output_fields(out, value, s_columns, 3);
    } else {
        output_table(out, value, s_columns, 3);
    }
    assert_int_equal(fclose(out), 0);
    json_decref(value);
    return text;
}

static void assert_table(const char *json, const char *expected)
{
    char *text = print(json, false);
    assert_string_equal(text, expected);
    free(text);
}

static void texts_stand_left_and_numbers_right(void **state)
{
    (void)state;
    assert_table("[{\"name\": \"a\", \"age\": 7, \"open\": true}, "
                 "{\"name\": \"longer\", \"age\": 1234, \"open\": false}]",
                 "NAME     AGE  OPEN\n"
                 "a          7  yes\n"
                 "longer  1234  no\n");
}

static void a_column_of_numbers_has_its_title_right_whatever_the_first_row_lacks(void **state)
{
    (void)state;
    assert_table("[{\"name\": \"a\"}, {\"name\": \"b\", \"age\": 12345, \"open\": null}]",
                 "NAME    AGE  OPEN\n"
                 "a         -  -\n"
                 "b     12345  -\n");
}

static void the_last_column_leaves_no_blanks_at_the_end(void **state)
{
    (void)state;
    assert_table("[{\"name\": \"a\", \"age\": 1, \"open\": \"x\"}, "
                 "{\"name\": \"b\", \"age\": 1, \"open\": \"longest\"}]",
                 "NAME  AGE  OPEN\n"
                 "a       1  x\n"
                 "b       1  longest\n");
    assert_table("[{\"name\": \"a\", \"age\": \"\", \"open\": \"\"}, "
                 "{\"name\": \"b\", \"age\": \"x\", \"open\": \"\"}]",
                 "NAME  AGE  OPEN\n"
                 "a\n"
                 "b     x\n");
}

static void characters_are_counted_and_not_bytes(void **state)
{
    (void)state;
    assert_table("[{\"name\": \"\\u00e4\\u00f6\\u00fc\\u20ac\\u00df\", \"age\": 1, \"open\": 1}]",
                 "NAME   AGE  OPEN\n"
                 "\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac\xc3\x9f    1     1\n");
}

static void other_json_stands_as_it_is(void **state)
{
    (void)state;
    assert_table("[{\"name\": {\"a\": [1, \"x\"]}, \"age\": 0.5, \"open\": []}]",
                 "NAME           AGE  OPEN\n"
                 "{\"a\":[1,\"x\"]}  0.5  []\n");
}

static void without_rows_there_is_no_table(void **state)
{
    (void)state;
    assert_table("[]", "");
}

static void a_peers_text_does_not_steer_the_terminal(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    assert_table("[{\"name\": \"\\u001b[2J\", \"age\": \"a\\nb\\t\\u007f\", \"open\": \"\\u009b1m\\u00a0\"}]",
                 "NAME  AGE    OPEN\n"
                 "?[2J  a?b??  ??1m\xc2\xa0\n");
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    output_text(out, "\x1b]0;x\x07 \xc3\xa4");
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "?]0;x? \xc3\xa4");
    free(text);
}

static void fields_are_those_alone_that_are_there(void **state)
{
    (void)state;
    char *text = print("{\"name\": \"a\", \"open\": null, \"other\": 1}", true);
    assert_string_equal(text, "NAME  a\nOPEN  -\n");
    free(text);
}

static void json_is_whole_and_ends_its_line(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    json_t *value = json_pack("{s:i, s:[s]}", "a", 1, "b", "\xc3\xa4");
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    output_json(out, value);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "{\n  \"a\": 1,\n  \"b\": [\n    \"\xc3\xa4\"\n  ]\n}\n");
    free(text);
    json_decref(value);
}

static void what_was_not_written_is_told_at_the_end(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    FILE *empty = fopen("/dev/null", "w");
    assert_non_null(full);
    assert_non_null(empty);
    assert_true(fputs("x", full) >= 0);
    assert_true(fputs("x", empty) >= 0);
    assert_false(output_end(full));
    assert_true(output_end(empty));
    (void)fclose(full); /* it fails again */
    assert_int_equal(fclose(empty), 0);
}

static void what_was_not_written_before_is_not_forgotten(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_int_equal(setvbuf(full, NULL, _IONBF, 0), 0);
    assert_int_equal(fputs("x", full), EOF);
    assert_false(output_end(full));
    assert_int_equal(fclose(full), 0);
}

static void a_reader_who_has_gone_lost_nothing(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(close(ends[0]), 0);
    assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    FILE *out = fdopen(ends[1], "w");
    assert_non_null(out);
    assert_true(fputs("x", out) >= 0);
    assert_true(output_end(out));
    (void)fclose(out); /* it fails again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stand_left_and_numbers_right),
        cmocka_unit_test(a_column_of_numbers_has_its_title_right_whatever_the_first_row_lacks),
        cmocka_unit_test(the_last_column_leaves_no_blanks_at_the_end),
        cmocka_unit_test(characters_are_counted_and_not_bytes),
        cmocka_unit_test(other_json_stands_as_it_is),
        cmocka_unit_test(without_rows_there_is_no_table),
        cmocka_unit_test(a_peers_text_does_not_steer_the_terminal),
        cmocka_unit_test(fields_are_those_alone_that_are_there),
        cmocka_unit_test(json_is_whole_and_ends_its_line),
        cmocka_unit_test(what_was_not_written_is_told_at_the_end),
        cmocka_unit_test(what_was_not_written_before_is_not_forgotten),
        cmocka_unit_test(a_reader_who_has_gone_lost_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

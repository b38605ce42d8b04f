/* Authors' values as fields of a line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "author_log.h"

/* The line that log_write() makes of "value", as far as it is the value's. */
static void expect_line(const char *json, const char *expected)
{
    char line[512] = "";
    char *text = NULL;
    FILE *file = tmpfile();
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    assert_non_null(file);
    assert_non_null(value);
    log_configure(&(struct log_options){.service = "test", .level = LOG_LEVEL_INFO, .format = LOG_FORMAT_JSON,
                                        .file_descriptor = fileno(file)});
    struct log_field field = log_field_from_json("value", value, &text);
    log_write(LOG_LEVEL_INFO, "said", &field, 1);
    log_configure(&(struct log_options){.service = "test", .level = LOG_LEVEL_ERROR, .file_descriptor = 1});
    rewind(file);
    assert_non_null(fgets(line, sizeof line, file));
    const char *found = strstr(line, "\"value\":");
    assert_non_null(found);
    assert_string_equal(found, expected);
    free(text);
    json_decref(value);
    assert_int_equal(fclose(file), 0);
}

static void each_type_keeps_its_own_form(void **state)
{
    (void)state;
    expect_line("\"a \\\" b\"", "\"value\":\"a \\\" b\"}\n");
    expect_line("-7", "\"value\":-7}\n");
    expect_line("1.5", "\"value\":1.5}\n");
    expect_line("true", "\"value\":true}\n");
    expect_line("false", "\"value\":false}\n");
    expect_line("null", "\"value\":null}\n");
    expect_line("{\"a\": [1, 2]}", "\"value\":{\"a\":[1,2]}}\n");
}

static void levels_are_the_logs_own(void **state)
{
    (void)state;
    assert_int_equal(log_level_of(TEMPORAL_LOG_DEBUG), LOG_LEVEL_DEBUG);
    assert_int_equal(log_level_of(TEMPORAL_LOG_INFO), LOG_LEVEL_INFO);
    assert_int_equal(log_level_of(TEMPORAL_LOG_WARN), LOG_LEVEL_WARN);
    assert_int_equal(log_level_of(TEMPORAL_LOG_ERROR), LOG_LEVEL_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_keeps_its_own_form),
        cmocka_unit_test(levels_are_the_logs_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The options that every program takes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "service/command_line.h"

static struct service_command_line parse(int count, char *const *arguments)
{
    struct service_command_line line = {0};
    struct error error = {0};
    if (service_command_line_parse(count + 1, arguments, &line, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return line;
}

static void assert_refused(int count, char *const *arguments, const char *expected)
{
    struct service_command_line line = {.processes = -7};
    struct error error = {0};
    assert_int_equal(service_command_line_parse(count + 1, arguments, &line, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, expected);
    assert_int_equal(line.processes, -7);
}

static char s_config[] = "--config", s_c[] = "-c", s_file[] = "a.yaml", s_config_file[] = "--config=b.yaml";
static char s_processes[] = "--processes", s_auto[] = "auto", s_three[] = "3", s_processes_four[] = "--processes=4";
static char s_check[] = "--check", s_version[] = "--version", s_help[] = "--help", s_h[] = "-h";
static char s_zero[] = "0", s_sixty_five[] = "65", s_word[] = "3x", s_huge[] = "99999999999999999999";
static char s_unknown[] = "--verbose", s_stray[] = "up", s_empty[] = "--config=", s_configuration[] = "--configx";

static void nothing_means_run_with_one_process(void **state)
{
    (void)state;
    char *const none[] = {s_stray, NULL};
    struct service_command_line line = parse(0, none);
    assert_int_equal(line.action, SERVICE_ACTION_RUN);
    assert_null(line.config_path);
    assert_int_equal(line.processes, 1);
}

static void takes_each_option_in_each_form(void **state)
{
    (void)state;
    char *const separate[] = {s_stray, s_config, s_file, s_processes, s_three, s_check, NULL};
    struct service_command_line line = parse(5, separate);
    assert_string_equal(line.config_path, "a.yaml");
    assert_int_equal(line.processes, 3);
    assert_int_equal(line.action, SERVICE_ACTION_CHECK);
    char *const joined[] = {s_stray, s_config_file, s_processes_four, s_version, NULL};
    line = parse(3, joined);
    assert_string_equal(line.config_path, "b.yaml");
    assert_int_equal(line.processes, 4);
    assert_int_equal(line.action, SERVICE_ACTION_VERSION);
    char *const brief[] = {s_stray, s_c, s_file, s_processes, s_auto, s_h, NULL};
    line = parse(5, brief);
    assert_string_equal(line.config_path, "a.yaml");
    assert_int_equal(line.processes, 0);
    assert_int_equal(line.action, SERVICE_ACTION_HELP);
    char *const help[] = {s_stray, s_help, NULL};
    assert_int_equal(parse(1, help).action, SERVICE_ACTION_HELP);
}

static void refuses_what_it_does_not_know(void **state)
{
    (void)state;
    assert_refused(1, (char *const[]){s_stray, s_unknown, NULL}, "unknown option --verbose");
    assert_refused(1, (char *const[]){s_stray, s_configuration, NULL}, "unknown option --configx");
    assert_refused(1, (char *const[]){s_stray, s_stray, NULL}, "unexpected argument \"up\"");
}

static void refuses_missing_and_bad_values(void **state)
{
    (void)state;
    assert_refused(1, (char *const[]){s_stray, s_config, NULL}, "--config: expected a file");
    assert_refused(1, (char *const[]){s_stray, s_empty, NULL}, "--config=: expected a file");
    assert_refused(1, (char *const[]){s_stray, s_processes, NULL}, "--processes: expected a number or auto");
    assert_refused(2, (char *const[]){s_stray, s_processes, s_zero, NULL},
                   "--processes: expected 1 to 64 or auto, found \"0\"");
    assert_refused(2, (char *const[]){s_stray, s_processes, s_sixty_five, NULL},
                   "--processes: expected 1 to 64 or auto, found \"65\"");
    assert_refused(2, (char *const[]){s_stray, s_processes, s_word, NULL},
                   "--processes: expected 1 to 64 or auto, found \"3x\"");
    assert_refused(2, (char *const[]){s_stray, s_processes, s_huge, NULL},
                   "--processes: expected 1 to 64 or auto, found \"99999999999999999999\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_means_run_with_one_process),
        cmocka_unit_test(takes_each_option_in_each_form),
        cmocka_unit_test(refuses_what_it_does_not_know),
        cmocka_unit_test(refuses_missing_and_bad_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

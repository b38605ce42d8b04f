/* Errors of the environment: each names the variable and what was expected. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "support.h"

static void assert_variable_refused(const char *name, const char *value, const char *expected)
{
    setenv(name, value, 1);
    support_assert_refused(NULL, expected);
    unsetenv(name);
}

static void bad_values_name_their_variable(void **state)
{
    (void)state;
    assert_variable_refused("TEMPORAL_ADDRESS", "nowhere",
                            "TEMPORAL_ADDRESS: expected host:port, not \"nowhere\"");
    assert_variable_refused("TEMPORAL_TLS", "maybe", "TEMPORAL_TLS: expected true or false, not \"maybe\"");
    assert_variable_refused("FERRY_QUEUE_URL", "hello.fifo",
                            "FERRY_QUEUE_URL: expected the URL of an SQS queue (https://host/account/name), "
                            "not \"hello.fifo\"");
    assert_variable_refused("FERRY_GATEWAY_URL", "gateway:8080",
                            "FERRY_GATEWAY_URL: expected http://host[:port] or https://host[:port], "
                            "not \"gateway:8080\"");
    assert_variable_refused("FERRY_LISTEN", "80",
                            "FERRY_LISTEN: expected address:port, [address]:port or unix:path, not \"80\"");
    assert_variable_refused("FERRY_ADMIN_LISTEN", "a:70000",
                            "FERRY_ADMIN_LISTEN: expected address:port, [address]:port or unix:path, "
                            "not \"a:70000\"");
    assert_variable_refused("FERRY_CONFIG", "missing.yaml",
                            "missing.yaml: cannot be opened: No such file or directory");
}

static void an_unknown_route_is_refused(void **state)
{
    (void)state;
    setenv("FERRY_QUEUE_URL", "http://q/0/a", 1);
    assert_variable_refused("FERRY_ROUTE", "orders",
                            "queue.route: expected the name of a route below \"routes\", not \"orders\"");
}

static void a_secret_and_its_file_together_are_refused(void **state)
{
    (void)state;
    support_write("secret", "x");
    setenv("FERRY_API_TOKEN", "y", 1);
    assert_variable_refused("FERRY_API_TOKEN_FILE", "secret",
                            "FERRY_API_TOKEN and FERRY_API_TOKEN_FILE: expected one of them, found both");
}

static void a_missing_secret_file_is_refused(void **state)
{
    (void)state;
    assert_variable_refused("TEMPORAL_API_KEY_FILE", "nowhere",
                            "TEMPORAL_API_KEY_FILE: nowhere cannot be read: No such file or directory");
}

static void one_variable_cannot_mean_one_of_several_queues(void **state)
{
    (void)state;
    setenv("FERRY_QUEUE_URL", "http://q/0/c", 1);
    support_assert_refused("queues: [ { url: 'http://q/0/a' }, { url: 'http://q/0/b' } ]\n",
                           "FERRY_QUEUE_URL: expected at most one queue in the file beside this variable, found 2");
}

static void a_key_of_the_environment_is_not_read_from_the_files_path(void **state)
{
    (void)state;
    support_write("secret", "old");
    setenv("TEMPORAL_API_KEY", "new", 1);
    struct settings *settings = support_load("temporal: { api_key_file: secret }\n");
    assert_string_equal(settings->temporal.api_key, "new");
    assert_null(settings->temporal.api_key_file);
    settings_destroy(settings);
    unsetenv("TEMPORAL_API_KEY");
    setenv("TEMPORAL_API_KEY_FILE", "secret", 1);
    settings = support_load(NULL);
    assert_string_equal(settings->temporal.api_key, "old");
    assert_string_equal(settings->temporal.api_key_file, "secret");
    settings_destroy(settings);
}

static void tls_off_contradicts_an_api_key(void **state)
{
    (void)state;
    setenv("TEMPORAL_TLS", "false", 1);
    assert_variable_refused("TEMPORAL_API_KEY", "key",
                            "temporal.tls: expected TLS with an API key, a certificate, a CA or a server name, "
                            "found tls: false");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, support_setup, support_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bad_values_name_their_variable),
        TEST(an_unknown_route_is_refused),
        TEST(a_secret_and_its_file_together_are_refused),
        TEST(a_missing_secret_file_is_refused),
        TEST(one_variable_cannot_mean_one_of_several_queues),
        TEST(a_key_of_the_environment_is_not_read_from_the_files_path),
        TEST(tls_off_contradicts_an_api_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

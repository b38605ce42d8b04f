/* Settings of the instance's metadata service, and the role's name. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "instance_config.h"
#include "support_source.h"

static struct instance_config s_config;
static struct error s_error;

static enum status load(void)
{
    instance_config_deinit(&s_config);
    s_error = (struct error){0};
    return instance_config_load(&s_config, &s_error);
}

static int release(void **state)
{
    instance_config_deinit(&s_config);
    return source_release(state);
}

static void the_environment_comes_before_the_profile(void **state)
{
    (void)state;
    char path[SUPPORT_PATH_SIZE];
    assert_int_equal(load(), STATUS_NOT_FOUND); /* the tests' own setting */
    source_set("AWS_EC2_METADATA_DISABLED", "");
    assert_int_equal(load(), STATUS_OK);
    assert_string_equal(s_config.endpoint, "http://169.254.169.254");
    assert_true(s_config.is_version_1_allowed);
    assert_int_equal(s_config.attempt_ms, 1000);
    assert_int_equal(s_config.attempts, 1);
    support_write_file(".aws/config",
                       "[default]\nec2_metadata_service_endpoint_mode = IPv6\nec2_metadata_v1_disabled = true\n"
                       "metadata_service_timeout = 2\nmetadata_service_num_attempts = 3\n",
                       path);
    assert_int_equal(load(), STATUS_OK);
    assert_string_equal(s_config.endpoint, "http://[fd00:ec2::254]");
    assert_false(s_config.is_version_1_allowed);
    assert_int_equal(s_config.attempt_ms, 2000);
    assert_int_equal(s_config.attempts, 3);
    source_set("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ipv4");
    source_set("AWS_EC2_METADATA_V1_DISABLED", "false");
    assert_int_equal(load(), STATUS_OK);
    assert_string_equal(s_config.endpoint, "http://169.254.169.254");
    assert_true(s_config.is_version_1_allowed);
    source_set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1338/");
    assert_int_equal(load(), STATUS_OK);
    assert_string_equal(s_config.endpoint, "http://127.0.0.1:1338");
}

static void what_makes_no_sense_is_named(void **state)
{
    (void)state;
    static const char *const s_cases[][2] = {{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5"},
                                             {"AWS_EC2_METADATA_SERVICE_ENDPOINT", "nowhere"},
                                             {"AWS_METADATA_SERVICE_TIMEOUT", "1s"},
                                             {"AWS_METADATA_SERVICE_NUM_ATTEMPTS", "0"}};
    source_set("AWS_EC2_METADATA_DISABLED", "false");
    for (size_t i = 0; i < sizeof s_cases / sizeof s_cases[0]; i++) {
        source_set(s_cases[i][0], s_cases[i][1]);
        assert_int_equal(load(), STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(s_error.text, s_cases[i][0]));
        source_set(s_cases[i][0], "");
    }
}

static void a_roles_name_is_the_first_line_and_fits_a_path(void **state)
{
    (void)state;
    static const char *const s_cases[][2] = {
        {"role", "role"},          {"my-role+a=b,c.d@e_1\n", "my-role+a=b,c.d@e_1"}, {"\n\n first \nsecond", "first"},
        {"", NULL},                {" \r\n", NULL},                                  {"a/b", NULL},
        {"<html></html>", NULL},   {"role?x", NULL},                                 {"r\xc3\xb6le", NULL}};
    for (size_t i = 0; i < sizeof s_cases / sizeof s_cases[0]; i++) {
        char *role = instance_role_parse(s_cases[i][0], strlen(s_cases[i][0]));
        if (s_cases[i][1] == NULL) {
            assert_null(role);
        } else {
            assert_string_equal(role, s_cases[i][1]);
        }
        free(role);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, source_prepare, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_environment_comes_before_the_profile),
        TEST(what_makes_no_sense_is_named),
        TEST(a_roles_name_is_the_first_line_and_fits_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

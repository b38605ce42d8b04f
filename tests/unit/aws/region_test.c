/* Where the region comes from. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "aws/region.h"
#include "support.h"

static int prepare(void **state)
{
    (void)state;
    support_clear_environment();
    return 0;
}

static int release(void **state)
{
    (void)state;
    support_remove_home();
    return 0;
}

static void a_queue_urls_host_names_the_region(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *region;
    } s_cases[] = {
        {"https://sqs.eu-central-1.amazonaws.com/123456789012/q.fifo", "eu-central-1"},
        {"https://SQS.us-east-1.amazonaws.com:443/1/q", "us-east-1"},
        {"https://sqs-fips.us-gov-west-1.amazonaws.com/1/q", "us-gov-west-1"},
        {"https://sqs.cn-north-1.amazonaws.com.cn/1/q", "cn-north-1"},
        {"https://sqs.eu-west-1.api.aws/1/q", "eu-west-1"},
        {"https://vpce-0a1-b2.sqs.eu-west-2.vpce.amazonaws.com/1/q", "eu-west-2"},
        {"http://127.0.0.1:4566/000000000000/q", NULL},
        {"http://localhost/sqs.eu-west-1.amazonaws.com", NULL},
        {"https://sqs.amazonaws.com/1/q", NULL},
        {"https://sqs.eu-west-1.amazonaws.com.example.org/1/q", NULL},
        {"https://sqs.-x.amazonaws.com/1/q", NULL},
        {"sqs.eu-west-1.amazonaws.com/1/q", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof s_cases / sizeof s_cases[0]; i++) {
        char *region = aws_region_from_queue_url(s_cases[i].url);
        if (s_cases[i].region == NULL) {
            assert_null(region);
        } else {
            assert_non_null(region);
            assert_string_equal(region, s_cases[i].region);
        }
        free(region);
    }
}

static void expect(const char *explicit_region, const char *region)
{
    char *found = NULL;
    assert_int_equal(aws_region_resolve(explicit_region, "https://sqs.eu-south-1.amazonaws.com/1/q", &found, NULL),
                     STATUS_OK);
    assert_string_equal(found, region);
    free(found);
}

static void the_nearer_source_wins(void **state)
{
    (void)state;
    char path[SUPPORT_PATH_SIZE];
    expect(NULL, "eu-south-1");
    support_write_file(".aws/config", "[default]\nregion = eu-west-1\n[profile dev]\nregion = eu-west-2\n", path);
    expect(NULL, "eu-west-1");
    assert_int_equal(setenv("AWS_PROFILE", "dev", 1), 0);
    expect(NULL, "eu-west-2");
    assert_int_equal(setenv("AWS_DEFAULT_REGION", "eu-west-3", 1), 0);
    expect(NULL, "eu-west-3");
    assert_int_equal(setenv("AWS_REGION", "us-west-1", 1), 0);
    expect(NULL, "us-west-1");
    expect("ap-south-1", "ap-south-1");
    expect("", "us-west-1");
}

static void no_region_and_no_regions_name_are_errors(void **state)
{
    (void)state;
    char *region = NULL;
    struct error error = {0};
    assert_int_equal(aws_region_find(NULL, &region, &error), STATUS_NOT_FOUND);
    assert_int_equal(aws_region_resolve(NULL, NULL, &region, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "AWS_REGION"));
    assert_int_equal(aws_region_resolve("eu west/1", NULL, &region, &error), STATUS_INVALID_ARGUMENT);
    assert_null(region);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_queue_urls_host_names_the_region),
        TEST(the_nearer_source_wins),
        TEST(no_region_and_no_regions_name_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

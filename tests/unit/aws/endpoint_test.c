/* Endpoints by configuration and by region. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"
#include "support_source.h"

static void expect(const char *service, const char *given, const char *expected)
{
    char *url = NULL;
    struct endpoint_variant variant = {0};
    struct error error = {0};
    if (endpoint_find(service, given, &url, &variant, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    if (expected == NULL) {
        assert_null(url);
    } else {
        assert_non_null(url);
        assert_string_equal(url, expected);
    }
    free(url);
}

static void the_nearer_endpoint_wins(void **state)
{
    (void)state;
    char path[SUPPORT_PATH_SIZE];
    expect("sqs", NULL, NULL);
    support_write_file(".aws/config",
                       "[default]\nendpoint_url = http://profile\n"
                       "[profile s]\nendpoint_url = http://s\nservices = mine\n"
                       "[profile off]\nendpoint_url = http://off\nignore_configured_endpoint_urls = true\n"
                       "[services mine]\nsqs =\n  endpoint_url = http://of-services\n",
                       path);
    expect("sqs", NULL, "http://profile");
    source_set("AWS_PROFILE", "s");
    expect("sqs", NULL, "http://of-services");
    expect("sts", NULL, "http://s");
    source_set("AWS_PROFILE", "off");
    expect("sqs", NULL, NULL);
    source_set("AWS_PROFILE", "s");
    source_set("AWS_ENDPOINT_URL", "http://all");
    expect("sqs", NULL, "http://all");
    source_set("AWS_ENDPOINT_URL_SQS", "http://sqs");
    expect("sqs", NULL, "http://sqs");
    expect("sts", NULL, "http://all");
    source_set("AWS_ENDPOINT_URL_STS", "http://sts");
    expect("sts", NULL, "http://sts");
    expect("sqs", "http://given", "http://given");
    source_set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True");
    expect("sqs", NULL, NULL);
    expect("sqs", "http://given", "http://given");
}

static void switches_come_from_environment_and_profile(void **state)
{
    (void)state;
    char path[SUPPORT_PATH_SIZE];
    char *url = NULL;
    struct endpoint_variant variant = {0};
    struct error error = {0};
    support_write_file(".aws/config", "[default]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n", path);
    source_set("AWS_USE_DUALSTACK_ENDPOINT", "false");
    assert_int_equal(endpoint_find("sqs", NULL, &url, &variant, NULL), STATUS_OK);
    assert_true(variant.is_fips);
    assert_false(variant.is_dual_stack);
    assert_int_equal(endpoint_find("sqs", "http://given", &url, &variant, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "AWS_USE_FIPS_ENDPOINT"));
    source_set("AWS_USE_FIPS_ENDPOINT", "yes");
    assert_int_equal(endpoint_find("sqs", NULL, &url, &variant, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "\"yes\""));
    support_write_file(".aws/config", "broken\n", path);
    assert_int_equal(endpoint_find("sqs", NULL, &url, &variant, &error), STATUS_INVALID_ARGUMENT);
    assert_null(url);
}

static void a_region_has_the_names_that_aws_gives_it(void **state)
{
    (void)state;
    static const struct {
        const char *service;
        const char *region;
        struct endpoint_variant variant;
        const char *url;
    } s_cases[] = {
        {"sqs", "eu-west-1", {false, false}, "https://sqs.eu-west-1.amazonaws.com"},
        {"sts", "us-east-1", {false, false}, "https://sts.us-east-1.amazonaws.com"},
        {"sqs", "us-east-1", {true, false}, "https://sqs-fips.us-east-1.amazonaws.com"},
        {"sqs", "us-east-1", {false, true}, "https://sqs.us-east-1.api.aws"},
        {"sqs", "us-east-1", {true, true}, "https://sqs-fips.us-east-1.api.aws"},
        {"sqs", "cn-north-1", {false, false}, "https://sqs.cn-north-1.amazonaws.com.cn"},
        {"sts", "cn-north-1", {false, true}, "https://sts.cn-north-1.api.amazonwebservices.com.cn"},
        {"sqs", "us-gov-west-1", {true, false}, "https://sqs.us-gov-west-1.amazonaws.com"},
        {"sqs", "us-gov-west-1", {true, true}, "https://sqs-fips.us-gov-west-1.api.aws"},
        {"sqs", "us-iso-east-1", {false, false}, "https://sqs.us-iso-east-1.c2s.ic.gov"},
        {"sqs", "us-isob-east-1", {true, false}, "https://sqs-fips.us-isob-east-1.sc2s.sgov.gov"},
        {"sqs", "eusc-de-east-1", {false, false}, "https://sqs.eusc-de-east-1.amazonaws.eu"},
    };
    for (size_t i = 0; i < sizeof s_cases / sizeof s_cases[0]; i++) {
        char *url = endpoint_of_region(s_cases[i].service, s_cases[i].region, &s_cases[i].variant);
        assert_string_equal(url, s_cases[i].url);
        free(url);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SOURCE_TEST(the_nearer_endpoint_wins),
        SOURCE_TEST(switches_come_from_environment_and_profile),
        SOURCE_TEST(a_region_has_the_names_that_aws_gives_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Endpoints, and the paths and queries that the published vectors do not show. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "aws_uri.h"

static void an_endpoint_is_the_host_header(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *host;
        bool is_secure;
    } s_cases[] = {
        {"https://sqs.eu-west-1.amazonaws.com/1/q", "sqs.eu-west-1.amazonaws.com", true},
        {"HTTPS://SQS.eu-west-1.amazonaws.com:443", "sqs.eu-west-1.amazonaws.com", true},
        {"http://127.0.0.1:4566/000000000000/q", "127.0.0.1:4566", false},
        {"http://localhost:80?x", "localhost", false},
        {"http://localhost:443", "localhost:443", false},
        {"http://localhost:", "localhost", false},
        {"http://[::1]:4566/", "[::1]:4566", false},
    };
    for (size_t i = 0; i < sizeof s_cases / sizeof s_cases[0]; i++) {
        struct aws_endpoint endpoint;
        assert_int_equal(aws_endpoint_parse(s_cases[i].url, &endpoint, NULL), STATUS_OK);
        assert_string_equal(endpoint.host, s_cases[i].host);
        assert_int_equal(endpoint.is_secure, s_cases[i].is_secure);
    }
}

static void what_is_no_endpoint_is_refused(void **state)
{
    (void)state;
    char too_long[AWS_URI_HOST_MAX + 16];
    memset(too_long, 'a', sizeof too_long);
    memcpy(too_long, "http://", 7);
    too_long[sizeof too_long - 1] = '\0';
    const char *const wrong[] = {"", "localhost:4566", "ftp://h", "http://", "http:///q", "http://user@h/",
                                 "http://a b/", "http://h\n/", "http://:80", too_long};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct aws_endpoint endpoint;
        struct error error = {0};
        assert_int_equal(aws_endpoint_parse(wrong[i], &endpoint, &error), STATUS_INVALID_ARGUMENT);
        assert_int_equal(error.status, STATUS_INVALID_ARGUMENT);
    }
}

static void paths_lose_dots_and_double_slashes(void **state)
{
    (void)state;
    static const char *const s_cases[][2] = {{NULL, "/"},          {"", "/"},        {"/", "/"},
                                             {"//a", "/a"},        {"/a/../..", "/"}, {"/a/b/..", "/a/"},
                                             {"/a/./b/", "/a/b/"}, {"/..a/.b", "/..a/.b"}};
    for (size_t i = 0; i < sizeof s_cases / sizeof s_cases[0]; i++) {
        struct buffer out;
        buffer_init(&out, 64);
        assert_true(aws_uri_append_path(&out, s_cases[i][0], false));
        assert_string_equal(out.data, s_cases[i][1]);
        buffer_deinit(&out);
    }
}

static void a_query_is_sorted_after_decoding(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 128);
    assert_true(aws_uri_append_query(&out, "b=1=2&%61=%2f&a=%zz&a%", 8));
    assert_string_equal(out.data, "a=%25zz&a=%2F&a%25=&b=1%3D2");
    buffer_clear(&out);
    assert_false(aws_uri_append_query(&out, "a&b&c", 2));
    buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endpoint_is_the_host_header),
        cmocka_unit_test(what_is_no_endpoint_is_refused),
        cmocka_unit_test(paths_lose_dots_and_double_slashes),
        cmocka_unit_test(a_query_is_sorted_after_decoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

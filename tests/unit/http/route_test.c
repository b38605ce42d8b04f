/* Matching of raw paths and methods against the route table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "route.h"

static void handle(struct http_exchange *exchange, void *user)
{
    (void)exchange;
    (void)user;
}

static const struct http_route s_routes[] = {
    {.method = "GET", .path = "/v1/workflows", .handler = handle},
    {.method = "POST", .path = "/v1/workflows", .handler = handle},
    {.method = "GET", .path = "/v1/workflows/{id}", .handler = handle},
    {.method = "POST", .path = "/v1/workflows/{id}/signals/{name}", .handler = handle},
    {.method = "POST", .path = "/v1/only-post", .handler = handle},
    {.method = "GET", .path = "/", .handler = handle},
};
#define ROUTE_COUNT (sizeof s_routes / sizeof s_routes[0])

static enum route_result find(const char *method, const char *path, struct route_match *match)
{
    return route_table_find(s_routes, ROUTE_COUNT, method, path, strlen(path), match);
}

static void expect_route(const char *method, const char *path, size_t index)
{
    struct route_match match = {0};
    assert_int_equal(find(method, path, &match), ROUTE_FOUND);
    assert_ptr_equal(match.route, &s_routes[index]);
}

static void finds_routes_by_method_and_path(void **state)
{
    (void)state;
    expect_route("GET", "/v1/workflows", 0);
    expect_route("POST", "/v1/workflows", 1);
    expect_route("GET", "/v1/workflows/abc", 2);
    expect_route("GET", "/", 5);
}

static void captures_one_segment_raw(void **state)
{
    struct route_match match = {0};
    (void)state;
    assert_int_equal(find("POST", "/v1/workflows/a%2Fb/signals/go", &match), ROUTE_FOUND);
    assert_int_equal(match.capture_count, 2);
    assert_int_equal(match.captures[0].name_length, 2);
    assert_memory_equal(match.captures[0].name, "id", 2);
    assert_int_equal(match.captures[0].raw_length, 5);
    assert_memory_equal(match.captures[0].raw, "a%2Fb", 5);
    assert_int_equal(match.captures[1].raw_length, 2);
    assert_memory_equal(match.captures[1].raw, "go", 2);
}

static void knows_unknown_paths(void **state)
{
    static const char *const unknown[] = {"",
                                          "/v1",
                                          "/v1/workflows/",
                                          "//v1/workflows",
                                          "/v1/workflows/a/b",
                                          "/v1/workflows//signals/go",
                                          "/v1/workflows/a/signals/",
                                          "/v1/workflowsx",
                                          "/V1/workflows",
                                          "/v1%2Fworkflows"};
    struct route_match match = {0};
    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_int_equal(find("GET", unknown[i], &match), ROUTE_UNKNOWN);
        assert_null(match.route);
    }
}

static void knows_paths_that_take_other_methods(void **state)
{
    struct route_match match = {0};
    char allow[HTTP_ALLOW_SIZE];
    (void)state;
    assert_int_equal(find("DELETE", "/v1/workflows", &match), ROUTE_METHOD_NOT_ALLOWED);
    assert_int_equal(find("get", "/v1/workflows", &match), ROUTE_METHOD_NOT_ALLOWED);
    route_table_allow(s_routes, ROUTE_COUNT, "/v1/workflows", strlen("/v1/workflows"), allow);
    assert_string_equal(allow, "GET, HEAD, POST, OPTIONS");
    route_table_allow(s_routes, ROUTE_COUNT, "/v1/only-post", strlen("/v1/only-post"), allow);
    assert_string_equal(allow, "POST, OPTIONS");
}

static void takes_a_get_route_for_head(void **state)
{
    struct route_match match = {0};
    (void)state;
    expect_route("HEAD", "/v1/workflows/abc", 2);
    assert_int_equal(find("HEAD", "/v1/only-post", &match), ROUTE_METHOD_NOT_ALLOWED);
}

static void prefers_the_earlier_route(void **state)
{
    const struct http_route routes[] = {
        {.method = "GET", .path = "/a/fixed", .handler = handle},
        {.method = "GET", .path = "/a/{any}", .handler = handle},
        {.method = "GET", .path = "/a/late", .handler = handle},
    };
    struct route_match match = {0};
    (void)state;
    assert_int_equal(route_table_find(routes, 3, "GET", "/a/fixed", 8, &match), ROUTE_FOUND);
    assert_ptr_equal(match.route, &routes[0]);
    assert_int_equal(match.capture_count, 0);
    assert_int_equal(route_table_find(routes, 3, "GET", "/a/late", 7, &match), ROUTE_FOUND);
    assert_ptr_equal(match.route, &routes[1]);
}

static void checks_patterns(void **state)
{
    (void)state;
    assert_true(route_pattern_is_valid("/"));
    assert_true(route_pattern_is_valid("/a/{b}/c"));
    assert_false(route_pattern_is_valid(""));
    assert_false(route_pattern_is_valid("a"));
    assert_false(route_pattern_is_valid("/{}"));
    assert_false(route_pattern_is_valid("/{a"));
    assert_false(route_pattern_is_valid("/a}"));
    assert_false(route_pattern_is_valid("/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}/{9}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_routes_by_method_and_path),
        cmocka_unit_test(captures_one_segment_raw),
        cmocka_unit_test(knows_unknown_paths),
        cmocka_unit_test(knows_paths_that_take_other_methods),
        cmocka_unit_test(takes_a_get_route_for_head),
        cmocka_unit_test(prefers_the_earlier_route),
        cmocka_unit_test(checks_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whose page asks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "origin.h"

static enum status check(const char *origin, const char *host, bool is_read)
{
    static char app[] = "https://app.example";
    static char *origins[] = {app};
    const struct settings_cors cors = {.origins = origins, .origin_count = 1};
    const struct origin_request request = {.origin = origin, .host = host, .is_read = is_read, .cors = &cors};
    return origin_check(&request, NULL);
}

static enum status check_host(const char *host)
{
    const struct origin_request request = {.host = host, .is_read = true, .needs_local_host = true};
    return origin_check(&request, NULL);
}

static void pages_of_this_host_and_of_allowed_origins_may_change_things(void **state)
{
    (void)state;
    assert_int_equal(check(NULL, "localhost:8080", false), STATUS_OK);
    assert_int_equal(check("http://localhost:8080", "localhost:8080", false), STATUS_OK);
    assert_int_equal(check("https://Ferry.example", "ferry.example", false), STATUS_OK);
    assert_int_equal(check("https://app.example", "localhost:8080", false), STATUS_OK);
}

static void other_pages_may_not(void **state)
{
    (void)state;
    static const char *const others[] = {"https://evil.example", "http://localhost:3000", "http://localhost",
                                         "null", "", "localhost:8080", "https://app.example.evil"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(check(others[i], "localhost:8080", false), STATUS_PERMISSION_DENIED);
        assert_int_equal(check(others[i], "localhost:8080", true), STATUS_OK);
        assert_int_equal(check(others[i], NULL, false), STATUS_PERMISSION_DENIED);
    }
}

static void hosts_of_this_machine_are_names_and_addresses(void **state)
{
    (void)state;
    static const char *const own[] = {"localhost", "LOCALHOST:8080", "ferry.localhost:8080", "127.0.0.1:8080",
                                      "127.0.0.1", "[::1]:8080", "[::1]", "192.0.2.7:80"};
    static const char *const others[] = {"evil.example", "evil.example:8080", "localhost.evil.example",
                                         "notlocalhost", "127.0.0.1.evil.example", "[localhost]", "",
                                         "a-name-that-is-longer-than-any-address-of-either-kind.example:8080"};
    assert_int_equal(check_host(NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        assert_int_equal(check_host(own[i]), STATUS_OK);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(check_host(others[i]), STATUS_PERMISSION_DENIED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_of_this_host_and_of_allowed_origins_may_change_things),
        cmocka_unit_test(other_pages_may_not),
        cmocka_unit_test(hosts_of_this_machine_are_names_and_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

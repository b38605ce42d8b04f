/* Where pollers and gateways are reached. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "pollers.h"

static void a_listen_address_is_reached_from_this_machine(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"127.0.0.1:8081", "http://127.0.0.1:8081"}, {"0.0.0.0:8081", "http://127.0.0.1:8081"},
        {"[::]:8081", "http://[::1]:8081"},          {"localhost:1", "http://localhost:1"},
        {"unix:/run/admin", "unix:/run/admin"},      {"unix:@name", "unix:@name"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char *address = pollers_address_of_listen(pairs[i][0]);
        assert_string_equal(address, pairs[i][1]);
        free(address);
    }
}

static void addresses_have_one_of_three_forms(void **state)
{
    (void)state;
    static const char *const good[] = {"http://h", "http://h:1/", "https://[::1]:1/below", "unix:/a/b", "unix:@a"};
    static const char *const bad[] = {"", "h:1", "ftp://h", "http://", "http:///x", "unix:", "http://a b", "HTTP://h"};
    struct error error = {0};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(http_session_check_address("--poller", good[i], &error), STATUS_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(http_session_check_address("--poller", bad[i], &error), STATUS_INVALID_ARGUMENT);
    }
    assert_string_equal(error.text,
                        "--poller: expected http://host:port, https://host:port or unix:PATH, found \"HTTP://h\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listen_address_is_reached_from_this_machine),
        cmocka_unit_test(addresses_have_one_of_three_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Where a service is asked for its own health. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "health_target.h"

static void expect(const char *listen, bool is_tls, const char *url, const char *unix_socket, const char *description)
{
    struct health_target target = {0};
    struct error error = {0};
    if (health_target_init(&target, listen, is_tls, "/readyz", &error) != STATUS_OK) {
        fail_msg("%s: %s", listen, error.text);
    }
    char *described = health_target_describe(&target, "/readyz");
    assert_string_equal(target.url, url);
    assert_string_equal(described, description);
    if (unix_socket == NULL) {
        assert_null(target.unix_socket);
    } else {
        assert_non_null(target.unix_socket);
        assert_string_equal(target.unix_socket, unix_socket);
    }
    free(described);
    health_target_deinit(&target);
}

static void expect_url(const char *listen, const char *url)
{
    expect(listen, false, url, NULL, url);
}

static void asks_where_the_service_listens(void **state)
{
    (void)state;
    expect_url("127.0.0.1:8081", "http://127.0.0.1:8081/readyz");
    expect_url("localhost:8081", "http://localhost:8081/readyz");
    expect_url("[::1]:80", "http://[::1]:80/readyz");
    expect_url("10.1.2.3:65535", "http://10.1.2.3:65535/readyz");
    expect_url("[fe80::1%eth0]:8081", "http://[fe80::1%25eth0]:8081/readyz");
    expect("127.0.0.1:8443", true, "https://127.0.0.1:8443/readyz", NULL, "https://127.0.0.1:8443/readyz");
}

static void asks_on_loopback_what_listens_on_every_address(void **state)
{
    (void)state;
    expect_url("0.0.0.0:8081", "http://127.0.0.1:8081/readyz");
    expect_url("[::]:8081", "http://[::1]:8081/readyz");
}

static void asks_over_the_unix_socket(void **state)
{
    (void)state;
    expect("unix:/run/ferry", false, "http://localhost/readyz", "/run/ferry", "unix:/run/ferry/readyz");
    expect("unix:@ferry", true, "https://localhost/readyz", "@ferry", "unix:@ferry/readyz");
}

static void does_not_know_a_port_that_is_chosen_at_the_start(void **state)
{
    (void)state;
    struct health_target target = {0};
    struct error error = {0};
    assert_int_equal(health_target_init(&target, "127.0.0.1:0", false, "/readyz", &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "it listens on 127.0.0.1:0, and only the running process knows on which port: "
                                    "give it a port");
    assert_null(target.url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_where_the_service_listens),
        cmocka_unit_test(asks_on_loopback_what_listens_on_every_address),
        cmocka_unit_test(asks_over_the_unix_socket),
        cmocka_unit_test(does_not_know_a_port_that_is_chosen_at_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

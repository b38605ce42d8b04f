/* Addresses as text, and what counts as one client. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "peer.h"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

static union address parse(const char *text)
{
    union address address;
    memset(&address, 0, sizeof address);
    if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &address.v6.sin6_addr), 1);
        address.v6.sin6_family = AF_INET6;
    }
    return address;
}

static void expect(const char *address_text, const char *text, const char *client, bool is_this_machine)
{
    char out[PEER_TEXT_SIZE];
    union address address = parse(address_text);
    peer_text(&address.any, sizeof address.v6, out);
    assert_string_equal(out, text);
    peer_client(&address.any, sizeof address.v6, out);
    assert_string_equal(out, client);
    assert_int_equal(peer_is_this_machine(&address.any, sizeof address.v6), is_this_machine);
}

static void writes_addresses_and_takes_half_an_ipv6_one_for_a_client(void **state)
{
    (void)state;
    expect("192.0.2.1", "192.0.2.1", "192.0.2.1", false);
    expect("127.0.0.2", "127.0.0.2", "127.0.0.2", true);
    expect("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1", false);
    expect("::ffff:127.0.0.1", "127.0.0.1", "127.0.0.1", true);
    expect("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", false);
    expect("2001:db8:1:2:ffff::", "2001:db8:1:2:ffff::", "2001:db8:1:2::/64", false);
    expect("::1", "::1", "::/64", true);
}

static void takes_what_has_no_address_for_this_machine(void **state)
{
    char out[PEER_TEXT_SIZE];
    union address address;
    (void)state;
    memset(&address, 0, sizeof address);
    address.local.sun_family = AF_UNIX;
    peer_text(&address.any, sizeof address.local.sun_family, out);
    assert_string_equal(out, "unix");
    assert_true(peer_is_this_machine(&address.any, sizeof address.local.sun_family));
    peer_client(NULL, 0, out);
    assert_string_equal(out, "unix");
    assert_true(peer_is_this_machine(NULL, 0));
    address = parse("192.0.2.1");
    peer_text(&address.any, 4, out); /* cut off */
    assert_string_equal(out, "unix");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_addresses_and_takes_half_an_ipv6_one_for_a_client),
        cmocka_unit_test(takes_what_has_no_address_for_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

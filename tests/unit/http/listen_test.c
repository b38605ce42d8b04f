/* Listening addresses: what parses, what is bound, and what people are told when it cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "listen.h"

static void refuses_what_is_no_address(void **state)
{
    static const char *const bad[] = {"",       "8080",         ":8080",  "127.0.0.1",       "127.0.0.1:",
                                      "::1:80", "127.0.0.1:-1", "a:b",    "127.0.0.1:65536", "127.0.0.1:999999",
                                      "unix:",  "unix:@",       "[]:8080"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct listen_socket listening = {.descriptor = -7};
        struct error error = {0};
        assert_int_equal(listen_open(bad[i], false, &listening, &error), STATUS_INVALID_ARGUMENT);
        assert_int_equal(listening.descriptor, -7);
        assert_true(error.text[0] != '\0');
    }
}

static void chooses_a_port_for_zero(void **state)
{
    struct listen_socket listening = {.descriptor = -1};
    struct error error = {0};
    (void)state;
    assert_int_equal(listen_open("127.0.0.1:0", false, &listening, &error), STATUS_OK);
    assert_true(listening.port > 0);
    listen_close(&listening);
    assert_int_equal(listening.descriptor, -1);
}

static void names_the_address_that_is_taken(void **state)
{
    struct listen_socket first = {.descriptor = -1};
    struct listen_socket second = {.descriptor = -1};
    struct error error = {0};
    (void)state;
    assert_int_equal(listen_open("127.0.0.1:0", false, &first, &error), STATUS_OK);
    char *address = memory_format("127.0.0.1:%d", first.port);
    assert_int_equal(listen_open(address, false, &second, &error), STATUS_UNAVAILABLE);
    assert_non_null(strstr(error.text, address));
    assert_non_null(strstr(error.text, "in use"));
    free(address);
    listen_close(&first);
}

static void shares_a_port_when_asked(void **state)
{
    struct listen_socket first = {.descriptor = -1};
    struct listen_socket second = {.descriptor = -1};
    struct error error = {0};
    (void)state;
    assert_int_equal(listen_open("127.0.0.1:0", true, &first, &error), STATUS_OK);
    char *address = memory_format("127.0.0.1:%d", first.port);
    assert_int_equal(listen_open(address, true, &second, &error), STATUS_OK);
    assert_int_equal(second.port, first.port);
    free(address);
    listen_close(&first);
    listen_close(&second);
}

static void takes_over_a_dead_unix_path_and_removes_its_own(void **state)
{
    struct listen_socket listening = {.descriptor = -1};
    struct listen_socket other = {.descriptor = -1};
    struct error error = {0};
    char folder[] = "/tmp/ferry-listen-XXXXXX";
    struct stat about;
    (void)state;
    assert_non_null(mkdtemp(folder));
    char *address = memory_format("unix:%s/socket", folder);
    const char *path = address + strlen("unix:");
    assert_int_equal(listen_open(address, false, &listening, &error), STATUS_OK);
    assert_int_equal(listening.port, 0);
    assert_int_equal(listen_open(address, false, &other, &error), STATUS_UNAVAILABLE);
    assert_int_equal(close(listening.descriptor), 0); /* as a kill would: the path stays */
    listening.descriptor = -1;
    assert_int_equal(listen_open(address, false, &other, &error), STATUS_OK);
    listen_close(&other);
    assert_int_not_equal(stat(path, &about), 0);
    free(listening.unix_path);
    free(address);
    assert_int_equal(rmdir(folder), 0);
}

static void does_not_replace_a_file_with_a_socket(void **state)
{
    struct listen_socket listening = {.descriptor = -1};
    struct error error = {0};
    char file[] = "/tmp/ferry-listen-XXXXXX";
    (void)state;
    int descriptor = mkstemp(file);
    assert_true(descriptor >= 0);
    char *address = memory_format("unix:%s", file);
    assert_int_equal(listen_open(address, false, &listening, &error), STATUS_UNAVAILABLE);
    assert_int_equal(access(file, F_OK), 0);
    assert_int_equal(unlink(file), 0);
    (void)close(descriptor);
    free(address);
}

static void binds_abstract_names(void **state)
{
    struct listen_socket listening = {.descriptor = -1};
    struct listen_socket other = {.descriptor = -1};
    struct error error = {0};
    (void)state;
    char *address = memory_format("unix:@ferry-listen-test-%ld", (long)getpid());
    assert_int_equal(listen_open(address, false, &listening, &error), STATUS_OK);
    assert_null(listening.unix_path);
    assert_int_equal(listen_open(address, false, &other, &error), STATUS_UNAVAILABLE);
    listen_close(&listening);
    free(address);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(chooses_a_port_for_zero),
        cmocka_unit_test(names_the_address_that_is_taken),
        cmocka_unit_test(shares_a_port_when_asked),
        cmocka_unit_test(takes_over_a_dead_unix_path_and_removes_its_own),
        cmocka_unit_test(does_not_replace_a_file_with_a_socket),
        cmocka_unit_test(binds_abstract_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

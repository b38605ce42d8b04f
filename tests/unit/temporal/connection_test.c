/* Options of a connection. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "temporal/connection.h"

static void write_file(char *path, const char *text)
{
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
    close(descriptor);
}

static enum status open_with(const struct temporal_connection_options *options, struct error *error)
{
    struct temporal_connection *connection = NULL;
    enum status status = temporal_connection_new(options, &connection, error);
    assert_true((status == STATUS_OK) == (connection != NULL));
    temporal_connection_destroy(connection);
    return status;
}

static void defaults_are_filled_in(void **state)
{
    (void)state;
    struct temporal_connection *connection = NULL;
    assert_int_equal(temporal_connection_new(&(struct temporal_connection_options){0}, &connection, NULL), STATUS_OK);
    assert_string_equal(temporal_connection_namespace(connection), "default");
    char pid[32];
    (void)snprintf(pid, sizeof pid, "%ld@", (long)getpid());
    assert_memory_equal(temporal_connection_identity(connection), pid, strlen(pid));
    assert_true(strlen(temporal_connection_identity(connection)) > strlen(pid));
    temporal_connection_destroy(connection);
}

static void an_unreachable_server_is_no_error(void **state)
{
    (void)state;
    assert_int_equal(open_with(&(struct temporal_connection_options){.address = "127.0.0.1:1"}, NULL), STATUS_OK);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(open_with(&(struct temporal_connection_options){.tls_ca_file = "no/such/ca.pem"}, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "Temporal's TLS: no/such/ca.pem cannot be read: No such file or directory");
}

static void a_file_that_is_no_pem_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/ferry-connection-test-XXXXXX";
    write_file(path, "hello");
    struct error error;
    assert_int_equal(open_with(&(struct temporal_connection_options){.tls_ca_file = path}, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "is not a PEM file"));
    unlink(path);
}

static void a_certificate_needs_its_key(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(open_with(&(struct temporal_connection_options){.tls_key_file = "key.pem"}, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "a client certificate and its key go together");
}

static void an_api_key_of_several_lines_is_refused_and_not_shown(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(open_with(&(struct temporal_connection_options){.api_key = "se\ncret"}, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_null(strstr(error.text, "cret"));
}

static void an_api_key_is_read_from_its_file_which_is_named_in_errors(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(open_with(&(struct temporal_connection_options){.api_key_file = "no/such/key"}, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "no/such/key cannot be read: No such file or directory");
    char path[] = "/tmp/ferry-connection-test-XXXXXX";
    write_file(path, "se\x01cret\n");
    assert_int_equal(open_with(&(struct temporal_connection_options){.api_key_file = path}, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_null(strstr(error.text, "cret"));
    unlink(path);
    char good[] = "/tmp/ferry-connection-test-XXXXXX";
    write_file(good, "secret\n");
    assert_int_equal(open_with(&(struct temporal_connection_options){.api_key_file = good}, &error), STATUS_OK);
    unlink(good);
}

static void a_namespace_that_cannot_be_a_header_is_refused(void **state)
{
    (void)state;
    assert_int_equal(open_with(&(struct temporal_connection_options){.namespace_name = "a\nb"}, NULL),
                     STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_filled_in),
        cmocka_unit_test(an_unreachable_server_is_no_error),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(a_file_that_is_no_pem_is_refused),
        cmocka_unit_test(a_certificate_needs_its_key),
        cmocka_unit_test(an_api_key_of_several_lines_is_refused_and_not_shown),
        cmocka_unit_test(an_api_key_is_read_from_its_file_which_is_named_in_errors),
        cmocka_unit_test(a_namespace_that_cannot_be_a_header_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

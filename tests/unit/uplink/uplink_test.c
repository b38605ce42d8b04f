/* What of `temporal:` reaches the connection: a server that speaks no TLS sees each setting, or misses the call because
 * of it, or the error names it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../rpc/support_server.h"
#include "base/clock.h"
#include "base/memory.h"
#include "temporal/client.h"
#include "temporal/connection.h"
#include "uplink/uplink.h"

/* TSan takes what gRPC's OpenSSL does in a handshake for races: it sees its copies, and not what orders them. */
#if defined(__SANITIZE_THREAD__)
#define SPEAKS_NO_TLS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SPEAKS_NO_TLS 1
#endif
#endif

#define PATIENCE_MS 30000
#define PLAIN "\"nobody else reads this\""

static char s_folder[] = "/tmp/ferry-uplink-test-XXXXXX";
static char s_pem[64];
static char s_key[64]; /* of the codec */
static char s_address[64];
static char s_namespace[] = "shop";
static char s_missing[] = "no/such/file";
static char s_other_missing[] = "no/such/other";
static char s_api_key[] = "secret";
static char s_key_id[] = "2026-11";

static struct test_server *s_server;
static char *s_body; /* test_server_lock: of the last call, its length and its namespace */
static size_t s_body_length;
static char *s_told_namespace;

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static int make_files(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(s_folder));
    (void)snprintf(s_pem, sizeof s_pem, "%s/some.pem", s_folder);
    (void)snprintf(s_key, sizeof s_key, "%s/key", s_folder);
    write_file(s_pem, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
    write_file(s_key, "0123456789abcdef0123456789abcdef");
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    return unlink(s_pem) == 0 && unlink(s_key) == 0 ? rmdir(s_folder) : -1;
}

/* Refuses every call, once it has seen it. */
static void handle(void *user, struct test_call *call)
{
    (void)user;
    const uint8_t *body = test_call_body(call, &s_body_length);
    free(s_body);
    free(s_told_namespace);
    s_body = memory_copy(body, s_body_length);
    s_told_namespace = test_call_metadata(call, "temporal-namespace");
    test_call_fail(call, GRPC_STATUS_INVALID_ARGUMENT, "seen", NULL, 0);
}

static int set_up(void **state)
{
    (void)state;
    s_server = test_server_start(0, handle, NULL);
    (void)snprintf(s_address, sizeof s_address, "%s", test_server_address(s_server));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_server_stop(s_server);
    free(s_body);
    free(s_told_namespace);
    s_body = NULL;
    s_told_namespace = NULL;
    return 0;
}

static struct settings_temporal base_settings(void)
{
    return (struct settings_temporal){.address = s_address, .namespace_ = s_namespace};
}

static struct uplink *connect_with(const struct settings_temporal *settings, struct metrics *metrics)
{
    struct uplink *uplink = NULL;
    struct error error = {0};
    if (uplink_new(settings, metrics, &uplink, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return uplink;
}

static void refused_with(const struct settings_temporal *settings, const char *text)
{
    struct uplink *uplink = NULL;
    struct error error = {0};
    assert_int_equal(uplink_new(settings, NULL, &uplink, &error), STATUS_INVALID_ARGUMENT);
    assert_null(uplink);
    assert_string_equal(error.text, text);
}

/* Starts a workflow with a secret as its argument, in vain. */
static enum status start(const struct uplink *uplink)
{
    struct temporal_start_result result = {0};
    const struct temporal_payload argument = {.data = PLAIN, .length = strlen(PLAIN)};
    const struct temporal_start_options options = {.workflow_id = "w",
                                                   .workflow_type = "t",
                                                   .task_queue = "q",
                                                   .arguments = &argument,
                                                   .argument_count = 1,
                                                   .deadline_ms = clock_monotonic_ms() + PATIENCE_MS};
    enum status status = temporal_client_start(uplink_connection(uplink), &options, &result, NULL);
    temporal_start_result_deinit(&result);
    return status;
}

static bool body_has(const char *text)
{
    test_server_lock(s_server);
    bool has = s_body != NULL && memmem(s_body, s_body_length, text, strlen(text)) != NULL;
    test_server_unlock(s_server);
    return has;
}

static void address_and_namespace_are_those_of_the_settings(void **state)
{
    (void)state;
    struct settings_temporal settings = base_settings();
    struct uplink *uplink = connect_with(&settings, NULL);
    assert_string_equal(temporal_connection_namespace(uplink_connection(uplink)), "shop");
    assert_int_equal(start(uplink), STATUS_INVALID_ARGUMENT);
    uplink_destroy(uplink);
    test_server_lock(s_server);
    assert_string_equal(s_told_namespace, "shop");
    test_server_unlock(s_server);
}

static void without_keys_payloads_go_as_they_are(void **state)
{
    (void)state;
    struct settings_temporal settings = base_settings();
    struct uplink *uplink = connect_with(&settings, NULL);
    assert_int_equal(start(uplink), STATUS_INVALID_ARGUMENT);
    assert_true(body_has(PLAIN));
    assert_false(body_has("binary/encrypted"));
    uplink_destroy(uplink);
}

static void the_first_key_encrypts(void **state)
{
    (void)state;
    static char second[] = "2026-10";
    struct settings_codec_key keys[] = {{.id = s_key_id, .file = s_key}, {.id = second, .file = s_key}};
    struct settings_temporal settings = base_settings();
    settings.codec_keys = keys;
    settings.codec_key_count = 2;
    struct uplink *uplink = connect_with(&settings, NULL);
    assert_int_equal(start(uplink), STATUS_INVALID_ARGUMENT);
    assert_false(body_has(PLAIN));
    assert_true(body_has("binary/encrypted"));
    assert_true(body_has("2026-11"));
    assert_false(body_has("2026-10"));
    uplink_destroy(uplink);
}

static void each_key_of_the_codec_is_read(void **state)
{
    (void)state;
    static char gone[] = "gone";
    struct settings_codec_key keys[] = {{.id = s_key_id, .file = s_key}, {.id = gone, .file = s_missing}};
    struct settings_temporal settings = base_settings();
    settings.codec_keys = keys;
    settings.codec_key_count = 2;
    refused_with(&settings, "temporal.codec: the key \"gone\": no/such/file cannot be read: No such file or directory");
}

#ifndef SPEAKS_NO_TLS
static void each_setting_that_implies_tls_is_passed(void **state)
{
    (void)state;
    static char host[] = "frontend.example";
    struct settings_temporal plain = base_settings();
    struct settings_temporal all[] = {plain, plain, plain};
    all[0].tls = true;
    all[1].api_key = s_api_key;
    all[2].tls_server_name = host;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct uplink *uplink = connect_with(&all[i], NULL);
        int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
        assert_int_not_equal(temporal_client_check(uplink_connection(uplink), deadline_ms, NULL, NULL), STATUS_OK);
        uplink_destroy(uplink);
    }
    assert_int_equal(test_server_call_count(s_server), 0); /* it speaks no TLS */
}
#endif

static void each_file_is_read(void **state)
{
    (void)state;
    struct settings_temporal settings = base_settings();
    settings.tls_ca = s_missing;
    refused_with(&settings, "Temporal's TLS: no/such/file cannot be read: No such file or directory");
    settings = base_settings();
    settings.tls_certificate = s_pem;
    settings.tls_key = s_missing;
    refused_with(&settings, "Temporal's TLS: no/such/file cannot be read: No such file or directory");
    settings.tls_certificate = s_other_missing; /* the certificate is read first */
    refused_with(&settings, "Temporal's TLS: no/such/other cannot be read: No such file or directory");
    settings.tls_certificate = s_pem;
    settings.tls_key = NULL;
    refused_with(&settings, "a client certificate and its key go together");
    settings.tls_key = s_pem;
    settings.tls_certificate = NULL;
    refused_with(&settings, "a client certificate and its key go together");
    settings = base_settings();
    settings.api_key = s_api_key;
    settings.api_key_file = s_missing;
    refused_with(&settings, "no/such/file cannot be read: No such file or directory");
}

static void calls_are_counted_where_there_are_metrics(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct settings_temporal settings = base_settings();
    struct uplink *uplink = connect_with(&settings, metrics);
    struct buffer text;
    assert_int_equal(start(uplink), STATUS_INVALID_ARGUMENT);
    uplink_destroy(uplink);
    buffer_init(&text, METRICS_TEXT_MAX);
    metrics_write(metrics, &text);
    char *written = buffer_take(&text, NULL);
    assert_non_null(strstr(written, "temporal_request_total{operation=\"StartWorkflowExecution\"} 1\n"));
    free(written);
    metrics_destroy(metrics);
}

static void nothing_is_destroyed_without_harm(void **state)
{
    (void)state;
    uplink_destroy(NULL);
}

int main(void)
{
#define WITH_SERVER(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(address_and_namespace_are_those_of_the_settings),
        WITH_SERVER(without_keys_payloads_go_as_they_are),
        WITH_SERVER(the_first_key_encrypts),
        WITH_SERVER(each_key_of_the_codec_is_read),
#ifndef SPEAKS_NO_TLS
        WITH_SERVER(each_setting_that_implies_tls_is_passed),
#endif
        WITH_SERVER(each_file_is_read),
        WITH_SERVER(calls_are_counted_where_there_are_metrics),
        cmocka_unit_test(nothing_is_destroyed_without_harm),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}

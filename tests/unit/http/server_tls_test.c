/* TLS of server and client together: who is let in, what is refused, and how certificates change under way. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/queue.h"
#include "http/server.h"
#include "support.h"
#include "support_tls.h"

#define LONG_BODY ((size_t)3 << 20)

static struct test_identity s_ca;
static struct test_identity s_foreign_ca;
static struct test_identity s_server;
static struct http_tls *s_server_tls;
static struct http_server *s_http;
static int s_port;
static struct queue *s_kept;

static void greet(struct http_exchange *exchange, void *user)
{
    struct error error = {0};
    (void)user;
    enum status status = http_exchange_verify_client(exchange, &error);
    const char *text = status == STATUS_OK ? "known" : error.text;
    http_exchange_reply(exchange, 200, "text/plain", NULL, 0, text, strlen(text));
}

static void echo(struct http_exchange *exchange, void *user)
{
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    (void)user;
    http_exchange_reply(exchange, 200, "text/plain", NULL, 0, body, length);
}

static void keep(struct http_exchange *exchange, void *user)
{
    (void)user;
    assert_true(queue_push(s_kept, exchange));
}

static const struct http_route s_routes[] = {
    {.method = "GET", .path = "/who", .handler = greet},
    {.method = "POST", .path = "/echo", .handler = echo},
    {.method = "GET", .path = "/kept", .handler = keep},
    {.method = "POST", .path = "/short", .handler = echo, .max_body_bytes = 1000},
};

static struct http_tls *tls_of(const char *certificate, const char *key, const char *ca)
{
    struct http_tls *tls = NULL;
    struct error error = {0};
    const struct http_tls_files files = {.certificate = certificate != NULL ? test_path(certificate) : NULL,
                                         .key = key != NULL ? test_path(key) : NULL,
                                         .ca = ca != NULL ? test_path(ca) : NULL};
    enum status status = http_tls_new(&files, &tls, &error);
    if (status != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return tls;
}

static void write_identity(const char *name, enum test_role role, const struct test_identity *issuer)
{
    char file[64];
    struct test_identity identity = test_identity_make(role, name, issuer);
    (void)snprintf(file, sizeof file, "%s.pem", name);
    test_write_certificate(file, &identity);
    (void)snprintf(file, sizeof file, "%s.key", name);
    test_write_key(file, &identity);
    test_identity_free(&identity);
}

static int start(void **state)
{
    struct error error = {0};
    (void)state;
    test_folder_make();
    test_write_certificate("ca.pem", &s_ca);
    test_write_certificate("foreign-ca.pem", &s_foreign_ca);
    test_write_certificate("server.pem", &s_server);
    test_write_key("server.key", &s_server);
    write_identity("client", TEST_CLIENT, &s_ca);
    s_server_tls = tls_of("server.pem", "server.key", "ca.pem");
    const struct http_server_options options = {.listen = "127.0.0.1:0",
                                                .routes = s_routes,
                                                .route_count = sizeof s_routes / sizeof s_routes[0],
                                                .max_body_bytes = LONG_BODY,
                                                .tls = s_server_tls};
    s_kept = queue_new(16);
    if (http_server_start(&options, &s_http, &error) != STATUS_OK) {
        return -1;
    }
    s_port = http_server_port(s_http);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_server_destroy(s_http);
    http_tls_destroy(s_server_tls);
    queue_close(s_kept);
    queue_destroy(s_kept);
    test_folder_remove();
    return 0;
}

static int make(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN); /* as base/signals.h does in a service */
    s_ca = test_identity_make(TEST_CA, "test CA", NULL);
    s_foreign_ca = test_identity_make(TEST_CA, "foreign CA", NULL);
    s_server = test_identity_make(TEST_SERVER, "gateway.test", &s_ca);
    return 0;
}

static int discard(void **state)
{
    (void)state;
    test_identity_free(&s_ca);
    test_identity_free(&s_foreign_ca);
    test_identity_free(&s_server);
    return 0;
}

static char *https_url(const char *host, const char *path)
{
    return memory_format("https://%s:%d%s", host, s_port, path);
}

/* One call on a client of its own. */
static void call_alone(struct http_request request, const char *host, const char *path, struct answer *answer)
{
    struct test_client test;
    char *url = https_url(host, path);
    request.url = url;
    request.method = request.body_length > 0 ? "POST" : "GET";
    test_client_open(&test);
    test_client_call(&test, request, answer);
    test_client_close(&test);
    free(url);
}

/* What the server says of a client with these certificates. free() it. */
static char *who(const char *certificate, const char *key)
{
    struct answer answer = {0};
    struct http_tls *tls = tls_of(certificate, key, "ca.pem");
    call_alone((struct http_request){.tls = tls}, "127.0.0.1", "/who", &answer);
    assert_int_equal(answer.status, 200);
    char *text = memory_copy_string(answer.body);
    answer_clear(&answer);
    http_tls_destroy(tls);
    return text;
}

static void assert_who(const char *certificate, const char *key, const char *expected)
{
    char *text = who(certificate, key);
    if (strstr(text, expected) == NULL) {
        fail_msg("expected \"%s\" in: %s", expected, text);
    }
    free(text);
}

static void assert_unreachable(const char *host, const char *ca, const char *expected)
{
    struct answer answer = {0};
    struct http_tls *tls = ca != NULL ? tls_of(NULL, NULL, ca) : NULL;
    call_alone((struct http_request){.tls = tls}, host, "/who", &answer);
    assert_int_equal(answer.status, 0);
    assert_int_equal(answer.error.status, STATUS_UNAVAILABLE);
    if (strstr(answer.error.text, expected) == NULL) {
        fail_msg("expected \"%s\" in: %s", expected, answer.error.text);
    }
    answer_clear(&answer);
    http_tls_destroy(tls);
}

/* --- who is let in ------------------------------------------------------------------------------------------------ */

static void knows_a_client_by_its_certificate(void **state)
{
    (void)state;
    assert_who("client.pem", "client.key", "known");
}

static void says_why_a_client_is_not_known(void **state)
{
    (void)state;
    write_identity("stranger", TEST_CLIENT, &s_foreign_ca);
    write_identity("server-only", TEST_SERVER, &s_ca);
    assert_who(NULL, NULL, "the client has shown no certificate");
    assert_who("stranger.pem", "stranger.key", "the client's certificate is refused: ");
    assert_who("server-only.pem", "server-only.key", "the client's certificate is refused: ");
}

static void a_client_trusts_its_own_ca_and_no_other(void **state)
{
    (void)state;
    assert_unreachable("127.0.0.1", "foreign-ca.pem", "foreign-ca.pem)");
    assert_unreachable("127.0.0.1", NULL, "certificate");
}

static void a_client_wants_the_servers_name(void **state)
{
    (void)state;
    assert_unreachable("localhost", "ca.pem", "localhost");
}

/* --- what is refused before HTTP ---------------------------------------------------------------------------------- */

/* A GnuTLS client with a priority string of its own. The handshake's result. */
static int shake_hands(const char *priorities)
{
    gnutls_session_t session = NULL;
    gnutls_certificate_credentials_t credentials = NULL;
    int descriptor = raw_connect(s_port);
    assert_true(gnutls_certificate_allocate_credentials(&credentials) >= 0);
    assert_true(gnutls_init(&session, GNUTLS_CLIENT) >= 0);
    assert_true(gnutls_priority_set_direct(session, priorities, NULL) >= 0);
    assert_true(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials) >= 0);
    gnutls_transport_set_int(session, descriptor);
    int code = gnutls_handshake(session);
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(credentials);
    (void)close(descriptor);
    return code;
}

static void speaks_tls_1_2_and_1_3_and_nothing_older(void **state)
{
    (void)state;
    assert_int_equal(shake_hands("NORMAL:-VERS-ALL:+VERS-TLS1.3"), GNUTLS_E_SUCCESS);
    assert_int_equal(shake_hands("NORMAL:-VERS-ALL:+VERS-TLS1.2"), GNUTLS_E_SUCCESS);
    assert_true(shake_hands("NORMAL:-VERS-ALL:+VERS-TLS1.1") < 0);
    assert_true(shake_hands("NORMAL:-VERS-ALL:+VERS-TLS1.0") < 0);
    assert_true(shake_hands("NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA") < 0);
    assert_true(shake_hands("NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC") < 0);
}

static void plain_http_gets_no_http_answer(void **state)
{
    (void)state;
    char *answer = raw_talk(s_port, "GET /who HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_null(strstr(answer, "HTTP/"));
    free(answer);
    assert_who("client.pem", "client.key", "known");
}

static int64_t cpu_used_ms(void)
{
    struct timespec used;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

/* The server waits for them without work: microhttpd's epoll loop would use all of a CPU until they are closed. */
static void a_handshake_that_never_ends_blocks_nobody_and_is_ended(void **state)
{
    int silent[8];
    int64_t cpu_ms = cpu_used_ms();
    int64_t begin_ms = clock_monotonic_ms();
    (void)state;
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
        silent[i] = raw_connect(s_port);
        if (i % 2 == 0) {
            /* The first bytes of a ClientHello that announces more. */
            assert_int_equal(send(silent[i], "\x16\x03\x01\x01\x00\x01", 6, MSG_NOSIGNAL), 6);
        }
    }
    assert_who("client.pem", "client.key", "known");
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
        free(raw_receive_to_end(silent[i])); /* the server closes it, within its patience of 10 s */
        (void)close(silent[i]);
    }
    assert_true(cpu_used_ms() - cpu_ms < (clock_monotonic_ms() - begin_ms) / 4);
}

/* --- HTTP over it ------------------------------------------------------------------------------------------------- */

static void long_bodies_arrive_whole_both_ways(void **state)
{
    struct answer answer = {0};
    (void)state;
    char *body = memory_alloc(LONG_BODY);
    for (size_t i = 0; i < LONG_BODY; i++) {
        body[i] = (char)('a' + (i * 31 + i / 977) % 26);
    }
    struct http_tls *tls = tls_of("client.pem", "client.key", "ca.pem");
    call_alone((struct http_request){.tls = tls, .body = body, .body_length = LONG_BODY,
                                     .max_response_bytes = LONG_BODY},
               "127.0.0.1", "/echo", &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_length, LONG_BODY);
    assert_memory_equal(answer.body, body, LONG_BODY);
    answer_clear(&answer);
    http_tls_destroy(tls);
    free(body);
}

static void a_body_that_is_too_long_is_answered_413(void **state)
{
    struct answer answer = {0};
    (void)state;
    char body[2000] = {0};
    struct http_tls *tls = tls_of(NULL, NULL, "ca.pem");
    call_alone((struct http_request){.tls = tls, .body = body, .body_length = sizeof body}, "127.0.0.1", "/short",
               &answer);
    assert_int_equal(answer.status, 413);
    answer_clear(&answer);
    http_tls_destroy(tls);
}

static void an_answer_from_another_thread_arrives(void **state)
{
    struct test_client test;
    struct answer answer = {0};
    (void)state;
    struct http_tls *tls = tls_of(NULL, NULL, "ca.pem");
    char *url = https_url("127.0.0.1", "/kept");
    const struct http_request request = {
        .method = "GET", .url = url, .tls = tls, .deadline_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS};
    test_client_open(&test);
    assert_non_null(http_client_send(test.client, &request, answer_take, &answer));
    struct http_exchange *exchange = NULL;
    while (exchange == NULL) {
        loop_run_once(test.loop, 10);
        exchange = queue_pop(s_kept, 0);
    }
    http_exchange_reply(exchange, 200, "text/plain", NULL, 0, "late", 4);
    test_client_run(&test, &answer.done_count, 1);
    assert_string_equal(answer.body, "late");
    answer_clear(&answer);
    test_client_close(&test);
    free(url);
    http_tls_destroy(tls);
}

/* --- rotation ----------------------------------------------------------------------------------------------------- */

static void the_servers_new_certificate_is_shown_and_old_connections_end_with_an_answer(void **state)
{
    struct test_client test;
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    bool was_closed = false;
    (void)state;
    struct http_tls *old_trust = tls_of(NULL, NULL, "ca.pem");
    struct http_tls *new_trust = tls_of(NULL, NULL, "foreign-ca.pem");
    char *url = https_url("127.0.0.1", "/who");
    test_client_open(&test);
    struct answer answer = {.wanted_header = "connection"};
    test_client_call(&test, (struct http_request){.method = "GET", .url = url, .tls = old_trust}, &answer);
    assert_int_equal(answer.status, 200);
    assert_null(answer.header);
    answer_clear(&answer);

    write_identity("server", TEST_SERVER, &s_foreign_ca);
    while (!was_closed) { /* the kept connection goes on until its answer says that it ends */
        assert_true(clock_monotonic_ms() < end_ms);
        answer.wanted_header = "connection";
        test_client_call(&test, (struct http_request){.method = "GET", .url = url, .tls = old_trust}, &answer);
        assert_int_equal(answer.status, 200);
        was_closed = answer.header != NULL && strcasecmp(answer.header, "close") == 0;
        answer_clear(&answer);
    }
    test_client_call(&test, (struct http_request){.method = "GET", .url = url, .tls = old_trust}, &answer);
    assert_int_equal(answer.error.status, STATUS_UNAVAILABLE);
    answer_clear(&answer);
    test_client_call(&test, (struct http_request){.method = "GET", .url = url, .tls = new_trust}, &answer);
    assert_int_equal(answer.status, 200);
    answer_clear(&answer);
    test_client_close(&test);
    free(url);
    http_tls_destroy(old_trust);
    http_tls_destroy(new_trust);
}

static void a_clients_new_certificate_is_shown_on_a_new_connection(void **state)
{
    struct test_client test;
    struct answer answer = {0};
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    bool is_known = false;
    (void)state;
    write_identity("rotating", TEST_CLIENT, &s_foreign_ca);
    struct http_tls *tls = tls_of("rotating.pem", "rotating.key", "ca.pem");
    char *url = https_url("127.0.0.1", "/who");
    test_client_open(&test);
    test_client_call(&test, (struct http_request){.method = "GET", .url = url, .tls = tls}, &answer);
    assert_string_not_equal(answer.body, "known");
    answer_clear(&answer);
    write_identity("rotating", TEST_CLIENT, &s_ca);
    while (!is_known) {
        assert_true(clock_monotonic_ms() < end_ms);
        test_client_call(&test, (struct http_request){.method = "GET", .url = url, .tls = tls}, &answer);
        is_known = strcmp(answer.body, "known") == 0;
        answer_clear(&answer);
    }
    /* And with no TLS of its own the same call's memory trusts the system again, and shows nothing. */
    test_client_call(&test, (struct http_request){.method = "GET", .url = url}, &answer);
    assert_int_equal(answer.error.status, STATUS_UNAVAILABLE);
    answer_clear(&answer);
    test_client_close(&test);
    free(url);
    http_tls_destroy(tls);
}

/* The next call over the same memory verifies again, and does not use the connection that was not verified. */
static void only_the_service_itself_is_taken_at_its_word(void **state)
{
    struct test_client test;
    struct answer answer = {0};
    (void)state;
    char *url = https_url("127.0.0.1", "/who");
    test_client_open(&test);
    for (int i = 0; i < 2; i++) {
        test_client_call(&test, (struct http_request){.method = "GET", .url = url, .is_own_service = true}, &answer);
        assert_int_equal(answer.status, 200);
        answer_clear(&answer);
        test_client_call(&test, (struct http_request){.method = "GET", .url = url}, &answer);
        assert_int_equal(answer.status, 0);
        assert_int_equal(answer.error.status, STATUS_UNAVAILABLE);
        answer_clear(&answer);
    }
    test_client_close(&test);
    free(url);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(knows_a_client_by_its_certificate),
        TEST(says_why_a_client_is_not_known),
        TEST(a_client_trusts_its_own_ca_and_no_other),
        TEST(a_client_wants_the_servers_name),
        TEST(speaks_tls_1_2_and_1_3_and_nothing_older),
        TEST(plain_http_gets_no_http_answer),
        TEST(a_handshake_that_never_ends_blocks_nobody_and_is_ended),
        TEST(long_bodies_arrive_whole_both_ways),
        TEST(a_body_that_is_too_long_is_answered_413),
        TEST(an_answer_from_another_thread_arrives),
        TEST(the_servers_new_certificate_is_shown_and_old_connections_end_with_an_answer),
        TEST(a_clients_new_certificate_is_shown_on_a_new_connection),
        TEST(only_the_service_itself_is_taken_at_its_word),
    };
    return cmocka_run_group_tests(tests, make, discard);
}

/* `NAME healthcheck` against a server that says what the test wants. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "internal.h"

static const char *s_listen; /* what the service would listen on */
static bool s_is_ready;
static const char *s_problem; /* NULL: an answer that is no problem document */
static struct http_server *s_server;
static char s_place[64];
static char s_said[4096]; /* standard output and error of the last healthcheck */

static const char *admin_listen(const struct settings *settings)
{
    (void)settings;
    return s_listen;
}

static void handle_ready(struct http_exchange *exchange, void *user)
{
    (void)user;
    if (s_is_ready) {
        service_reply_text(exchange, "ok\n");
    } else if (s_problem != NULL) {
        service_reply_not_ready(exchange, s_problem);
    } else {
        http_exchange_reply(exchange, 500, "text/plain", NULL, 0, "?", 1);
    }
}

static void handle_live(struct http_exchange *exchange, void *user)
{
    (void)user;
    service_reply_text(exchange, "ok\n");
}

static int start(void **state)
{
    static const struct http_route routes[] = {
        {.method = "GET", .path = "/readyz", .handler = handle_ready},
        {.method = "GET", .path = "/livez", .handler = handle_live},
    };
    struct error error = {0};
    (void)state;
    if (chdir("/") != 0 || clearenv() != 0) {
        return -1;
    }
    (void)snprintf(s_place, sizeof s_place, "unix:@ferry-healthcheck-test-%d", (int)getpid());
    const struct http_server_options options = {.listen = s_place, .routes = routes, .route_count = 2};
    s_listen = s_place;
    return http_server_start(&options, &s_server, &error) == STATUS_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    http_server_destroy(s_server);
    return 0;
}

/* The exit code; what was printed is in s_said. */
static int ask(const char *option)
{
    const struct service_definition definition = {.name = "test", .summary = "", .admin_listen = admin_listen};
    char name[] = "healthcheck";
    char *word = memory_copy_string(option);
    char *const words[] = {name, word, NULL};
    FILE *said = tmpfile();
    assert_non_null(said);
    (void)fflush(NULL);
    int output = dup(1);
    int errors = dup(2);
    assert_true(dup2(fileno(said), 1) == 1 && dup2(fileno(said), 2) == 2);
    int code = service_healthcheck(&definition, option != NULL ? 2 : 1, words);
    (void)fflush(NULL);
    assert_true(dup2(output, 1) == 1 && dup2(errors, 2) == 2);
    (void)close(output);
    (void)close(errors);
    rewind(said);
    s_said[fread(s_said, 1, sizeof s_said - 1, said)] = '\0';
    (void)fclose(said);
    free(word);
    return code;
}

static void says_ready_and_where_it_asked(void **state)
{
    (void)state;
    s_is_ready = true;
    assert_int_equal(ask(NULL), 0);
    char *expected = memory_format("test: ready (%s/readyz)\n", s_place);
    assert_string_equal(s_said, expected);
    free(expected);
}

static void says_why_it_is_not_ready(void **state)
{
    (void)state;
    s_is_ready = false;
    s_problem = "the peer sleeps";
    assert_int_equal(ask(NULL), 1);
    char *expected = memory_format("test: not ready: the peer sleeps (%s/readyz answered 503)\n", s_place);
    assert_string_equal(s_said, expected);
    free(expected);
    s_problem = NULL;
    assert_int_equal(ask(NULL), 1);
    assert_non_null(strstr(s_said, "answered 500"));
}

static void lives_though_it_is_not_ready(void **state)
{
    (void)state;
    s_is_ready = false;
    s_problem = "the peer sleeps";
    assert_int_equal(ask("--live"), 0);
    char *expected = memory_format("test: alive (%s/livez)\n", s_place);
    assert_string_equal(s_said, expected);
    free(expected);
}

static void says_that_nobody_answers(void **state)
{
    (void)state;
    s_listen = "unix:@nobody-listens-on-this";
    assert_int_equal(ask(NULL), 1);
    assert_ptr_equal(strstr(s_said, "test: no answer from unix:@nobody-listens-on-this/readyz: "), s_said);
    s_listen = s_place;
}

static void tells_what_is_wrong_with_words_and_settings(void **state)
{
    (void)state;
    assert_int_equal(ask("--nonsense"), 2);
    assert_int_equal(ask("--check"), 2);
    assert_int_equal(ask("--config=/nowhere"), 2);
    assert_int_equal(ask("--help"), 0);
    assert_non_null(strstr(s_said, "--live"));
    assert_int_equal(ask("--version"), 0);
    assert_string_equal(s_said, "test " FERRY_VERSION "\n");
    s_listen = NULL;
    assert_int_equal(ask(NULL), 2);
    assert_non_null(strstr(s_said, "admin_listen is none"));
    s_listen = "127.0.0.1:0";
    assert_int_equal(ask(NULL), 2);
    s_listen = s_place;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_ready_and_where_it_asked),
        cmocka_unit_test(says_why_it_is_not_ready),
        cmocka_unit_test(lives_though_it_is_not_ready),
        cmocka_unit_test(says_that_nobody_answers),
        cmocka_unit_test(tells_what_is_wrong_with_words_and_settings),
    };
    return cmocka_run_group_tests(tests, start, stop);
}

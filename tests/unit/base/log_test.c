/* Tests of base/log.h: what stands in a line, read back from a pipe. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_scan.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"

#define TIME_SIZE (sizeof "{\"time\":\"2026-11-23T14:45:00.123Z\"" - 1)
#define READ_MAX ((size_t)1 << 20)

static int s_pipe[2];
static char s_read[READ_MAX];

static void configure(enum log_level level, enum log_format format)
{
    const struct log_options options = {
        .service = "test", .level = level, .format = format, .file_descriptor = s_pipe[1]};
    log_configure(&options);
}

static int open_pipe(void **state)
{
    (void)state;
    return pipe2(s_pipe, O_CLOEXEC) == 0 && fcntl(s_pipe[1], F_SETPIPE_SZ, 1 << 20) > 0 &&
                   fcntl(s_pipe[0], F_SETFL, O_NONBLOCK) == 0
               ? 0
               : -1;
}

static int close_pipe(void **state)
{
    (void)state;
    close(s_pipe[0]);
    close(s_pipe[1]);
    return 0;
}

/* What was written since the last call; one read gives all of it. */
static const char *written(void)
{
    ssize_t size = read(s_pipe[0], s_read, sizeof s_read - 1);
    s_read[size < 0 ? 0 : size] = '\0';
    return s_read;
}

static void json_lines_have_their_members_in_order(void **state)
{
    (void)state;
    configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    log_event(LOG_LEVEL_INFO, "message received", LOG_STRING("id", "a\"b\n"), LOG_INTEGER("count", -3),
              LOG_BOOLEAN("first", true), LOG_DOUBLE("ratio", 0.5), LOG_RAW_JSON("raw", "{\"x\":[1.00]}"),
              LOG_STRING("absent", NULL), LOG_DOUBLE("nothing", (double)NAN));
    const char *line = written();
    assert_string_equal(line + TIME_SIZE,
                        ",\"level\":\"info\",\"service\":\"test\",\"msg\":\"message received\",\"id\":\"a\\\"b\\n\","
                        "\"count\":-3,\"first\":true,\"ratio\":0.5,\"raw\":{\"x\":[1.00]},\"nothing\":null}\n");
    assert_true(json_scan_value(line, strlen(line), NULL));
}

static void text_lines_are_for_people(void **state)
{
    (void)state;
    configure(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
    log_event(LOG_LEVEL_WARN, "child ended", LOG_STRING("child", "poller.1"), LOG_INTEGER("pid", 12),
              LOG_STRING("reason", "two words"), LOG_STRING("empty", ""), LOG_RAW_JSON("raw", "[1]"));
    const char *line = written();
    assert_int_equal(line[4], '-');
    assert_string_equal(line + strlen("2026-11-23T14:45:00.123Z"),
                        " WARN  test: child ended child=poller.1 pid=12 reason=\"two words\" empty=\"\" raw=[1]\n");
    log_plain(LOG_LEVEL_ERROR, "plain");
    assert_string_equal(written() + strlen("2026-11-23T14:45:00.123Z"), " ERROR test: plain\n");
}

static void no_text_can_forge_a_line_or_a_field(void **state)
{
    (void)state;
    configure(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
    log_event(LOG_LEVEL_INFO, "m", LOG_STRING("a", "x\n2026 ERROR forged"), LOG_STRING("b", "1=2"),
              LOG_STRING("c", "\x1b[31m"));
    assert_string_equal(written() + strlen("2026-11-23T14:45:00.123Z"),
                        " INFO  test: m a=\"x\\n2026 ERROR forged\" b=\"1=2\" c=\"\\u001b[31m\"\n");
}

static void levels_below_the_configured_one_are_silent(void **state)
{
    (void)state;
    configure(LOG_LEVEL_WARN, LOG_FORMAT_JSON);
    assert_false(log_is_enabled(LOG_LEVEL_INFO));
    assert_true(log_is_enabled(LOG_LEVEL_WARN));
    log_plain(LOG_LEVEL_INFO, "no");
    log_event(LOG_LEVEL_DEBUG, "no", LOG_INTEGER("n", 1));
    assert_string_equal(written(), "");
    log_plain(LOG_LEVEL_ERROR, "yes");
    assert_string_not_equal(written(), "");
}

static void bytes_that_are_no_utf8_are_replaced(void **state)
{
    (void)state;
    configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    log_event(LOG_LEVEL_INFO, "m", LOG_STRING("a", "x\xFFy\xC3"));
    const char *line = written();
    assert_non_null(strstr(line, "\"a\":\"x\xEF\xBF\xBDy\xEF\xBF\xBD\""));
    assert_true(json_scan_value(line, strlen(line), NULL));
}

static void lines_too_long_have_their_long_fields_cut(void **state)
{
    (void)state;
    char *text = memory_alloc(200001);
    memset(text, '\x01', 200000); /* each byte needs six */
    char *raw = memory_alloc(200001);
    memset(raw, '1', 200000);
    static const enum log_format formats[] = {LOG_FORMAT_JSON, LOG_FORMAT_TEXT};
    for (size_t i = 0; i < 2; i++) {
        configure(LOG_LEVEL_INFO, formats[i]);
        log_event(LOG_LEVEL_INFO, "long", LOG_STRING("short", "kept"), LOG_STRING("long", text),
                  LOG_RAW_JSON("raw", raw), LOG_INTEGER("after", 5));
        const char *line = written();
        size_t length = strlen(line);
        assert_in_range(length, 1000, 65536);
        assert_int_equal(line[length - 1], '\n');
        assert_non_null(strstr(line, "kept"));
        assert_non_null(strstr(line, "after"));
        assert_non_null(strstr(line, "\xE2\x80\xA6"));
        assert_true(formats[i] == LOG_FORMAT_TEXT || json_scan_value(line, length, NULL));
    }
    free(raw);
    free(text);
}

static void errors_give_two_fields(void **state)
{
    (void)state;
    configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    struct error error;
    error_set(&error, STATUS_UNAVAILABLE, "no route to host");
    log_event(LOG_LEVEL_WARN, "forwarding failed", LOG_ERROR(&error));
    assert_non_null(strstr(written(), "\"error\":\"no route to host\",\"status\":\"unavailable\"}"));
}

static void write_many(void *argument)
{
    for (int i = 0; i < 200; i++) {
        log_event(LOG_LEVEL_INFO, "line", LOG_STRING("from", argument), LOG_INTEGER("i", i));
    }
}

static void lines_of_several_threads_do_not_mix(void **state)
{
    (void)state;
    configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    pthread_t threads[3];
    char name[] = "a thread";
    for (int i = 0; i < 3; i++) {
        assert_int_equal(thread_start(&threads[i], "writer", 0, write_many, name, NULL), STATUS_OK);
    }
    for (int i = 0; i < 3; i++) {
        thread_join(threads[i]);
    }
    int lines = 0;
    const char *line = written();
    for (; *line != '\0'; lines++) {
        size_t length = strcspn(line, "\n");
        assert_true(json_scan_value(line, length, NULL));
        line += length + 1;
    }
    assert_int_equal(lines, 600);
}

static void the_environment_sets_level_and_format(void **state)
{
    (void)state;
    struct log_options options = {.level = LOG_LEVEL_INFO, .format = LOG_FORMAT_JSON};
    unsetenv("LOG_LEVEL");
    setenv("LOG_FORMAT", "", 1);
    assert_int_equal(log_options_from_environment(&options, NULL), STATUS_OK);
    assert_int_equal(options.level, LOG_LEVEL_INFO);
    setenv("LOG_LEVEL", "DEBUG", 1);
    setenv("LOG_FORMAT", "text", 1);
    assert_int_equal(log_options_from_environment(&options, NULL), STATUS_OK);
    assert_int_equal(options.level, LOG_LEVEL_DEBUG);
    assert_int_equal(options.format, LOG_FORMAT_TEXT);
}

static void a_wrong_environment_is_refused_by_name(void **state)
{
    (void)state;
    struct log_options options = {.level = LOG_LEVEL_INFO, .format = LOG_FORMAT_JSON};
    struct error error;
    setenv("LOG_LEVEL", "warn", 1);
    setenv("LOG_FORMAT", "xml", 1);
    assert_int_equal(log_options_from_environment(&options, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "LOG_FORMAT: expected json or text, not \"xml\"");
    assert_int_equal(options.level, LOG_LEVEL_INFO); /* untouched, although LOG_LEVEL was fine */
    setenv("LOG_LEVEL", "loud", 1);
    assert_int_equal(log_options_from_environment(&options, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "LOG_LEVEL"));
    assert_non_null(strstr(error.text, "debug, info, warn or error"));
}

static void the_limiter_counts_what_it_holds_back(void **state)
{
    (void)state;
    struct log_limiter limiter = {0};
    int64_t suppressed = -1;
    assert_true(log_limiter_allows(&limiter, 3600000, &suppressed));
    assert_int_equal(suppressed, 0);
    assert_false(log_limiter_allows(&limiter, 3600000, &suppressed));
    assert_false(log_limiter_allows(&limiter, 3600000, &suppressed));
    assert_int_equal(suppressed, 0);
    limiter.next_ms = 0; /* the interval is over */
    assert_true(log_limiter_allows(&limiter, 3600000, &suppressed));
    assert_int_equal(suppressed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(json_lines_have_their_members_in_order, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(text_lines_are_for_people, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(no_text_can_forge_a_line_or_a_field, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(levels_below_the_configured_one_are_silent, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_utf8_are_replaced, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(lines_too_long_have_their_long_fields_cut, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(errors_give_two_fields, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(lines_of_several_threads_do_not_mix, open_pipe, close_pipe),
        cmocka_unit_test(the_environment_sets_level_and_format),
        cmocka_unit_test(a_wrong_environment_is_refused_by_name),
        cmocka_unit_test(the_limiter_counts_what_it_holds_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

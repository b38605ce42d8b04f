/* The life of a call, with faults that need an answer's very bytes: clock, budget of retries, broken answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sqs_call.h"
#include "support_source.h"

#define MINUTE_MS INT64_C(60000)
#define SKEW "{\"__type\":\"com.amazon.coral.service#InvalidSignatureException\",\"message\":\"Signature expired\"}"

static struct aws_credentials_provider *s_provider;
static struct sqs_client *s_client;
static char s_queue_url[128];

static struct outcome {
    int count;
    bool is_error;
    enum sqs_error_class class;
    enum status status;
    int http_status;
    size_t messages;
} s_outcome;

static int prepare(void **state)
{
    (void)source_prepare(state);
    struct aws_credentials credentials;
    aws_credentials_init(&credentials, "AKID", "secret", NULL, AWS_CREDENTIALS_NEVER_EXPIRE);
    s_provider = aws_credentials_provider_new_static(source_loop, &credentials);
    aws_credentials_deinit(&credentials);
    s_outcome = (struct outcome){0};
    return 0;
}

static int release(void **state)
{
    sqs_client_destroy(s_client);
    s_client = NULL;
    aws_credentials_provider_destroy(s_provider);
    return source_release(state);
}

static void make_client(const char *region)
{
    const struct sqs_client_options options = {
        .loop = source_loop, .http = source_http, .credentials = s_provider, .region = region};
    assert_int_equal(sqs_client_new(&options, &s_client, NULL), STATUS_OK);
}

static void start(const struct script_answer *answers, size_t count)
{
    source_script(answers, count);
    (void)snprintf(s_queue_url, sizeof s_queue_url, "%s", script_url("/1/q"));
    make_client("eu-test-1");
}

static void keep(const struct sqs_error *error)
{
    s_outcome.count++;
    s_outcome.is_error = error != NULL;
    if (error != NULL) {
        s_outcome.class = error->class;
        s_outcome.status = error->error.status;
        s_outcome.http_status = error->http_status;
    }
}

static void on_done(void *user, const struct sqs_error *error)
{
    (void)user;
    keep(error);
}

static void on_receive(void *user, const struct sqs_receive_result *result, const struct sqs_error *error)
{
    (void)user;
    keep(error);
    s_outcome.messages = result == NULL ? 0 : result->count;
}

static void run(void)
{
    int before = s_outcome.count;
    while (s_outcome.count == before) {
        loop_run_once(source_loop, 1000);
    }
}

static void delete_message(void)
{
    (void)sqs_client_delete_message(s_client, s_queue_url, "r", clock_monotonic_ms() + 30000, on_done, NULL);
    run();
}

static void receive_until(int64_t deadline_ms)
{
    const struct sqs_receive_request request = {
        .queue_url = s_queue_url, .max_messages = 10, .visibility_seconds = -1, .deadline_ms = deadline_ms};
    (void)sqs_client_receive_message(s_client, &request, on_receive, NULL);
    run();
}

static void receive(void)
{
    receive_until(clock_monotonic_ms() + 30000);
}

/* A Date header so far from our clock. Borrowed until the fourth call after. */
static const char *date_after(int64_t offset_ms, const char *more)
{
    static char texts[4][128];
    static size_t next;
    char *text = texts[next++ % 4];
    char date[64];
    time_t seconds = (time_t)((clock_wall_ms() + offset_ms) / 1000);
    struct tm parts;
    assert_non_null(gmtime_r(&seconds, &parts));
    (void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    (void)snprintf(text, sizeof texts[0], "Date: %s\r\n%s", date, more);
    return text;
}

/* By how much request `index` was signed ahead of our clock. */
static int64_t signed_ahead_ms(size_t index)
{
    const char *header = strcasestr(script_request(index)->head, "\r\nx-amz-date: ");
    struct tm parts = {0};
    assert_non_null(header);
    assert_non_null(strptime(header + strlen("\r\nx-amz-date: "), "%Y%m%dT%H%M%SZ", &parts));
    return (int64_t)timegm(&parts) * 1000 - clock_wall_ms();
}

static void assert_signed_ahead(size_t index, int64_t expected_ms)
{
    int64_t ahead_ms = signed_ahead_ms(index);
    assert_true(ahead_ms > expected_ms - MINUTE_MS && ahead_ms < expected_ms + MINUTE_MS);
}

/* behaviour 11: 10 minutes either way, one more try, and the offset stays */
static void a_clock_ten_minutes_off_is_corrected(void **state)
{
    (void)state;
    static const int64_t s_offsets_ms[] = {10 * MINUTE_MS, -10 * MINUTE_MS};
    for (size_t i = 0; i < 2; i++) {
        const char *date = date_after(s_offsets_ms[i], "");
        const struct script_answer answers[] = {{.status = 403, .headers = date, .body = SKEW},
                                                {.status = 200, .headers = date, .body = "{}"},
                                                {.status = 200, .headers = date, .body = "{}"}};
        start(answers, 3);
        delete_message();
        assert_false(s_outcome.is_error);
        assert_int_equal(script_count(), 2);
        assert_signed_ahead(0, 0);
        assert_signed_ahead(1, s_offsets_ms[i]);
        delete_message();
        assert_signed_ahead(2, s_offsets_ms[i]);
        (void)release(NULL);
        (void)prepare(NULL);
    }
}

/* behaviour 11 */
static void a_refusal_that_the_clock_does_not_explain_is_final(void **state)
{
    (void)state;
    static const struct {
        int64_t offset_ms;
        const char *more;
        bool has_date;
    } s_cases[] = {{2 * MINUTE_MS, "", true}, {10 * MINUTE_MS, "Age: 17280\r\n", true}, {0, "", false}};
    for (size_t i = 0; i < 3; i++) {
        const char *headers = s_cases[i].has_date ? date_after(s_cases[i].offset_ms, s_cases[i].more) : NULL;
        const struct script_answer answers[] = {{.status = 403, .headers = headers, .body = SKEW}};
        start(answers, 1);
        delete_message();
        assert_int_equal(s_outcome.class, SQS_ERROR_CREDENTIALS);
        assert_int_equal(script_count(), 1);
        (void)release(NULL);
        (void)prepare(NULL);
    }
}

/* behaviour 11: what every answer tells, holds for the next signature, error or not */
static void each_answer_tells_the_services_time(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .headers = date_after(10 * MINUTE_MS, ""), .body = "{}"},
                                            {.status = 200, .headers = date_after(0, ""), .body = "{}"},
                                            {.status = 200, .body = "{}"}};
    start(answers, 3);
    receive();
    receive();
    receive();
    assert_signed_ahead(0, 0);
    assert_signed_ahead(1, 10 * MINUTE_MS);
    assert_signed_ahead(2, 0);
}

/* behaviours 8 and 11: a receive that was refused has given out no message, and is made again at once */
static void a_receive_with_old_keys_or_a_wrong_clock_is_mended(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 403, .headers = date_after(10 * MINUTE_MS, ""), .body = SKEW},
                                            {.status = 403, .body = "{\"__type\":\"ExpiredTokenException\"}"},
                                            {.status = 200, .body = "{}"},
                                            {.status = 403, .body = "{\"__type\":\"ExpiredTokenException\"}"},
                                            {.status = 403, .body = "{\"__type\":\"ExpiredTokenException\"}"}};
    start(answers, 5);
    receive();
    assert_false(s_outcome.is_error);
    assert_int_equal(script_count(), 3);
    assert_int_equal(s_provider->generation, 2); /* loaded anew once */
    receive();
    assert_int_equal(s_outcome.class, SQS_ERROR_CREDENTIALS);
    assert_int_equal(script_count(), 5);
}

/* behaviour 3: the budget is spent, so the first failure is the last one */
static void without_budget_nothing_is_tried_again(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 503}, {.status = 200, .body = "{}"}, {.status = 503}};
    start(answers, 3);
    s_client->quota.tokens = RETRY_COST - 1;
    delete_message();
    assert_true(s_outcome.is_error);
    assert_int_equal(s_outcome.http_status, 503);
    assert_int_equal(script_count(), 1);
    delete_message();
    assert_false(s_outcome.is_error);
    assert_int_equal(s_client->quota.tokens, RETRY_COST);
}

/* behaviour 3: what a retry took comes back when it succeeds */
static void a_retry_that_succeeds_costs_nothing_in_the_end(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 500}, {.status = 503}, {.status = 200, .body = "{}"}};
    start(answers, 3);
    s_client->quota.tokens = 100;
    delete_message();
    assert_false(s_outcome.is_error);
    assert_int_equal(s_client->quota.tokens, 100 - RETRY_COST);
}

/* behaviour 3: a loop of receives cannot spin on a service that is down */
static void a_receive_without_budget_is_told_late(void **state)
{
    (void)state;
    const struct script_answer answers[] = {
        {.status = 503}, {.status = 503, .headers = "x-amz-retry-after: 300\r\n"}, {.status = 200, .body = "{}"}};
    start(answers, 3);
    receive();
    assert_int_equal(s_client->quota.tokens, RETRY_QUOTA_TOKENS - RETRY_COST); /* told at once: the caller's own pace */
    s_client->quota.tokens = 0;
    const struct sqs_receive_request request = {
        .queue_url = s_queue_url, .max_messages = 1, .visibility_seconds = -1, .deadline_ms = INT64_MAX / 2};
    struct sqs_call *call = sqs_client_receive_message(s_client, &request, on_receive, NULL);
    int64_t started_ms = clock_monotonic_ms();
    while (!loop_timer_is_running(&call->timer)) {
        loop_run_once(source_loop, 1000);
    }
    assert_int_equal(s_outcome.count, 1);
    assert_true(call->timer.due_ms >= started_ms + 300); /* answered, and not told before that */
    run();
    assert_int_equal(s_outcome.class, SQS_ERROR_TRANSIENT);
    assert_int_equal(s_client->receive_failures, 2);
    receive();
    assert_false(s_outcome.is_error);
    assert_int_equal(s_client->receive_failures, 0);
    assert_int_equal(s_client->quota.tokens, 1);
}

/* behaviours 1 and 2: a connection that breaks, and an answer that never comes */
static void a_receive_outlives_what_happens_to_its_connection(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 0}, {.is_silent = true}, {.status = 200, .body = "{}"}};
    start(answers, 3);
    receive();
    assert_int_equal(s_outcome.class, SQS_ERROR_TRANSIENT);
    assert_int_equal(s_outcome.status, STATUS_UNAVAILABLE);
    receive_until(clock_monotonic_ms() + 200);
    assert_int_equal(s_outcome.class, SQS_ERROR_TRANSIENT);
    assert_int_equal(s_outcome.status, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(s_client->quota.tokens, RETRY_QUOTA_TOKENS - RETRY_COST - RETRY_COST_TIMEOUT);
    receive();
    assert_false(s_outcome.is_error);
}

/* behaviour 1: a name that nobody knows, and a peer that speaks no TLS */
static void a_receive_that_reaches_nobody_is_transient(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 0}};
    start(answers, 1);
    (void)snprintf(s_queue_url, sizeof s_queue_url, "https://127.0.0.1:%d/1/q", script_port());
    receive();
    assert_int_equal(s_outcome.class, SQS_ERROR_TRANSIENT);
    (void)snprintf(s_queue_url, sizeof s_queue_url, "http://nobody.invalid/1/q");
    receive();
    assert_int_equal(s_outcome.class, SQS_ERROR_TRANSIENT);
    (void)snprintf(s_queue_url, sizeof s_queue_url, "http://127.0.0.1:1/1/q");
    receive();
    assert_int_equal(s_outcome.class, SQS_ERROR_TRANSIENT);
    assert_int_equal(s_outcome.status, STATUS_UNAVAILABLE);
}

/* behaviour 5 */
static void every_shape_of_nothing_is_no_message(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .body = "{}"},
                                            {.status = 200, .body = "{\"Messages\":[]}"},
                                            {.status = 200, .body = "{\"Messages\":null}"}};
    start(answers, 3);
    for (int i = 0; i < 3; i++) {
        receive();
        assert_false(s_outcome.is_error);
        assert_int_equal(s_outcome.messages, 0);
    }
}

/* behaviour 6 */
static void what_is_no_answer_is_transient(void **state)
{
    (void)state;
    const struct script_answer answers[] = {
        {.status = 200, .body = "{\"Messages\":[{"},
        {.status = 500, .headers = "Content-Type: text/html\r\n", .body = "<html>500</html>"},
        {.status = 200, .headers = "Content-Encoding: gzip\r\n", .body = "\x1f\x8b\x08"},
        {.status = 200, .body = ""},
        {.status = 200, .body = "[]"}};
    start(answers, 5);
    for (int i = 0; i < 5; i++) {
        receive();
        assert_true(s_outcome.is_error);
        assert_int_equal(s_outcome.class, SQS_ERROR_TRANSIENT);
    }
}

/* Where a call for this queue would go, and the region that it is signed for. */
static void expect_target(const char *queue_url, const char *host, const char *region)
{
    struct sqs_call *call =
        sqs_client_delete_message(s_client, queue_url, "r", clock_monotonic_ms() + 30000, on_done, NULL);
    assert_string_equal(call->endpoint.host, host);
    assert_string_equal(call->region, region);
    sqs_call_cancel(call);
}

static void a_queue_urls_own_region_counts_where_it_is_called(void **state)
{
    (void)state;
    source_set("AWS_REGION", "us-east-1");
    make_client(NULL);
    expect_target("https://sqs.eu-west-1.amazonaws.com/1/q", "sqs.eu-west-1.amazonaws.com", "eu-west-1");
    expect_target("http://127.0.0.1:9/1/q", "127.0.0.1:9", "us-east-1");
    sqs_client_destroy(s_client);
    make_client("eu-south-1");
    expect_target("https://sqs.eu-west-1.amazonaws.com/1/q", "sqs.eu-west-1.amazonaws.com", "eu-south-1");
    sqs_client_destroy(s_client);
    source_set("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:8");
    make_client(NULL);
    expect_target("https://sqs.eu-west-1.amazonaws.com/1/q", "127.0.0.1:8", "us-east-1");
}

static void a_variant_takes_the_place_of_awss_own_hosts_only(void **state)
{
    (void)state;
    source_set("AWS_USE_FIPS_ENDPOINT", "true");
    source_set("AWS_REGION", "us-east-1");
    make_client(NULL);
    expect_target("https://sqs.us-west-2.amazonaws.com/1/q", "sqs-fips.us-west-2.amazonaws.com", "us-west-2");
    expect_target("https://vpce-1.sqs.us-west-2.vpce.amazonaws.com/1/q", "vpce-1.sqs.us-west-2.vpce.amazonaws.com",
                  "us-west-2");
    expect_target("http://127.0.0.1:9/1/q", "127.0.0.1:9", "us-east-1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_clock_ten_minutes_off_is_corrected),
        TEST(a_refusal_that_the_clock_does_not_explain_is_final),
        TEST(each_answer_tells_the_services_time),
        TEST(a_receive_with_old_keys_or_a_wrong_clock_is_mended),
        TEST(without_budget_nothing_is_tried_again),
        TEST(a_retry_that_succeeds_costs_nothing_in_the_end),
        TEST(a_receive_without_budget_is_told_late),
        TEST(a_receive_outlives_what_happens_to_its_connection),
        TEST(a_receive_that_reaches_nobody_is_transient),
        TEST(every_shape_of_nothing_is_no_message),
        TEST(what_is_no_answer_is_transient),
        TEST(a_queue_urls_own_region_counts_where_it_is_called),
        TEST(a_variant_takes_the_place_of_awss_own_hosts_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

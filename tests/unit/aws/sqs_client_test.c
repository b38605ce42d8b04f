/* The client against a scripted server: what it sends, what it makes of each kind of answer, when it tries again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "aws/sqs_client.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "support.h"
#include "support_server.h"

#define QUEUE "/000000000000/q.fifo"

static struct loop *s_loop;
static struct http_client *s_http;
static struct aws_credentials_provider *s_provider;
static struct sqs_client *s_client;
static char s_queue_url[128];

/* The test's clock. */
static int64_t s_clock_lag_ms;
static int64_t slow_wall_ms(void)
{
    return clock_wall_ms() - s_clock_lag_ms;
}

/* What the last done brought. */
static struct outcome {
    int count;
    bool is_error;
    enum sqs_error_class class;
    enum status status;
    int http_status;
    char code[64];
    char text[ERROR_TEXT_SIZE];
    size_t entries;
    bool is_entry_ok[SQS_BATCH_MAX];
    enum sqs_error_class entry_class[SQS_BATCH_MAX];
    char value[128];
    struct sqs_message *message;
} s_outcome;

static int prepare(void **state)
{
    (void)state;
    support_clear_environment();
    s_outcome = (struct outcome){0};
    s_clock_lag_ms = 0;
    s_loop = loop_new();
    const struct http_client_options options = {0};
    assert_int_equal(http_client_new(s_loop, &options, &s_http, NULL), STATUS_OK);
    struct aws_credentials credentials;
    aws_credentials_init(&credentials, FAKE_ACCESS_KEY, FAKE_SECRET, "token-1", AWS_CREDENTIALS_NEVER_EXPIRE);
    s_provider = aws_credentials_provider_new_static(s_loop, &credentials);
    aws_credentials_deinit(&credentials);
    return 0;
}

static void start_client(int port)
{
    (void)snprintf(s_queue_url, sizeof s_queue_url, "http://127.0.0.1:%d" QUEUE, port);
    const struct sqs_client_options options = {.loop = s_loop,
                                               .http = s_http,
                                               .credentials = s_provider,
                                               .region = FAKE_REGION,
                                               .wall_ms = slow_wall_ms};
    assert_int_equal(sqs_client_new(&options, &s_client, NULL), STATUS_OK);
}

static void start(const struct fake_answer *answers, size_t count)
{
    fake_server_start(answers, count);
    start_client(fake_server_port());
}

static int release(void **state)
{
    (void)state;
    sqs_client_destroy(s_client);
    s_client = NULL;
    aws_credentials_provider_destroy(s_provider);
    http_client_destroy(s_http);
    loop_destroy(s_loop);
    sqs_message_destroy(s_outcome.message);
    support_remove_home();
    return 0;
}

static int release_server(void **state)
{
    (void)release(state);
    fake_server_stop();
    return 0;
}

static void keep_error(const struct sqs_error *error)
{
    s_outcome.count++;
    s_outcome.is_error = error != NULL;
    if (error != NULL) {
        s_outcome.class = error->class;
        s_outcome.status = error->error.status;
        s_outcome.http_status = error->http_status;
        (void)snprintf(s_outcome.code, sizeof s_outcome.code, "%s", error->code);
        (void)snprintf(s_outcome.text, sizeof s_outcome.text, "%s", error->error.text);
    }
}

static void on_receive(void *user, const struct sqs_receive_result *result, const struct sqs_error *error)
{
    (void)user;
    keep_error(error);
    if (result != NULL) {
        s_outcome.entries = result->count;
        s_outcome.message = result->count == 0 ? NULL : sqs_receive_result_take(result, 0);
    }
}

static void on_done(void *user, const struct sqs_error *error)
{
    (void)user;
    keep_error(error);
}

static void on_batch(void *user, const struct sqs_batch_result *result, const struct sqs_error *error)
{
    (void)user;
    keep_error(error);
    for (size_t i = 0; result != NULL && i < result->count; i++) {
        s_outcome.is_entry_ok[i] = result->entries[i].is_ok;
        s_outcome.entry_class[i] = result->entries[i].class;
        s_outcome.entries = result->count;
    }
}

static void on_send(void *user, const struct sqs_entry_result *result, const struct sqs_error *error)
{
    (void)user;
    keep_error(error);
    if (result != NULL) {
        (void)snprintf(s_outcome.value, sizeof s_outcome.value, "%s/%s", result->message_id, result->sequence_number);
    }
}

static void on_attributes(void *user, const struct sqs_attributes_result *result, const struct sqs_error *error)
{
    (void)user;
    keep_error(error);
    if (result != NULL) {
        (void)snprintf(s_outcome.value, sizeof s_outcome.value, "%s", sqs_attributes_get(result, "QueueArn"));
    }
}

static void on_queue_url(void *user, const char *queue_url, const struct sqs_error *error)
{
    (void)user;
    keep_error(error);
    if (queue_url != NULL) {
        (void)snprintf(s_outcome.value, sizeof s_outcome.value, "%s", queue_url);
    }
}

static void wait_for(int count)
{
    assert_true(s_outcome.count < count); /* never inside the call */
    while (s_outcome.count < count) {
        loop_run_once(s_loop, 1000);
    }
}

static int64_t soon(void)
{
    return clock_monotonic_ms() + 30000;
}

static void receive(int count)
{
    const struct sqs_receive_request request = {.queue_url = s_queue_url,
                                                .max_messages = 10,
                                                .wait_seconds = 0,
                                                .visibility_seconds = 60,
                                                .attempt_id = "attempt-1",
                                                .deadline_ms = soon()};
    (void)sqs_client_receive_message(s_client, &request, on_receive, NULL);
    wait_for(count);
}

static void a_message_is_received_by_a_signed_request(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {
        {.status = 200,
         .body = "{\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"x\","
                 "\"MD5OfBody\":\"9dd4e461268c8034f5c8564e155c67a6\"}]}"}};
    start(answers, 1);
    receive(1);
    assert_false(s_outcome.is_error);
    assert_int_equal(s_outcome.entries, 1);
    assert_string_equal(s_outcome.message->message_id, "m");
    assert_false(s_outcome.message->is_damaged);
    const struct fake_request *request = fake_server_request(0);
    assert_true(request->is_signature_right);
    assert_string_equal(request->target, "AmazonSQS.ReceiveMessage");
    assert_string_equal(request->content_type, "application/x-amz-json-1.0");
    assert_string_equal(request->query_mode, "true");
    assert_string_equal(request->token, "token-1");
    assert_non_null(strstr(request->body, s_queue_url));
    assert_non_null(strstr(request->body, "\"ReceiveRequestAttemptId\":\"attempt-1\""));
}

static void receive_is_not_repeated_inside(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {{.status = 503, .body = "{}"},
                                          {.status = 200, .body = "{\"Messages\":[{\"MessageId\":"},
                                          {.status = 400, .body = "{\"__type\":\"a.sqs#RequestThrottled\"}"}};
    start(answers, 3);
    receive(1);
    assert_true(s_outcome.is_error);
    assert_int_equal(s_outcome.class, SQS_ERROR_TRANSIENT);
    assert_int_equal(s_outcome.http_status, 503);
    receive(2);
    assert_int_equal(s_outcome.class, SQS_ERROR_TRANSIENT); /* truncated */
    assert_int_equal(s_outcome.status, STATUS_MALFORMED);
    receive(3);
    assert_int_equal(s_outcome.class, SQS_ERROR_THROTTLED);
    assert_string_equal(s_outcome.code, "RequestThrottled");
    assert_int_equal(fake_server_count(), 3);
}

static void a_delete_outlives_a_failure_and_a_throttling(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {
        {.status = 500, .body = "<html><body>Internal Server Error</body></html>"},
        {.status = 400, .body = "{\"__type\":\"ThrottlingException\",\"message\":\"slow\"}",
         .header_name = "x-amz-retry-after", .header_value = "1"},
        {.status = 200, .body = ""}};
    start(answers, 3);
    (void)sqs_client_delete_message(s_client, s_queue_url, "r1", soon(), on_done, NULL);
    wait_for(1);
    assert_false(s_outcome.is_error);
    assert_int_equal(fake_server_count(), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(fake_server_request(i)->is_signature_right);
        assert_non_null(strstr(fake_server_request(i)->body, "\"r1\""));
    }
}

static void after_three_attempts_the_last_error_is_told(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {{.status = 500, .body = ""},
                                          {.status = 502, .body = ""},
                                          {.status = 503, .body = ""},
                                          {.status = 200, .body = "{}"}};
    start(answers, 4);
    (void)sqs_client_change_visibility(s_client, s_queue_url, "r1", 0, soon(), on_done, NULL);
    wait_for(1);
    assert_true(s_outcome.is_error);
    assert_int_equal(s_outcome.http_status, 503);
    assert_int_equal(s_outcome.class, SQS_ERROR_TRANSIENT);
    assert_int_equal(fake_server_count(), 3);
}

static void no_pause_goes_beyond_the_deadline(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {
        {.status = 503, .body = "", .header_name = "retry-after", .header_value = "5"}, {.status = 200, .body = "{}"}};
    start(answers, 2);
    (void)sqs_client_delete_message(s_client, s_queue_url, "r1", clock_monotonic_ms() + 2000, on_done, NULL);
    wait_for(1);
    assert_true(s_outcome.is_error);
    assert_int_equal(s_outcome.http_status, 503);
    assert_int_equal(fake_server_count(), 1);
}

static void what_fails_again_is_not_repeated(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {
        {.status = 400, .body = "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"m\"}",
         .header_name = "x-amzn-query-error", .header_value = "AWS.SimpleQueueService.NonExistentQueue;Sender"},
        {.status = 404, .body = "{\"__type\":\"com.amazonaws.sqs#ReceiptHandleIsInvalid\",\"message\":\"r1\"}"},
        {.status = 403, .body = "{\"__type\":\"com.amazonaws.sqs#AccessDeniedException\",\"Message\":\"no\"}"}};
    start(answers, 3);
    (void)sqs_client_delete_message(s_client, s_queue_url, "r1", soon(), on_done, NULL);
    wait_for(1);
    assert_int_equal(s_outcome.class, SQS_ERROR_MISSING_QUEUE);
    (void)sqs_client_delete_message(s_client, s_queue_url, "r1", soon(), on_done, NULL);
    wait_for(2);
    assert_int_equal(s_outcome.class, SQS_ERROR_HANDLE);
    assert_null(strstr(s_outcome.text, "r1"));
    (void)sqs_client_delete_message(s_client, s_queue_url, "r1", soon(), on_done, NULL);
    wait_for(3);
    assert_int_equal(s_outcome.class, SQS_ERROR_CREDENTIALS);
    assert_int_equal(s_outcome.status, STATUS_PERMISSION_DENIED);
    assert_int_equal(fake_server_count(), 3);
}

static void a_mixed_batch_reaches_each_entry(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {
        {.status = 200,
         .body = "{\"Successful\":[{\"Id\":\"0\"},{\"Id\":\"99\"}],\"Failed\":[{\"Id\":\"1\",\"SenderFault\":true,"
                 "\"Code\":\"ReceiptHandleIsInvalid\"}]}"},
        {.status = 200, .body = "{\"Successful\":[{\"Id\":\"1\"},{\"Id\":\"0\"}]}"}};
    start(answers, 2);
    const char *const handles[] = {"a", "b", "c"};
    (void)sqs_client_delete_message_batch(s_client, s_queue_url, handles, 3, soon(), on_batch, NULL);
    wait_for(1);
    assert_false(s_outcome.is_error);
    assert_int_equal(s_outcome.entries, 3);
    assert_true(s_outcome.is_entry_ok[0]);
    assert_false(s_outcome.is_entry_ok[1]);
    assert_int_equal(s_outcome.entry_class[1], SQS_ERROR_HANDLE);
    assert_false(s_outcome.is_entry_ok[2]);
    assert_int_equal(s_outcome.entry_class[2], SQS_ERROR_TRANSIENT);
    const struct sqs_visibility_entry entries[] = {{"a", 60}, {"b", 60}};
    (void)sqs_client_change_visibility_batch(s_client, s_queue_url, entries, 2, soon(), on_batch, NULL);
    wait_for(2);
    assert_true(s_outcome.is_entry_ok[0] && s_outcome.is_entry_ok[1]);
    assert_string_equal(fake_server_request(1)->target, "AmazonSQS.ChangeMessageVisibilityBatch");
}

static void sending_and_queues_answer_what_they_made(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {
        {.status = 200, .body = "{\"MessageId\":\"m\",\"SequenceNumber\":\"7\"}"},
        {.status = 200, .body = "{\"Successful\":[{\"Id\":\"0\",\"MessageId\":\"m\"}],\"Failed\":[]}"},
        {.status = 200, .body = "{\"Attributes\":{\"QueueArn\":\"arn:q\"}}"}};
    start(answers, 3);
    const struct sqs_send_entry entry = {
        .body = "x", .body_length = 1, .group_id = "g", .deduplication_id = "d", .delay_seconds = -1};
    (void)sqs_client_send_message(s_client, s_queue_url, &entry, soon(), on_send, NULL);
    wait_for(1);
    assert_string_equal(s_outcome.value, "m/7");
    (void)sqs_client_send_message_batch(s_client, s_queue_url, &entry, 1, soon(), on_batch, NULL);
    wait_for(2);
    assert_true(s_outcome.is_entry_ok[0]);
    (void)sqs_client_get_queue_attributes(s_client, s_queue_url, soon(), on_attributes, NULL);
    wait_for(3);
    assert_string_equal(s_outcome.value, "arn:q");
}

static void queues_are_made_and_found_at_the_endpoint(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {{.status = 200, .body = "{\"QueueUrl\":\"http://h/1/q\"}"},
                                          {.status = 200, .body = "{\"QueueUrl\":\"http://h/1/q\"}"},
                                          {.status = 200, .body = "{}"}};
    fake_server_start(answers, 3);
    char endpoint[64];
    (void)snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", fake_server_port());
    assert_int_equal(setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("AWS_ENDPOINT_URL_SQS", endpoint, 1), 0);
    start_client(1);
    const struct sqs_queue_attribute attribute = {"FifoQueue", "true"};
    (void)sqs_client_create_queue(s_client, "q.fifo", &attribute, 1, soon(), on_queue_url, NULL);
    wait_for(1);
    assert_string_equal(s_outcome.value, "http://h/1/q");
    (void)sqs_client_get_queue_url(s_client, "q.fifo", soon(), on_queue_url, NULL);
    wait_for(2);
    assert_string_equal(s_outcome.value, "http://h/1/q");
    /* a queue URL with a host that leads nowhere: the endpoint is asked, the URL stays as it was configured */
    (void)sqs_client_delete_message(s_client, "http://unreachable.invalid/1/q", "r", soon(), on_done, NULL);
    wait_for(3);
    assert_false(s_outcome.is_error);
    assert_non_null(strstr(fake_server_request(2)->body, "\"http://unreachable.invalid/1/q\""));
    assert_true(fake_server_request(2)->is_signature_right);
}

static void a_slow_clock_is_corrected_once(void **state)
{
    (void)state;
    const char *skew = "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired\"}";
    const struct fake_answer answers[] = {
        {.status = 403, .body = skew}, /* the server adds the Date */
        {.status = 200, .body = "{}"},
        {.status = 403, .body = skew},
    };
    s_clock_lag_ms = 3600 * 1000;
    start(answers, 3);
    (void)sqs_client_delete_message(s_client, s_queue_url, "r1", soon(), on_done, NULL);
    wait_for(1);
    assert_false(s_outcome.is_error);
    char late_text[CLOCK_BASIC_SIZE];
    clock_format_basic(clock_wall_ms() - s_clock_lag_ms / 2, late_text);
    assert_true(strcmp(fake_server_request(0)->date, late_text) < 0);
    assert_true(strcmp(fake_server_request(1)->date, late_text) > 0);
    /* the clock is right now: the same refusal is no longer the clock's fault */
    (void)sqs_client_delete_message(s_client, s_queue_url, "r1", soon(), on_done, NULL);
    wait_for(2);
    assert_int_equal(s_outcome.class, SQS_ERROR_CREDENTIALS);
    assert_int_equal(fake_server_count(), 3);
}

static void on_credentials_loaded(void *user, const struct aws_credentials *credentials, const struct error *error)
{
    assert_null(error);
    assert_non_null(credentials);
    *(bool *)user = true;
}

static void expired_keys_are_loaded_anew_once(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {
        {.status = 403, .body = "{\"__type\":\"com.amazon.coral.service#ExpiredTokenException\",\"message\":\"old\"}"},
        {.status = 403, .body = "{\"__type\":\"com.amazon.coral.service#ExpiredTokenException\",\"message\":\"old\"}"}};
    aws_credentials_provider_destroy(s_provider);
    s_provider = aws_credentials_provider_new_environment(s_loop);
    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", FAKE_ACCESS_KEY, 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", FAKE_SECRET, 1), 0);
    assert_int_equal(setenv("AWS_SESSION_TOKEN", "token-1", 1), 0);
    start(answers, 2);
    struct aws_credentials_request request = {0};
    bool is_loaded = false;
    aws_credentials_provider_get(s_provider, &request, on_credentials_loaded, &is_loaded);
    while (!is_loaded) {
        loop_run_once(s_loop, 1000);
    }
    assert_int_equal(setenv("AWS_SESSION_TOKEN", "token-2", 1), 0);
    (void)sqs_client_delete_message(s_client, s_queue_url, "r1", soon(), on_done, NULL);
    wait_for(1);
    assert_int_equal(s_outcome.class, SQS_ERROR_CREDENTIALS);
    assert_string_equal(s_outcome.code, "ExpiredTokenException");
    assert_int_equal(fake_server_count(), 2);
    assert_string_equal(fake_server_request(0)->token, "token-1");
    assert_string_equal(fake_server_request(1)->token, "token-2");
}

static void without_credentials_nothing_is_sent(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {{.status = 200, .body = "{}"}};
    aws_credentials_provider_destroy(s_provider);
    s_provider = aws_credentials_provider_new_default(s_loop, s_http);
    start(answers, 1);
    receive(1);
    assert_int_equal(s_outcome.class, SQS_ERROR_CREDENTIALS);
    assert_non_null(strstr(s_outcome.text, "no AWS credentials"));
    assert_int_equal(fake_server_count(), 0);
}

static void a_request_that_cannot_be_made_ends_later(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {{.status = 200, .body = "{}"}};
    start(answers, 1);
    const struct sqs_send_entry entry = {.body = "\xff\xfe", .body_length = 2, .delay_seconds = -1};
    (void)sqs_client_send_message(s_client, s_queue_url, &entry, soon(), on_send, NULL);
    wait_for(1);
    assert_int_equal(s_outcome.class, SQS_ERROR_FINAL);
    (void)sqs_client_delete_message(s_client, "no-url", "r", soon(), on_done, NULL);
    wait_for(2);
    assert_int_equal(s_outcome.class, SQS_ERROR_FINAL);
    assert_int_equal(fake_server_count(), 0);
}

static void a_silent_server_ends_at_the_deadline(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {{.is_held = true}};
    start(answers, 1);
    const struct sqs_receive_request request = {.queue_url = s_queue_url,
                                                .max_messages = 1,
                                                .visibility_seconds = -1,
                                                .deadline_ms = clock_monotonic_ms() + 200};
    (void)sqs_client_receive_message(s_client, &request, on_receive, NULL);
    wait_for(1);
    assert_int_equal(s_outcome.class, SQS_ERROR_TRANSIENT);
    assert_int_equal(s_outcome.status, STATUS_DEADLINE_EXCEEDED);
}

static void canceling_is_silent_and_destroying_is_not(void **state)
{
    (void)state;
    const struct fake_answer answers[] = {{.is_held = true}, {.is_held = true}};
    start(answers, 2);
    struct sqs_call *call = sqs_client_delete_message(s_client, s_queue_url, "r1", soon(), on_done, NULL);
    (void)sqs_client_delete_message(s_client, s_queue_url, "r2", soon(), on_done, NULL);
    while (fake_server_count() < 2) {
        loop_run_once(s_loop, 1);
    }
    sqs_call_cancel(call);
    assert_int_equal(s_outcome.count, 0);
    sqs_client_destroy(s_client);
    s_client = NULL;
    assert_int_equal(s_outcome.count, 1);
    assert_int_equal(s_outcome.status, STATUS_CANCELED);
}

/* Accepts once, sends the beginning of an answer, hangs up. */
static void hang_up_in_the_middle(void *argument)
{
    int listener = *(int *)argument;
    int connection = accept(listener, NULL, NULL);
    char request[4096];
    (void)!read(connection, request, sizeof request);
    static const char s_start[] = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"Messages\":[";
    (void)!write(connection, s_start, sizeof s_start - 1);
    (void)close(connection);
}

static void an_answer_that_breaks_off_is_transient(void **state)
{
    (void)state;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    pthread_t thread;
    assert_int_equal(thread_start(&thread, "broken-server", 0, hang_up_in_the_middle, &listener, NULL), STATUS_OK);
    start_client(ntohs(address.sin_port));
    receive(1);
    thread_join(thread);
    (void)close(listener);
    assert_true(s_outcome.is_error);
    assert_int_equal(s_outcome.class, SQS_ERROR_TRANSIENT);
    assert_int_equal(s_outcome.status, STATUS_UNAVAILABLE);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    struct sqs_client_options options = {
        .loop = s_loop, .http = s_http, .credentials = s_provider, .region = FAKE_REGION, .endpoint = "localhost:4566"};
    struct error error = {0};
    assert_int_equal(sqs_client_new(&options, &s_client, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "localhost:4566"));
    options.endpoint = "http://localhost:4566/sqs";
    assert_int_equal(sqs_client_new(&options, &s_client, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "path"));
    options.endpoint = NULL;
    options.region = "no region";
    assert_int_equal(sqs_client_new(&options, &s_client, &error), STATUS_INVALID_ARGUMENT);
    assert_null(s_client);
}

#define WITH_SERVER(name) cmocka_unit_test_setup_teardown(name, prepare, release_server)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_message_is_received_by_a_signed_request),
        WITH_SERVER(receive_is_not_repeated_inside),
        WITH_SERVER(a_delete_outlives_a_failure_and_a_throttling),
        WITH_SERVER(after_three_attempts_the_last_error_is_told),
        WITH_SERVER(no_pause_goes_beyond_the_deadline),
        WITH_SERVER(what_fails_again_is_not_repeated),
        WITH_SERVER(a_mixed_batch_reaches_each_entry),
        WITH_SERVER(sending_and_queues_answer_what_they_made),
        WITH_SERVER(queues_are_made_and_found_at_the_endpoint),
        WITH_SERVER(a_slow_clock_is_corrected_once),
        WITH_SERVER(expired_keys_are_loaded_anew_once),
        WITH_SERVER(without_credentials_nothing_is_sent),
        WITH_SERVER(a_request_that_cannot_be_made_ends_later),
        WITH_SERVER(a_silent_server_ends_at_the_deadline),
        WITH_SERVER(canceling_is_silent_and_destroying_is_not),
        cmocka_unit_test_setup_teardown(an_answer_that_breaks_off_is_transient, prepare, release),
        cmocka_unit_test_setup_teardown(wrong_options_are_refused, prepare, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

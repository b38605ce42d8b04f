/* Calls against a server in this process: results, retries, deadlines, cancellation, orderly ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "rpc/channel.h"
#include "support_server.h"

/* What the handler does with the next calls. */
struct script {
    int failures; /* so many calls fail first */
    grpc_status_code code;
    const char *message;
};

static void handle(void *user, struct test_call *call)
{
    struct script *script = user;
    size_t length = 0;
    const uint8_t *body = test_call_body(call, &length);
    const char *method = test_call_method(call);
    if (strcmp(method, "/test.Test/Never fails") != 0 && script->failures > 0) {
        script->failures--;
        test_call_fail(call, script->code, script->message, "\x08\x05", 2);
    } else if (strcmp(method, "/test.Test/Hold") == 0) {
        test_call_hold(call);
    } else if (strcmp(method, "/test.Test/Metadata") == 0) {
        char *key = memory_copy(body, length);
        char *value = test_call_metadata(call, key);
        test_call_reply(call, value != NULL ? value : "", value != NULL ? strlen(value) : 0);
        free(value);
        free(key);
    } else {
        test_call_reply(call, body, length);
    }
}

/* One call's end, waited for by the test's thread. */
struct outcome {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int ends;
    enum rpc_code code;
    char *message;
    uint8_t *body;
    size_t body_length;
    size_t details_length;
    pthread_t thread;
};

static void outcome_init(struct outcome *outcome)
{
    memset(outcome, 0, sizeof *outcome);
    pthread_mutex_init(&outcome->lock, NULL);
    pthread_cond_init(&outcome->changed, NULL);
}

static void outcome_deinit(struct outcome *outcome)
{
    free(outcome->message);
    free(outcome->body);
    pthread_cond_destroy(&outcome->changed);
    pthread_mutex_destroy(&outcome->lock);
}

static void record(void *user, const struct rpc_reply *reply)
{
    struct outcome *outcome = user;
    pthread_mutex_lock(&outcome->lock);
    outcome->ends++;
    outcome->code = reply->code;
    outcome->message = memory_copy_string(reply->message);
    outcome->body = memory_copy(reply->body, reply->body_length);
    outcome->body_length = reply->body_length;
    outcome->details_length = reply->details_length;
    outcome->thread = pthread_self();
    pthread_cond_broadcast(&outcome->changed);
    pthread_mutex_unlock(&outcome->lock);
}

static void await_end(struct outcome *outcome)
{
    pthread_mutex_lock(&outcome->lock);
    while (outcome->ends == 0) {
        pthread_cond_wait(&outcome->changed, &outcome->lock);
    }
    pthread_mutex_unlock(&outcome->lock);
}

struct fixture {
    struct script script;
    struct test_server *server;
    struct rpc_runtime *runtime;
    struct rpc_channel *channel;
};

static struct rpc_channel *open_channel(struct rpc_runtime *runtime, const char *target, const char *api_key)
{
    static const struct rpc_metadata metadata[] = {{"client-name", "tester"}, {"client-version", "7"}};
    struct rpc_channel_options options = {.target = target, .api_key = api_key, .metadata = metadata,
                                          .metadata_count = 2};
    struct rpc_channel *channel = NULL;
    struct error error;
    assert_int_equal(rpc_channel_new(runtime, &options, &channel, &error), STATUS_OK);
    return channel;
}

static int set_up(void **state)
{
    struct fixture *fixture = memory_alloc(sizeof *fixture);
    fixture->server = test_server_start(0, handle, &fixture->script);
    fixture->runtime = rpc_runtime_new();
    fixture->channel = open_channel(fixture->runtime, test_server_address(fixture->server), "secret");
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    rpc_channel_destroy(fixture->channel);
    rpc_runtime_destroy(fixture->runtime);
    test_server_stop(fixture->server);
    free(fixture);
    return 0;
}

static void fail_next(struct fixture *fixture, int failures, grpc_status_code code, const char *message)
{
    test_server_lock(fixture->server);
    fixture->script = (struct script){.failures = failures, .code = code, .message = message};
    test_server_unlock(fixture->server);
}

static int failures_left(struct fixture *fixture)
{
    test_server_lock(fixture->server);
    int failures = fixture->script.failures;
    test_server_unlock(fixture->server);
    return failures;
}

static struct rpc_call_options standard(const char *method, int64_t timeout_ms)
{
    return (struct rpc_call_options){.method = method, .deadline_ms = clock_monotonic_ms() + timeout_ms,
                                     .retry = RPC_RETRY_STANDARD, .wait_for_ready = true};
}

static void start_text(struct rpc_channel *channel, const struct rpc_call_options *options, const char *text,
                       struct outcome *outcome, struct rpc_call **out_call)
{
    rpc_call_start(channel, options, (const uint8_t *)text, strlen(text), record, outcome, out_call);
}

static void call_text(struct rpc_channel *channel, const struct rpc_call_options *options, const char *text,
                      struct outcome *outcome)
{
    outcome_init(outcome);
    start_text(channel, options, text, outcome, NULL);
    await_end(outcome);
}

static void bytes_come_back(void **state)
{
    struct fixture *fixture = *state;
    struct rpc_call_options options = standard("/test.Test/Echo", 60000);
    struct outcome outcome;
    call_text(fixture->channel, &options, "hello", &outcome);
    assert_int_equal(outcome.code, RPC_OK);
    assert_int_equal(outcome.body_length, 5);
    assert_memory_equal(outcome.body, "hello", 5);
    assert_string_equal(outcome.message, "");
    assert_false(pthread_equal(outcome.thread, pthread_self()));
    outcome_deinit(&outcome);
}

static void large_messages_pass_beyond_the_default_limit_of_grpc(void **state)
{
    struct fixture *fixture = *state;
    size_t length = (size_t)3 << 20; /* what the test server takes; the answer crosses many frames */
    uint8_t *bytes = memory_alloc(length);
    memset(bytes, 'x', length);
    struct rpc_call_options options = standard("/test.Test/Echo", 60000);
    struct outcome outcome;
    outcome_init(&outcome);
    rpc_call_start(fixture->channel, &options, bytes, length, record, &outcome, NULL);
    await_end(&outcome);
    assert_int_equal(outcome.code, RPC_OK);
    assert_int_equal(outcome.body_length, length);
    assert_memory_equal(outcome.body, bytes, length);
    outcome_deinit(&outcome);
    free(bytes);
}

static void errors_carry_code_message_and_details(void **state)
{
    struct fixture *fixture = *state;
    fail_next(fixture, 1, GRPC_STATUS_ALREADY_EXISTS, "there is one");
    struct rpc_call_options options = standard("/test.Test/Echo", 60000);
    struct outcome outcome;
    call_text(fixture->channel, &options, "x", &outcome);
    assert_int_equal(outcome.code, RPC_ALREADY_EXISTS);
    assert_string_equal(outcome.message, "there is one");
    assert_int_equal(outcome.details_length, 2);
    assert_int_equal(test_server_call_count(fixture->server), 1);
    outcome_deinit(&outcome);
}

static void a_transient_error_is_tried_again(void **state)
{
    struct fixture *fixture = *state;
    fail_next(fixture, 2, GRPC_STATUS_UNAVAILABLE, "not now");
    struct rpc_call_options options = standard("/test.Test/Echo", 60000);
    struct outcome outcome;
    call_text(fixture->channel, &options, "again", &outcome);
    assert_int_equal(outcome.code, RPC_OK);
    assert_memory_equal(outcome.body, "again", 5);
    test_server_await_calls(fixture->server, 3);
    outcome_deinit(&outcome);
}

static void without_a_retry_class_there_is_one_attempt(void **state)
{
    struct fixture *fixture = *state;
    fail_next(fixture, 5, GRPC_STATUS_UNAVAILABLE, "not now");
    struct rpc_call_options options = standard("/test.Test/Echo", 60000);
    options.retry = RPC_RETRY_NONE;
    struct outcome outcome;
    call_text(fixture->channel, &options, "x", &outcome);
    assert_int_equal(outcome.code, RPC_UNAVAILABLE);
    assert_int_equal(failures_left(fixture), 4);
    outcome_deinit(&outcome);
}

static void a_message_that_is_too_large_is_not_tried_again(void **state)
{
    struct fixture *fixture = *state;
    fail_next(fixture, 5, GRPC_STATUS_RESOURCE_EXHAUSTED,
              "grpc: received message larger than max (5000000 vs. 4194304)");
    struct rpc_call_options options = standard("/test.Test/Echo", 60000);
    struct outcome outcome;
    call_text(fixture->channel, &options, "x", &outcome);
    assert_int_equal(outcome.code, RPC_RESOURCE_EXHAUSTED);
    assert_int_equal(failures_left(fixture), 4);
    outcome_deinit(&outcome);
}

static void a_retry_that_would_start_after_the_deadline_is_not_waited_for(void **state)
{
    struct fixture *fixture = *state;
    fail_next(fixture, 5, GRPC_STATUS_RESOURCE_EXHAUSTED, "rate limit"); /* its first back-off is a second */
    struct rpc_call_options options = standard("/test.Test/Echo", 500);
    struct outcome outcome;
    call_text(fixture->channel, &options, "x", &outcome);
    assert_int_equal(outcome.code, RPC_RESOURCE_EXHAUSTED);
    assert_string_equal(outcome.message, "rate limit");
    outcome_deinit(&outcome);
}

static void an_attempt_ends_at_its_own_timeout_and_another_follows(void **state)
{
    struct fixture *fixture = *state;
    struct rpc_call_options options = standard("/test.Test/Hold", 60000);
    options.attempt_timeout_ms = 50;
    struct outcome outcome;
    outcome_init(&outcome);
    struct rpc_call *call = NULL;
    start_text(fixture->channel, &options, "x", &outcome, &call);
    test_server_await_calls(fixture->server, 2);
    rpc_call_cancel(call);
    await_end(&outcome);
    assert_int_equal(outcome.code, RPC_CANCELLED);
    rpc_call_release(call);
    outcome_deinit(&outcome);
}

static void the_deadline_ends_a_call_that_is_not_answered(void **state)
{
    struct fixture *fixture = *state;
    struct rpc_call_options options = standard("/test.Test/Hold", 50);
    struct outcome outcome;
    call_text(fixture->channel, &options, "x", &outcome);
    assert_int_equal(outcome.code, RPC_DEADLINE_EXCEEDED);
    outcome_deinit(&outcome);
}

static void a_deadline_after_failures_says_what_they_were(void **state)
{
    struct fixture *fixture = *state;
    fail_next(fixture, 1, GRPC_STATUS_UNAVAILABLE, "certificate verify failed");
    struct rpc_call_options options = standard("/test.Test/Hold", 1500);
    struct outcome outcome;
    call_text(fixture->channel, &options, "x", &outcome);
    assert_int_equal(outcome.code, RPC_DEADLINE_EXCEEDED);
    assert_non_null(strstr(outcome.message, ", and before that UNAVAILABLE: certificate verify failed"));
    outcome_deinit(&outcome);
}

static void cancelling_ends_an_attempt_and_tells_the_server(void **state)
{
    struct fixture *fixture = *state;
    struct rpc_call_options options = standard("/test.Test/Hold", 60000);
    struct outcome outcome;
    outcome_init(&outcome);
    struct rpc_call *call = NULL;
    start_text(fixture->channel, &options, "x", &outcome, &call);
    test_server_await_calls(fixture->server, 1);
    rpc_call_cancel(call);
    await_end(&outcome);
    test_server_await_given_up(fixture->server, 1);
    assert_int_equal(outcome.code, RPC_CANCELLED);
    rpc_call_cancel(call); /* harmless after the end */
    rpc_call_release(call);
    assert_int_equal(outcome.ends, 1);
    outcome_deinit(&outcome);
}

static void cancelling_ends_the_wait_between_attempts(void **state)
{
    struct fixture *fixture = *state;
    fail_next(fixture, 1000000, GRPC_STATUS_RESOURCE_EXHAUSTED, "rate limit");
    struct rpc_call_options options = standard("/test.Test/Echo", 3600000);
    struct outcome outcome;
    outcome_init(&outcome);
    struct rpc_call *call = NULL;
    start_text(fixture->channel, &options, "x", &outcome, &call);
    test_server_await_calls(fixture->server, 3); /* from here on it waits four seconds and more */
    /* Answers of one connection come in order: once this one is there, so is the other call's third failure. */
    struct rpc_call_options other_options = standard("/test.Test/Never fails", 60000);
    struct outcome other;
    call_text(fixture->channel, &other_options, "x", &other);
    outcome_deinit(&other);
    rpc_call_cancel(call);
    await_end(&outcome);
    assert_int_equal(outcome.code, RPC_CANCELLED);
    rpc_call_release(call);
    outcome_deinit(&outcome);
}

static void a_handle_may_outlive_channel_and_runtime(void **state)
{
    struct fixture *fixture = *state;
    struct rpc_runtime *runtime = rpc_runtime_new();
    struct rpc_channel *channel = open_channel(runtime, test_server_address(fixture->server), NULL);
    struct rpc_call_options options = standard("/test.Test/Hold", 60000);
    struct outcome outcome;
    outcome_init(&outcome);
    struct rpc_call *call = NULL;
    start_text(channel, &options, "x", &outcome, &call);
    rpc_channel_destroy(channel);
    assert_int_equal(outcome.ends, 1);
    assert_int_equal(outcome.code, RPC_CANCELLED);
    rpc_runtime_destroy(runtime);
    rpc_call_cancel(call);
    rpc_call_release(call);
    outcome_deinit(&outcome);
}

/* Starts another call from inside done, while the channel is being destroyed. */
struct chained {
    struct rpc_channel *channel;
    struct rpc_call_options options;
    struct outcome outcome;
};

static void start_another(void *user, const struct rpc_reply *reply)
{
    struct chained *chained = user;
    assert_int_equal(reply->code, RPC_CANCELLED);
    rpc_call_start(chained->channel, &chained->options, NULL, 0, record, &chained->outcome, NULL);
}

static void a_call_started_while_the_channel_closes_is_cancelled(void **state)
{
    struct fixture *fixture = *state;
    struct chained chained = {.options = standard("/test.Test/Hold", 60000)};
    outcome_init(&chained.outcome);
    chained.channel = open_channel(fixture->runtime, test_server_address(fixture->server), NULL);
    rpc_call_start(chained.channel, &chained.options, NULL, 0, start_another, &chained, NULL);
    rpc_channel_destroy(chained.channel);
    assert_int_equal(chained.outcome.ends, 1);
    assert_int_equal(chained.outcome.code, RPC_CANCELLED);
    outcome_deinit(&chained.outcome);
}

static void a_refused_call_ends_on_the_rpc_thread(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome;
    outcome_init(&outcome);
    rpc_call_refuse(fixture->channel, RPC_INVALID_ARGUMENT, "no", record, &outcome);
    await_end(&outcome);
    assert_int_equal(outcome.code, RPC_INVALID_ARGUMENT);
    assert_string_equal(outcome.message, "no");
    assert_false(pthread_equal(outcome.thread, pthread_self()));
    assert_int_equal(test_server_call_count(fixture->server), 0);
    outcome_deinit(&outcome);
}

static void a_pause_ends_by_itself_or_by_cancelling(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome;
    outcome_init(&outcome);
    rpc_call_pause(fixture->channel, clock_monotonic_ms() + 5, record, &outcome, NULL);
    await_end(&outcome);
    assert_int_equal(outcome.code, RPC_OK);
    assert_int_equal(outcome.body_length, 0);
    outcome_deinit(&outcome);

    outcome_init(&outcome);
    struct rpc_call *call = NULL;
    rpc_call_pause(fixture->channel, INT64_MAX, record, &outcome, &call);
    rpc_call_cancel(call);
    await_end(&outcome);
    assert_int_equal(outcome.code, RPC_CANCELLED);
    rpc_call_release(call);
    outcome_deinit(&outcome);
    assert_int_equal(test_server_call_count(fixture->server), 0);
}

static void expect_metadata_with(struct fixture *fixture, const struct rpc_metadata *instead, const char *key,
                                 const char *expected)
{
    struct rpc_call_options options = standard("/test.Test/Metadata", 60000);
    struct outcome outcome;
    options.instead = instead;
    call_text(fixture->channel, &options, key, &outcome);
    assert_int_equal(outcome.code, RPC_OK);
    assert_int_equal(outcome.body_length, strlen(expected));
    assert_memory_equal(outcome.body, expected, strlen(expected));
    outcome_deinit(&outcome);
}

static void expect_metadata(struct fixture *fixture, const char *key, const char *expected)
{
    expect_metadata_with(fixture, NULL, key, expected);
}

static void a_call_may_carry_another_value_of_an_entry(void **state)
{
    struct fixture *fixture = *state;
    const struct rpc_metadata other = {.key = "client-name", .value = "other"};
    const struct rpc_metadata same = {.key = "client-name", .value = "tester"};
    expect_metadata_with(fixture, &other, "client-name", "other");
    expect_metadata_with(fixture, &other, "client-version", "7");
    expect_metadata_with(fixture, &other, "authorization", "Bearer secret");
    expect_metadata_with(fixture, &same, "client-name", "tester");
    rpc_channel_set_api_key(fixture->channel, "newer"); /* the set that calls shared is replaced */
    expect_metadata_with(fixture, &same, "authorization", "Bearer newer");
    expect_metadata(fixture, "client-name", "tester");
}

static void every_call_carries_the_metadata_and_the_newest_key(void **state)
{
    struct fixture *fixture = *state;
    expect_metadata(fixture, "client-name", "tester");
    expect_metadata(fixture, "authorization", "Bearer secret");
    rpc_channel_set_api_key(fixture->channel, "newer");
    expect_metadata(fixture, "authorization", "Bearer newer");
    expect_metadata(fixture, "client-version", "7");
    rpc_channel_set_api_key(fixture->channel, "not\none line");
    expect_metadata(fixture, "authorization", "Bearer newer");
    rpc_channel_set_api_key(fixture->channel, NULL);
    expect_metadata(fixture, "authorization", "");
}

static void a_server_that_dies_and_comes_back_is_reached_again(void **state)
{
    struct fixture *fixture = *state;
    int port = test_server_port(fixture->server);
    struct rpc_call_options held_options = standard("/test.Test/Hold", 60000);
    struct outcome held;
    outcome_init(&held);
    start_text(fixture->channel, &held_options, "x", &held, NULL);
    test_server_await_calls(fixture->server, 1);
    test_server_stop(fixture->server);

    struct rpc_call_options options = standard("/test.Test/Echo", 60000);
    struct outcome outcome;
    outcome_init(&outcome);
    start_text(fixture->channel, &options, "back", &outcome, NULL);
    fixture->server = test_server_start(port, handle, &fixture->script);
    await_end(&outcome);
    assert_int_equal(outcome.code, RPC_OK);
    outcome_deinit(&outcome);

    test_server_await_calls(fixture->server, 2); /* the held call was sent again, too */
    rpc_channel_destroy(fixture->channel);
    fixture->channel = NULL;
    assert_int_equal(held.code, RPC_CANCELLED);
    outcome_deinit(&held);
}

static void without_a_server_a_call_fails_at_once_unless_it_shall_wait(void **state)
{
    struct fixture *fixture = *state;
    test_server_stop(fixture->server);
    fixture->server = NULL;
    struct rpc_call_options options = standard("/test.Test/Echo", 60000);
    options.retry = RPC_RETRY_NONE;
    options.wait_for_ready = false;
    struct outcome outcome;
    call_text(fixture->channel, &options, "x", &outcome);
    assert_int_equal(outcome.code, RPC_UNAVAILABLE);
    outcome_deinit(&outcome);
    options.wait_for_ready = true;
    options.deadline_ms = clock_monotonic_ms() + 100;
    call_text(fixture->channel, &options, "x", &outcome);
    assert_int_equal(outcome.code, RPC_DEADLINE_EXCEEDED);
    outcome_deinit(&outcome);
}

struct many {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int ok;
};

static void count_ok(void *user, const struct rpc_reply *reply)
{
    struct many *many = user;
    pthread_mutex_lock(&many->lock);
    many->ok += reply->code == RPC_OK ? 1 : 0;
    pthread_cond_broadcast(&many->changed);
    pthread_mutex_unlock(&many->lock);
}

struct starter {
    struct fixture *fixture;
    struct many *many;
};

static void *start_many(void *argument)
{
    struct starter *starter = argument;
    struct rpc_call_options options = standard("/test.Test/Echo", 60000);
    for (int i = 0; i < 200; i++) {
        rpc_call_start(starter->fixture->channel, &options, (const uint8_t *)"x", 1, count_ok, starter->many, NULL);
    }
    return NULL;
}

static void many_threads_may_start_calls(void **state)
{
    struct many many = {.ok = 0};
    pthread_mutex_init(&many.lock, NULL);
    pthread_cond_init(&many.changed, NULL);
    struct starter starter = {.fixture = *state, .many = &many};
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, start_many, &starter), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_mutex_lock(&many.lock);
    while (many.ok < 800) {
        pthread_cond_wait(&many.changed, &many.lock);
    }
    pthread_mutex_unlock(&many.lock);
    pthread_cond_destroy(&many.changed);
    pthread_mutex_destroy(&many.lock);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(bytes_come_back),
        CASE(large_messages_pass_beyond_the_default_limit_of_grpc),
        CASE(errors_carry_code_message_and_details),
        CASE(a_transient_error_is_tried_again),
        CASE(without_a_retry_class_there_is_one_attempt),
        CASE(a_message_that_is_too_large_is_not_tried_again),
        CASE(a_retry_that_would_start_after_the_deadline_is_not_waited_for),
        CASE(an_attempt_ends_at_its_own_timeout_and_another_follows),
        CASE(the_deadline_ends_a_call_that_is_not_answered),
        CASE(a_deadline_after_failures_says_what_they_were),
        CASE(cancelling_ends_an_attempt_and_tells_the_server),
        CASE(cancelling_ends_the_wait_between_attempts),
        CASE(a_handle_may_outlive_channel_and_runtime),
        CASE(a_call_started_while_the_channel_closes_is_cancelled),
        CASE(a_refused_call_ends_on_the_rpc_thread),
        CASE(a_pause_ends_by_itself_or_by_cancelling),
        CASE(a_call_may_carry_another_value_of_an_entry),
        CASE(every_call_carries_the_metadata_and_the_newest_key),
        CASE(a_server_that_dies_and_comes_back_is_reached_again),
        CASE(without_a_server_a_call_fails_at_once_unless_it_shall_wait),
        CASE(many_threads_may_start_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The worker as a whole, against a gRPC server in the test: options, the first greeting, what it says of the server,
 * the stop. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "../rpc/support_server.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "temporal/connection.h"
#include "temporal/worker.h"

enum answer {
    ANSWER_EMPTY,    /* an empty reply: no task */
    ANSWER_HOLD,     /* as a long poll without a task */
    ANSWER_MISSING,  /* NOT_FOUND */
    ANSWER_AWAY      /* UNAVAILABLE */
};

/* Shared by the test, the server's thread and the worker's: its own lock. */
struct fixture {
    struct test_server *server;
    struct temporal_connection *connection;
    struct temporal_worker *worker;
    pthread_t thread;
    bool has_thread;
    enum status run_status;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum answer describe;
    enum answer poll;
    int polls;
    int shutdowns;
    int told;            /* how often reachability was told */
    bool is_reachable;
    char reason[256];
};

static void answer(struct test_call *call, enum answer answer)
{
    switch (answer) {
    case ANSWER_EMPTY:
        test_call_reply(call, "", 0);
        break;
    case ANSWER_HOLD:
        test_call_hold(call);
        break;
    case ANSWER_MISSING:
        test_call_fail(call, GRPC_STATUS_NOT_FOUND, "Namespace test is not found.", NULL, 0);
        break;
    case ANSWER_AWAY:
        test_call_fail(call, GRPC_STATUS_UNAVAILABLE, "not now", NULL, 0);
        break;
    }
}

static void handle(void *user, struct test_call *call)
{
    struct fixture *fixture = user;
    const char *method = strrchr(test_call_method(call), '/') + 1;
    enum answer what = ANSWER_EMPTY;
    pthread_mutex_lock(&fixture->lock);
    if (strcmp(method, "DescribeNamespace") == 0) {
        what = fixture->describe;
    } else if (strncmp(method, "Poll", 4) == 0) {
        fixture->polls++;
        what = fixture->poll;
    } else if (strcmp(method, "ShutdownWorker") == 0) {
        fixture->shutdowns++;
    }
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
    answer(call, what);
}

static void note_reachable(void *user, bool is_reachable, const char *reason)
{
    struct fixture *fixture = user;
    pthread_mutex_lock(&fixture->lock);
    fixture->told++;
    fixture->is_reachable = is_reachable;
    const char *text = reason ? reason : "";
    size_t length = strnlen(text, sizeof fixture->reason - 1);
    memcpy(fixture->reason, text, length);
    fixture->reason[length] = '\0';
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
}

static json_t *does_nothing(struct temporal_activity *activity, const json_t *input)
{
    (void)activity;
    (void)input;
    return json_null();
}

static void begin(struct fixture *fixture)
{
    *fixture = (struct fixture){.describe = ANSWER_EMPTY, .poll = ANSWER_HOLD};
    pthread_mutex_init(&fixture->lock, NULL);
    thread_condition_init(&fixture->changed);
    fixture->server = test_server_start(0, handle, fixture);
    const struct temporal_connection_options options = {.address = test_server_address(fixture->server)};
    assert_int_equal(temporal_connection_new(&options, &fixture->connection, NULL), STATUS_OK);
    assert_int_equal(temporal_worker_new(fixture->connection,
                                         &(struct temporal_worker_options){.task_queue = "queue", .activity_polls = 1},
                                         &fixture->worker, NULL),
                     STATUS_OK);
    temporal_worker_on_reachable(fixture->worker, note_reachable, fixture);
}

static void run(void *argument)
{
    struct fixture *fixture = argument;
    fixture->run_status = temporal_worker_run(fixture->worker, NULL);
}

static void start(struct fixture *fixture)
{
    struct error error = {0};
    temporal_worker_register_activity(fixture->worker, "act", does_nothing, NULL);
    assert_int_equal(thread_start(&fixture->thread, "worker", 0, run, fixture, &error), STATUS_OK);
    fixture->has_thread = true;
}

static void join(struct fixture *fixture)
{
    thread_join(fixture->thread);
    fixture->has_thread = false;
    assert_int_equal(fixture->run_status, STATUS_OK);
}

static void stop(struct fixture *fixture)
{
    temporal_worker_stop(fixture->worker);
    join(fixture);
}

static void end(struct fixture *fixture)
{
    if (fixture->has_thread) {
        stop(fixture);
    }
    temporal_worker_destroy(fixture->worker);
    temporal_connection_destroy(fixture->connection);
    test_server_stop(fixture->server);
    pthread_cond_destroy(&fixture->changed);
    pthread_mutex_destroy(&fixture->lock);
}

static void await_reachable(struct fixture *fixture, bool is_reachable)
{
    int64_t deadline_ms = clock_monotonic_ms() + 30000;
    bool in_time = true;
    pthread_mutex_lock(&fixture->lock);
    while ((fixture->told == 0 || fixture->is_reachable != is_reachable) && in_time) {
        in_time = thread_condition_wait(&fixture->changed, &fixture->lock, deadline_ms);
    }
    pthread_mutex_unlock(&fixture->lock);
    assert_true(in_time);
}

static void await_count(struct fixture *fixture, const int *counter, int value)
{
    int64_t deadline_ms = clock_monotonic_ms() + 30000;
    bool in_time = true;
    pthread_mutex_lock(&fixture->lock);
    while (*counter < value && in_time) {
        in_time = thread_condition_wait(&fixture->changed, &fixture->lock, deadline_ms);
    }
    pthread_mutex_unlock(&fixture->lock);
    assert_true(in_time);
}

static void set(struct fixture *fixture, enum answer describe, enum answer poll)
{
    pthread_mutex_lock(&fixture->lock);
    fixture->describe = describe;
    fixture->poll = poll;
    pthread_mutex_unlock(&fixture->lock);
}

static void assert_count(struct fixture *fixture, const int *counter, int value)
{
    pthread_mutex_lock(&fixture->lock);
    assert_int_equal(*counter, value);
    pthread_mutex_unlock(&fixture->lock);
}

static void assert_reason(struct fixture *fixture, const char *part)
{
    pthread_mutex_lock(&fixture->lock);
    assert_non_null(strstr(fixture->reason, part));
    pthread_mutex_unlock(&fixture->lock);
}

/* ---- options ---- */

static void options_out_of_range_are_named(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    struct temporal_worker *worker = NULL;
    struct error error = {0};
    assert_int_equal(temporal_worker_new(fixture.connection, &(struct temporal_worker_options){0}, &worker, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "task_queue"));
    const struct temporal_worker_options few = {.task_queue = "q", .workflow_tasks = 1};
    assert_int_equal(temporal_worker_new(fixture.connection, &few, &worker, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "workflow_tasks"));
    assert_null(worker);
    end(&fixture);
}

static void a_worker_without_work_does_not_run(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    assert_int_equal(temporal_worker_run(fixture.worker, NULL), STATUS_FAILED_PRECONDITION);
    end(&fixture);
}

/* ---- is the server there? ---- */

static void a_missing_namespace_is_waited_for_and_told(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    set(&fixture, ANSWER_MISSING, ANSWER_HOLD);
    start(&fixture);
    await_reachable(&fixture, false);
    assert_reason(&fixture, "Namespace test is not found");
    assert_count(&fixture, &fixture.polls, 0);
    set(&fixture, ANSWER_EMPTY, ANSWER_HOLD);
    await_reachable(&fixture, true);
    await_count(&fixture, &fixture.polls, 1);
    stop(&fixture);
    assert_count(&fixture, &fixture.shutdowns, 1);
    end(&fixture);
}

static void polls_that_keep_failing_are_told_and_so_is_their_end(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    set(&fixture, ANSWER_EMPTY, ANSWER_AWAY);
    start(&fixture);
    await_reachable(&fixture, false); /* although it was greeted */
    assert_reason(&fixture, "not now");
    set(&fixture, ANSWER_EMPTY, ANSWER_EMPTY);
    await_reachable(&fixture, true);
    end(&fixture);
}

/* ---- the stop ---- */

static void a_stop_before_the_run_ends_it_at_once(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    set(&fixture, ANSWER_HOLD, ANSWER_HOLD);
    temporal_worker_stop(fixture.worker);
    start(&fixture);
    join(&fixture);
    assert_count(&fixture, &fixture.polls, 0);
    assert_count(&fixture, &fixture.told, 0);
    end(&fixture);
}

static void a_stop_while_the_server_is_away_ends_it(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    set(&fixture, ANSWER_AWAY, ANSWER_HOLD);
    start(&fixture);
    await_reachable(&fixture, false);
    stop(&fixture);
    assert_count(&fixture, &fixture.shutdowns, 0); /* it was never there */
    end(&fixture);
}

static void a_stop_cancels_open_polls(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    start(&fixture);
    await_count(&fixture, &fixture.polls, 1);
    temporal_worker_stop(fixture.worker);
    temporal_worker_stop(fixture.worker);
    join(&fixture);
    assert_count(&fixture, &fixture.shutdowns, 1);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_out_of_range_are_named),
        cmocka_unit_test(a_worker_without_work_does_not_run),
        cmocka_unit_test(a_missing_namespace_is_waited_for_and_told),
        cmocka_unit_test(polls_that_keep_failing_are_told_and_so_is_their_end),
        cmocka_unit_test(a_stop_before_the_run_ends_it_at_once),
        cmocka_unit_test(a_stop_while_the_server_is_away_ends_it),
        cmocka_unit_test(a_stop_cancels_open_polls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

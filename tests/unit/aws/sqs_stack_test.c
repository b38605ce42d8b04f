/* The stack against a scripted server, with the environment's settings: with and without a thread, and at its end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/sqs_stack.h"
#include "base/clock.h"
#include "base/queue.h"
#include "support.h"
#include "support_server.h"

#define QUEUE_URL "http://queues.invalid/1/q"
#define PATIENCE_MS 30000

/* What the test and what runs on the loop share: written there, read when it is known to be done. */
static struct sqs_stack *s_stack;
static struct queue *s_told; /* of dones: they were called */
static int s_dones;
static enum status s_status;
static char s_thread_name[16];
static bool s_had_client;

static int prepare(void **state)
{
    (void)state;
    support_clear_environment();
    s_stack = NULL;
    s_dones = 0;
    s_status = STATUS_INTERNAL;
    s_thread_name[0] = '\0';
    s_had_client = false;
    s_told = queue_new(4);
    return 0;
}

static int release(void **state)
{
    (void)state;
    sqs_stack_destroy(s_stack);
    queue_close(s_told);
    while (queue_try_pop(s_told) != NULL) {
        ; /* told after the test had seen enough */
    }
    queue_destroy(s_told);
    support_remove_home();
    return 0;
}

static int release_server(void **state)
{
    (void)release(state);
    fake_server_stop();
    return 0;
}

static void begin(const struct fake_answer *answers, size_t count)
{
    char endpoint[64];
    fake_server_start(answers, count);
    (void)snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", fake_server_port());
    assert_int_equal(setenv("AWS_ENDPOINT_URL_SQS", endpoint, 1), 0);
    assert_int_equal(setenv("AWS_REGION", FAKE_REGION, 1), 0);
    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", FAKE_ACCESS_KEY, 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", FAKE_SECRET, 1), 0);
    assert_int_equal(sqs_stack_new(NULL, &s_stack, NULL), STATUS_OK);
}

static void on_deleted(void *user, const struct sqs_error *error)
{
    s_dones++;
    s_status = error != NULL ? error->error.status : STATUS_OK;
    s_had_client = sqs_stack_client(s_stack) != NULL;
    (void)pthread_getname_np(pthread_self(), s_thread_name, sizeof s_thread_name);
    assert_true(queue_push(s_told, user));
}

static void start_call(void *argument)
{
    (void)sqs_client_delete_message(sqs_stack_client(s_stack), QUEUE_URL, "r", clock_monotonic_ms() + PATIENCE_MS,
                                    on_deleted, argument);
}

static void await_told(void)
{
    assert_non_null(queue_pop(s_told, clock_monotonic_ms() + PATIENCE_MS));
}

static void who_runs_the_loop_itself_calls_with_what_the_environment_says(void **state)
{
    static const struct fake_answer answers[] = {{.status = 200, .body = "{}"}};
    (void)state;
    begin(answers, 1);
    start_call(&s_told);
    while (s_dones == 0) {
        loop_run_once(sqs_stack_loop(s_stack), PATIENCE_MS);
    }
    assert_int_equal(s_status, STATUS_OK);
    assert_int_equal(fake_server_count(), 1);
    assert_true(fake_server_request(0)->is_signature_right); /* keys and region */
    assert_string_equal(aws_credentials_provider_source(sqs_stack_credentials(s_stack)), "environment");
}

static void on_its_thread_calls_are_answered_there(void **state)
{
    static const struct fake_answer answers[] = {{.status = 200, .body = "{}"}};
    (void)state;
    begin(answers, 1);
    assert_int_equal(sqs_stack_start_thread(s_stack, NULL), STATUS_OK);
    loop_post(sqs_stack_loop(s_stack), start_call, &s_told);
    await_told();
    assert_int_equal(s_status, STATUS_OK);
    assert_true(s_had_client);
    assert_string_equal(s_thread_name, "sqs");
}

static void what_is_under_way_outlives_the_thread_and_ends_with_the_stack(void **state)
{
    static const struct fake_answer answers[] = {{.is_held = true}};
    (void)state;
    begin(answers, 1);
    assert_int_equal(sqs_stack_start_thread(s_stack, NULL), STATUS_OK);
    loop_post(sqs_stack_loop(s_stack), start_call, &s_told);
    sqs_stack_end_thread(s_stack);
    assert_int_equal(s_dones, 0);
    assert_non_null(sqs_stack_client(s_stack));
    sqs_stack_destroy(s_stack);
    s_stack = NULL;
    assert_int_equal(s_dones, 1);
    assert_int_equal(s_status, STATUS_CANCELED);
    assert_false(s_had_client);
    assert_string_not_equal(s_thread_name, "sqs");
}

/* A done inside sqs_stack_destroy that asks for the client would find what is being freed. */
static void destroying_ends_the_thread_first(void **state)
{
    static const struct fake_answer answers[] = {{.is_held = true}};
    (void)state;
    begin(answers, 1);
    assert_int_equal(sqs_stack_start_thread(s_stack, NULL), STATUS_OK);
    loop_post(sqs_stack_loop(s_stack), start_call, &s_told);
    sqs_stack_destroy(s_stack);
    s_stack = NULL;
    assert_int_equal(s_dones, 1);
    assert_int_equal(s_status, STATUS_CANCELED);
    assert_false(s_had_client);
}

static void an_environment_that_makes_no_sense_is_refused(void **state)
{
    struct error error = {0};
    (void)state;
    assert_int_equal(setenv("AWS_REGION", "no region", 1), 0);
    assert_int_equal(sqs_stack_new(NULL, &s_stack, &error), STATUS_INVALID_ARGUMENT);
    assert_null(s_stack);
    assert_string_equal(error.text, "\"no region\" is not the name of an AWS region");
    assert_int_equal(setenv("AWS_REGION", FAKE_REGION, 1), 0);
    assert_int_equal(setenv("AWS_ENDPOINT_URL_SQS", "http://localhost:4566/path", 1), 0);
    assert_int_equal(sqs_stack_new(NULL, &s_stack, &error), STATUS_INVALID_ARGUMENT);
    assert_null(s_stack);
    assert_string_equal(error.text, "the SQS endpoint: \"http://localhost:4566/path\" must not have a path");
}

static void nothing_is_ended_and_destroyed_without_harm(void **state)
{
    (void)state;
    sqs_stack_end_thread(NULL);
    sqs_stack_destroy(NULL);
    assert_int_equal(setenv("AWS_REGION", FAKE_REGION, 1), 0);
    assert_int_equal(sqs_stack_new(&(struct http_client_options){.max_connections_per_host = 2}, &s_stack, NULL),
                     STATUS_OK);
    sqs_stack_end_thread(s_stack); /* it has none */
    assert_non_null(sqs_stack_http(s_stack));
}

int main(void)
{
#define WITH_SERVER(name) cmocka_unit_test_setup_teardown(name, prepare, release_server)
#define WITHOUT(name) cmocka_unit_test_setup_teardown(name, prepare, release)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(who_runs_the_loop_itself_calls_with_what_the_environment_says),
        WITH_SERVER(on_its_thread_calls_are_answered_there),
        WITH_SERVER(what_is_under_way_outlives_the_thread_and_ends_with_the_stack),
        WITH_SERVER(destroying_ends_the_thread_first),
        WITHOUT(an_environment_that_makes_no_sense_is_refused),
        WITHOUT(nothing_is_ended_and_destroyed_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

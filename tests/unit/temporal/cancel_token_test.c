/* Calls that are taken back by their token. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "support_client.h"
#include "temporal/cancel_token.h"
#include "temporal/client.h"

static void a_call_is_taken_back_by_its_token(void **state)
{
    struct client_fixture *fixture = *state;
    struct client_end end;
    struct temporal_cancel_token *token = temporal_cancel_token_new();
    fixture->steps[0].is_held = true;
    struct temporal_history_options options = {
        .run = client_some_run, .is_wait = true, .deadline_ms = client_ready(fixture), .cancel_token = token};
    client_end_init(&end);
    temporal_client_history_async(fixture->connection, &options, client_end_record_history, &end);
    test_server_await_calls(fixture->server, 1);
    temporal_cancel_token_cancel(token);
    assert_int_equal(client_end_await(&end), STATUS_CANCELED);
    test_server_await_given_up(fixture->server, 1);
    client_end_deinit(&end);
    /* What begins with a token that was canceled ends, too. */
    client_end_init(&end);
    temporal_client_history_async(fixture->connection, &options, client_end_record_history, &end);
    temporal_cancel_token_release(token);
    assert_int_equal(client_end_await(&end), STATUS_CANCELED);
    client_end_deinit(&end);
}

/* Under an address sanitizer this shows a call that is freed before its starter has let go of it. */
static void calls_with_tokens_may_end_as_they_begin(void **state)
{
    struct client_fixture *fixture = *state;
    (void)client_ready(fixture);
    for (int i = 0; i < 500; i++) {
        struct client_end end;
        struct temporal_cancel_token *token = temporal_cancel_token_new();
        const struct temporal_history_options options = {.run = client_some_run, .cancel_token = token};
        client_end_init(&end);
        temporal_client_history_async(fixture->connection, &options, client_end_record_history, &end);
        temporal_cancel_token_release(token);
        assert_int_equal(client_end_await(&end), STATUS_OK);
        client_end_deinit(&end);
    }
}

static void record_update(void *user, enum status status, struct temporal_update_result *result,
                          const struct error *error)
{
    (void)result;
    (void)error;
    client_end_record(user, status);
}

static void a_token_ends_an_update_at_any_of_its_calls(void **state)
{
    struct client_fixture *fixture = *state;
    struct client_end end;
    struct temporal_cancel_token *token = temporal_cancel_token_new();
    Pb__UpdateWorkflowExecutionResponse accepted = PB__UPDATE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    accepted.stage =
        PB__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED;
    fixture->step_count = 2;
    fixture->steps[0].reply = &accepted.base;
    fixture->steps[1].is_held = true;
    const struct temporal_update_options options = {.run = client_some_run,
                                                    .name = "put",
                                                    .wait_stage = TEMPORAL_UPDATE_COMPLETED,
                                                    .deadline_ms = client_ready(fixture),
                                                    .cancel_token = token};
    client_end_init(&end);
    temporal_client_update_async(fixture->connection, &options, record_update, &end);
    test_server_await_calls(fixture->server, 2);
    temporal_cancel_token_cancel(token);
    temporal_cancel_token_cancel(token);
    assert_int_equal(client_end_await(&end), STATUS_CANCELED);
    test_server_await_given_up(fixture->server, 1);
    temporal_cancel_token_release(token);
    client_end_deinit(&end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_CASE(a_call_is_taken_back_by_its_token),
        CLIENT_CASE(calls_with_tokens_may_end_as_they_begin),
        CLIENT_CASE(a_token_ends_an_update_at_any_of_its_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

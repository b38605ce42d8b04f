/* A wait for the end of a workflow, through all its runs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/clock.h"
#include "payload.h"
#include "support_client.h"
#include "temporal/client.h"

/* One page that holds one event. */
struct page {
    Pb__GetWorkflowExecutionHistoryResponse reply;
    Pb__History history;
    Pb__HistoryEvent event;
    Pb__HistoryEvent *events[1];
};

static void page_init(struct page *page)
{
    pb__get_workflow_execution_history_response__init(&page->reply);
    pb__history__init(&page->history);
    pb__history_event__init(&page->event);
    page->events[0] = &page->event;
    page->history.events = page->events;
    page->history.n_events = 1;
    page->reply.history = &page->history;
}

static void a_wait_follows_the_chain_to_its_last_run(void **state)
{
    struct client_fixture *fixture = *state;
    struct page continued;
    page_init(&continued);
    Pb__WorkflowExecutionContinuedAsNewEventAttributes onward =
        PB__WORKFLOW_EXECUTION_CONTINUED_AS_NEW_EVENT_ATTRIBUTES__INIT;
    onward.new_execution_run_id = "run-2";
    continued.event.attributes_case =
        PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_CONTINUED_AS_NEW_EVENT_ATTRIBUTES;
    continued.event.workflow_execution_continued_as_new_event_attributes = &onward;
    struct page retried;
    page_init(&retried);
    Pb__WorkflowExecutionFailedEventAttributes failed = PB__WORKFLOW_EXECUTION_FAILED_EVENT_ATTRIBUTES__INIT;
    failed.new_execution_run_id = "run-3";
    retried.event.attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_FAILED_EVENT_ATTRIBUTES;
    retried.event.workflow_execution_failed_event_attributes = &failed;
    struct page completed;
    page_init(&completed);
    json_t *value = json_string("finished!");
    Pb__WorkflowExecutionCompletedEventAttributes done = PB__WORKFLOW_EXECUTION_COMPLETED_EVENT_ATTRIBUTES__INIT;
    done.result = payloads_from_json(value);
    completed.event.attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_COMPLETED_EVENT_ATTRIBUTES;
    completed.event.workflow_execution_completed_event_attributes = &done;
    fixture->steps[0].reply = &continued.reply.base;
    fixture->steps[1].reply = &retried.reply.base;
    fixture->steps[2].reply = &completed.reply.base;
    fixture->step_count = 3;

    struct temporal_close_result result;
    assert_int_equal(temporal_client_wait(fixture->connection, &client_some_run, client_ready(fixture), &result, NULL),
                     STATUS_OK);
    assert_int_equal(result.status, TEMPORAL_RUN_COMPLETED);
    assert_string_equal(result.run_id, "run-3");
    assert_string_equal(result.result.data, "\"finished!\"");
    assert_null(result.failure);
    temporal_close_result_deinit(&result);
    client_recorded(fixture, 3);
    static const char *const runs[] = {"run-1", "run-2", "run-3"};
    for (size_t i = 0; i < 3; i++) {
        Pb__GetWorkflowExecutionHistoryRequest *request =
            pb__get_workflow_execution_history_request__unpack(NULL, fixture->body_lengths[i], fixture->bodies[i]);
        assert_string_equal(request->execution->run_id, runs[i]);
        assert_true(request->wait_new_event);
        assert_int_equal(request->history_event_filter_type,
                         PB__HISTORY_EVENT_FILTER_TYPE__HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
        pb__get_workflow_execution_history_request__free_unpacked(request, NULL);
    }
    json_decref(value);
    pb__payloads__free_unpacked(done.result, NULL);
}

static void an_empty_page_is_asked_again_with_its_token(void **state)
{
    struct client_fixture *fixture = *state;
    Pb__GetWorkflowExecutionHistoryResponse empty = PB__GET_WORKFLOW_EXECUTION_HISTORY_RESPONSE__INIT;
    static uint8_t token[] = "go on";
    empty.next_page_token.data = token;
    empty.next_page_token.len = 5;
    struct page page;
    page_init(&page);
    Pb__WorkflowExecutionTerminatedEventAttributes end = PB__WORKFLOW_EXECUTION_TERMINATED_EVENT_ATTRIBUTES__INIT;
    end.reason = "enough";
    page.event.attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_TERMINATED_EVENT_ATTRIBUTES;
    page.event.workflow_execution_terminated_event_attributes = &end;
    fixture->steps[0].reply = &empty.base;
    fixture->steps[1].reply = &page.reply.base;
    fixture->step_count = 2;
    struct temporal_close_result result;
    (void)client_ready(fixture);
    assert_int_equal(temporal_client_wait(fixture->connection, &client_some_run, INT64_MAX, &result, NULL), STATUS_OK);
    assert_int_equal(result.status, TEMPORAL_RUN_TERMINATED);
    assert_string_equal(result.reason, "enough");
    assert_string_equal(result.run_id, "run-1");
    temporal_close_result_deinit(&result);
    client_recorded(fixture, 2);
    Pb__GetWorkflowExecutionHistoryRequest *request =
        pb__get_workflow_execution_history_request__unpack(NULL, fixture->body_lengths[1], fixture->bodies[1]);
    assert_int_equal(request->next_page_token.len, 5);
    assert_memory_equal(request->next_page_token.data, token, 5);
    pb__get_workflow_execution_history_request__free_unpacked(request, NULL);
}

static void a_wait_without_a_run_finds_the_current_one_first(void **state)
{
    struct client_fixture *fixture = *state;
    Pb__WorkflowExecution execution = PB__WORKFLOW_EXECUTION__INIT;
    execution.run_id = "run-9";
    Pb__WorkflowExecutionInfo info = PB__WORKFLOW_EXECUTION_INFO__INIT;
    info.execution = &execution;
    Pb__DescribeWorkflowExecutionResponse described = PB__DESCRIBE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    described.workflow_execution_info = &info;
    struct page page;
    page_init(&page);
    Pb__WorkflowExecutionCanceledEventAttributes end = PB__WORKFLOW_EXECUTION_CANCELED_EVENT_ATTRIBUTES__INIT;
    page.event.attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_CANCELED_EVENT_ATTRIBUTES;
    page.event.workflow_execution_canceled_event_attributes = &end;
    fixture->steps[0].reply = &described.base;
    fixture->steps[1].reply = &page.reply.base;
    fixture->step_count = 2;
    struct temporal_close_result result;
    assert_int_equal(temporal_client_wait(fixture->connection, &(struct temporal_run){.workflow_id = "order-1"},
                                          client_ready(fixture), &result, NULL),
                     STATUS_OK);
    assert_int_equal(result.status, TEMPORAL_RUN_CANCELED);
    assert_string_equal(result.run_id, "run-9");
    temporal_close_result_deinit(&result);
    client_recorded(fixture, 2);
    assert_string_equal(fixture->methods[0], "DescribeWorkflowExecution");
    assert_string_equal(fixture->methods[1], "GetWorkflowExecutionHistory");
}

static void a_wait_ends_at_its_deadline_with_one_call(void **state)
{
    struct client_fixture *fixture = *state;
    fixture->steps[0].is_held = true;
    struct temporal_close_result result;
    struct error error;
    (void)client_ready(fixture);
    int64_t deadline_ms = clock_monotonic_ms() + 50;
    assert_int_equal(temporal_client_wait(fixture->connection, &client_some_run, deadline_ms, &result, &error),
                     STATUS_DEADLINE_EXCEEDED);
    assert_string_equal(error.text, "the workflow is still open");
    client_recorded(fixture, 1);
}

static void record_close(void *user, enum status status, struct temporal_close_result *result,
                         const struct error *error)
{
    (void)result;
    (void)error;
    client_end_record(user, status);
}

static void a_wait_can_be_cancelled(void **state)
{
    struct client_fixture *fixture = *state;
    struct client_end end;
    fixture->steps[0].is_held = true;
    (void)client_ready(fixture);
    client_end_init(&end);
    struct temporal_wait *wait = NULL;
    temporal_client_wait_async(fixture->connection, &client_some_run, INT64_MAX, record_close, &end, &wait);
    test_server_await_calls(fixture->server, 1);
    temporal_wait_cancel(wait);
    assert_int_equal(client_end_await(&end), STATUS_CANCELED);
    temporal_wait_cancel(wait);
    temporal_wait_release(wait);
    client_end_deinit(&end);
}

static void destroying_the_connection_ends_waits(void **state)
{
    struct client_fixture *fixture = *state;
    struct client_end end;
    fixture->steps[0].is_held = true;
    (void)client_ready(fixture);
    client_end_init(&end);
    temporal_client_wait_async(fixture->connection, &client_some_run, INT64_MAX, record_close, &end, NULL);
    temporal_client_wait_async(fixture->connection, &client_some_run, client_ready(fixture), record_close, &end, NULL);
    temporal_connection_destroy(fixture->connection);
    fixture->connection = NULL;
    assert_int_equal(end.ends, 2);
    assert_int_equal(end.status, STATUS_CANCELED);
    client_end_deinit(&end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_CASE(a_wait_follows_the_chain_to_its_last_run),
        CLIENT_CASE(an_empty_page_is_asked_again_with_its_token),
        CLIENT_CASE(a_wait_without_a_run_finds_the_current_one_first),
        CLIENT_CASE(a_wait_ends_at_its_deadline_with_one_call),
        CLIENT_CASE(a_wait_can_be_cancelled),
        CLIENT_CASE(destroying_the_connection_ends_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Requests and replies as bytes, as they travel. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include <google/rpc/status.pb-c.h>
#include <temporal/api/errordetails/v1/message.pb-c.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "answers.h"
#include "base/memory.h"

#define CLOSE_DELAY_MS 100
#define POLL_MS 1000

static int setup(void **state)
{
    const struct answers_options options = {.most_runs = 10, .close_delay_ms = CLOSE_DELAY_MS, .wall_offset_ms = 5000};
    *state = answers_new(&options);
    return 0;
}

static int teardown(void **state)
{
    answers_destroy(*state);
    return 0;
}

static struct answer ask(struct answers *answers, enum method method, const ProtobufCMessage *request, int64_t now_ms,
                         int64_t until_ms)
{
    size_t length = protobuf_c_message_get_packed_size(request);
    uint8_t *bytes = memory_alloc(length + 1);
    (void)protobuf_c_message_pack(request, bytes);
    struct answer answer;
    answers_give(answers, method, bytes, length, now_ms, until_ms, &answer);
    free(bytes);
    return answer;
}

static struct answer start(struct answers *answers, int64_t now_ms)
{
    Pb__StartWorkflowExecutionRequest request = PB__START_WORKFLOW_EXECUTION_REQUEST__INIT;
    request.workflow_id = "w";
    request.workflow_id_reuse_policy = PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE;
    request.workflow_id_conflict_policy = PB__WORKFLOW_ID_CONFLICT_POLICY__WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING;
    return ask(answers, METHOD_StartWorkflowExecution, &request.base, now_ms, 0);
}

static void a_start_answers_a_run_and_then_the_same_run(void **state)
{
    struct answer first = start(*state, 0);
    struct answer second = start(*state, 10);
    assert_int_equal(first.code, GRPC_STATUS_OK);
    Pb__StartWorkflowExecutionResponse *started =
        pb__start_workflow_execution_response__unpack(NULL, first.length, first.bytes);
    Pb__StartWorkflowExecutionResponse *attached =
        pb__start_workflow_execution_response__unpack(NULL, second.length, second.bytes);
    assert_true(started->started);
    assert_false(attached->started);
    assert_string_equal(started->run_id, attached->run_id);
    assert_string_equal(started->first_execution_run_id, started->run_id);
    pb__start_workflow_execution_response__free_unpacked(started, NULL);
    pb__start_workflow_execution_response__free_unpacked(attached, NULL);
    free(first.bytes);
    free(second.bytes);
}

static void a_description_shows_the_callback_of_the_start(void **state)
{
    static char url[] = "http://127.0.0.1:1/done";
    static char workflow_id[] = "called";
    Pb__Callback__Nexus nexus = PB__CALLBACK__NEXUS__INIT;
    nexus.url = url;
    Pb__Callback callback = PB__CALLBACK__INIT;
    callback.variant_case = PB__CALLBACK__VARIANT_NEXUS;
    callback.nexus = &nexus;
    Pb__Callback *callbacks[] = {&callback};
    Pb__StartWorkflowExecutionRequest request = PB__START_WORKFLOW_EXECUTION_REQUEST__INIT;
    request.workflow_id = workflow_id;
    request.n_completion_callbacks = 1;
    request.completion_callbacks = callbacks;
    struct answer started = ask(*state, METHOD_StartWorkflowExecution, &request.base, 0, 0);
    free(started.bytes);
    Pb__WorkflowExecution execution = PB__WORKFLOW_EXECUTION__INIT;
    execution.workflow_id = workflow_id;
    Pb__DescribeWorkflowExecutionRequest question = PB__DESCRIBE_WORKFLOW_EXECUTION_REQUEST__INIT;
    question.execution = &execution;
    struct answer answer = ask(*state, METHOD_DescribeWorkflowExecution, &question.base, 0, 0);
    Pb__DescribeWorkflowExecutionResponse *described =
        pb__describe_workflow_execution_response__unpack(NULL, answer.length, answer.bytes);
    assert_int_equal(described->n_callbacks, 1);
    assert_string_equal(described->callbacks[0]->callback->nexus->url, url);
    pb__describe_workflow_execution_response__free_unpacked(described, NULL);
    free(answer.bytes);
}

static void a_start_of_a_completed_id_is_refused_with_the_run_in_its_details(void **state)
{
    struct answer first = start(*state, 0);
    struct answer refused = start(*state, CLOSE_DELAY_MS);
    assert_int_equal(refused.code, GRPC_STATUS_ALREADY_EXISTS);
    Pb__StartWorkflowExecutionResponse *started =
        pb__start_workflow_execution_response__unpack(NULL, first.length, first.bytes);
    Pb__Status *status = pb__status__unpack(NULL, refused.length, refused.bytes);
    assert_int_equal(status->code, GRPC_STATUS_ALREADY_EXISTS);
    assert_int_equal(status->n_details, 1);
    Pb__WorkflowExecutionAlreadyStartedFailure *failure = pb__workflow_execution_already_started_failure__unpack(
        NULL, status->details[0]->value.len, status->details[0]->value.data);
    assert_string_equal(failure->run_id, started->run_id);
    pb__workflow_execution_already_started_failure__free_unpacked(failure, NULL);
    pb__status__free_unpacked(status, NULL);
    pb__start_workflow_execution_response__free_unpacked(started, NULL);
    free(first.bytes);
    free(refused.bytes);
}

static struct answer poll_history(struct answers *answers, int64_t now_ms)
{
    Pb__WorkflowExecution execution = PB__WORKFLOW_EXECUTION__INIT;
    execution.workflow_id = "w";
    Pb__GetWorkflowExecutionHistoryRequest request = PB__GET_WORKFLOW_EXECUTION_HISTORY_REQUEST__INIT;
    request.execution = &execution;
    request.wait_new_event = 1;
    request.history_event_filter_type = PB__HISTORY_EVENT_FILTER_TYPE__HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT;
    return ask(answers, METHOD_GetWorkflowExecutionHistory, &request.base, now_ms, POLL_MS);
}

static void a_history_poll_waits_for_the_close_and_answers_its_event(void **state)
{
    free(start(*state, 0).bytes);
    assert_int_equal(poll_history(*state, 10).again_ms, CLOSE_DELAY_MS);
    struct answer answer = poll_history(*state, CLOSE_DELAY_MS);
    assert_int_equal(answer.again_ms, 0);
    Pb__GetWorkflowExecutionHistoryResponse *response =
        pb__get_workflow_execution_history_response__unpack(NULL, answer.length, answer.bytes);
    assert_int_equal(response->history->n_events, 1);
    const Pb__HistoryEvent *event = response->history->events[0];
    assert_int_equal(event->event_type, PB__EVENT_TYPE__EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED);
    assert_int_equal(event->event_time->seconds, 5); /* the wall clock's */
    assert_int_equal(event->event_time->nanos, CLOSE_DELAY_MS * 1000000);
    pb__get_workflow_execution_history_response__free_unpacked(response, NULL);
    free(answer.bytes);
}

static void a_history_poll_without_news_ends_with_a_token(void **state)
{
    const struct answers_options options = {.most_runs = 10, .close_delay_ms = 10 * POLL_MS};
    struct answers *answers = answers_new(&options);
    (void)state;
    free(start(answers, 0).bytes);
    assert_int_equal(poll_history(answers, 10).again_ms, POLL_MS);
    struct answer answer = poll_history(answers, POLL_MS);
    Pb__GetWorkflowExecutionHistoryResponse *response =
        pb__get_workflow_execution_history_response__unpack(NULL, answer.length, answer.bytes);
    assert_int_equal(response->history->n_events, 0);
    assert_true(response->next_page_token.len > 0);
    pb__get_workflow_execution_history_response__free_unpacked(response, NULL);
    free(answer.bytes);
    answers_destroy(answers);
}

static void a_task_poll_ends_empty_after_its_time(void **state)
{
    Pb__PollActivityTaskQueueRequest request = PB__POLL_ACTIVITY_TASK_QUEUE_REQUEST__INIT;
    assert_int_equal(ask(*state, METHOD_PollActivityTaskQueue, &request.base, 1, POLL_MS).again_ms, POLL_MS);
    struct answer answer = ask(*state, METHOD_PollActivityTaskQueue, &request.base, POLL_MS, POLL_MS);
    assert_int_equal(answer.again_ms, 0);
    assert_int_equal(answer.code, GRPC_STATUS_OK);
    assert_int_equal(answer.length, 0);
    free(answer.bytes);
}

static void an_unknown_run_and_bytes_that_do_not_parse_are_refused(void **state)
{
    struct answer answer = poll_history(*state, 0);
    assert_int_equal(answer.code, GRPC_STATUS_NOT_FOUND);
    static const uint8_t junk[] = {0x0a, 0xff, 0xff, 0xff};
    answers_give(*state, METHOD_StartWorkflowExecution, junk, sizeof junk, 0, 0, &answer);
    assert_int_equal(answer.code, GRPC_STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_start_answers_a_run_and_then_the_same_run, setup, teardown),
        cmocka_unit_test_setup_teardown(a_description_shows_the_callback_of_the_start, setup, teardown),
        cmocka_unit_test_setup_teardown(a_start_of_a_completed_id_is_refused_with_the_run_in_its_details, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_history_poll_waits_for_the_close_and_answers_its_event, setup, teardown),
        cmocka_unit_test(a_history_poll_without_news_ends_with_a_token),
        cmocka_unit_test_setup_teardown(a_task_poll_ends_empty_after_its_time, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_run_and_bytes_that_do_not_parse_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

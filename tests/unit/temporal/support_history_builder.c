/* Histories for tests. */
#include "support_history_builder.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "command_queue.h"
#include "payload.h"
#include "proto_time.h"

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name

void history_init(struct history_builder *history)
{
    *history = (struct history_builder){0};
}

void history_truncate(struct history_builder *history, size_t count)
{
    while (history->count > count) {
        pb__history_event__free_unpacked(history->events[--history->count], NULL);
    }
}

void history_deinit(struct history_builder *history)
{
    history_truncate(history, 0);
    free(history->events);
    history_init(history);
}

Pb__HistoryEvent *history_add(struct history_builder *history, Pb__EventType type)
{
    if (history->count == history->capacity) {
        history->capacity = history->capacity == 0 ? 32 : history->capacity * 2;
        history->events = memory_resize_array(history->events, history->capacity, sizeof *history->events);
    }
    Pb__HistoryEvent *event = memory_alloc(sizeof *event);
    pb__history_event__init(event);
    event->event_id = (int64_t)history->count + 1;
    event->event_type = type;
    event->event_time = memory_alloc(sizeof *event->event_time);
    timestamp_init_ms(event->event_time, (HISTORY_START_SECONDS + (int64_t)history->count) * 1000);
    history->events[history->count++] = event;
    return event;
}

/* Declares `attributes` of a new event of that type. */
#define ADD(history, NAME, Message, name)                                                                  \
    Pb__HistoryEvent *event = history_add((history), TYPE(NAME));                                          \
    Pb__##Message##EventAttributes *attributes = memory_alloc(sizeof *attributes);                         \
    pb__##name##_event_attributes__init(attributes);                                                       \
    event->attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_##NAME##_EVENT_ATTRIBUTES;                      \
    event->name##_event_attributes = attributes

static Pb__Payloads *payloads(const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    struct temporal_payload view = {.data = text, .length = strlen(text)};
    return payloads_from_view(&view, 1);
}

int64_t history_add_execution_started(struct history_builder *history, const char *input)
{
    ADD(history, WORKFLOW_EXECUTION_STARTED, WorkflowExecutionStarted, workflow_execution_started);
    attributes->input = payloads(input);
    attributes->attempt = 1;
    attributes->original_execution_run_id = memory_copy_string(HISTORY_RUN_ID);
    attributes->first_execution_run_id = memory_copy_string(HISTORY_RUN_ID);
    attributes->task_queue = memory_alloc(sizeof *attributes->task_queue);
    pb__task_queue__init(attributes->task_queue);
    attributes->task_queue->name = memory_copy_string("queue");
    return event->event_id;
}

int64_t history_add_task_scheduled(struct history_builder *history)
{
    ADD(history, WORKFLOW_TASK_SCHEDULED, WorkflowTaskScheduled, workflow_task_scheduled);
    history->last_scheduled_id = event->event_id;
    return event->event_id;
}

int64_t history_add_task_started(struct history_builder *history)
{
    ADD(history, WORKFLOW_TASK_STARTED, WorkflowTaskStarted, workflow_task_started);
    attributes->scheduled_event_id = history->last_scheduled_id;
    history->last_started_id = event->event_id;
    return event->event_id;
}

int64_t history_add_task(struct history_builder *history)
{
    (void)history_add_task_scheduled(history);
    return history_add_task_started(history);
}

int64_t history_add_task_completed(struct history_builder *history)
{
    ADD(history, WORKFLOW_TASK_COMPLETED, WorkflowTaskCompleted, workflow_task_completed);
    attributes->scheduled_event_id = history->last_scheduled_id;
    attributes->started_event_id = history->last_started_id;
    return event->event_id;
}

int64_t history_add_task_failed(struct history_builder *history, Pb__WorkflowTaskFailedCause cause,
                                const char *new_run_id)
{
    ADD(history, WORKFLOW_TASK_FAILED, WorkflowTaskFailed, workflow_task_failed);
    attributes->cause = cause;
    attributes->new_run_id = memory_copy_string(new_run_id);
    return event->event_id;
}

int64_t history_add_task_timed_out(struct history_builder *history)
{
    ADD(history, WORKFLOW_TASK_TIMED_OUT, WorkflowTaskTimedOut, workflow_task_timed_out);
    attributes->started_event_id = history->last_started_id;
    return event->event_id;
}

int64_t history_add_activity_scheduled(struct history_builder *history, const char *id, const char *type)
{
    ADD(history, ACTIVITY_TASK_SCHEDULED, ActivityTaskScheduled, activity_task_scheduled);
    attributes->activity_id = memory_copy_string(id);
    attributes->activity_type = memory_alloc(sizeof *attributes->activity_type);
    pb__activity_type__init(attributes->activity_type);
    attributes->activity_type->name = memory_copy_string(type);
    return event->event_id;
}

int64_t history_add_activity_started(struct history_builder *history, int64_t scheduled)
{
    ADD(history, ACTIVITY_TASK_STARTED, ActivityTaskStarted, activity_task_started);
    attributes->scheduled_event_id = scheduled;
    attributes->attempt = 1;
    return event->event_id;
}

int64_t history_add_activity_completed(struct history_builder *history, int64_t scheduled, const char *result)
{
    ADD(history, ACTIVITY_TASK_COMPLETED, ActivityTaskCompleted, activity_task_completed);
    attributes->scheduled_event_id = scheduled;
    attributes->result = payloads(result);
    return event->event_id;
}

static Pb__Failure *failure_new(const char *message)
{
    Pb__Failure *failure = memory_alloc(sizeof *failure);
    pb__failure__init(failure);
    failure->message = memory_copy_string(message);
    return failure;
}

int64_t history_add_activity_failed(struct history_builder *history, int64_t scheduled, const char *type,
                                    const char *message)
{
    ADD(history, ACTIVITY_TASK_FAILED, ActivityTaskFailed, activity_task_failed);
    attributes->scheduled_event_id = scheduled;
    attributes->retry_state = PB__RETRY_STATE__RETRY_STATE_NON_RETRYABLE_FAILURE;
    attributes->failure = failure_new(message);
    Pb__ApplicationFailureInfo *info = memory_alloc(sizeof *info);
    pb__application_failure_info__init(info);
    info->type = memory_copy_string(type);
    info->non_retryable = true;
    info->details = payloads("{\"code\":7}");
    attributes->failure->failure_info_case = PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO;
    attributes->failure->application_failure_info = info;
    return event->event_id;
}

int64_t history_add_activity_timed_out(struct history_builder *history, int64_t scheduled, Pb__TimeoutType timeout)
{
    ADD(history, ACTIVITY_TASK_TIMED_OUT, ActivityTaskTimedOut, activity_task_timed_out);
    attributes->scheduled_event_id = scheduled;
    attributes->failure = failure_new("timed out");
    Pb__TimeoutFailureInfo *info = memory_alloc(sizeof *info);
    pb__timeout_failure_info__init(info);
    info->timeout_type = timeout;
    attributes->failure->failure_info_case = PB__FAILURE__FAILURE_INFO_TIMEOUT_FAILURE_INFO;
    attributes->failure->timeout_failure_info = info;
    return event->event_id;
}

int64_t history_add_activity_cancel_requested(struct history_builder *history, int64_t scheduled)
{
    ADD(history, ACTIVITY_TASK_CANCEL_REQUESTED, ActivityTaskCancelRequested, activity_task_cancel_requested);
    attributes->scheduled_event_id = scheduled;
    return event->event_id;
}

int64_t history_add_activity_canceled(struct history_builder *history, int64_t scheduled)
{
    ADD(history, ACTIVITY_TASK_CANCELED, ActivityTaskCanceled, activity_task_canceled);
    attributes->scheduled_event_id = scheduled;
    return event->event_id;
}

int64_t history_begin_activity(struct history_builder *history, const char *id, const char *type)
{
    history_init(history);
    history_add_execution_started(history, "\"in\"");
    history_add_task(history);
    history_add_task_completed(history);
    return history_add_activity_scheduled(history, id, type);
}

int64_t history_add_timer_started(struct history_builder *history, const char *id)
{
    ADD(history, TIMER_STARTED, TimerStarted, timer_started);
    attributes->timer_id = memory_copy_string(id);
    return event->event_id;
}

int64_t history_add_timer_fired(struct history_builder *history, int64_t started, const char *id)
{
    ADD(history, TIMER_FIRED, TimerFired, timer_fired);
    attributes->timer_id = memory_copy_string(id);
    attributes->started_event_id = started;
    return event->event_id;
}

int64_t history_add_timer_canceled(struct history_builder *history, int64_t started, const char *id)
{
    ADD(history, TIMER_CANCELED, TimerCanceled, timer_canceled);
    attributes->timer_id = memory_copy_string(id);
    attributes->started_event_id = started;
    return event->event_id;
}

int64_t history_add_signal(struct history_builder *history, const char *name, const char *input)
{
    ADD(history, WORKFLOW_EXECUTION_SIGNALED, WorkflowExecutionSignaled, workflow_execution_signaled);
    attributes->signal_name = memory_copy_string(name);
    attributes->input = payloads(input);
    return event->event_id;
}

int64_t history_add_cancel_requested(struct history_builder *history)
{
    ADD(history, WORKFLOW_EXECUTION_CANCEL_REQUESTED, WorkflowExecutionCancelRequested,
        workflow_execution_cancel_requested);
    return event->event_id;
}

int64_t history_add_closed(struct history_builder *history, Pb__EventType type)
{
    return history_add(history, type)->event_id;
}

/* ---- running ---- */

struct workflow_run *history_run_new(struct coroutine_pool *stacks,
                                     const struct temporal_workflow_definition *definition)
{
    return workflow_run_new(&(struct workflow_run_options){
        .definition = definition,
        .stacks = stacks,
        .namespace_name = "default",
        .workflow_id = "workflow-1",
        .run_id = HISTORY_RUN_ID,
        .task_queue = "queue",
    });
}

struct workflow_completion history_handle(struct workflow_run *run, const struct history_builder *history, size_t from,
                                          size_t to, int64_t previous_started_event_id)
{
    struct error error = {0};
    struct workflow_completion completion = {0};
    struct workflow_task task = {
        .events = history->events + from,
        .event_count = to - from,
        .previous_started_event_id = previous_started_event_id,
        .started_event_id = to > 0 && history->events[to - 1]->event_type == TYPE(WORKFLOW_TASK_STARTED)
                                ? history->events[to - 1]->event_id
                                : 0,
        .attempt = 1,
    };
    if (workflow_run_handle_task(run, &task, &completion, &error) != STATUS_OK) {
        fail_msg("the run refuses events %zu to %zu: %s", from + 1, to, error.text);
    }
    return completion;
}

static void describe_payloads(struct buffer *text, const Pb__Payloads *list)
{
    for (size_t i = 0; list != NULL && i < list->n_payloads; i++) {
        const ProtobufCBinaryData *data = &list->payloads[i]->data;
        assert_true(buffer_append_format(text, " %.*s", (int)data->len, (const char *)data->data));
    }
}

static void describe_failure(struct buffer *text, const Pb__Failure *failure)
{
    for (; failure != NULL; failure = failure->cause) {
        const char *type = "";
        if (failure->failure_info_case == PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO) {
            type = failure->application_failure_info->type;
        } else if (failure->failure_info_case == PB__FAILURE__FAILURE_INFO_ACTIVITY_FAILURE_INFO) {
            type = failure->activity_failure_info->activity_type->name;
        }
        assert_true(buffer_append_format(text, " [%s|%s]", type, failure->message));
    }
}

static void describe_command(struct buffer *text, const Pb__Command *command)
{
    assert_true(buffer_append_string(text, command_type_name(command->command_type)));
    switch (command->command_type) {
    case PB__COMMAND_TYPE__COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
        assert_true(buffer_append_format(text, " %s %s",
                                         command->schedule_activity_task_command_attributes->activity_id,
                                         command->schedule_activity_task_command_attributes->activity_type->name));
        describe_payloads(text, command->schedule_activity_task_command_attributes->input);
        break;
    case PB__COMMAND_TYPE__COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK:
        assert_true(buffer_append_format(
            text, " %" PRId64, command->request_cancel_activity_task_command_attributes->scheduled_event_id));
        break;
    case PB__COMMAND_TYPE__COMMAND_TYPE_START_TIMER:
        assert_true(buffer_append_format(
            text, " %s %" PRId64 "ms", command->start_timer_command_attributes->timer_id,
            duration_to_ms(command->start_timer_command_attributes->start_to_fire_timeout)));
        break;
    case PB__COMMAND_TYPE__COMMAND_TYPE_CANCEL_TIMER:
        assert_true(buffer_append_format(text, " %s", command->cancel_timer_command_attributes->timer_id));
        break;
    case PB__COMMAND_TYPE__COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
        describe_payloads(text, command->complete_workflow_execution_command_attributes->result);
        break;
    case PB__COMMAND_TYPE__COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
        describe_failure(text, command->fail_workflow_execution_command_attributes->failure);
        break;
    default:
        break;
    }
}

char *history_describe(const struct workflow_completion *completion)
{
    struct buffer text;
    buffer_init(&text, (size_t)1024 * 1024);
    if (completion->is_failure) {
        assert_true(buffer_append_format(&text, "FAILED %d: %s", (int)completion->failure_cause,
                                         completion->failure->message));
    }
    for (size_t i = 0; i < completion->command_count; i++) {
        assert_true(buffer_append_string(&text, i > 0 ? "; " : ""));
        describe_command(&text, completion->commands[i]);
    }
    return buffer_take(&text, NULL);
}

static bool takes_effect(const struct history_builder *history, size_t index)
{
    if (history->events[index]->event_type != TYPE(WORKFLOW_TASK_STARTED)) {
        return false;
    }
    return index + 1 == history->count || history->events[index + 1]->event_type == TYPE(WORKFLOW_TASK_COMPLETED);
}

static void check_task(struct workflow_run *run, const struct history_builder *history, size_t from, size_t to,
                       int64_t previous, const char *how, const char *expected)
{
    struct workflow_completion completion = history_handle(run, history, from, to, previous);
    char *description = history_describe(&completion);
    if (strcmp(description, expected) != 0) {
        fail_msg("%s, task started by event %zu: expected \"%s\", got \"%s\"", how, to, expected, description);
    }
    assert_int_equal(workflow_run_last_started_event_id(run), (int64_t)to);
    free(description);
    workflow_completion_deinit(&completion);
}

void history_check(const struct history_builder *history, const struct temporal_workflow_definition *definition,
                   const char *const *expected)
{
    struct coroutine_pool *stacks = coroutine_pool_new(4);
    struct workflow_run *live = history_run_new(stacks, definition);
    size_t handled = 0;
    size_t task = 0;
    for (size_t i = 0; i < history->count; i++) {
        if (!takes_effect(history, i)) {
            continue;
        }
        assert_non_null(expected[task]);
        check_task(live, history, handled, i + 1, (int64_t)handled, "live", expected[task]);
        struct workflow_run *cold = history_run_new(stacks, definition);
        check_task(cold, history, 0, i + 1, (int64_t)handled, "cold", expected[task]);
        workflow_run_destroy(cold);
        handled = i + 1;
        task++;
    }
    assert_null(expected[task]);
    workflow_run_destroy(live);
    coroutine_pool_destroy(stacks);
}

char *history_replay(const struct history_builder *history, const struct temporal_workflow_definition *definition)
{
    struct coroutine_pool *stacks = coroutine_pool_new(1);
    struct workflow_run *run = history_run_new(stacks, definition);
    struct workflow_completion completion = history_handle(run, history, 0, history->count, 0);
    char *description = history_describe(&completion);
    workflow_completion_deinit(&completion);
    workflow_run_destroy(run);
    coroutine_pool_destroy(stacks);
    return description;
}

void history_check_begins(const struct history_builder *history,
                          const struct temporal_workflow_definition *definition, const char *beginning)
{
    char *answer = history_replay(history, definition);
    if (strncmp(answer, beginning, strlen(beginning)) != 0) {
        fail_msg("expected \"%s…\", got \"%s\"", beginning, answer);
    }
    free(answer);
}

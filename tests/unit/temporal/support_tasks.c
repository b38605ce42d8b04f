/* See support_tasks.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_tasks.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

#define SLOTS 8

/* ---- the worker ---- */

json_t *tasks_charges(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    return temporal_workflow_execute_activity(workflow, "charge", json_null(),
                                              &(struct temporal_activity_options){.start_to_close_ms = 60000});
}

static void note_progress(void *user)
{
    ((struct tasks_fixture *)user)->progress++;
}

void tasks_begin(struct tasks_fixture *fixture, temporal_workflow_fn *function, size_t cache)
{
    static char s_namespace[] = "default";
    static char s_queue[] = "queue";
    static char s_sticky[] = "queue-sticky";
    static char s_identity[] = "me";
    *fixture = (struct tasks_fixture){0};
    fake_calls_init(&fixture->fake);
    fixture->context = (struct worker_context){
        .loop = loop_new(), .calls = fake_calls_seam(&fixture->fake), .namespace_name = s_namespace,
        .task_queue = s_queue, .sticky_queue = cache > 0 ? s_sticky : NULL, .identity = s_identity,
        .instance_key = s_identity, .progress = note_progress, .progress_user = fixture};
    worker_metrics_init(&fixture->context.metrics, NULL, s_namespace, s_queue);
    fixture->workflows = worker_workflows_new(&(struct worker_workflows_options){
        .context = &fixture->context, .slots = SLOTS, .polls = 1, .sticky_polls = 1, .cache = cache,
        .sticky_schedule_to_start_ms = 10000, .history_events_max = 1000, .history_bytes_max = 1 << 20});
    worker_workflows_register(fixture->workflows,
                              &(struct temporal_workflow_definition){.name = "wf", .function = function});
    worker_workflows_start(fixture->workflows);
}

void tasks_settle(struct tasks_fixture *fixture)
{
    for (int i = 0; i < 8; i++) {
        loop_run_once(fixture->context.loop, 0);
    }
}

struct fake_call *tasks_waiting(struct tasks_fixture *fixture, const struct service_method *method)
{
    tasks_settle(fixture);
    return fake_calls_waiting(&fixture->fake, method);
}

struct fake_call *tasks_expect(struct tasks_fixture *fixture, const struct service_method *method)
{
    struct fake_call *call = tasks_waiting(fixture, method);
    assert_non_null(call);
    return call;
}

void tasks_end_polls(struct tasks_fixture *fixture)
{
    const struct service_method *poll = &service_poll_workflow_task_queue;
    for (struct fake_call *call = tasks_waiting(fixture, poll); call; call = tasks_waiting(fixture, poll)) {
        fake_calls_fail(call, STATUS_CANCELED, RPC_CANCELLED);
    }
}

void tasks_free(struct tasks_fixture *fixture)
{
    tasks_settle(fixture);
    assert_true(worker_workflows_is_idle(fixture->workflows));
    assert_true(fixture->progress > 0);
    loop_destroy(fixture->context.loop);
    worker_workflows_destroy(fixture->workflows);
    worker_metrics_deinit(&fixture->context.metrics);
    fake_calls_deinit(&fixture->fake);
}

void tasks_end(struct tasks_fixture *fixture)
{
    worker_workflows_stop(fixture->workflows, false);
    tasks_end_polls(fixture);
    tasks_free(fixture);
}

/* ---- histories ---- */

void tasks_begin_history(struct history_builder *history)
{
    history_init(history);
    history_add_execution_started(history, NULL);
    history_add_task(history);
}

void tasks_go_on(struct history_builder *history)
{
    history_add_task_completed(history);
    int64_t scheduled = history_add_activity_scheduled(history, "1", "charge");
    history_add_activity_started(history, scheduled);
    history_add_activity_completed(history, scheduled, "\"ok\"");
    history_add_task(history);
}

/* ---- tasks ---- */

static Pb__History *copy_events(const struct history_builder *history, size_t from, size_t to)
{
    Pb__History part;
    pb__history__init(&part);
    part.n_events = to - from;
    part.events = history->events + from;
    size_t size = pb__history__get_packed_size(&part);
    uint8_t *bytes = memory_alloc(size + 1);
    pb__history__pack(&part, bytes);
    Pb__History *copy = pb__history__unpack(NULL, size, bytes);
    free(bytes);
    return copy;
}

Pb__PollWorkflowTaskQueueResponse *tasks_make(const struct history_builder *history, struct test_task task)
{
    Pb__PollWorkflowTaskQueueResponse *made = memory_alloc(sizeof *made);
    pb__poll_workflow_task_queue_response__init(made);
    made->task_token.data = memory_copy(task.token, strlen(task.token));
    made->task_token.len = strlen(task.token);
    made->workflow_execution = memory_alloc(sizeof *made->workflow_execution);
    pb__workflow_execution__init(made->workflow_execution);
    made->workflow_execution->workflow_id = memory_copy_string("workflow-1");
    made->workflow_execution->run_id = memory_copy_string(task.run_id ? task.run_id : HISTORY_RUN_ID);
    made->workflow_type = memory_alloc(sizeof *made->workflow_type);
    pb__workflow_type__init(made->workflow_type);
    made->workflow_type->name = memory_copy_string(task.type ? task.type : "wf");
    made->attempt = task.attempt > 0 ? task.attempt : 1;
    size_t to = task.to > 0 ? task.to : history->count;
    made->history = copy_events(history, task.from, to);
    if (task.is_query) {
        made->query = memory_alloc(sizeof *made->query);
        pb__workflow_query__init(made->query);
        made->query->query_type = memory_copy_string("state");
    } else {
        made->previous_started_event_id = task.previous_started;
        made->started_event_id = (int64_t)to;
    }
    return made;
}

void tasks_give(struct tasks_fixture *fixture, const struct history_builder *history, struct test_task task)
{
    fake_calls_answer(tasks_expect(fixture, &service_poll_workflow_task_queue), &tasks_make(history, task)->base);
    tasks_settle(fixture);
}

void tasks_give_history(struct tasks_fixture *fixture, const struct history_builder *history, size_t to)
{
    Pb__GetWorkflowExecutionHistoryResponse *page = (void *)tasks_empty_reply(&service_get_workflow_execution_history);
    page->history = copy_events(history, 0, to);
    fake_calls_answer(tasks_expect(fixture, &service_get_workflow_execution_history), &page->base);
    tasks_settle(fixture);
}

/* ---- answers ---- */

const Pb__RespondWorkflowTaskCompletedRequest *tasks_expect_completed(struct tasks_fixture *fixture)
{
    return (const void *)tasks_expect(fixture, &service_respond_workflow_task_completed)->request;
}

const Pb__RespondWorkflowTaskFailedRequest *tasks_expect_failed(struct tasks_fixture *fixture)
{
    return (const void *)tasks_expect(fixture, &service_respond_workflow_task_failed)->request;
}

ProtobufCMessage *tasks_empty_reply(const struct service_method *method)
{
    ProtobufCMessage *made = memory_alloc(method->reply->sizeof_message);
    protobuf_c_message_init(method->reply, made);
    return made;
}

void tasks_take_answer(struct tasks_fixture *fixture, const struct service_method *method)
{
    fake_calls_answer(tasks_expect(fixture, method), tasks_empty_reply(method));
    tasks_settle(fixture);
}

void tasks_refuse_answer(struct tasks_fixture *fixture, const struct service_method *method, enum status status,
                         enum rpc_code code)
{
    fake_calls_fail(tasks_expect(fixture, method), status, code);
    tasks_settle(fixture);
}

/* ---- what is true of them ---- */

void tasks_assert_schedules(const Pb__RespondWorkflowTaskCompletedRequest *request, const char *type)
{
    assert_int_equal(request->n_commands, 1);
    assert_int_equal(request->commands[0]->command_type, PB__COMMAND_TYPE__COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
    assert_string_equal(request->commands[0]->schedule_activity_task_command_attributes->activity_type->name, type);
}

void tasks_assert_closes(const Pb__RespondWorkflowTaskCompletedRequest *request)
{
    assert_int_equal(request->n_commands, 1);
    assert_int_equal(request->commands[0]->command_type, PB__COMMAND_TYPE__COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
}

void tasks_assert_token(ProtobufCBinaryData token, const char *text)
{
    assert_int_equal(token.len, strlen(text));
    assert_memory_equal(token.data, text, token.len);
}

int64_t tasks_gauge(struct tasks_fixture *fixture, const char *name, const char *labels_end)
{
    struct buffer buffer;
    size_t length = 0;
    buffer_init(&buffer, 1 << 20);
    metrics_write(fixture->context.metrics.registry, &buffer);
    assert_true(buffer_append(&buffer, "", 1));
    char *text = buffer_take(&buffer, &length);
    const char *line = text;
    const char *labels = NULL;
    do {
        line = strstr(line + 1, name);
        labels = line ? strstr(line, labels_end) : NULL;
    } while (line && !(line[-1] == '\n' && line[strlen(name)] == '{' && labels && labels < strchr(line, '\n')));
    assert_non_null(line);
    int64_t value = strtoll(labels + strlen(labels_end), NULL, 10);
    free(text);
    return value;
}

int64_t tasks_permits_used(struct tasks_fixture *fixture)
{
    return tasks_gauge(fixture, "temporal_worker_task_slots_used", "worker_type=\"WorkflowWorker\"} ");
}

void tasks_assert_nothing_in_work(struct tasks_fixture *fixture)
{
    tasks_settle(fixture);
    assert_int_equal(worker_workflows_tasks(fixture->workflows), 0);
    assert_int_equal(tasks_permits_used(fixture),
                     fake_calls_waiting_count(&fixture->fake, &service_poll_workflow_task_queue));
}

/* Workflow tasks from the poll to the answer: what is cached, parked, fetched, told and dropped. The test plays the
 * server; its thread is the loop's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "codec_message.h"
#include "support_codec.h"
#include "support_history_builder.h"
#include "support_worker_calls.h"
#include "worker_workflows.h"

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name
#define CAUSE(name) PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_##name
#define OTHER_RUN_ID "0a1b2c3d-0000-4000-8000-000000000002"
#define SLOTS 8
#define POLLS 2 /* one on each queue */

struct fixture {
    struct fake_calls fake;
    struct worker_context context;
    struct worker_workflows *workflows;
    int progress;
};

static json_t *charges(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    return temporal_workflow_execute_activity(workflow, "charge", json_null(),
                                              &(struct temporal_activity_options){.start_to_close_ms = 60000});
}

static json_t *refunds(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    return temporal_workflow_execute_activity(workflow, "refund", json_null(),
                                              &(struct temporal_activity_options){.start_to_close_ms = 60000});
}

static void note_progress(void *user)
{
    ((struct fixture *)user)->progress++;
}

static void begin(struct fixture *fixture, temporal_workflow_fn *function, size_t cache)
{
    static char s_namespace[] = "default";
    static char s_queue[] = "queue";
    static char s_sticky[] = "queue-sticky";
    static char s_identity[] = "me";
    *fixture = (struct fixture){0};
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

/* Runs what was posted; nothing of this waits for a clock. */
static void settle(struct fixture *fixture)
{
    for (int i = 0; i < 8; i++) {
        loop_run_once(fixture->context.loop, 0);
    }
}

static struct fake_call *waiting(struct fixture *fixture, const struct service_method *method)
{
    settle(fixture);
    return fake_calls_waiting(&fixture->fake, method);
}

static struct fake_call *expect(struct fixture *fixture, const struct service_method *method)
{
    struct fake_call *call = waiting(fixture, method);
    assert_non_null(call);
    return call;
}

static void end_polls(struct fixture *fixture)
{
    const struct service_method *poll = &service_poll_workflow_task_queue;
    for (struct fake_call *call = waiting(fixture, poll); call; call = waiting(fixture, poll)) {
        fake_calls_fail(call, STATUS_CANCELED, RPC_CANCELLED);
    }
}

static void free_all(struct fixture *fixture)
{
    settle(fixture);
    assert_true(worker_workflows_is_idle(fixture->workflows));
    assert_true(fixture->progress > 0);
    loop_destroy(fixture->context.loop);
    worker_workflows_destroy(fixture->workflows);
    worker_metrics_deinit(&fixture->context.metrics);
    fake_calls_deinit(&fixture->fake);
}

static void end(struct fixture *fixture)
{
    worker_workflows_stop(fixture->workflows, false);
    end_polls(fixture);
    free_all(fixture);
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

struct task {
    const char *run_id;
    const char *token;
    const char *type;
    size_t from, to; /* events of the history that the poll brings */
    int64_t previous_started;
    int attempt;
    bool is_query;
};

/* Defaults: HISTORY_RUN_ID, "wf", attempt 1, all events up to the task's own. */
static Pb__PollWorkflowTaskQueueResponse *make_task(const struct history_builder *history, struct task task)
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

static void give(struct fixture *fixture, const struct history_builder *history, struct task task)
{
    fake_calls_answer(expect(fixture, &service_poll_workflow_task_queue), &make_task(history, task)->base);
    settle(fixture);
}

/* 1 STARTED, 2 and 3 the first task. */
static void begin_history(struct history_builder *history)
{
    history_init(history);
    history_add_execution_started(history, NULL);
    history_add_task(history);
}

/* 4 COMPLETED, 5 to 7 the activity, 8 and 9 the second task. */
static void go_on(struct history_builder *history)
{
    history_add_task_completed(history);
    int64_t scheduled = history_add_activity_scheduled(history, "1", "charge");
    history_add_activity_started(history, scheduled);
    history_add_activity_completed(history, scheduled, "\"ok\"");
    history_add_task(history);
}

static const Pb__RespondWorkflowTaskCompletedRequest *expect_completed(struct fixture *fixture)
{
    return (const void *)expect(fixture, &service_respond_workflow_task_completed)->request;
}

static const Pb__RespondWorkflowTaskFailedRequest *expect_failed(struct fixture *fixture)
{
    return (const void *)expect(fixture, &service_respond_workflow_task_failed)->request;
}

static ProtobufCMessage *empty(const struct service_method *method)
{
    ProtobufCMessage *made = memory_alloc(method->reply->sizeof_message);
    protobuf_c_message_init(method->reply, made);
    return made;
}

static void take_answer(struct fixture *fixture, const struct service_method *method)
{
    fake_calls_answer(expect(fixture, method), empty(method));
    settle(fixture);
}

static void refuse_answer(struct fixture *fixture, const struct service_method *method, enum status status,
                          enum rpc_code code)
{
    fake_calls_fail(expect(fixture, method), status, code);
    settle(fixture);
}

static void give_history(struct fixture *fixture, const struct history_builder *history, size_t to)
{
    Pb__GetWorkflowExecutionHistoryResponse *page = (void *)empty(&service_get_workflow_execution_history);
    page->history = copy_events(history, 0, to);
    fake_calls_answer(expect(fixture, &service_get_workflow_execution_history), &page->base);
    settle(fixture);
}

#define COMPLETED (&service_respond_workflow_task_completed)
#define FAILED (&service_respond_workflow_task_failed)

static void assert_schedules(const Pb__RespondWorkflowTaskCompletedRequest *request, const char *type)
{
    assert_int_equal(request->n_commands, 1);
    assert_int_equal(request->commands[0]->command_type, PB__COMMAND_TYPE__COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
    assert_string_equal(request->commands[0]->schedule_activity_task_command_attributes->activity_type->name, type);
}

static void assert_closes(const Pb__RespondWorkflowTaskCompletedRequest *request)
{
    assert_int_equal(request->n_commands, 1);
    assert_int_equal(request->commands[0]->command_type, PB__COMMAND_TYPE__COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
}

static void assert_token(ProtobufCBinaryData token, const char *text)
{
    assert_int_equal(token.len, strlen(text));
    assert_memory_equal(token.data, text, token.len);
}

/* As /metrics shows it: the one sample of that name whose labels end so. */
static int64_t gauge(struct fixture *fixture, const char *name, const char *labels_end)
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

static int64_t permits_used(struct fixture *fixture)
{
    return gauge(fixture, "temporal_worker_task_slots_used", "worker_type=\"WorkflowWorker\"} ");
}

/* Permits: only the polls have one. */
static void assert_nothing_in_work(struct fixture *fixture)
{
    settle(fixture);
    assert_int_equal(worker_workflows_tasks(fixture->workflows), 0);
    assert_int_equal(permits_used(fixture),
                     fake_calls_waiting_count(&fixture->fake, &service_poll_workflow_task_queue));
}

/* ---- the plain way ---- */

static void a_run_is_kept_and_its_next_task_needs_only_what_is_new(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    give(&fixture, &history, (struct task){.token = "t1"});
    const Pb__RespondWorkflowTaskCompletedRequest *request = expect_completed(&fixture);
    assert_schedules(request, "charge");
    assert_token(request->task_token, "t1");
    assert_string_equal(request->sticky_attributes->worker_task_queue->name, "queue-sticky");
    assert_string_equal(request->sticky_attributes->worker_task_queue->normal_name, "queue");
    assert_true(request->return_new_workflow_task);
    assert_string_equal(request->sdk_metadata->sdk_name, WORKER_SDK_NAME);
    take_answer(&fixture, COMPLETED);
    assert_nothing_in_work(&fixture);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 1);
    assert_int_equal(gauge(&fixture, "temporal_sticky_cache_size", "} "), 1);
    assert_true(gauge(&fixture, "temporal_sticky_cache_bytes", "} ") > 0);
    go_on(&history);
    give(&fixture, &history, (struct task){.token = "t2", .from = 3, .previous_started = 3});
    assert_closes(expect_completed(&fixture));
    assert_int_equal(metric_counter_value(fixture.context.metrics.sticky_cache_hit), 1);
    take_answer(&fixture, COMPLETED);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 0); /* closed: nothing will come any more */
    assert_int_equal(gauge(&fixture, "temporal_sticky_cache_bytes", "} "), 0);
    assert_nothing_in_work(&fixture);
    end(&fixture);
    history_deinit(&history);
}

static void the_next_task_comes_with_the_answer_s_reply(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    give(&fixture, &history, (struct task){.token = "t1"});
    go_on(&history);
    Pb__RespondWorkflowTaskCompletedResponse *reply = (void *)empty(COMPLETED);
    reply->workflow_task = make_task(&history, (struct task){.token = "t2", .from = 3, .previous_started = 3});
    fake_calls_answer(expect(&fixture, COMPLETED), &reply->base);
    const Pb__RespondWorkflowTaskCompletedRequest *request = expect_completed(&fixture);
    assert_closes(request);
    assert_token(request->task_token, "t2");
    assert_int_equal(permits_used(&fixture), POLLS + 1);
    take_answer(&fixture, COMPLETED);
    assert_nothing_in_work(&fixture);
    end(&fixture);
    history_deinit(&history);
}

/* ---- two tasks of one run ---- */

static void a_newer_task_of_a_busy_run_waits_and_the_newest_wins(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    give(&fixture, &history, (struct task){.token = "t1"});
    give(&fixture, &history, (struct task){.token = "t2"});
    give(&fixture, &history, (struct task){.token = "t3"});
    assert_int_equal(worker_workflows_tasks(fixture.workflows), 2); /* the second was let go */
    assert_int_equal(fake_calls_waiting_count(&fixture.fake, COMPLETED), 1);
    assert_token(expect_completed(&fixture)->task_token, "t1");
    refuse_answer(&fixture, COMPLETED, STATUS_NOT_FOUND, RPC_NOT_FOUND);
    const Pb__RespondWorkflowTaskCompletedRequest *request = expect_completed(&fixture);
    assert_token(request->task_token, "t3");
    assert_schedules(request, "charge");
    take_answer(&fixture, COMPLETED);
    assert_nothing_in_work(&fixture);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 1);
    end(&fixture);
    history_deinit(&history);
}

static void what_is_parked_goes_on_behind_a_task_that_came_with_the_reply(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    give(&fixture, &history, (struct task){.token = "t1"});
    go_on(&history);
    give(&fixture, &history, (struct task){.token = "t3", .previous_started = 3});
    Pb__RespondWorkflowTaskCompletedResponse *reply = (void *)empty(COMPLETED);
    reply->workflow_task = make_task(&history, (struct task){.token = "t2", .from = 3, .previous_started = 3});
    fake_calls_answer(expect(&fixture, COMPLETED), &reply->base);
    assert_token(expect_completed(&fixture)->task_token, "t2");
    refuse_answer(&fixture, COMPLETED, STATUS_NOT_FOUND, RPC_NOT_FOUND);
    assert_token(expect_completed(&fixture)->task_token, "t3");
    take_answer(&fixture, COMPLETED);
    assert_nothing_in_work(&fixture);
    end(&fixture);
    history_deinit(&history);
}

/* ---- answers that are not taken ---- */

static void run_after_a_refused_answer(enum status status, enum rpc_code code)
{
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    give(&fixture, &history, (struct task){.token = "t1"});
    refuse_answer(&fixture, COMPLETED, status, code);
    assert_null(waiting(&fixture, FAILED));
    assert_nothing_in_work(&fixture);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 0);
    assert_int_equal(metric_counter_value(fixture.context.metrics.workflow_task_dropped), 1);
    /* The server's next task says what holds; the run is rebuilt for it. */
    history_add_task_failed(&history, CAUSE(UNHANDLED_COMMAND), NULL);
    history_add_signal(&history, "hello", NULL);
    history_add_task(&history);
    give(&fixture, &history, (struct task){.token = "t2"});
    assert_schedules(expect_completed(&fixture), "charge");
    take_answer(&fixture, COMPLETED);
    assert_nothing_in_work(&fixture);
    end(&fixture);
    history_deinit(&history);
}

static void an_answer_that_an_event_overtook_is_dropped_and_the_run_evicted(void **state)
{
    (void)state;
    run_after_a_refused_answer(STATUS_INVALID_ARGUMENT, RPC_INVALID_ARGUMENT); /* UnhandledCommand */
}

static void an_answer_to_a_task_that_is_gone_is_dropped_and_the_run_evicted(void **state)
{
    (void)state;
    run_after_a_refused_answer(STATUS_NOT_FOUND, RPC_NOT_FOUND);
}

static void an_answer_that_is_too_large_fails_the_task_with_that_cause(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    give(&fixture, &history, (struct task){.token = "t1"});
    refuse_answer(&fixture, COMPLETED, STATUS_TOO_LARGE, RPC_RESOURCE_EXHAUSTED);
    const Pb__RespondWorkflowTaskFailedRequest *request = expect_failed(&fixture);
    assert_int_equal(request->cause, CAUSE(GRPC_MESSAGE_TOO_LARGE));
    assert_token(request->task_token, "t1");
    refuse_answer(&fixture, FAILED, STATUS_TOO_LARGE, RPC_RESOURCE_EXHAUSTED); /* and that is not answered again */
    assert_null(waiting(&fixture, FAILED));
    assert_nothing_in_work(&fixture);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 0);
    give(&fixture, &history, (struct task){.token = "t2", .attempt = 2});
    refuse_answer(&fixture, COMPLETED, STATUS_TOO_LARGE, RPC_RESOURCE_EXHAUSTED);
    assert_null(waiting(&fixture, FAILED)); /* the second attempt stays silent */
    assert_nothing_in_work(&fixture);
    end(&fixture);
    history_deinit(&history);
}

/* ---- histories that do not continue what is cached ---- */

static void a_run_that_is_not_cached_is_rebuilt_from_its_whole_history(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    go_on(&history);
    give(&fixture, &history, (struct task){.token = "t2", .from = 7, .previous_started = 3});
    assert_int_equal(metric_counter_value(fixture.context.metrics.sticky_cache_miss), 1);
    give_history(&fixture, &history, 7); /* the task's own events are in no stored history */
    assert_closes(expect_completed(&fixture));
    take_answer(&fixture, COMPLETED);
    assert_nothing_in_work(&fixture);
    end(&fixture);
    history_deinit(&history);
}

static void a_cached_run_that_has_missed_a_task_is_dropped_and_rebuilt(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    give(&fixture, &history, (struct task){.token = "t1"});
    take_answer(&fixture, COMPLETED);
    go_on(&history);
    give(&fixture, &history, (struct task){.token = "t3", .from = 7, .previous_started = 3}); /* 4 to 7 are missing */
    assert_int_equal(metric_counter_value(fixture.context.metrics.sticky_cache_miss), 1);
    give_history(&fixture, &history, history.count);
    assert_closes(expect_completed(&fixture));
    take_answer(&fixture, COMPLETED);
    assert_nothing_in_work(&fixture);
    end(&fixture);
    history_deinit(&history);
}

static void a_history_that_stays_short_fails_the_first_attempt_only(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    go_on(&history);
    for (int attempt = 1; attempt <= 2; attempt++) {
        give(&fixture, &history,
             (struct task){.token = "t2", .from = 8, .previous_started = 3, .attempt = attempt});
        give_history(&fixture, &history, 6);
        if (attempt == 1) {
            assert_token(expect_failed(&fixture)->task_token, "t2");
            take_answer(&fixture, FAILED);
        }
        assert_null(waiting(&fixture, FAILED));
        assert_nothing_in_work(&fixture);
        assert_int_equal(worker_workflows_cached(fixture.workflows), 0);
    }
    end(&fixture);
    history_deinit(&history);
}

static void a_run_that_is_gone_when_its_history_is_fetched_is_let_go(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    go_on(&history);
    give(&fixture, &history, (struct task){.token = "t2", .from = 7, .previous_started = 3});
    refuse_answer(&fixture, &service_get_workflow_execution_history, STATUS_NOT_FOUND, RPC_NOT_FOUND);
    assert_null(waiting(&fixture, FAILED));
    assert_nothing_in_work(&fixture);
    end(&fixture);
    history_deinit(&history);
}

/* ---- failures of the task ---- */

static void a_workflow_that_nobody_registered_fails_the_first_attempt_only(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    give(&fixture, &history, (struct task){.token = "t1", .type = "other"});
    const Pb__RespondWorkflowTaskFailedRequest *request = expect_failed(&fixture);
    assert_int_equal(request->cause, CAUSE(WORKFLOW_WORKER_UNHANDLED_FAILURE));
    assert_non_null(strstr(request->failure->message, "\"other\""));
    take_answer(&fixture, FAILED);
    assert_nothing_in_work(&fixture);
    give(&fixture, &history, (struct task){.token = "t2", .type = "other", .attempt = 2});
    assert_null(waiting(&fixture, FAILED));
    assert_nothing_in_work(&fixture);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 0);
    assert_int_equal(metric_counter_value(fixture.context.metrics.workflow_task_execution_failed), 2);
    assert_int_equal(metric_counter_value(fixture.context.metrics.workflow_task_non_determinism), 0);
    end(&fixture);
    history_deinit(&history);
}

static void code_that_changed_is_reported_as_non_determinism_and_mended_by_the_right_code(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin_history(&history);
    go_on(&history);
    begin(&fixture, refunds, 10);
    give(&fixture, &history, (struct task){.token = "t2", .previous_started = 3});
    const Pb__RespondWorkflowTaskFailedRequest *request = expect_failed(&fixture);
    assert_int_equal(request->cause, CAUSE(NON_DETERMINISTIC_ERROR));
    assert_non_null(strstr(request->failure->message, "5")); /* the event */
    take_answer(&fixture, FAILED);
    history_add_task_failed(&history, CAUSE(NON_DETERMINISTIC_ERROR), NULL);
    history_add_task(&history);
    give(&fixture, &history, (struct task){.token = "t3", .previous_started = 3, .attempt = 2});
    assert_null(waiting(&fixture, FAILED));
    assert_nothing_in_work(&fixture);
    assert_int_equal(metric_counter_value(fixture.context.metrics.workflow_task_non_determinism), 2);
    assert_int_equal(metric_counter_value(fixture.context.metrics.workflow_task_execution_failed), 0);
    end(&fixture);

    begin(&fixture, charges, 10);
    give(&fixture, &history, (struct task){.token = "t4", .previous_started = 3, .attempt = 3});
    assert_closes(expect_completed(&fixture));
    take_answer(&fixture, COMPLETED);
    assert_nothing_in_work(&fixture);
    end(&fixture);
    history_deinit(&history);
}

/* ---- sizes of the cache ---- */

static void without_a_cache_every_task_replays_and_nothing_is_sticky(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 0);
    assert_int_equal(fake_calls_waiting_count(&fixture.fake, &service_poll_workflow_task_queue), 1);
    begin_history(&history);
    give(&fixture, &history, (struct task){.token = "t1"});
    assert_null(expect_completed(&fixture)->sticky_attributes);
    assert_false(expect_completed(&fixture)->return_new_workflow_task);
    take_answer(&fixture, COMPLETED);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 0);
    go_on(&history);
    give(&fixture, &history, (struct task){.token = "t2", .previous_started = 3});
    assert_closes(expect_completed(&fixture));
    take_answer(&fixture, COMPLETED);
    assert_nothing_in_work(&fixture);
    end(&fixture);
    history_deinit(&history);
}

static void a_full_cache_pushes_out_the_run_that_is_idle_never_one_that_is_busy(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 1);
    begin_history(&history);
    give(&fixture, &history, (struct task){.token = "t1"});
    give(&fixture, &history, (struct task){.token = "o1", .run_id = OTHER_RUN_ID});
    assert_int_equal(worker_workflows_cached(fixture.workflows), 2); /* both busy */
    take_answer(&fixture, COMPLETED); /* t1 */
    assert_int_equal(worker_workflows_cached(fixture.workflows), 1);
    assert_int_equal(metric_counter_value(fixture.context.metrics.sticky_cache_total_forced_eviction), 1);
    take_answer(&fixture, COMPLETED); /* o1 */
    assert_int_equal(worker_workflows_cached(fixture.workflows), 1);
    go_on(&history);
    give(&fixture, &history,
         (struct task){.token = "o2", .run_id = OTHER_RUN_ID, .from = 3, .previous_started = 3});
    assert_closes(expect_completed(&fixture));
    assert_int_equal(metric_counter_value(fixture.context.metrics.sticky_cache_hit), 1);
    give(&fixture, &history, (struct task){.token = "t2", .from = 3, .previous_started = 3});
    assert_int_equal(metric_counter_value(fixture.context.metrics.sticky_cache_miss), 1);
    give_history(&fixture, &history, history.count);
    take_answer(&fixture, COMPLETED);
    assert_token(expect_completed(&fixture)->task_token, "t2");
    assert_closes(expect_completed(&fixture));
    take_answer(&fixture, COMPLETED);
    assert_nothing_in_work(&fixture);
    end(&fixture);
    history_deinit(&history);
}

/* ---- queries ---- */

static void a_lone_query_is_refused_by_its_own_call_and_touches_no_run(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    give(&fixture, &history, (struct task){.token = "q", .is_query = true});
    const Pb__RespondQueryTaskCompletedRequest *request =
        (const void *)expect(&fixture, &service_respond_query_task_completed)->request;
    assert_token(request->task_token, "q");
    assert_int_equal(request->completed_type, PB__QUERY_RESULT_TYPE__QUERY_RESULT_TYPE_FAILED);
    assert_true(*request->error_message != '\0');
    assert_null(waiting(&fixture, COMPLETED));
    refuse_answer(&fixture, &service_respond_query_task_completed, STATUS_NOT_FOUND, RPC_NOT_FOUND);
    assert_nothing_in_work(&fixture);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 0);
    end(&fixture);
    history_deinit(&history);
}

static void queries_on_a_task_are_refused_with_its_answer(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    Pb__PollWorkflowTaskQueueResponse *task = make_task(&history, (struct task){.token = "t1"});
    task->n_queries = 1;
    task->queries = memory_alloc(sizeof(void *));
    task->queries[0] = memory_alloc(sizeof *task->queries[0]);
    pb__poll_workflow_task_queue_response__queries_entry__init(task->queries[0]);
    task->queries[0]->key = memory_copy_string("q1");
    fake_calls_answer(expect(&fixture, &service_poll_workflow_task_queue), &task->base);
    const Pb__RespondWorkflowTaskCompletedRequest *request = expect_completed(&fixture);
    assert_schedules(request, "charge");
    assert_int_equal(request->n_query_results, 1);
    assert_string_equal(request->query_results[0]->key, "q1");
    assert_int_equal(request->query_results[0]->value->result_type, PB__QUERY_RESULT_TYPE__QUERY_RESULT_TYPE_FAILED);
    take_answer(&fixture, COMPLETED);
    assert_nothing_in_work(&fixture);
    end(&fixture);
    history_deinit(&history);
}

/* ---- the stop ---- */

static void a_stop_waits_for_the_answer_that_is_under_way(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    give(&fixture, &history, (struct task){.token = "t1"});
    worker_workflows_stop(fixture.workflows, false);
    assert_true(expect(&fixture, &service_poll_workflow_task_queue)->is_cancelled);
    assert_false(expect(&fixture, COMPLETED)->is_cancelled);
    end_polls(&fixture);
    assert_false(worker_workflows_is_idle(fixture.workflows));
    take_answer(&fixture, COMPLETED);
    assert_null(waiting(&fixture, &service_poll_workflow_task_queue));
    free_all(&fixture);
    history_deinit(&history);
}

static void a_task_that_comes_while_polls_are_drained_is_answered_for_another_worker_to_go_on(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    worker_workflows_stop(fixture.workflows, true);
    give(&fixture, &history, (struct task){.token = "t1"});
    const Pb__RespondWorkflowTaskCompletedRequest *request = expect_completed(&fixture);
    assert_schedules(request, "charge");
    assert_null(request->sticky_attributes);
    assert_false(request->return_new_workflow_task);
    take_answer(&fixture, COMPLETED);
    assert_int_equal(fake_calls_waiting_count(&fixture.fake, &service_poll_workflow_task_queue), 1);
    worker_workflows_cancel_polls(fixture.workflows);
    assert_true(expect(&fixture, &service_poll_workflow_task_queue)->is_cancelled);
    end_polls(&fixture);
    free_all(&fixture);
    history_deinit(&history);
}

static void giving_up_cancels_answers_and_fetches_and_drops_what_is_parked(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    begin_history(&history);
    give(&fixture, &history, (struct task){.token = "t1"});
    give(&fixture, &history, (struct task){.token = "t2"});
    go_on(&history);
    give(&fixture, &history,
         (struct task){.token = "o2", .run_id = OTHER_RUN_ID, .from = 7, .previous_started = 3});
    worker_workflows_stop(fixture.workflows, false);
    end_polls(&fixture);
    worker_workflows_abandon(fixture.workflows);
    struct fake_call *fetch = expect(&fixture, &service_get_workflow_execution_history);
    struct fake_call *answer = expect(&fixture, COMPLETED);
    assert_true(fetch->is_cancelled);
    assert_true(answer->is_cancelled);
    fake_calls_fail(fetch, STATUS_CANCELED, RPC_CANCELLED);
    fake_calls_fail(answer, STATUS_CANCELED, RPC_CANCELLED);
    assert_null(waiting(&fixture, COMPLETED));
    assert_null(waiting(&fixture, FAILED));
    free_all(&fixture);
    history_deinit(&history);
}

static void a_history_that_cannot_be_decoded_fails_the_task(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    fixture.context.codec = &support_codec;
    begin_history(&history);
    Pb__WorkflowExecutionStartedEventAttributes *attributes =
        history.events[0]->workflow_execution_started_event_attributes;
    attributes->last_completion_result = memory_alloc(sizeof(Pb__Payloads));
    pb__payloads__init(attributes->last_completion_result);
    attributes->last_completion_result->n_payloads = 1;
    attributes->last_completion_result->payloads = memory_alloc(sizeof(Pb__Payload *));
    attributes->last_completion_result->payloads[0] = support_codec_broken();
    give(&fixture, &history, (struct task){.token = "t1"});
    const Pb__RespondWorkflowTaskFailedRequest *request = expect_failed(&fixture);
    assert_int_equal(request->cause, CAUSE(WORKFLOW_WORKER_UNHANDLED_FAILURE));
    assert_string_equal(request->failure->message, "a payload cannot be decoded: not turned");
    take_answer(&fixture, FAILED);
    assert_nothing_in_work(&fixture);
    history_deinit(&history);
    end(&fixture);
}

static void a_run_and_its_encoded_history_are_as_without_a_codec(void **state)
{
    (void)state;
    struct fixture fixture;
    struct history_builder history;
    begin(&fixture, charges, 10);
    fixture.context.codec = &support_codec;
    begin_history(&history);
    go_on(&history);
    for (size_t i = 0; i < history.count; i++) {
        assert_int_equal(codec_encode_message(&support_codec, &history.events[i]->base, NULL), STATUS_OK);
    }
    give(&fixture, &history, (struct task){.token = "t1", .previous_started = 3});
    assert_closes(expect_completed(&fixture));
    const Pb__Payload *result = expect_completed(&fixture)
                                    ->commands[0]
                                    ->complete_workflow_execution_command_attributes->result->payloads[0];
    assert_memory_equal(result->data.data, "\"ok\"", 4);
    take_answer(&fixture, COMPLETED);
    history_deinit(&history);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_kept_and_its_next_task_needs_only_what_is_new),
        cmocka_unit_test(the_next_task_comes_with_the_answer_s_reply),
        cmocka_unit_test(a_newer_task_of_a_busy_run_waits_and_the_newest_wins),
        cmocka_unit_test(what_is_parked_goes_on_behind_a_task_that_came_with_the_reply),
        cmocka_unit_test(an_answer_that_an_event_overtook_is_dropped_and_the_run_evicted),
        cmocka_unit_test(an_answer_to_a_task_that_is_gone_is_dropped_and_the_run_evicted),
        cmocka_unit_test(an_answer_that_is_too_large_fails_the_task_with_that_cause),
        cmocka_unit_test(a_run_that_is_not_cached_is_rebuilt_from_its_whole_history),
        cmocka_unit_test(a_cached_run_that_has_missed_a_task_is_dropped_and_rebuilt),
        cmocka_unit_test(a_history_that_stays_short_fails_the_first_attempt_only),
        cmocka_unit_test(a_run_that_is_gone_when_its_history_is_fetched_is_let_go),
        cmocka_unit_test(a_workflow_that_nobody_registered_fails_the_first_attempt_only),
        cmocka_unit_test(code_that_changed_is_reported_as_non_determinism_and_mended_by_the_right_code),
        cmocka_unit_test(without_a_cache_every_task_replays_and_nothing_is_sticky),
        cmocka_unit_test(a_full_cache_pushes_out_the_run_that_is_idle_never_one_that_is_busy),
        cmocka_unit_test(a_lone_query_is_refused_by_its_own_call_and_touches_no_run),
        cmocka_unit_test(queries_on_a_task_are_refused_with_its_answer),
        cmocka_unit_test(a_stop_waits_for_the_answer_that_is_under_way),
        cmocka_unit_test(a_task_that_comes_while_polls_are_drained_is_answered_for_another_worker_to_go_on),
        cmocka_unit_test(a_history_that_cannot_be_decoded_fails_the_task),
        cmocka_unit_test(a_run_and_its_encoded_history_are_as_without_a_codec),
        cmocka_unit_test(giving_up_cancels_answers_and_fetches_and_drops_what_is_parked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

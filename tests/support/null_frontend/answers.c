/* One function for each kind of request. Requests are unpacked by generated code and checked for nothing else. */
#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include <google/rpc/status.pb-c.h>
#include <protobuf-c/protobuf-c.h>
#include <temporal/api/errordetails/v1/message.pb-c.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/check.h"
#include "base/memory.h"
#include "runs.h"

/* Of a run that has one workflow task: started, scheduled, started, completed, completed. */
#define EVENTS_OF_RUN 5

const char *const method_names[METHOD_COUNT] = {
#define ANSWERS_NAME(name) #name,
    ANSWERS_METHODS(ANSWERS_NAME)
#undef ANSWERS_NAME
};

struct answers {
    struct runs *runs;
    int64_t wall_offset_ms;
};

/* What every handler is given. */
struct question {
    struct answers *answers;
    const ProtobufCMessage *request;
    int64_t now_ms;
    int64_t until_ms;
};

typedef void handler_fn(const struct question *question, struct answer *answer);

struct answers *answers_new(const struct answers_options *options)
{
    struct answers *answers = memory_alloc(sizeof *answers);
    answers->runs = runs_new(options->most_runs, options->close_delay_ms);
    answers->wall_offset_ms = options->wall_offset_ms;
    return answers;
}

void answers_destroy(struct answers *answers)
{
    if (answers != NULL) {
        runs_destroy(answers->runs);
        free(answers);
    }
}

size_t answers_run_count(const struct answers *answers)
{
    return runs_count(answers->runs);
}

static void reply(struct answer *answer, const ProtobufCMessage *message)
{
    answer->length = protobuf_c_message_get_packed_size(message);
    answer->bytes = memory_alloc(answer->length + 1);
    CHECK(protobuf_c_message_pack(message, answer->bytes) == answer->length);
}

static void fail(struct answer *answer, grpc_status_code code, const char *message)
{
    answer->code = code;
    answer->message = message;
}

static void refuse_start(struct answer *answer, const struct run *run)
{
    static char type_url[] =
        "type.googleapis.com/temporal.api.errordetails.v1.WorkflowExecutionAlreadyStartedFailure";
    Pb__WorkflowExecutionAlreadyStartedFailure failure = PB__WORKFLOW_EXECUTION_ALREADY_STARTED_FAILURE__INIT;
    failure.start_request_id = run->request_id;
    failure.run_id = run->run_id;
    failure.first_execution_run_id = run->run_id;
    Google__Protobuf__Any any;
    google__protobuf__any__init(&any);
    any.type_url = type_url;
    any.value.len = protobuf_c_message_get_packed_size(&failure.base);
    any.value.data = memory_alloc(any.value.len + 1);
    CHECK(protobuf_c_message_pack(&failure.base, any.value.data) == any.value.len);
    Google__Protobuf__Any *details[] = {&any};
    Pb__Status status = PB__STATUS__INIT;
    fail(answer, GRPC_STATUS_ALREADY_EXISTS, "Workflow execution is already running or has finished.");
    status.code = GRPC_STATUS_ALREADY_EXISTS;
    status.message = answer->message;
    status.n_details = 1;
    status.details = details;
    reply(answer, &status.base);
    free(any.value.data);
}

static Pb__WorkflowExecutionStatus status_of(const struct question *question, const struct run *run)
{
    return question->now_ms < run->closes_ms ? PB__WORKFLOW_EXECUTION_STATUS__WORKFLOW_EXECUTION_STATUS_RUNNING
                                             : PB__WORKFLOW_EXECUTION_STATUS__WORKFLOW_EXECUTION_STATUS_COMPLETED;
}

static void give_system_info(const struct question *question, struct answer *answer)
{
    (void)question;
    Pb__GetSystemInfoResponse__Capabilities capabilities = PB__GET_SYSTEM_INFO_RESPONSE__CAPABILITIES__INIT;
    capabilities.internal_error_differentiation = 1;
    capabilities.activity_failure_include_heartbeat = 1;
    capabilities.sdk_metadata = 1;
    Pb__GetSystemInfoResponse response = PB__GET_SYSTEM_INFO_RESPONSE__INIT;
    response.server_version = "null-frontend";
    response.capabilities = &capabilities;
    reply(answer, &response.base);
}

static void give_namespace(const struct question *question, struct answer *answer)
{
    const Pb__DescribeNamespaceRequest *request = (const void *)question->request;
    Pb__NamespaceInfo__Capabilities capabilities = PB__NAMESPACE_INFO__CAPABILITIES__INIT;
    Pb__NamespaceInfo info = PB__NAMESPACE_INFO__INIT;
    info.name = request->namespace_;
    info.id = "00000000-0000-4000-8000-000000000000";
    info.state = PB__NAMESPACE_STATE__NAMESPACE_STATE_REGISTERED;
    info.capabilities = &capabilities;
    Pb__DescribeNamespaceResponse response = PB__DESCRIBE_NAMESPACE_RESPONSE__INIT;
    response.namespace_info = &info;
    reply(answer, &response.base);
}

/* The first one's; NULL: none, or not one of HTTP. */
static const char *callback_url(Pb__Callback *const *callbacks, size_t count)
{
    bool is_http = count > 0 && callbacks[0]->variant_case == PB__CALLBACK__VARIANT_NEXUS;
    return is_http ? callbacks[0]->nexus->url : NULL;
}

static void give_start(const struct question *question, struct answer *answer)
{
    const Pb__StartWorkflowExecutionRequest *request = (const void *)question->request;
    Pb__WorkflowIdConflictPolicy conflict = request->workflow_id_conflict_policy;
    Pb__WorkflowIdReusePolicy reuse = request->workflow_id_reuse_policy;
    const struct runs_start start = {
        .workflow_id = request->workflow_id,
        .request_id = request->request_id,
        .callback_url = callback_url(request->completion_callbacks, request->n_completion_callbacks),
        .attaches = conflict == PB__WORKFLOW_ID_CONFLICT_POLICY__WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
        .replaces = conflict == PB__WORKFLOW_ID_CONFLICT_POLICY__WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING ||
                    reuse == PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING,
        .may_follow = reuse != PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE &&
                      reuse != PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
    };
    enum runs_outcome outcome = RUNS_REFUSED;
    const struct run *run = runs_start(question->answers->runs, &start, question->now_ms, &outcome);
    if (outcome == RUNS_REFUSED) {
        refuse_start(answer, run);
        return;
    }
    Pb__StartWorkflowExecutionResponse response = PB__START_WORKFLOW_EXECUTION_RESPONSE__INIT;
    response.run_id = run->run_id;
    response.first_execution_run_id = run->run_id;
    response.started = outcome != RUNS_ATTACHED;
    response.status = status_of(question, run);
    reply(answer, &response.base);
}

static void give_signal_with_start(const struct question *question, struct answer *answer)
{
    const Pb__SignalWithStartWorkflowExecutionRequest *request = (const void *)question->request;
    Pb__WorkflowIdReusePolicy reuse = request->workflow_id_reuse_policy;
    const struct runs_start start = {
        .workflow_id = request->workflow_id,
        .request_id = request->request_id,
        .attaches = true,
        .may_follow = reuse != PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE &&
                      reuse != PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
    };
    enum runs_outcome outcome = RUNS_REFUSED;
    const struct run *run = runs_start(question->answers->runs, &start, question->now_ms, &outcome);
    if (outcome == RUNS_REFUSED) {
        refuse_start(answer, run);
        return;
    }
    Pb__SignalWithStartWorkflowExecutionResponse response = PB__SIGNAL_WITH_START_WORKFLOW_EXECUTION_RESPONSE__INIT;
    response.run_id = run->run_id;
    response.first_execution_run_id = run->run_id;
    response.started = outcome != RUNS_ATTACHED;
    reply(answer, &response.base);
}

/* NULL: answered with NOT_FOUND. */
static const struct run *find(const struct question *question, const Pb__WorkflowExecution *execution,
                              struct answer *answer)
{
    const struct run *run = NULL;
    if (execution != NULL) {
        run = runs_find(question->answers->runs, execution->workflow_id, execution->run_id);
    }
    if (run == NULL) {
        fail(answer, GRPC_STATUS_NOT_FOUND, "workflow not found");
    }
    return run;
}

static void give_signal(const struct question *question, struct answer *answer)
{
    const Pb__SignalWorkflowExecutionRequest *request = (const void *)question->request;
    const struct run *run = find(question, request->workflow_execution, answer);
    if (run != NULL && question->now_ms >= run->closes_ms) {
        fail(answer, GRPC_STATUS_NOT_FOUND, "workflow execution already completed");
    }
}

static void timestamp(Google__Protobuf__Timestamp *out_timestamp, const struct question *question, int64_t at_ms)
{
    int64_t wall_ms = at_ms + question->answers->wall_offset_ms;
    google__protobuf__timestamp__init(out_timestamp);
    out_timestamp->seconds = wall_ms / 1000;
    out_timestamp->nanos = (int32_t)(wall_ms % 1000) * 1000000;
}

static void give_description(const struct question *question, struct answer *answer)
{
    const Pb__DescribeWorkflowExecutionRequest *request = (const void *)question->request;
    const struct run *run = find(question, request->execution, answer);
    if (run == NULL) {
        return;
    }
    Pb__WorkflowExecution execution = PB__WORKFLOW_EXECUTION__INIT;
    execution.workflow_id = run->workflow_id;
    execution.run_id = run->run_id;
    Google__Protobuf__Timestamp started;
    Google__Protobuf__Timestamp closed;
    timestamp(&started, question, run->started_ms);
    timestamp(&closed, question, run->closes_ms);
    Pb__WorkflowExecutionInfo info = PB__WORKFLOW_EXECUTION_INFO__INIT;
    info.execution = &execution;
    info.first_run_id = run->run_id;
    info.start_time = &started;
    info.status = status_of(question, run);
    info.history_length = 2;
    if (question->now_ms >= run->closes_ms) {
        info.close_time = &closed;
        info.history_length = EVENTS_OF_RUN;
    }
    Pb__Callback__Nexus nexus = PB__CALLBACK__NEXUS__INIT;
    nexus.url = run->callback_url;
    Pb__Callback callback = PB__CALLBACK__INIT;
    callback.variant_case = PB__CALLBACK__VARIANT_NEXUS;
    callback.nexus = &nexus;
    Pb__CallbackInfo callback_info = PB__CALLBACK_INFO__INIT;
    callback_info.callback = &callback;
    Pb__CallbackInfo *callbacks[] = {&callback_info};
    Pb__DescribeWorkflowExecutionResponse response = PB__DESCRIBE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    response.workflow_execution_info = &info;
    response.n_callbacks = run->callback_url[0] != '\0' ? 1 : 0;
    response.callbacks = callbacks;
    reply(answer, &response.base);
}

/* The first event, the last one, or none with a token to go on with. */
static void give_events(const struct question *question, const struct run *run, bool has_first, bool has_last,
                        struct answer *answer)
{
    Google__Protobuf__Timestamp times[2];
    timestamp(&times[0], question, run->started_ms);
    timestamp(&times[1], question, run->closes_ms);
    Pb__WorkflowExecutionStartedEventAttributes started = PB__WORKFLOW_EXECUTION_STARTED_EVENT_ATTRIBUTES__INIT;
    started.original_execution_run_id = run->run_id;
    started.first_execution_run_id = run->run_id;
    started.attempt = 1;
    Pb__WorkflowExecutionCompletedEventAttributes completed = PB__WORKFLOW_EXECUTION_COMPLETED_EVENT_ATTRIBUTES__INIT;
    completed.workflow_task_completed_event_id = EVENTS_OF_RUN - 1;
    Pb__HistoryEvent events[2] = {PB__HISTORY_EVENT__INIT, PB__HISTORY_EVENT__INIT};
    events[0].event_id = 1;
    events[0].event_time = &times[0];
    events[0].event_type = PB__EVENT_TYPE__EVENT_TYPE_WORKFLOW_EXECUTION_STARTED;
    events[0].attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_STARTED_EVENT_ATTRIBUTES;
    events[0].workflow_execution_started_event_attributes = &started;
    events[1].event_id = EVENTS_OF_RUN;
    events[1].event_time = &times[1];
    events[1].event_type = PB__EVENT_TYPE__EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED;
    events[1].attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_COMPLETED_EVENT_ATTRIBUTES;
    events[1].workflow_execution_completed_event_attributes = &completed;
    Pb__HistoryEvent *chosen[2] = {NULL, NULL};
    Pb__History history = PB__HISTORY__INIT;
    history.events = chosen;
    if (has_first) {
        chosen[history.n_events++] = &events[0];
    }
    if (has_last) {
        chosen[history.n_events++] = &events[1];
    }
    Pb__GetWorkflowExecutionHistoryResponse response = PB__GET_WORKFLOW_EXECUTION_HISTORY_RESPONSE__INIT;
    response.history = &history;
    uint8_t token[] = {'1'};
    if (!has_first && !has_last) {
        response.next_page_token.data = token;
        response.next_page_token.len = sizeof token;
    }
    reply(answer, &response.base);
}

static void give_history(const struct question *question, struct answer *answer)
{
    const Pb__GetWorkflowExecutionHistoryRequest *request = (const void *)question->request;
    const struct run *run = find(question, request->execution, answer);
    if (run == NULL) {
        return;
    }
    bool is_closed = question->now_ms >= run->closes_ms;
    bool wants_close_only = request->history_event_filter_type ==
                            PB__HISTORY_EVENT_FILTER_TYPE__HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT;
    if (is_closed) {
        give_events(question, run, !wants_close_only, true, answer);
    } else if (!request->wait_new_event) {
        give_events(question, run, true, false, answer);
    } else if (question->now_ms >= question->until_ms) {
        give_events(question, run, false, false, answer);
    } else {
        answer->again_ms = run->closes_ms < question->until_ms ? run->closes_ms : question->until_ms;
    }
}

static void give_no_task(const struct question *question, struct answer *answer)
{
    if (question->now_ms < question->until_ms) {
        answer->again_ms = question->until_ms;
    }
}

static void give_nothing(const struct question *question, struct answer *answer)
{
    (void)question;
    (void)answer;
}

static const struct {
    const ProtobufCMessageDescriptor *request;
    handler_fn *handler;
} s_methods[METHOD_COUNT] = {
    [METHOD_GetSystemInfo] = {&pb__get_system_info_request__descriptor, give_system_info},
    [METHOD_DescribeNamespace] = {&pb__describe_namespace_request__descriptor, give_namespace},
    [METHOD_StartWorkflowExecution] = {&pb__start_workflow_execution_request__descriptor, give_start},
    [METHOD_SignalWithStartWorkflowExecution] = {&pb__signal_with_start_workflow_execution_request__descriptor,
                                                 give_signal_with_start},
    [METHOD_SignalWorkflowExecution] = {&pb__signal_workflow_execution_request__descriptor, give_signal},
    [METHOD_DescribeWorkflowExecution] = {&pb__describe_workflow_execution_request__descriptor, give_description},
    [METHOD_GetWorkflowExecutionHistory] = {&pb__get_workflow_execution_history_request__descriptor, give_history},
    [METHOD_PollWorkflowTaskQueue] = {&pb__poll_workflow_task_queue_request__descriptor, give_no_task},
    [METHOD_PollActivityTaskQueue] = {&pb__poll_activity_task_queue_request__descriptor, give_no_task},
    [METHOD_ShutdownWorker] = {&pb__shutdown_worker_request__descriptor, give_nothing},
};

void answers_give(struct answers *answers, enum method method, const uint8_t *request, size_t length, int64_t now_ms,
                  int64_t until_ms, struct answer *out_answer)
{
    *out_answer = (struct answer){.code = GRPC_STATUS_OK, .message = ""};
    ProtobufCMessage *message = protobuf_c_message_unpack(s_methods[method].request, NULL, length, request);
    if (message == NULL) {
        fail(out_answer, GRPC_STATUS_INVALID_ARGUMENT, "the request is not a message of its type");
        return;
    }
    const struct question question = {
        .answers = answers, .request = message, .now_ms = now_ms, .until_ms = until_ms};
    s_methods[method].handler(&question, out_answer);
    protobuf_c_message_free_unpacked(message, NULL);
}

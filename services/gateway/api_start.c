/* Starts: POST /v1/workflows[/{id}] and signal-with-start, with or without an Idempotency-Key, and waiting for the end.
 *
 * A keyed start (docs/adr/0023) asks strictly first. Where a run with its workflow ID is there, that run's memo tells
 * whether it is the same start (its answer is repeated), the same key with another body (422), or a stranger: then the
 * caller's own policies are asked for, and the memo is looked at once more where Temporal still answers with a run that
 * is there. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "idempotency_match.h"
#include "json_text.h"
#include "request_trace.h"
#include "run_wait.h"
#include "value_json.h"
#include "workflow_call.h"
#include "workflow_request.h"

/* Written by the handler, then by the rpc thread. */
struct start_call {
    struct workflow_call *call;
    struct workflow_request request; /* slices of the exchange's body */
    char *workflow_id;
    struct temporal_start_signal signal; /* name NULL: none */
    char signal_request_id[CRYPTO_UUID_SIZE];
    bool is_keyed; /* by idempotency */
    bool is_strict; /* the start under way asks with REJECT and FAIL */
    struct idempotency idempotency;
    struct error refusal; /* ALREADY_EXISTS, while the run that is there is looked at; else empty */
    bool is_started;
    enum temporal_run_status status;
    char *run_id;
    char *first_run_id;
    struct start_trace trace;
};

/* The exchange's answer is given. */
static void start_call_destroy(struct start_call *start)
{
    start_trace_deinit(&start->trace);
    workflow_request_deinit(&start->request);
    free(start->workflow_id);
    free(start->run_id);
    free(start->first_run_id);
    free(start);
}

static void fail(struct start_call *start, const struct error *error)
{
    start_trace_end(&start->trace, NULL, NULL, error);
    workflow_call_fail(start->call, error);
    start_call_destroy(start);
}

/* close NULL: it is not known. */
static void answer(struct start_call *start, int status, const struct temporal_close_result *close)
{
    struct buffer body;
    char *location = workflow_call_path(start->call, start->workflow_id, "");
    buffer_init(&body, GATEWAY_REPLY_MAX);
    json_object_begin(&body);
    json_member_text(&body, "workflowId", start->workflow_id);
    json_member_text(&body, "runId", start->run_id);
    json_member_text(&body, "firstRunId", start->first_run_id != NULL ? start->first_run_id : start->run_id);
    json_member_boolean(&body, "started", start->is_started);
    if (close != NULL) {
        value_json_close(&body, close);
    } else if (start->status != TEMPORAL_RUN_UNKNOWN) {
        json_member_text(&body, "status", temporal_run_status_name(start->status));
    }
    json_object_end(&body);
    workflow_call_answer(start->call, status, location, &body);
    free(location);
    start_call_destroy(start);
}

/* rpc thread. Whatever ended the wait, the run is there: the caller is told where. */
static void on_closed(void *user, enum status status, struct temporal_close_result *result, const struct error *error)
{
    struct start_call *start = user;
    (void)error;
    if (status == STATUS_OK) {
        answer(start, start->is_started ? 201 : 200, result);
    } else {
        start->status = TEMPORAL_RUN_RUNNING;
        answer(start, 202, NULL);
    }
    temporal_close_result_deinit(result);
}

/* The run is there, by this start or by another. */
static void go_on(struct start_call *start)
{
    const struct workflow_call *call = start->call;
    start_trace_end(&start->trace, start->is_started ? "started" : "attached", start->run_id, NULL);
    if (!call->wait.is_given || call->wait.wait_ms == 0) {
        answer(start, start->is_started ? 201 : 200, NULL);
        return;
    }
    const struct temporal_run run = {.workflow_id = start->workflow_id,
                                     .run_id = start->run_id,
                                     .namespace_name = call->run.namespace_name};
    run_wait_begin(call->gateway, call->exchange, &run, workflow_call_wait_deadline(call), on_closed, start);
}

static void send_start(struct start_call *start, bool is_strict);

/* rpc thread: the run that a keyed start has met. */
static void on_met(void *user, enum status status, struct temporal_describe_result *run, const struct error *error)
{
    struct start_call *start = user;
    bool is_gone = status == STATUS_NOT_FOUND && !gateway_is_namespace_missing(error);
    enum idempotency_match match =
        status == STATUS_OK ? idempotency_match(&start->idempotency, run) : IDEMPOTENCY_OTHER;
    if (status != STATUS_OK && !is_gone) {
        fail(start, error);
    } else if (match == IDEMPOTENCY_REUSED) {
        workflow_call_problem(start->call, &(struct problem){422, "idempotency-key-reused",
                                                             "The Idempotency-Key was used with another body", 0},
                              "a run of this workflow ID was started with the same key and another body", NULL, NULL);
        start_call_destroy(start);
    } else if (match == IDEMPOTENCY_SAME) {
        free(start->run_id);
        free(start->first_run_id);
        start->run_id = memory_copy_string(run->run_id);
        start->first_run_id = memory_copy_string(run->first_run_id);
        start->status = run->status;
        start->is_started = false;
        go_on(start);
    } else if (start->is_strict) {
        send_start(start, false);
    } else if (start->refusal.status != STATUS_OK) {
        fail(start, &start->refusal);
    } else {
        go_on(start);
    }
    temporal_describe_result_deinit(run);
}

static void look_at_run(struct start_call *start)
{
    const struct temporal_run run = {.workflow_id = start->workflow_id,
                                     .namespace_name = start->call->run.namespace_name};
    temporal_client_describe_async(start->call->gateway->connection, &run, 0, on_met, start);
}

/* rpc thread */
static void on_started(void *user, enum status status, struct temporal_start_result *result, const struct error *error)
{
    struct start_call *start = user;
    error_init(&start->refusal);
    if (status == STATUS_OK) {
        /* A repeated request ID is answered as the first one was, also when its run has closed. */
        start->is_started = result->started && (temporal_run_status_is_open(result->status) ||
                                                result->status == TEMPORAL_RUN_UNKNOWN);
        start->status = result->status;
        start->run_id = result->run_id;
        start->first_run_id = result->first_run_id;
        result->run_id = NULL;
        result->first_run_id = NULL;
        if (start->is_keyed && !start->is_strict && !result->started) {
            look_at_run(start); /* attached, by the caller's policy: to whose run? */
        } else {
            go_on(start);
        }
    } else if (status == STATUS_ALREADY_EXISTS && start->is_keyed) {
        start->refusal = *error;
        look_at_run(start);
    } else {
        fail(start, error);
    }
    temporal_start_result_deinit(result);
}

static void send_start(struct start_call *start, bool is_strict)
{
    const struct workflow_call *call = start->call;
    struct temporal_retry_options retry;
    struct temporal_memo_entry memo[WORKFLOW_REQUEST_ENTRIES_MAX + 2];
    struct temporal_start_options options = {
        .namespace_name = call->run.namespace_name,
        .workflow_id = start->workflow_id,
        .deadline_ms = gateway_start_deadline(call->gateway),
    };
    workflow_request_options(&start->request, &retry, &options);
    start->is_strict = is_strict;
    if (start->is_keyed) {
        const struct idempotency *own = &start->idempotency;
        if (options.memo_count > 0) {
            memcpy(memo, options.memo, options.memo_count * sizeof *memo);
        }
        memo[options.memo_count++] = (struct temporal_memo_entry){
            IDEMPOTENCY_MEMO_KEY, {.data = own->key_json, .length = strlen(own->key_json)}};
        memo[options.memo_count++] = (struct temporal_memo_entry){
            IDEMPOTENCY_MEMO_HASH, {.data = own->hash_json, .length = strlen(own->hash_json)}};
        options.memo = memo;
        options.request_id = own->request_id;
    }
    if (is_strict) {
        options.id_reuse = TEMPORAL_REUSE_REJECT;
        options.id_conflict = TEMPORAL_CONFLICT_FAIL;
    }
    if (start->signal.name != NULL) {
        options.signal = &start->signal;
        options.request_id = start->signal_request_id[0] != '\0' ? start->signal_request_id : NULL;
    }
    start_trace_options(&start->trace, &options);
    temporal_client_start_async(call->gateway->connection, &options, on_started, start);
}

static void begin_trace(struct start_call *start)
{
    struct trace_context context;
    bool has_context = request_trace_context(start->call->exchange, &context);
    start_trace_begin(&start->trace, start->call->gateway->tracer, has_context ? &context : NULL,
                      start->signal.name != NULL ? "SignalWithStartWorkflow" : "StartWorkflow",
                      start->request.workflow_type, start->workflow_id);
}

/* Reads the body and the ID. NULL: it has replied. */
static struct start_call *begin(struct http_exchange *exchange, struct gateway *gateway,
                                enum workflow_request_kind kind, const char **out_key)
{
    struct workflow_call *call = workflow_call_begin(exchange, gateway);
    struct error error = {0};
    size_t length = 0;
    const char *id = NULL;
    if (call == NULL || !workflow_call_key(call, out_key)) {
        return NULL;
    }
    const char *body = http_exchange_body(exchange, &length);
    struct start_call *start = memory_alloc(sizeof *start);
    start->call = call;
    enum status status = workflow_request_parse(kind, body, length, &start->request, &error);
    if (status == STATUS_OK) {
        status = workflow_request_choose_id(call->run.workflow_id, http_exchange_header(exchange, "ferry-workflow-id"),
                                            start->request.workflow_id, &id, &error);
    }
    if (status != STATUS_OK) {
        workflow_call_refuse(call, &error);
        start_call_destroy(start);
        return NULL;
    }
    start->workflow_id = id != NULL ? memory_copy_string(id)
                                    : idempotency_workflow_id(start->request.workflow_type, *out_key);
    return start;
}

void gateway_handle_workflow_start(struct http_exchange *exchange, void *user)
{
    const char *key = NULL;
    size_t length = 0;
    struct start_call *start = begin(exchange, user, WORKFLOW_REQUEST_START, &key);
    if (start == NULL) {
        return;
    }
    start->is_keyed = key != NULL;
    if (start->is_keyed) {
        const char *body = http_exchange_body(exchange, &length);
        idempotency_init(&start->idempotency, start->workflow_id, key, body, length);
    }
    begin_trace(start);
    send_start(start, start->is_keyed);
}

/* The key is the signal's: the run that takes it may be anybody's. */
void gateway_handle_workflow_signal_with_start(struct http_exchange *exchange, void *user)
{
    const char *key = NULL;
    if (!gateway_may(exchange, API_VERB_SIGNAL, NULL, http_exchange_query(exchange, "namespace"))) {
        return;
    }
    struct start_call *start = begin(exchange, user, WORKFLOW_REQUEST_SIGNAL, &key);
    if (start == NULL) {
        return;
    }
    struct workflow_request *request = &start->request;
    if (request->has_id_conflict && request->id_conflict == TEMPORAL_CONFLICT_FAIL) {
        workflow_call_invalid(start->call,
                              "idConflictPolicy: a signal goes to the run that is open: useExisting or terminate");
        start_call_destroy(start);
        return;
    }
    request->id_conflict =
        request->has_id_conflict ? request->id_conflict : TEMPORAL_CONFLICT_USE_EXISTING;
    start->signal = (struct temporal_start_signal){.name = http_exchange_parameter(exchange, "name"),
                                                   .arguments = request->message_arguments.payloads,
                                                   .argument_count = request->message_arguments.count};
    if (key != NULL) {
        char *what = memory_format("signal:%s", start->signal.name);
        idempotency_request_id(what, start->workflow_id, key, start->signal_request_id);
        free(what);
    }
    begin_trace(start);
    send_start(start, false);
}

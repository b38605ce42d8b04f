/* See event_start.h. */
#include "event_start.h"

#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "idempotency_match.h"
#include "messages/message_view.h"
#include "run_result.h"

#define RETRY_LOG_MS 10000
#define MEMO_MAX (SETTINGS_MEMBERS_MAX + 6)

void event_start_deinit(struct event_start *start)
{
    start_trace_deinit(&start->trace);
    start_request_deinit(&start->request);
    watch_result_deinit(&start->result);
    free(start->run_id);
    free(start->first_run_id);
    free(start->started_run_id);
}

struct entry event_start_entry(const struct event_start *start)
{
    struct entry entry = {.outcome = start->outcome, .workflow_id = start->request.workflow_id};
    switch (start->outcome) {
    case ENTRY_CLOSED:
        entry.failure_type = start->result.failure_type;
        entry.failure_message = start->result.failure_message;
        entry.non_retryable = start->result.non_retryable;
        entry.status = start->result.status;
        break;
    case ENTRY_ATTACHED:
        entry.status = start->result.status;
        break;
    case ENTRY_STARTED:
    case ENTRY_QUEUED: /* no start is */
        break;
    case ENTRY_RETRY:
        entry.retry_after_ms = (int64_t)PROBLEM_RETRY_AFTER_SECONDS * 1000;
        entry.reason = start->error.text;
        return entry;
    case ENTRY_REJECTED:
        entry.reason = start->error.text;
        entry.class = start->class;
        return entry;
    }
    entry.run_id = start->run_id;
    entry.first_run_id = start->first_run_id;
    entry.attempt = start->attempt;
    entry.is_signaled = start->route->target == SETTINGS_TARGET_SIGNAL;
    return entry;
}

/* ---- ends ---- */

static void finish(struct event_start *start, enum entry_outcome outcome)
{
    FAILPOINT("gateway.started");
    start->outcome = outcome;
    bool has_failed = outcome == ENTRY_RETRY || outcome == ENTRY_REJECTED;
    start_trace_end(&start->trace, entry_outcome_name(outcome), start->run_id, has_failed ? &start->error : NULL);
    start->done(start->user);
}

/* Temporal says only that something is too large: we add what we know of it. */
static void explain_size(struct event_start *start)
{
    struct message_view view;
    message_view_init(&view, start->event);
    error_prefix(&start->error,
                 "a message whose body has %zu bytes becomes %zu bytes of input, more than Temporal takes "
                 "(limit.blobSize.error, 2 MiB unless set otherwise): ",
                 message_view_body_length(&view), start->request.input_length);
    message_view_deinit(&view);
}

/* rpc thread */
static void finish_with_error(struct event_start *start, const struct error *error)
{
    struct gateway *gateway = start->gateway;
    bool rejected = !gateway_is_namespace_missing(error) && problem_is_rejection(error);
    int64_t suppressed = 0;
    if (!rejected && log_limiter_allows(&gateway->retry_log, RETRY_LOG_MS, &suppressed)) {
        log_event(LOG_LEVEL_WARN, "workflow not started", LOG_STRING("route", start->route->name),
                  LOG_STRING("message_id", start->event->message_id),
                  LOG_STRING("workflow_id", start->request.workflow_id), LOG_ERROR(error),
                  LOG_INTEGER("suppressed", suppressed));
    }
    start->error = *error;
    start->is_target_error = true;
    if (rejected) {
        start->class = ENTRY_CLASS_TOO_LARGE;
        explain_size(start);
    }
    finish(start, rejected ? ENTRY_REJECTED : ENTRY_RETRY);
}

/* rpc thread */
static void on_closed(void *user, enum status status, struct temporal_close_result *result, const struct error *error)
{
    struct event_start *start = user;
    if (status != STATUS_OK) {
        temporal_close_result_deinit(result);
        finish_with_error(start, error);
        return;
    }
    watch_result_deinit(&start->result);
    run_result_take(result, &start->result);
    temporal_close_result_deinit(result);
    free(start->run_id);
    start->run_id = start->result.run_id;
    start->result.run_id = NULL;
    finish(start, ENTRY_CLOSED);
}

/* The run that is there was started with the same key and another body. */
static void finish_with_reused_key(struct event_start *start)
{
    (void)error_set(&start->error, STATUS_ALREADY_EXISTS,
                    "a run of this workflow ID was started with the same key and another body");
    start->class = ENTRY_CLASS_KEY_REUSED;
    finish(start, ENTRY_REJECTED);
}

/* The run that stands in start, with its attempt, is the answer. */
static void answer_run(struct event_start *start)
{
    start->result.status = temporal_run_status_name(start->run_status);
    if (temporal_run_status_is_open(start->run_status)) {
        bool is_ours = start->started_run_id != NULL && strcmp(start->started_run_id, start->run_id) == 0;
        is_ours = is_ours && recent_starts_add(start->gateway->recent, start->run_id);
        finish(start, is_ours ? ENTRY_STARTED : ENTRY_ATTACHED);
    } else if (start->run_status == TEMPORAL_RUN_COMPLETED) {
        finish(start, ENTRY_CLOSED);
    } else { /* why it failed stands in its last event */
        const struct temporal_run run = {.workflow_id = start->request.workflow_id, .run_id = start->run_id,
                                         .namespace_name = start->route->namespace_};
        temporal_client_wait_async(start->gateway->connection, &run, start->deadline_ms, on_closed, start, NULL);
    }
}

/* ---- looking at the current run ---- */

static void send_attempt(struct event_start *start);

/* The attempt of the run in start is known. */
static void go_on(struct event_start *start)
{
    if (!start->may_attempt) {
        answer_run(start);
        return;
    }
    start->next_attempt = start->event->is_anew ? 1 : start->attempt + 1;
    free(start->run_id);
    free(start->first_run_id);
    start->run_id = NULL;
    start->first_run_id = NULL;
    send_attempt(start);
}

/* rpc thread. The chain's first run, whose memo is as it was started. */
static void on_first_described(void *user, enum status status, struct temporal_describe_result *result,
                               const struct error *error)
{
    struct event_start *start = user;
    bool is_unknown = status == STATUS_NOT_FOUND && !gateway_is_namespace_missing(error);
    if (status != STATUS_OK && !is_unknown) {
        temporal_describe_result_deinit(result);
        finish_with_error(start, error);
        return;
    }
    int64_t attempt = status == STATUS_OK ? attempt_of_run(result) : 0;
    temporal_describe_result_deinit(result);
    start->attempt = attempt > 0 ? attempt : 1;
    go_on(start);
}

/* A run that continued as new without its memo has the attempt of the chain's first run. */
static void learn_attempt(struct event_start *start, const struct temporal_describe_result *result)
{
    start->attempt = attempt_of_run(result);
    if (start->attempt > 0 || strcmp(start->run_id, start->first_run_id) == 0) {
        start->attempt = start->attempt > 0 ? start->attempt : 1;
        go_on(start);
        return;
    }
    const struct temporal_run run = {.workflow_id = start->request.workflow_id, .run_id = start->first_run_id,
                                     .namespace_name = start->route->namespace_};
    temporal_client_describe_async(start->gateway->connection, &run, start->deadline_ms, on_first_described, start);
}

static void take_run(struct event_start *start, const struct temporal_describe_result *result)
{
    start->run_status = result->status;
    start->run_id = memory_copy_string(result->run_id);
    start->first_run_id = memory_copy_string(result->first_run_id[0] != '\0' ? result->first_run_id : result->run_id);
    learn_attempt(start, result);
}

/* rpc thread */
static void on_described(void *user, enum status status, struct temporal_describe_result *result,
                         const struct error *error)
{
    struct event_start *start = user;
    const struct start_request *request = &start->request;
    if (status == STATUS_OK && request->is_keyed &&
        idempotency_match(&request->idempotency, result) == IDEMPOTENCY_REUSED) {
        finish_with_reused_key(start);
    } else if (status == STATUS_OK) {
        start->may_attempt = false;
        take_run(start, result);
    } else {
        finish_with_error(start, error);
    }
    temporal_describe_result_deinit(result);
}

static void describe(struct event_start *start, temporal_describe_done_fn *done)
{
    const struct temporal_run run = {.workflow_id = start->request.workflow_id,
                                     .namespace_name = start->route->namespace_};
    temporal_client_describe_async(start->gateway->connection, &run, start->deadline_ms, done, start);
}

/* ---- starts ---- */

/* What every start of the route has in common; memo and attributes in the caller's storage. */
static struct temporal_start_options options_of(const struct event_start *start, const char *attempt,
                                                struct temporal_memo_entry memo[MEMO_MAX],
                                                struct temporal_memo_entry attributes[SETTINGS_MEMBERS_MAX])
{
    const struct settings_route *route = start->route;
    const struct start_request *request = &start->request;
    size_t memo_count = 0;
    if (attempt != NULL) {
        memo[memo_count++] = (struct temporal_memo_entry){MEMO_ATTEMPT, {.data = attempt, .length = strlen(attempt)}};
    }
    for (size_t i = 0; i < request->memo_count && memo_count < MEMO_MAX; i++) {
        memo[memo_count++] = (struct temporal_memo_entry){
            request->memo[i].name, {.data = request->memo[i].json, .length = strlen(request->memo[i].json)}};
    }
    for (size_t i = 0; i < request->search_attribute_count; i++) {
        const struct start_request_member *member = &request->search_attributes[i];
        attributes[i] =
            (struct temporal_memo_entry){member->name, {.data = member->json, .length = strlen(member->json)}};
    }
    return (struct temporal_start_options){
        .namespace_name = route->namespace_,
        .workflow_id = request->workflow_id,
        .workflow_type = route->workflow,
        .task_queue = route->task_queue,
        .request_id = request->request_id,
        .id_conflict = TEMPORAL_CONFLICT_USE_EXISTING,
        .execution_timeout_ms = route->execution_timeout_ms,
        .run_timeout_ms = route->run_timeout_ms,
        .task_timeout_ms = route->task_timeout_ms,
        .memo = memo,
        .memo_count = memo_count,
        .search_attributes = attributes,
        .search_attribute_count = request->search_attribute_count,
        .priority = {.key = request->priority, .fairness_key = request->fairness_key},
        .deadline_ms = start->deadline_ms,
    };
}

static struct temporal_payload input_of(const struct start_request *request)
{
    return (struct temporal_payload){
        .encoding = request->input_encoding, .data = request->input, .length = request->input_length};
}

/* Somebody will wait for this run. */
static bool wants_callback(const struct event_start *start)
{
    struct gateway *gateway = start->gateway;
    return start->route->ack != SETTINGS_ACK_START && gateway->watches != NULL &&
           callbacks_are_wanted(gateway->callbacks, watch_table_open_count(gateway->watches), clock_monotonic_ms());
}

static void send(struct event_start *start, const char *request_id, enum temporal_id_reuse reuse,
                 temporal_start_done_fn *done)
{
    struct gateway *gateway = start->gateway;
    struct temporal_callback callback = {0};
    char token[WATCH_TOKEN_SIZE];
    char *url = NULL;
    struct temporal_memo_entry memo[MEMO_MAX];
    struct temporal_memo_entry attributes[SETTINGS_MEMBERS_MAX];
    char *attempt = memory_format("%lld", (long long)start->next_attempt);
    const struct temporal_payload input = input_of(&start->request);
    struct temporal_start_options options = options_of(start, attempt, memo, attributes);
    start_trace_options(&start->trace, &options);
    options.arguments = &input;
    options.argument_count = 1;
    options.request_id = request_id;
    options.id_reuse = reuse;
    start->has_callback = start->has_callback && callbacks_token(gateway->callbacks, start->route->namespace_,
                                                                 start->request.workflow_id, token);
    if (start->has_callback) {
        url = callbacks_url(gateway->callbacks, token);
        callback.url = url;
        options.callbacks = &callback;
        options.callback_count = 1;
    }
    temporal_client_start_async(gateway->connection, &options, done, start);
    FAILPOINT("gateway.starting");
    free(url);
    free(attempt);
}

static void send_start(struct event_start *start);

/* rpc thread. true: the start is sent again, without the callback that Temporal refused. */
static bool goes_without_callback(struct event_start *start, enum status status, const struct error *error,
                                  void (*again)(struct event_start *))
{
    if (status == STATUS_OK || !start->has_callback ||
        !callbacks_note_refusal(start->gateway->callbacks, error, clock_monotonic_ms())) {
        return false;
    }
    start->has_callback = false;
    again(start);
    return true;
}

/* rpc thread, which is the watches' */
static void expect_callback(const struct event_start *start)
{
    char token[WATCH_TOKEN_SIZE];
    if (start->has_callback && start->gateway->watches != NULL &&
        callbacks_token(start->gateway->callbacks, start->route->namespace_, start->request.workflow_id, token)) {
        watch_table_expect_callback(start->gateway->watches, token);
    }
}

/* rpc thread. `started` alone is not to be trusted: the server says true again for a repeated request ID, also when
 * that run has closed. An open run that this request ID started is the first run of its chain, or a reset of it, which
 * keeps the request ID: then the server names the first run. */
static void on_started(void *user, enum status status, struct temporal_start_result *result, const struct error *error)
{
    struct event_start *start = user;
    bool is_ours = status == STATUS_OK && result->started && result->run_id != NULL &&
                   (result->status == TEMPORAL_RUN_RUNNING || result->status == TEMPORAL_RUN_UNKNOWN);
    if (is_ours) {
        start->run_status = TEMPORAL_RUN_RUNNING;
        start->attempt = 1;
        start->run_id = memory_copy_string(result->run_id);
        start->started_run_id = result->run_id;
        start->first_run_id = result->first_run_id != NULL ? result->first_run_id : memory_copy_string(result->run_id);
        result->run_id = NULL;
        result->first_run_id = NULL;
        expect_callback(start);
        answer_run(start);
    } else if (status == STATUS_OK || status == STATUS_ALREADY_EXISTS) {
        describe(start, on_described);
    } else if (!goes_without_callback(start, status, error, send_start)) {
        finish_with_error(start, error);
    }
    temporal_start_result_deinit(result);
}

static void resend_attempt(struct event_start *start);

/* rpc thread. Whoever else asked for the same attempt has started the same run, perhaps counting anew: its memo tells
 * the attempt. */
static void on_attempted(void *user, enum status status, struct temporal_start_result *result,
                         const struct error *error)
{
    struct event_start *start = user;
    if (status == STATUS_OK || status == STATUS_ALREADY_EXISTS) {
        if (status == STATUS_OK && result->started) {
            start->started_run_id = result->run_id;
            result->run_id = NULL;
            expect_callback(start);
        }
        describe(start, on_described);
    } else if (!goes_without_callback(start, status, error, resend_attempt)) {
        finish_with_error(start, error);
    }
    temporal_start_result_deinit(result);
}

static void resend_attempt(struct event_start *start)
{
    char request_id[CRYPTO_UUID_SIZE];
    start_request_id_after(start->request.workflow_id, start->event->after, request_id);
    send(start, request_id, TEMPORAL_REUSE_FAILED_ONLY, on_attempted);
}

static void send_start(struct event_start *start)
{
    send(start, start->request.request_id, TEMPORAL_REUSE_REJECT, on_started);
}

static void send_attempt(struct event_start *start)
{
    log_event(LOG_LEVEL_INFO, "further attempt", LOG_STRING("route", start->route->name),
              LOG_STRING("message_id", start->event->message_id),
              LOG_STRING("workflow_id", start->request.workflow_id), LOG_STRING("after", start->event->after),
              LOG_INTEGER("attempt", start->next_attempt));
    start->has_callback = wants_callback(start);
    resend_attempt(start);
}

/* rpc thread. The run that is current decides whether there is another attempt: a reset, or somebody else's attempt,
 * may have gone before. */
static void on_current_described(void *user, enum status status, struct temporal_describe_result *result,
                                 const struct error *error)
{
    struct event_start *start = user;
    const struct event *event = start->event;
    bool is_unknown = status == STATUS_NOT_FOUND && !gateway_is_namespace_missing(error);
    if (status == STATUS_OK) {
        start->may_attempt = attempt_decide(result, event->after, event->is_anew) == ATTEMPT_START;
        take_run(start, result);
    } else if (!is_unknown) {
        finish_with_error(start, error);
    } else if (attempt_decide(NULL, event->after, event->is_anew) == ATTEMPT_START) {
        start->next_attempt = 1;
        send_attempt(start);
    } else {
        start->run_id = memory_copy_string(event->after);
        start->result.status = "NotFound";
        finish(start, ENTRY_CLOSED);
    }
    temporal_describe_result_deinit(result);
}

/* ---- signals ---- */

/* rpc thread */
static void on_signaled(void *user, enum status status, struct temporal_start_result *result,
                        const struct error *error)
{
    struct event_start *start = user;
    if (status == STATUS_OK) {
        start->run_id = result->run_id;
        start->first_run_id = result->first_run_id;
        start->result.status = temporal_run_status_name(TEMPORAL_RUN_RUNNING);
        result->run_id = NULL;
        result->first_run_id = NULL;
        finish(start, result->started ? ENTRY_STARTED : ENTRY_ATTACHED);
    } else {
        finish_with_error(start, error);
    }
    temporal_start_result_deinit(result);
}

static void send_signal(struct event_start *start)
{
    struct temporal_memo_entry memo[MEMO_MAX];
    struct temporal_memo_entry attributes[SETTINGS_MEMBERS_MAX];
    const struct temporal_payload input = input_of(&start->request);
    const struct temporal_start_signal signal = {.name = start->route->signal, .arguments = &input,
                                                 .argument_count = 1};
    struct temporal_start_options options = options_of(start, NULL, memo, attributes);
    start_trace_options(&start->trace, &options);
    options.signal = &signal;
    options.id_reuse = TEMPORAL_REUSE_ALLOW;
    temporal_client_start_async(start->gateway->connection, &options, on_signaled, start);
    FAILPOINT("gateway.starting");
}

/* Below the event's own span, where it brings one: the events of a batch are of many traces. */
static void begin_trace(struct event_start *start)
{
    struct trace_context own;
    const struct event *event = start->event;
    const struct trace_context *parent = start->context;
    if (request_trace_of_event(event->traceparent, event->tracestate, &own)) {
        parent = &own;
    }
    bool is_signal = start->route->target == SETTINGS_TARGET_SIGNAL;
    start_trace_begin(&start->trace, start->gateway->tracer, parent,
                      is_signal ? "SignalWithStartWorkflow" : "StartWorkflow", start->route->workflow,
                      start->request.workflow_id);
    trace_span_text(start->trace.span, "ferry.route", start->route->name);
    trace_span_text(start->trace.span, "messaging.message.id", event->message_id);
}

bool event_start_begin(struct event_start *start)
{
    if (start_request_make(start->route, start->event, &start->request, &start->class, &start->error) != STATUS_OK) {
        start->outcome = ENTRY_REJECTED;
        return false;
    }
    begin_trace(start);
    if (start->route->target == SETTINGS_TARGET_SIGNAL) {
        send_signal(start);
    } else if (start->event->after != NULL) {
        describe(start, on_current_described);
    } else {
        start->next_attempt = 1;
        start->has_callback = wants_callback(start);
        send_start(start);
    }
    return true;
}

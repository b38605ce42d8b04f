/* POST /v1/routes/{route}/events: each event becomes a start, all of them at once; the answer goes out when the last
 * of them is known. Rule 1 of the delivery contract, as docs/adr/0011 spells it out. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/json_scan.h"
#include "base/log.h"
#include "base/memory.h"
#include "event.h"
#include "gateway.h"
#include "run_result.h"
#include "start_request.h"

#define RETRY_LOG_MS 10000
#define MEMO_ATTEMPT "FerryAttempt"
#define MEMO_ROUTE "FerryRoute"
#define MEMO_MESSAGE "FerryMessageId"

struct events_call;

/* One event. Written by the server's thread before its start is sent, then by the rpc thread. */
struct event_start {
    struct events_call *call;
    struct start_request request;
    enum entry_outcome outcome;
    char *run_id;
    char *first_run_id;
    int64_t attempt;
    struct watch_result result; /* CLOSED; status is set for ATTACHED, too */
    struct error error;         /* REJECTED, RETRY */
    bool is_target_error;       /* error is Temporal's, not the event's own defect */
};

/* One request. Whoever takes `open` to zero answers and frees it. */
struct events_call {
    struct gateway *gateway;
    struct http_exchange *exchange;
    const struct settings_route *route;
    size_t route_index;
    bool is_batch;
    int64_t started_us;
    int64_t deadline_ms;
    struct event_list list; /* slices of the exchange's body */
    atomic_size_t open;     /* starts under way, and one for the handler while it sends them */
    size_t count;
    struct event_start starts[];
};

static void call_destroy(struct events_call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        struct event_start *start = &call->starts[i];
        start_request_deinit(&start->request);
        watch_result_deinit(&start->result);
        free(start->run_id);
        free(start->first_run_id);
    }
    event_list_deinit(&call->list);
    free(call);
}

static struct entry entry_of(const struct event_start *start)
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
        break;
    case ENTRY_RETRY:
        entry.retry_after_ms = (int64_t)PROBLEM_RETRY_AFTER_SECONDS * 1000;
        entry.reason = start->error.text;
        return entry;
    case ENTRY_REJECTED:
        entry.reason = start->error.text;
        return entry;
    }
    entry.run_id = start->run_id;
    entry.first_run_id = start->first_run_id;
    entry.attempt = start->attempt;
    return entry;
}

static void reply_single(struct events_call *call)
{
    const struct event_start *start = &call->starts[0];
    struct entry entry = entry_of(start);
    if (start->outcome == ENTRY_RETRY || (start->outcome == ENTRY_REJECTED && start->is_target_error)) {
        gateway_reply_error(call->exchange, PROBLEM_SUBJECT_EVENT, &start->error);
        return;
    }
    if (start->outcome == ENTRY_REJECTED) {
        http_exchange_problem(call->exchange, 422, "rejected", "This event can never be accepted by this route",
                              start->error.text, 0);
        return;
    }
    struct buffer body;
    char *location = gateway_workflow_path(entry.workflow_id);
    const struct http_header header = {.name = "Location", .value = location};
    buffer_init(&body, GATEWAY_REPLY_MAX);
    entry_write_single(&body, &entry);
    gateway_reply_json(call->exchange, entry_single_status(&entry), &header, 1, &body);
    buffer_deinit(&body);
    free(location);
}

/* Every start met the same wall: the request as a whole failed. */
static bool all_failed(const struct events_call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        if (call->starts[i].outcome != ENTRY_RETRY) {
            return false;
        }
    }
    return true;
}

static void reply_batch(struct events_call *call)
{
    if (all_failed(call)) {
        gateway_reply_error(call->exchange, PROBLEM_SUBJECT_EVENT, &call->starts[0].error);
        return;
    }
    struct buffer body;
    buffer_init(&body, GATEWAY_REPLY_MAX);
    CHECK(buffer_append_string(&body, "{\"results\":["));
    for (size_t i = 0; i < call->count; i++) {
        struct entry entry = entry_of(&call->starts[i]);
        if (i > 0) {
            CHECK(buffer_append(&body, ",", 1));
        }
        entry_write(&body, &entry);
    }
    CHECK(buffer_append_string(&body, "]}"));
    gateway_reply_json(call->exchange, 200, NULL, 0, &body);
    buffer_deinit(&body);
}

static void log_start(const struct events_call *call, const struct event_start *start, const struct event *event)
{
    bool failed = start->outcome == ENTRY_REJECTED || start->outcome == ENTRY_RETRY;
    log_event(start->outcome == ENTRY_REJECTED ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "event handled",
              LOG_STRING("route", call->route->name),
              LOG_STRING("outcome", entry_outcome_name(start->outcome)), LOG_STRING("message_id", event->message_id),
              LOG_STRING("workflow_id", start->request.workflow_id), LOG_STRING("run_id", start->run_id),
              LOG_STRING("error", failed ? start->error.text : NULL));
}

static void call_release(struct events_call *call)
{
    if (atomic_fetch_sub(&call->open, 1) != 1) {
        return;
    }
    struct gateway *gateway = call->gateway;
    metric_histogram_observe(gateway->start_seconds, (double)(clock_monotonic_us() - call->started_us) / 1e6);
    for (size_t i = 0; i < call->count; i++) {
        struct event_start *start = &call->starts[i];
        metric_counter_add(gateway->routes[call->route_index].events[start->outcome], 1);
        log_start(call, start, &call->list.events[i]);
    }
    if (call->is_batch) {
        reply_batch(call);
    } else {
        reply_single(call);
    }
    call_destroy(call);
}

static void finish(struct event_start *start, enum entry_outcome outcome)
{
    start->outcome = outcome;
    call_release(start->call);
}

/* rpc thread */
static void finish_with_error(struct event_start *start, const struct error *error)
{
    struct gateway *gateway = start->call->gateway;
    bool rejected = !gateway_is_namespace_missing(error) && problem_is_rejection(error);
    int64_t suppressed = 0;
    if (!rejected && log_limiter_allows(&gateway->retry_log, RETRY_LOG_MS, &suppressed)) {
        log_event(LOG_LEVEL_WARN, "workflow not started", LOG_STRING("route", start->call->route->name),
                  LOG_STRING("workflow_id", start->request.workflow_id), LOG_ERROR(error),
                  LOG_INTEGER("suppressed", suppressed));
    }
    start->error = *error;
    start->is_target_error = true;
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

/* 1 unless the run's memo knows better. */
static int64_t attempt_of(const struct temporal_describe_result *result)
{
    const struct temporal_value *value = temporal_describe_result_memo(result, MEMO_ATTEMPT);
    json_t *json = value == NULL ? NULL : temporal_value_json(value);
    int64_t attempt = json_is_integer(json) ? (int64_t)json_integer_value(json) : 1;
    json_decref(json);
    return attempt > 0 ? attempt : 1;
}

/* rpc thread */
static void on_described(void *user, enum status status, struct temporal_describe_result *result,
                         const struct error *error)
{
    struct event_start *start = user;
    enum temporal_run_status run_status = result->status;
    if (status != STATUS_OK) {
        temporal_describe_result_deinit(result);
        finish_with_error(start, error);
        return;
    }
    start->run_id = memory_copy_string(result->run_id);
    start->first_run_id = memory_copy_string(result->first_run_id[0] != '\0' ? result->first_run_id : result->run_id);
    start->attempt = attempt_of(result);
    temporal_describe_result_deinit(result);
    start->result.status = temporal_run_status_name(run_status);
    if (temporal_run_status_is_open(run_status)) {
        finish(start, ENTRY_ATTACHED);
    } else if (run_status == TEMPORAL_RUN_COMPLETED) {
        finish(start, ENTRY_CLOSED);
    } else { /* why it failed stands in its last event */
        const struct temporal_run run = {.workflow_id = start->request.workflow_id, .run_id = start->run_id};
        temporal_client_wait_async(start->call->gateway->connection, &run, start->call->deadline_ms, on_closed, start,
                                   NULL);
    }
}

/* rpc thread. `started` alone is not to be trusted: the server says true again for a repeated request ID, also when
 * that run has closed. An open run that this request ID started is the first run of its chain, or a reset of it, which
 * keeps the request ID: then the server names the first run. */
static void on_started(void *user, enum status status, struct temporal_start_result *result, const struct error *error)
{
    struct event_start *start = user;
    bool is_ours = status == STATUS_OK && result->started &&
                   (result->status == TEMPORAL_RUN_RUNNING || result->status == TEMPORAL_RUN_UNKNOWN);
    if (is_ours) {
        start->run_id = result->run_id;
        start->first_run_id = result->first_run_id != NULL ? result->first_run_id
                                                           : memory_copy_string(result->run_id);
        start->attempt = 1;
        start->result.status = temporal_run_status_name(TEMPORAL_RUN_RUNNING);
        result->run_id = NULL;
        result->first_run_id = NULL;
        temporal_start_result_deinit(result);
        finish(start, recent_starts_add(start->call->gateway->recent, start->run_id) ? ENTRY_STARTED : ENTRY_ATTACHED);
        return;
    }
    temporal_start_result_deinit(result);
    if (status == STATUS_OK || status == STATUS_ALREADY_EXISTS) {
        const struct temporal_run run = {.workflow_id = start->request.workflow_id};
        temporal_client_describe_async(start->call->gateway->connection, &run, start->call->deadline_ms, on_described,
                                       start);
        return;
    }
    finish_with_error(start, error);
}

static void send_start(struct event_start *start)
{
    const struct events_call *call = start->call;
    const struct settings_route *route = call->route;
    const struct temporal_payload input = {.data = start->request.input, .length = start->request.input_length};
    const struct temporal_memo_entry memo[] = {
        {.key = MEMO_ATTEMPT, .value = {.data = "1", .length = 1}},
        {.key = MEMO_ROUTE, .value = {.data = start->request.memo_route, .length = strlen(start->request.memo_route)}},
        {.key = MEMO_MESSAGE,
         .value = {.data = start->request.memo_message_id, .length = strlen(start->request.memo_message_id)}},
    };
    const struct temporal_start_options options = {
        .workflow_id = start->request.workflow_id,
        .workflow_type = route->workflow,
        .task_queue = route->task_queue,
        .arguments = &input,
        .argument_count = 1,
        .request_id = start->request.request_id,
        .id_reuse = TEMPORAL_REUSE_REJECT,
        .id_conflict = TEMPORAL_CONFLICT_USE_EXISTING,
        .execution_timeout_ms = route->execution_timeout_ms,
        .run_timeout_ms = route->run_timeout_ms,
        .task_timeout_ms = route->task_timeout_ms,
        .memo = memo,
        .memo_count = sizeof memo / sizeof memo[0],
        .deadline_ms = call->deadline_ms,
    };
    temporal_client_start_async(call->gateway->connection, &options, on_started, start);
}

static void start_all(struct events_call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        struct event_start *start = &call->starts[i];
        start->call = call;
        if (start_request_make(call->route, &call->list.events[i], &start->request, &start->error) != STATUS_OK) {
            start->outcome = ENTRY_REJECTED;
            continue;
        }
        (void)atomic_fetch_add(&call->open, 1);
        send_start(start);
    }
    call_release(call);
}

static struct event_headers read_headers(const struct http_exchange *exchange)
{
    return (struct event_headers){
        .content_type = http_exchange_header(exchange, "content-type"),
        .ce_specversion = http_exchange_header(exchange, "ce-specversion"),
        .ce_id = http_exchange_header(exchange, "ce-id"),
        .ce_source = http_exchange_header(exchange, "ce-source"),
        .ce_type = http_exchange_header(exchange, "ce-type"),
        .idempotency_key = http_exchange_header(exchange, "idempotency-key"),
    };
}

static void refuse(struct http_exchange *exchange, const struct error *error)
{
    if (error->status == STATUS_MALFORMED) {
        http_exchange_problem(exchange, 400, "malformed-json", "The body is not the JSON that is due", error->text, 0);
    } else if (error->status == STATUS_TOO_LARGE) {
        http_exchange_problem(exchange, 413, "too-many-events", "The batch has too many events", error->text, 0);
    } else {
        gateway_reply_invalid(exchange, error->text);
    }
}

void gateway_handle_events(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    const char *name = http_exchange_parameter(exchange, "route");
    const struct settings_route *route = settings_find_route(gateway->settings, name);
    const struct event_headers headers = read_headers(exchange);
    enum event_form form = event_form(&headers);
    struct event_list list = {0};
    struct error error = {0};
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    if (route == NULL) {
        http_exchange_problem(exchange, 404, "unknown-route", "There is no such route",
                              "expected the name of a route in the gateway's configuration", 0);
        return;
    }
    if (form == EVENT_FORM_UNSUPPORTED) {
        http_exchange_problem(exchange, 415, "unsupported-media-type", "The media type is not supported",
                              "expected application/json, application/cloudevents+json or "
                              "application/cloudevents-batch+json",
                              0);
        return;
    }
    if (event_list_parse(form, &headers, body, length, &list, &error) != STATUS_OK) {
        refuse(exchange, &error);
        return;
    }
    struct events_call *call = memory_alloc(sizeof *call + list.count * sizeof call->starts[0]);
    call->gateway = gateway;
    call->exchange = exchange;
    call->route = route;
    call->route_index = (size_t)(route - gateway->settings->routes);
    call->is_batch = form == EVENT_FORM_BATCH;
    call->started_us = clock_monotonic_us();
    call->deadline_ms = gateway_start_deadline(gateway);
    call->list = list;
    call->count = list.count;
    atomic_init(&call->open, 1);
    start_all(call);
}

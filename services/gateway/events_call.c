/* See events_call.h. */
#include "events_call.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "json_text.h"
#include "recent_events.h"
#include "run_wait.h"
#include "value_json.h"
#include "workflow_call.h"

static void call_destroy(struct events_call *call)
{
    for (size_t i = 0; i < call->list.count; i++) {
        if (call->starts != NULL) {
            event_start_deinit(&call->starts[i]);
        } else {
            queue_sent_deinit(&call->sent[i]);
        }
    }
    free(call->starts);
    free(call->sent);
    event_list_deinit(&call->list);
    free(call->owned_body);
    free(call);
}

static struct entry entry_of(const struct events_call *call, size_t index)
{
    return call->starts != NULL ? event_start_entry(&call->starts[index])
                                : queue_sent_entry(&call->sent[index], call->route);
}

/* ---- answers ---- */

/* The target failed: everything but the event itself. */
static void reply_failure(struct events_call *call)
{
    if (call->starts != NULL) {
        gateway_reply_error(call->exchange, PROBLEM_SUBJECT_EVENT, &call->starts[0].error);
        return;
    }
    const struct queue_sent *sent = &call->sent[0];
    const struct entry entry = entry_of(call, 0);
    if (sent->is_refusal) {
        http_exchange_problem(call->exchange, 502, "queue-refused", "SQS refused the gateway's request",
                              sent->error.text, 0);
    } else {
        http_exchange_problem(call->exchange, 503, "queue-unavailable", "SQS cannot be reached or cannot serve now",
                              sent->error.text, (int)((entry.retry_after_ms + 999) / 1000));
    }
}

static void reply_rejection(struct events_call *call, const struct entry *entry)
{
    switch (entry->class) {
    case ENTRY_CLASS_KEY_REUSED:
        http_exchange_problem(call->exchange, 422, "idempotency-key-reused",
                              "The Idempotency-Key was used with another body", entry->reason, 0);
        return;
    case ENTRY_CLASS_TOO_LARGE:
        http_exchange_problem(call->exchange, 413, "payload-too-large",
                              call->starts != NULL ? "The message is larger than Temporal accepts"
                                                   : "The message is larger than SQS accepts",
                              entry->reason, 0);
        return;
    case ENTRY_CLASS_BAD_EVENT:
    case ENTRY_CLASS_TEMPLATE:
    case ENTRY_CLASS_NOT_JSON:
    case ENTRY_CLASS_SCHEMA:
        break;
    }
    http_exchange_problem(call->exchange, 422, "rejected", "This event can never be accepted by this route",
                          entry->reason, 0);
}

/* body is deinited. */
static void reply_json(struct events_call *call, int status, const struct entry *entry, struct buffer *body)
{
    char applied[32];
    char *location = entry->workflow_id != NULL ? gateway_workflow_path(entry->workflow_id) : NULL;
    struct http_header headers[2];
    size_t count = 0;
    if (location != NULL) {
        headers[count++] = (struct http_header){.name = "Location", .value = location};
    }
    if (call->wait.is_preferred) {
        (void)snprintf(applied, sizeof applied, "wait=%lld", (long long)(call->wait.wait_ms / 1000));
        headers[count++] = (struct http_header){.name = "Preference-Applied", .value = applied};
    }
    gateway_reply_json(call->exchange, call->reply == PLAIN_EVENT_REPLY_WEBHOOK ? 200 : status, headers, count, body);
    buffer_deinit(body);
    free(location);
}

static void reply_single(struct events_call *call)
{
    struct buffer body;
    const struct entry entry = entry_of(call, 0);
    if (entry.outcome == ENTRY_RETRY) {
        reply_failure(call);
    } else if (entry.outcome == ENTRY_REJECTED) {
        reply_rejection(call, &entry);
    } else {
        buffer_init(&body, GATEWAY_REPLY_MAX);
        entry_write_single(&body, &entry);
        reply_json(call, entry_single_status(&entry), &entry, &body);
    }
}

/* close NULL: the run is still open, as far as we know. */
static void reply_waited(struct events_call *call, const struct temporal_close_result *close)
{
    struct buffer body;
    const struct entry entry = entry_of(call, 0);
    buffer_init(&body, GATEWAY_REPLY_MAX);
    json_object_begin(&body);
    entry_write_run(&body, &entry);
    json_member_boolean(&body, "started", entry.outcome == ENTRY_STARTED);
    if (close != NULL) {
        value_json_close(&body, close);
    } else {
        json_member_text(&body, "status", temporal_run_status_name(TEMPORAL_RUN_RUNNING));
    }
    json_object_end(&body);
    reply_json(call, close != NULL ? entry_single_status(&entry) : 202, &entry, &body);
}

/* Every event met the same wall: the request as a whole failed. */
static bool all_failed(const struct events_call *call)
{
    for (size_t i = 0; i < call->list.count; i++) {
        if (entry_of(call, i).outcome != ENTRY_RETRY) {
            return false;
        }
    }
    return true;
}

static void reply_batch(struct events_call *call)
{
    if (all_failed(call)) {
        reply_failure(call);
        return;
    }
    struct buffer body;
    buffer_init(&body, GATEWAY_REPLY_MAX);
    CHECK(buffer_append_string(&body, "{\"results\":["));
    for (size_t i = 0; i < call->list.count; i++) {
        struct entry entry = entry_of(call, i);
        if (i > 0) {
            CHECK(buffer_append(&body, ",", 1));
        }
        entry_write(&body, &entry);
    }
    CHECK(buffer_append_string(&body, "]}"));
    gateway_reply_json(call->exchange, 200, NULL, 0, &body);
    buffer_deinit(&body);
}

/* ---- the end ---- */

/* In the log, in the metrics, and in what /v1/recent tells. */
static void note(struct events_call *call, size_t index)
{
    struct gateway *gateway = call->gateway;
    const struct event *event = &call->list.events[index];
    const struct entry entry = entry_of(call, index);
    const struct settings_route *routes = gateway->settings->routes;
    bool failed = entry.outcome == ENTRY_REJECTED || entry.outcome == ENTRY_RETRY;
    log_event(entry.outcome == ENTRY_REJECTED ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "event handled",
              LOG_STRING("route", call->route->name), LOG_STRING("outcome", entry_outcome_name(entry.outcome)),
              LOG_STRING("message_id", event->message_id), LOG_STRING("workflow_id", entry.workflow_id),
              LOG_STRING("run_id", entry.run_id), LOG_INTEGER("attempt", entry.attempt),
              LOG_STRING("queued_message_id", entry.message_id), LOG_STRING("error", failed ? entry.reason : NULL));
    metric_counter_add(gateway->routes[call->route - routes].events[entry.outcome], 1);
    const struct recent_event recent = {.wall_ms = clock_wall_ms(),
                                        .route = call->route->name,
                                        .message_id = event->message_id,
                                        .entry = &entry,
                                        .token = call->token};
    recent_events_add(gateway->recent_events, &recent);
}

/* rpc thread. Whatever ended the wait, the run is there: the caller is told where. */
static void on_run_closed(void *user, enum status status, struct temporal_close_result *result,
                          const struct error *error)
{
    struct events_call *call = user;
    (void)error;
    reply_waited(call, status == STATUS_OK ? result : NULL);
    temporal_close_result_deinit(result);
    call_destroy(call);
}

static bool waits_for_run(const struct events_call *call)
{
    if (call->wait.wait_ms == 0 || call->starts == NULL) {
        return false;
    }
    enum entry_outcome outcome = call->starts[0].outcome;
    return outcome == ENTRY_STARTED || outcome == ENTRY_ATTACHED || outcome == ENTRY_CLOSED;
}

/* rpc thread. The end of a run that has closed takes a moment to be told, too. */
static void wait_for_run(void *argument)
{
    struct events_call *call = argument;
    const struct event_start *start = &call->starts[0];
    const struct temporal_run run = {.workflow_id = start->request.workflow_id,
                                     .run_id = start->run_id,
                                     .namespace_name = call->route->namespace_};
    int64_t least_ms = clock_monotonic_ms() + WORKFLOW_CALL_WAIT_MIN_MS;
    int64_t deadline_ms = call->started_us / 1000 + call->wait.wait_ms;
    run_wait_begin(call->gateway, call->exchange, &run, deadline_ms > least_ms ? deadline_ms : least_ms, on_run_closed,
                   call);
}

static void call_release(struct events_call *call)
{
    if (atomic_fetch_sub(&call->open, 1) != 1) {
        return;
    }
    metric_histogram_observe(call->gateway->start_seconds, (double)(clock_monotonic_us() - call->started_us) / 1e6);
    for (size_t i = 0; i < call->list.count; i++) {
        note(call, i);
    }
    if (waits_for_run(call)) {
        loop_post(call->gateway->loop, wait_for_run, call); /* the handler may be the last, on its own thread */
        return;
    }
    if (call->is_batch) {
        reply_batch(call);
    } else {
        reply_single(call);
    }
    call_destroy(call);
}

/* ---- the beginning ---- */

/* rpc thread, or the sender's */
static void on_done(void *user)
{
    call_release(user);
}

static void start_all(struct events_call *call)
{
    call->starts = memory_alloc_array(call->list.count, sizeof *call->starts);
    for (size_t i = 0; i < call->list.count; i++) {
        struct event_start *start = &call->starts[i];
        start->gateway = call->gateway;
        start->route = call->route;
        start->event = &call->list.events[i];
        start->context = call->has_context ? &call->context : NULL;
        start->deadline_ms = call->deadline_ms;
        start->done = on_done;
        start->user = call;
        (void)atomic_fetch_add(&call->open, 1);
        if (!event_start_begin(start)) {
            (void)atomic_fetch_sub(&call->open, 1); /* the handler's own is still there */
        }
    }
}

static void send_all(struct events_call *call)
{
    char traceparent[TRACE_PARENT_SIZE];
    if (call->has_context) {
        trace_context_format(&call->context, traceparent);
    }
    call->sent = memory_alloc_array(call->list.count, sizeof *call->sent);
    const struct queue_send_options options = {
        .sqs = call->gateway->sqs,
        .route = call->route,
        .events = call->list.events,
        .count = call->list.count,
        .traceparent = call->has_context ? traceparent : NULL,
        .deadline_ms = call->deadline_ms,
        .done = on_done,
        .user = call,
    };
    (void)atomic_fetch_add(&call->open, 1);
    queue_send(&options, call->sent);
}

/* As long as a start may take, and no longer than the caller waits for it: a poller's lease of the message ends then,
 * and somebody else may have it. */
static int64_t deadline_of(struct gateway *gateway, const struct http_exchange *exchange, bool is_start)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t most_ms = is_start ? gateway_start_deadline(gateway) - now_ms : GATEWAY_START_DEADLINE_MS;
    return now_ms + event_time_left_ms(http_exchange_header(exchange, EVENT_TIME_LEFT_HEADER), most_ms);
}

/* A batch has events of many traces; the request is of one of them. */
static void link_events(struct events_call *call)
{
    struct trace_context context;
    for (size_t i = 0; call->gateway->tracer != NULL && i < call->list.count; i++) {
        const struct event *event = &call->list.events[i];
        if (request_trace_of_event(event->traceparent, event->tracestate, &context)) {
            request_trace_link(call->exchange, &context);
        }
    }
}

struct events_call *events_call_new(struct http_exchange *exchange, struct gateway *gateway,
                                    const struct settings_route *route, struct event_list list)
{
    struct events_call *call = memory_alloc(sizeof *call);
    call->gateway = gateway;
    call->exchange = exchange;
    call->route = route;
    call->started_us = clock_monotonic_us();
    call->deadline_ms = deadline_of(gateway, exchange, route->target != SETTINGS_TARGET_SQS);
    call->list = list;
    const struct access_grant *grant = gateway_access_grant(exchange);
    call->token = grant != NULL ? grant->name : NULL;
    call->has_context = request_trace_context(exchange, &call->context);
    link_events(call);
    atomic_init(&call->open, 1);
    return call;
}

void events_call_begin(struct events_call *call)
{
    if (call->route->target == SETTINGS_TARGET_SQS) {
        send_all(call);
    } else {
        start_all(call);
    }
    call_release(call);
}

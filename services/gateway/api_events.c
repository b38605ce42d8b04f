/* POST /v1/routes/{route}/events: each event becomes a start, all of them at once; the answer goes out when the last
 * of them is known. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "api_events.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/json_scan.h"
#include "base/log.h"
#include "base/memory.h"
#include "event.h"
#include "event_start.h"
#include "gateway.h"
#include "idempotency.h"

/* One request. Whoever takes `open` to zero answers and frees it. */
struct events_call {
    struct gateway *gateway;
    struct http_exchange *exchange;
    const struct settings_route *route;
    size_t route_index;
    bool is_batch;
    enum plain_event_reply reply;
    int64_t started_us;
    int64_t deadline_ms;
    char *owned_body;       /* NULL: the list's slices are of the exchange's body */
    struct event_list list;
    atomic_size_t open;     /* starts under way, and one for the handler while it sends them */
    size_t count;
    struct event_start starts[];
};

static void call_destroy(struct events_call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        event_start_deinit(&call->starts[i]);
    }
    event_list_deinit(&call->list);
    free(call->owned_body);
    free(call);
}

static void reply_single(struct events_call *call)
{
    const struct event_start *start = &call->starts[0];
    struct entry entry = event_start_entry(start);
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
    int status = call->reply == PLAIN_EVENT_REPLY_WEBHOOK ? 200 : entry_single_status(&entry);
    gateway_reply_json(call->exchange, status, &header, 1, &body);
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
        struct entry entry = event_start_entry(&call->starts[i]);
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
              LOG_INTEGER("attempt", start->attempt), LOG_STRING("error", failed ? start->error.text : NULL));
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

/* rpc thread */
static void on_done(void *user)
{
    call_release(user);
}

static void start_all(struct events_call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        struct event_start *start = &call->starts[i];
        start->gateway = call->gateway;
        start->route = call->route;
        start->event = &call->list.events[i];
        start->deadline_ms = call->deadline_ms;
        start->done = on_done;
        start->user = call;
        (void)atomic_fetch_add(&call->open, 1);
        if (!event_start_begin(start)) {
            (void)atomic_fetch_sub(&call->open, 1); /* the handler's own is still there */
        }
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
        .ce_after = http_exchange_header(exchange, "ce-ferryafter"),
        .ce_anew = http_exchange_header(exchange, "ce-ferryanew"),
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

/* As long as a start may take, and no longer than the caller waits for it: a poller's lease of the message ends then,
 * and somebody else may have it. */
static int64_t deadline_of(struct gateway *gateway, const struct http_exchange *exchange)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t most_ms = gateway_start_deadline(gateway) - now_ms;
    return now_ms + event_time_left_ms(http_exchange_header(exchange, EVENT_TIME_LEFT_HEADER), most_ms);
}

/* Takes list. */
static struct events_call *call_new(struct http_exchange *exchange, struct gateway *gateway,
                                    const struct settings_route *route, struct event_list list)
{
    struct events_call *call = memory_alloc(sizeof *call + list.count * sizeof call->starts[0]);
    call->gateway = gateway;
    call->exchange = exchange;
    call->route = route;
    call->route_index = (size_t)(route - gateway->settings->routes);
    call->started_us = clock_monotonic_us();
    call->deadline_ms = deadline_of(gateway, exchange);
    call->list = list;
    call->count = list.count;
    atomic_init(&call->open, 1);
    return call;
}

void gateway_take_plain_event(struct http_exchange *exchange, struct gateway *gateway,
                              const struct plain_event *plain)
{
    const struct event_headers headers = {.content_type = "application/json",
                                          .idempotency_key = http_exchange_header(exchange, "idempotency-key")};
    struct event_list list = {0};
    struct error error = {0};
    if (event_list_parse(EVENT_FORM_PLAIN, &headers, plain->body, plain->length, &list, &error) != STATUS_OK) {
        refuse(exchange, &error);
        free(plain->owned);
        return;
    }
    if (plain->message_id != NULL) {
        event_set_message_id(&list.events[0], plain->message_id);
    }
    struct events_call *call = call_new(exchange, gateway, plain->route, list);
    call->owned_body = plain->owned;
    call->reply = plain->reply;
    start_all(call);
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
    if (headers.idempotency_key != NULL && idempotency_check_key(headers.idempotency_key, &error) != STATUS_OK) {
        gateway_reply_invalid(exchange, error.text);
        return;
    }
    if (event_list_parse(form, &headers, body, length, &list, &error) != STATUS_OK) {
        refuse(exchange, &error);
        return;
    }
    struct events_call *call = call_new(exchange, gateway, route, list);
    call->is_batch = form == EVENT_FORM_BATCH;
    start_all(call);
}

/* The fake gateway: events become runs, which close as the test says; with scripted faults. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_fakes_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* --- events (mutex held) ------------------------------------------------------------------------------------------ */

static bool has_ended_badly(const char *status)
{
    return status != NULL && strcmp(status, "Completed") != 0;
}

static void run_id_of(const struct fake_message *message, char out[TEXT_MAX_BYTES])
{
    (void)snprintf(out, TEXT_MAX_BYTES, "run-%s-%d", message->id, message->run > 0 ? message->run : 1);
}

static json_t *run_entry(struct fakes *fakes, const struct fake_message *message, const char *outcome,
                         const char *status)
{
    char workflow_id[TEXT_MAX_BYTES];
    char run_id[TEXT_MAX_BYTES];
    (void)snprintf(workflow_id, sizeof workflow_id, "hello-world/%s", message->id);
    run_id_of(message, run_id);
    json_t *entry = json_pack("{s:s, s:s, s:s, s:s, s:i}", "outcome", outcome, "workflowId", workflow_id, "runId",
                              run_id, "firstRunId", run_id, "attempt", message->attempt > 0 ? message->attempt : 1);
    if (status != NULL) {
        (void)json_object_set_new(entry, "status", json_string(status));
        (void)json_object_set_new(entry, "failureType", json_string("Broken"));
        (void)json_object_set_new(entry, "failureMessage", json_string("it broke"));
        (void)json_object_set_new(entry, "nonRetryable", json_boolean(fakes->are_non_retryable));
    }
    return entry;
}

static json_t *result_of(struct fakes *fakes, const json_t *event)
{
    struct fake_message *message = fakes_find(fakes, json_string_value(json_object_get(event, "id")));
    char run_id[TEXT_MAX_BYTES];
    assert_non_null(message);
    const char *after = json_string_value(json_object_get(event, "ferryafter"));
    const char *outcome = message->outcome != NULL ? message->outcome : "started";
    const char *colon = strchr(outcome, ':');
    json_decref(message->last_event);
    message->last_event = json_deep_copy(event);
    if (strcmp(outcome, "retry") == 0 || strcmp(outcome, "rejected") == 0) {
        return json_pack("{s:s, s:s, s:s}", "outcome", outcome, "reason", "scripted", "class", "schema");
    }
    if (colon != NULL) {
        return run_entry(fakes, message, "closed", colon + 1);
    }
    run_id_of(message, run_id);
    if (message->run > 0 && after != NULL && strcmp(after, run_id) == 0 && has_ended_badly(message->status)) {
        message->run++;
        message->attempt = json_is_true(json_object_get(event, "ferryanew")) ? 1 : message->attempt + 1;
        message->status = fakes->auto_close;
        fakes_note(fakes, "attempt %d of %s", message->attempt, message->id);
        return run_entry(fakes, message, "started", NULL);
    }
    if (message->run == 0) {
        message->run = 1;
        message->attempt = 1;
        if (message->status == NULL) {
            message->status = fakes->auto_close;
        }
        return run_entry(fakes, message, "started", NULL);
    }
    return run_entry(fakes, message, message->status != NULL ? "closed" : "attached", message->status);
}

static void reply_events(struct fakes *fakes, struct http_exchange *exchange, json_t *events, const char *route)
{
    char ids[TEXT_MAX_BYTES] = "";
    json_t *results = json_array();
    size_t index = 0;
    json_t *event = NULL;
    int status = fakes->gateway_status;
    bool is_first = strcmp(route, fakes->routes[0].name) == 0;
    json_array_foreach(events, index, event)
    {
        size_t length = strlen(ids);
        (void)snprintf(ids + length, sizeof ids - length, "%s%s", index == 0 ? "" : ",",
                       json_string_value(json_object_get(event, "id")));
    }
    fakes_note(fakes, "forward%s%s %s", is_first ? "" : "@", is_first ? "" : route, ids);
    if (fakes->failing_route != NULL && strcmp(fakes->failing_route, route) == 0) {
        status = fakes->failing_route_status;
    }
    if (json_array_size(events) > fakes->batch_limit || status != 200) {
        http_exchange_problem(exchange, status != 200 ? status : 413, "scripted", "scripted", "scripted", 0);
    } else {
        json_array_foreach(events, index, event)
        {
            (void)json_array_append_new(results, result_of(fakes, event));
        }
        fakes_reply_json(exchange, 200, json_pack("{s:O}", "results", results));
    }
    json_decref(results);
}

static bool are_held(const struct fakes *fakes, const json_t *events)
{
    size_t index = 0;
    const json_t *event = NULL;
    bool is_held = fakes->are_events_held;
    json_array_foreach(events, index, event)
    {
        is_held = is_held || (fakes->held_id != NULL &&
                              strcmp(fakes->held_id, json_string_value(json_object_get(event, "id"))) == 0);
    }
    return is_held && !fakes->is_ending;
}

static bool answer_events(struct fakes *fakes, struct open_poll *poll)
{
    if (are_held(fakes, poll->request)) {
        return false;
    }
    reply_events(fakes, poll->exchange, poll->request, http_exchange_parameter(poll->exchange, "route"));
    return true;
}

void fake_gateway_on_events(struct http_exchange *exchange, void *user)
{
    struct fakes *fakes = user;
    size_t length = 0;
    const char *text = http_exchange_body(exchange, &length);
    json_t *events = json_loadb(text, length, 0, NULL);
    fakes_lock(fakes);
    if (are_held(fakes, events)) {
        fakes_note(fakes, "events arrived");
        fakes_keep(fakes, &(struct open_poll){.exchange = exchange,
                                              .answer = answer_events,
                                              .deadline_ms = INT64_MAX,
                                              .request = json_incref(events)});
    } else {
        reply_events(fakes, exchange, events, http_exchange_parameter(exchange, "route"));
    }
    fakes_unlock(fakes);
    json_decref(events);
}

/* --- waits and probes --------------------------------------------------------------------------------------------- */

/* The runs of a wait that have closed. */
static json_t *closed_of(struct fakes *fakes, json_t *runs)
{
    json_t *closed = json_array();
    size_t index = 0;
    json_t *run = NULL;
    json_array_foreach(runs, index, run)
    {
        const char *workflow_id = json_string_value(json_object_get(run, "workflowId"));
        const struct fake_message *message = fakes_find(fakes, strchr(workflow_id, '/') + 1);
        if (message->status != NULL) {
            json_t *entry = run_entry(fakes, message, "", message->status);
            (void)json_object_del(entry, "attempt");
            (void)json_object_set(entry, "firstRunId", json_object_get(run, "firstRunId"));
            (void)json_array_append_new(closed, entry);
        }
    }
    return closed;
}

static bool answer_wait(struct fakes *fakes, struct open_poll *poll)
{
    json_t *closed = closed_of(fakes, json_object_get(poll->request, "runs"));
    if (json_array_size(closed) == 0 && !fakes_poll_is_over(fakes, poll)) {
        json_decref(closed);
        return false;
    }
    fakes_reply_json(poll->exchange, 200, json_pack("{s:o}", "runs", closed));
    return true;
}

void fake_gateway_on_wait(struct http_exchange *exchange, void *user)
{
    struct fakes *fakes = user;
    size_t length = 0;
    const char *text = http_exchange_body(exchange, &length);
    json_t *body = json_loadb(text, length, 0, NULL);
    int64_t wait_ms = json_integer_value(json_object_get(body, "waitMs"));
    fakes_lock(fakes);
    fakes_note(fakes, "wait");
    fakes_keep(fakes, &(struct open_poll){.exchange = exchange,
                                          .answer = answer_wait,
                                          .deadline_ms = clock_monotonic_ms() + wait_ms,
                                          .request = body});
    fakes_unlock(fakes);
}

static void reply_ready(const struct fakes *fakes, struct http_exchange *exchange)
{
    http_exchange_reply(exchange, fakes->is_ready ? 200 : 503, "text/plain", NULL, 0, "", 0);
}

static bool answer_probe(struct fakes *fakes, struct open_poll *poll)
{
    if (fakes->are_probes_held && !fakes->is_ending) {
        return false;
    }
    reply_ready(fakes, poll->exchange);
    return true;
}

void fake_gateway_on_probe(struct http_exchange *exchange, void *user)
{
    struct fakes *fakes = user;
    fakes_lock(fakes);
    if (fakes->are_probes_held) {
        fakes_note(fakes, "probe arrived");
        fakes_keep(fakes, &(struct open_poll){
                              .exchange = exchange, .answer = answer_probe, .deadline_ms = INT64_MAX});
    } else {
        reply_ready(fakes, exchange);
    }
    fakes_unlock(fakes);
}

/* --- scripting ---------------------------------------------------------------------------------------------------- */

void fakes_set_outcome(struct fakes *fakes, const char *id, const char *outcome)
{
    fakes_lock(fakes);
    fakes_find(fakes, id)->outcome = outcome;
    fakes_unlock(fakes);
}

void fakes_set_gateway_status(struct fakes *fakes, int http_status)
{
    fakes_lock(fakes);
    fakes->gateway_status = http_status;
    fakes_unlock(fakes);
}

void fakes_set_batch_limit(struct fakes *fakes, size_t events)
{
    fakes_lock(fakes);
    fakes->batch_limit = events;
    fakes_unlock(fakes);
}

void fakes_set_events_held(struct fakes *fakes, bool are_held)
{
    fakes_lock(fakes);
    fakes->are_events_held = are_held;
    fakes_unlock(fakes);
}

void fakes_hold_events_of(struct fakes *fakes, const char *id)
{
    fakes_lock(fakes);
    fakes->held_id = id;
    fakes_unlock(fakes);
}

void fakes_set_probes_held(struct fakes *fakes, bool are_held)
{
    fakes_lock(fakes);
    fakes->are_probes_held = are_held;
    fakes_unlock(fakes);
}

void fakes_set_ready(struct fakes *fakes, bool is_ready)
{
    fakes_lock(fakes);
    fakes->is_ready = is_ready;
    fakes_unlock(fakes);
}

void fakes_set_auto_close(struct fakes *fakes, const char *status)
{
    fakes_lock(fakes);
    fakes->auto_close = status;
    fakes_unlock(fakes);
}

void fakes_close_run(struct fakes *fakes, const char *id, const char *status)
{
    fakes_lock(fakes);
    fakes_find(fakes, id)->status = status;
    fakes_unlock(fakes);
}

void fakes_set_non_retryable(struct fakes *fakes, bool are_non_retryable)
{
    fakes_lock(fakes);
    fakes->are_non_retryable = are_non_retryable;
    fakes_unlock(fakes);
}

void fakes_set_route_status(struct fakes *fakes, const char *route, int http_status)
{
    fakes_lock(fakes);
    fakes->failing_route = route;
    fakes->failing_route_status = http_status;
    fakes_unlock(fakes);
}

json_t *fakes_last_event(struct fakes *fakes, const char *id)
{
    fakes_lock(fakes);
    json_t *event = json_deep_copy(fakes_find(fakes, id)->last_event);
    fakes_unlock(fakes);
    return event;
}

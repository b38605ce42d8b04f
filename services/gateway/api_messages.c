/* GET /v1/messages/{id}: where is my message? The routes are asked one after another until one has a run for it. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "attempt.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "gateway.h"
#include "json_text.h"
#include "message_query.h"
#include "messages/start_request.h"
#include "run_result.h"

#define LOOKUP_DEADLINE_MS 10000

/* One request. Written by the server's thread until its first call, then by the rpc thread, which frees it. */
struct lookup {
    struct gateway *gateway;
    struct http_exchange *exchange;
    char *message_id;
    const struct settings_route *only; /* NULL: all routes */
    const struct access_grant *grant;  /* the caller's: routes beyond it are passed over */
    size_t next;                       /* of the settings' routes */
    const struct settings_route *route; /* that is being asked */
    const struct settings_route *impossible; /* one that could not be asked; NULL: none */
    bool is_unregistered;                    /* ... because the server does not know the attribute */
    int64_t deadline_ms;
    struct temporal_describe_result run; /* what was found */
    int64_t attempt;
};

static void ask_next(struct lookup *lookup);

static void lookup_destroy(struct lookup *lookup)
{
    temporal_describe_result_deinit(&lookup->run);
    free(lookup->message_id);
    free(lookup);
}

static void fail(struct lookup *lookup, const struct error *error)
{
    gateway_reply_error(lookup->exchange, PROBLEM_SUBJECT_EVENT, error);
    lookup_destroy(lookup);
}

static bool is_unknown_workflow(enum status status, const struct error *error)
{
    return status == STATUS_NOT_FOUND && !gateway_is_namespace_missing(error);
}

/* ---- the answer ---- */

/* The route that started the run, as its memo says; two routes may share a prefix. free() it. */
static char *route_of(const struct lookup *lookup)
{
    const struct temporal_value *value = temporal_describe_result_memo(&lookup->run, MEMO_ROUTE);
    size_t length = 0;
    char *name = NULL;
    if (value != NULL && value->data != NULL) {
        name = json_scan_string((struct json_slice){.data = value->data, .length = value->length}, &length);
    }
    return name != NULL ? name : memory_copy_string(lookup->route->name);
}

static bool may_be_shown(const struct lookup *lookup)
{
    char *route = route_of(lookup);
    bool may = access_scope_shows(lookup->grant, route);
    free(route);
    return may;
}

static void reply(struct lookup *lookup, const struct watch_result *end)
{
    const struct temporal_describe_result *run = &lookup->run;
    const struct entry entry = {
        .status = end != NULL ? end->status : temporal_run_status_name(run->status),
        .failure_type = end != NULL ? end->failure_type : NULL,
        .failure_message = end != NULL ? end->failure_message : NULL,
        .non_retryable = end != NULL && end->non_retryable,
    };
    struct buffer body;
    char *route = route_of(lookup);
    buffer_init(&body, GATEWAY_REPLY_MAX);
    json_object_begin(&body);
    json_member_text(&body, "messageId", lookup->message_id);
    json_member_text(&body, "route", route);
    json_member_text(&body, "workflowId", run->workflow_id);
    json_member_text(&body, "runId", run->run_id);
    json_member_text(&body, "firstRunId", run->first_run_id[0] != '\0' ? run->first_run_id : run->run_id);
    json_member_integer(&body, "attempt", lookup->attempt);
    json_member_text(&body, "workflowType", run->workflow_type);
    json_member_text(&body, "taskQueue", run->task_queue);
    json_member_time(&body, "startTime", run->start_wall_ms);
    json_member_time(&body, "closeTime", run->close_wall_ms);
    entry_write_failure(&body, &entry);
    json_object_end(&body);
    gateway_reply_json(lookup->exchange, 200, NULL, 0, &body);
    buffer_deinit(&body);
    free(route);
    lookup_destroy(lookup);
}

/* No route has it; or one could not be asked. */
static void reply_nothing(struct lookup *lookup)
{
    if (lookup->impossible == NULL) {
        http_exchange_problem(lookup->exchange, 404, "message-not-found", "No route has a run for this message",
                              "Temporal knows no workflow for it: it was not started yet, was rejected, or was "
                              "forgotten after the namespace's retention",
                              0);
    } else {
        char *detail = memory_format(
            lookup->impossible->target == SETTINGS_TARGET_SQS
                ? "route %s puts messages on a queue: ask for the queue's own MessageId without naming this route"
            : lookup->impossible->target == SETTINGS_TARGET_SIGNAL
                ? "route %s sends signals: its runs take many messages, and none of them can be found by a MessageId"
            : lookup->is_unregistered
                ? "route %s sets the search attribute " MESSAGE_QUERY_ATTRIBUTE ", which its namespace does not have: "
                  "temporal operator search-attribute create --name " MESSAGE_QUERY_ATTRIBUTE " --type Keyword"
                : "the id of route %s needs more of a message than its MessageId: set search_attributes: "
                  "{" MESSAGE_QUERY_ATTRIBUTE ": \"{MessageId}\"} there, and register that attribute as a Keyword",
            lookup->impossible->name);
        http_exchange_problem(lookup->exchange, 501, "message-lookup-impossible",
                              "A route's runs cannot be found by a MessageId", detail, 0);
        free(detail);
    }
    lookup_destroy(lookup);
}

/* ---- what was found ---- */

/* rpc thread */
static void on_closed(void *user, enum status status, struct temporal_close_result *result, const struct error *error)
{
    struct lookup *lookup = user;
    struct watch_result end = {0};
    if (status != STATUS_OK) {
        temporal_close_result_deinit(result);
        fail(lookup, error);
        return;
    }
    run_result_take(result, &end);
    temporal_close_result_deinit(result);
    reply(lookup, &end);
    watch_result_deinit(&end);
}

static void tell(struct lookup *lookup)
{
    const struct temporal_describe_result *found = &lookup->run;
    if (temporal_run_status_is_open(found->status) || found->status == TEMPORAL_RUN_COMPLETED) {
        reply(lookup, NULL);
        return;
    }
    const struct temporal_run run = {.workflow_id = found->workflow_id, .run_id = found->run_id,
                                     .namespace_name = lookup->route->namespace_};
    temporal_client_wait_async(lookup->gateway->connection, &run, lookup->deadline_ms, on_closed, lookup, NULL);
}

/* rpc thread. The chain's first run tells the attempt where the current one has lost its memo. */
static void on_first_described(void *user, enum status status, struct temporal_describe_result *result,
                               const struct error *error)
{
    struct lookup *lookup = user;
    if (status != STATUS_OK && !is_unknown_workflow(status, error)) {
        temporal_describe_result_deinit(result);
        fail(lookup, error);
        return;
    }
    int64_t attempt = status == STATUS_OK ? attempt_of_run(result) : 0;
    temporal_describe_result_deinit(result);
    lookup->attempt = attempt > 0 ? attempt : 1;
    tell(lookup);
}

/* rpc thread */
static void on_described(void *user, enum status status, struct temporal_describe_result *result,
                         const struct error *error)
{
    struct lookup *lookup = user;
    if (status != STATUS_OK) {
        temporal_describe_result_deinit(result);
        if (is_unknown_workflow(status, error)) {
            ask_next(lookup);
        } else {
            fail(lookup, error);
        }
        return;
    }
    temporal_describe_result_deinit(&lookup->run);
    lookup->run = *result;
    *result = (struct temporal_describe_result){0};
    if (!may_be_shown(lookup)) {
        ask_next(lookup);
        return;
    }
    lookup->attempt = attempt_of_run(&lookup->run);
    const char *first_run_id = lookup->run.first_run_id;
    if (lookup->attempt > 0 || first_run_id[0] == '\0' || strcmp(first_run_id, lookup->run.run_id) == 0) {
        lookup->attempt = lookup->attempt > 0 ? lookup->attempt : 1;
        tell(lookup);
        return;
    }
    const struct temporal_run first = {.workflow_id = lookup->run.workflow_id, .run_id = first_run_id,
                                       .namespace_name = lookup->route->namespace_};
    temporal_client_describe_async(lookup->gateway->connection, &first, lookup->deadline_ms, on_first_described,
                                   lookup);
}

static void describe(struct lookup *lookup, const char *workflow_id)
{
    const struct temporal_run run = {.workflow_id = workflow_id, .namespace_name = lookup->route->namespace_};
    temporal_client_describe_async(lookup->gateway->connection, &run, lookup->deadline_ms, on_described, lookup);
}

/* ---- looking for it ---- */

/* rpc thread */
static void on_listed(void *user, enum status status, struct temporal_list_result *result, const struct error *error)
{
    struct lookup *lookup = user;
    if (status == STATUS_OK && result->count > 0) {
        describe(lookup, result->runs[0].workflow_id); /* the list may be late, and of an older run */
    } else if (status == STATUS_INVALID_ARGUMENT) {
        lookup->impossible = lookup->route;
        lookup->is_unregistered = true;
        ask_next(lookup);
    } else if (status == STATUS_OK) {
        ask_next(lookup);
    } else {
        fail(lookup, error);
    }
    temporal_list_result_deinit(result);
}

/* The next route, if there is one. A route that puts messages on a queue has no runs: another one takes them there. */
static const struct settings_route *take_route(struct lookup *lookup)
{
    const struct settings *settings = lookup->gateway->settings;
    if (lookup->only != NULL) {
        return lookup->next++ == 0 ? lookup->only : NULL;
    }
    while (lookup->next < settings->route_count) {
        const struct settings_route *route = &settings->routes[lookup->next++];
        if (route->target != SETTINGS_TARGET_SQS && access_scope_shows(lookup->grant, route->name)) {
            return route;
        }
    }
    return NULL;
}

static void ask_next(struct lookup *lookup)
{
    struct message_query query = {.way = MESSAGE_QUERY_IMPOSSIBLE};
    const struct settings_route *route = NULL;
    while (query.way == MESSAGE_QUERY_IMPOSSIBLE && (route = take_route(lookup)) != NULL) {
        query = message_query_make(route, lookup->message_id);
        if (query.way == MESSAGE_QUERY_IMPOSSIBLE && lookup->impossible == NULL) {
            lookup->impossible = route;
        }
    }
    lookup->route = route;
    if (route == NULL) {
        reply_nothing(lookup);
    } else if (query.way == MESSAGE_QUERY_BY_ID) {
        describe(lookup, query.text);
    } else {
        const struct temporal_list_options options = {.namespace_name = route->namespace_, .query = query.text,
                                                      .maximum = 10, .deadline_ms = lookup->deadline_ms};
        temporal_client_list_async(lookup->gateway->connection, &options, on_listed, lookup);
    }
    free(query.text);
}

static bool is_utf8(const char *text)
{
    char *quoted = json_quote(text, strlen(text));
    if (quoted == NULL) {
        return false;
    }
    free(quoted);
    return true;
}

void gateway_handle_message(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    const char *name = http_exchange_query(exchange, "route");
    const struct settings_route *only = name == NULL ? NULL : settings_find_route(gateway->settings, name);
    if (name != NULL && only == NULL) {
        http_exchange_problem(exchange, 404, "unknown-route", "There is no such route",
                              "expected the name of a route in the gateway's configuration", 0);
        return;
    }
    if (only != NULL && !gateway_may(exchange, API_VERB_READ, only->name, NULL)) {
        return;
    }
    const char *id = http_exchange_parameter(exchange, "id");
    if (!is_utf8(id)) {
        gateway_reply_invalid(exchange, "expected a MessageId in UTF-8");
        return;
    }
    struct lookup *lookup = memory_alloc(sizeof *lookup);
    lookup->gateway = gateway;
    lookup->exchange = exchange;
    lookup->message_id = memory_copy_string(id);
    lookup->only = only;
    lookup->grant = gateway_access_grant(exchange);
    lookup->deadline_ms = clock_monotonic_ms() + LOOKUP_DEADLINE_MS;
    ask_next(lookup);
}

/* See workflow_call.h. */
#include "workflow_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/media_type.h"
#include "base/memory.h"
#include "base/percent.h"
#include "messages/idempotency.h"

#define JSON "application/json"

/* A form, which a browser sends for any site, names a type even with an empty body; curl without a body names none. */
static bool check_media_types(struct http_exchange *exchange, const char *answer)
{
    size_t length = 0;
    const char *type = http_exchange_header(exchange, "content-type");
    (void)http_exchange_body(exchange, &length);
    if ((type != NULL || length > 0) && !media_type_is(type, JSON)) {
        http_exchange_problem(exchange, 415, "unsupported-media-type", "The body's media type is not supported",
                              "Content-Type: expected application/json", 0);
        return false;
    }
    if (!media_type_is_acceptable(http_exchange_header(exchange, "accept"), answer)) {
        http_exchange_problem(exchange, 406, "not-acceptable", "There is no answer in a media type that is accepted",
                              "Accept: answers are application/json, and of a history text/event-stream", 0);
        return false;
    }
    return true;
}

/* The one place that decides which namespace a request is about. NULL: it has replied. */
static const char *gateway_request_namespace(struct http_exchange *exchange, const struct gateway *gateway,
                                             bool *out_is_named)
{
    const char *name = http_exchange_query(exchange, "namespace");
    if (name == NULL) {
        return gateway->settings->temporal.namespace_;
    }
    if (*name == '\0') {
        gateway_reply_invalid(exchange, "namespace: expected a name");
        return NULL;
    }
    *out_is_named = true;
    return name;
}

struct workflow_call *workflow_call_begin(struct http_exchange *exchange, struct gateway *gateway)
{
    return workflow_call_begin_as(exchange, gateway, JSON);
}

struct workflow_call *workflow_call_begin_as(struct http_exchange *exchange, struct gateway *gateway,
                                             const char *media_type)
{
    struct error error = {0};
    struct wait_preference wait;
    bool names_namespace = false;
    const char *namespace_name = gateway_request_namespace(exchange, gateway, &names_namespace);
    const char *run_id = http_exchange_query(exchange, "runId");
    if (namespace_name == NULL || !check_media_types(exchange, media_type)) {
        return NULL;
    }
    if (run_id != NULL && *run_id == '\0') { /* to Temporal that would be the latest run */
        gateway_reply_invalid(exchange, "runId: expected a run ID");
        return NULL;
    }
    if (wait_preference_read(http_exchange_query(exchange, "wait"), http_exchange_header(exchange, "prefer"),
                             GATEWAY_WAIT_MAX_MS, &wait, &error) != STATUS_OK) {
        gateway_reply_invalid(exchange, error.text);
        return NULL;
    }
    struct workflow_call *call = memory_alloc(sizeof *call);
    *call = (struct workflow_call){
        .gateway = gateway,
        .exchange = exchange,
        .run = {.workflow_id = http_exchange_parameter(exchange, "id"),
                .run_id = run_id,
                .namespace_name = namespace_name},
        .names_namespace = names_namespace,
        .wait = wait,
        .begun_ms = clock_monotonic_ms(),
    };
    return call;
}

static void on_gone(void *user)
{
    temporal_cancel_token_cancel(user);
}

void workflow_call_watch(struct workflow_call *call)
{
    call->cancel_token = temporal_cancel_token_new();
    http_exchange_on_gone(call->exchange, on_gone, call->cancel_token);
}

/* The answer is given: on_gone does not run any more. */
static void call_destroy(struct workflow_call *call)
{
    temporal_cancel_token_release(call->cancel_token);
    free(call);
}

int64_t workflow_call_wait_deadline(const struct workflow_call *call)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t deadline_ms = call->begun_ms + call->wait.wait_ms;
    return deadline_ms < now_ms + WORKFLOW_CALL_WAIT_MIN_MS ? now_ms + WORKFLOW_CALL_WAIT_MIN_MS : deadline_ms;
}

int64_t workflow_call_answer_deadline(const struct workflow_call *call)
{
    return call->wait.is_given ? workflow_call_wait_deadline(call)
                               : call->begun_ms + TEMPORAL_CLIENT_DEADLINE_DEFAULT_MS;
}

bool workflow_call_arguments(struct workflow_call *call, struct arguments *out_arguments)
{
    struct error error = {0};
    size_t length = 0;
    const char *body = http_exchange_body(call->exchange, &length);
    const char *form = http_exchange_query(call->exchange, "arguments");
    enum status status = STATUS_OK;
    if (form != NULL && strcmp(form, "list") != 0) {
        status = error_set(&error, STATUS_INVALID_ARGUMENT, "arguments: expected list");
    } else {
        status = arguments_of_body(body, length, form != NULL, out_arguments, &error);
    }
    if (status != STATUS_OK) {
        workflow_call_refuse(call, &error);
    }
    return status == STATUS_OK;
}

bool workflow_call_key(struct workflow_call *call, const char **out_key)
{
    struct error error = {0};
    const char *key = http_exchange_header(call->exchange, "idempotency-key");
    if (key != NULL && idempotency_check_key(key, &error) != STATUS_OK) {
        workflow_call_refuse(call, &error);
        return false;
    }
    *out_key = key;
    return true;
}

/* Before the answer, which takes the exchange's texts. */
static void note(const struct workflow_call *call, int status)
{
    log_event(LOG_LEVEL_DEBUG, "workflow request answered", LOG_STRING("method", http_exchange_method(call->exchange)),
              LOG_STRING("path", http_exchange_path(call->exchange)),
              LOG_STRING("namespace", call->run.namespace_name), LOG_INTEGER("status", status));
}

void workflow_call_answer(struct workflow_call *call, int status, const char *location, struct buffer *body)
{
    char applied[32];
    struct http_header headers[2];
    size_t count = 0;
    if (location != NULL) {
        headers[count++] = (struct http_header){.name = "Location", .value = location};
    }
    if (call->wait.is_preferred) {
        (void)snprintf(applied, sizeof applied, "wait=%lld", (long long)(call->wait.wait_ms / 1000));
        headers[count++] = (struct http_header){.name = "Preference-Applied", .value = applied};
    }
    note(call, status);
    if (body != NULL) {
        gateway_reply_json(call->exchange, status, headers, count, body);
        buffer_deinit(body);
    } else {
        http_exchange_reply(call->exchange, status, NULL, headers, count, NULL, 0);
    }
    call_destroy(call);
}

void workflow_call_refuse(struct workflow_call *call, const struct error *error)
{
    const char *type = error->status == STATUS_MALFORMED ? "malformed-json" : "invalid-request";
    workflow_call_problem(call, &(struct problem){400, type, "The request is not valid", 0}, error->text, NULL, NULL);
}

void workflow_call_invalid(struct workflow_call *call, const char *detail)
{
    workflow_call_problem(call, &(struct problem){400, "invalid-request", "The request is not valid", 0}, detail, NULL,
                          NULL);
}

void workflow_call_problem(struct workflow_call *call, const struct problem *problem, const char *detail,
                           const struct error *error, const struct temporal_failure *failure)
{
    note(call, problem->status);
    /* Errors come to done functions, which is where the details are. */
    char *details = error != NULL ? temporal_connection_error_details(call->gateway->connection) : NULL;
    const struct problem_origin origin = {.error = error, .grpc_details = details, .failure = failure};
    gateway_reply_problem(call->exchange, problem, detail, &origin);
    free(details);
    call_destroy(call);
}

struct http_stream *workflow_call_stream(struct workflow_call *call, const struct http_stream_options *options)
{
    note(call, 200);
    struct http_stream *stream = http_exchange_stream_begin(call->exchange, options);
    call_destroy(call);
    return stream;
}

enum problem_subject workflow_call_subject(const struct workflow_call *call)
{
    return call->names_namespace ? PROBLEM_SUBJECT_NAMESPACE : PROBLEM_SUBJECT_WORKFLOW;
}

void workflow_call_fail(struct workflow_call *call, const struct error *error)
{
    struct problem problem = problem_of_error(workflow_call_subject(call), error, gateway_is_namespace_missing(error));
    workflow_call_problem(call, &problem, error->text, error, NULL);
}

char *workflow_call_path(const struct workflow_call *call, const char *workflow_id, const char *suffix)
{
    char *workflow = gateway_workflow_path(workflow_id);
    if (!call->names_namespace && *suffix == '\0') {
        return workflow;
    }
    char *name = call->names_namespace ? percent_encode(call->run.namespace_name) : NULL;
    char *path = memory_format("%s%s%s%s", workflow, suffix, name != NULL ? "?namespace=" : "",
                               name != NULL ? name : "");
    free(workflow);
    free(name);
    return path;
}

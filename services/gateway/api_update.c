/* Updates: POST …/updates/{name}, GET …/updates/{name} by the ID, and update-with-start. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/memory.h"
#include "base/percent.h"
#include "json_text.h"
#include "messages/idempotency.h"
#include "value_json.h"
#include "request_trace.h"
#include "workflow_call.h"
#include "workflow_request.h"

struct update_call {
    struct workflow_call *call;
    enum temporal_update_stage wait_stage;
    char update_id[CRYPTO_UUID_SIZE]; /* of a key; "": none is asked for */
};

/* ---- answers ---- */

static void write_run(struct buffer *out, const struct update_call *update,
                      const struct temporal_update_result *result)
{
    json_member_text(out, "workflowId", update->call->run.workflow_id);
    json_member_text(out, "runId", result->run_id);
    json_member_text(out, "updateId", result->update_id);
}

static char *location_of(const struct update_call *update, const struct temporal_update_result *result)
{
    char *id = percent_encode(result->update_id);
    char *suffix = memory_format("/updates/%s", id);
    char *location = workflow_call_path(update->call, update->call->run.workflow_id, suffix);
    free(suffix);
    free(id);
    return location;
}

/* start NULL: there is none. */
static void answer(struct update_call *update, const struct temporal_start_result *start,
                   const struct temporal_update_result *result)
{
    struct buffer body;
    bool is_reached = (int)result->stage >= (int)update->wait_stage;
    char *location = location_of(update, result);
    buffer_init(&body, GATEWAY_REPLY_MAX);
    json_object_begin(&body);
    write_run(&body, update, result);
    if (start != NULL) {
        json_member_boolean(&body, "started", start->started);
    }
    json_member_text(&body, "stage", result->has_outcome ? "completed" : "accepted");
    if (result->has_outcome) {
        value_json_member(&body, "result", &result->value);
    }
    json_object_end(&body);
    workflow_call_answer(update->call, is_reached ? 200 : 202, location, &body);
    free(location);
}

/* The problem that an outcome is, with the failure beside it. */
static void answer_failure(struct update_call *update, const struct temporal_update_result *result)
{
    const struct problem problem =
        result->is_rejected ? (struct problem){422, "update-rejected", "The workflow has refused the update", 0}
                            : (struct problem){422, "update-failed", "The update has failed", 0};
    const struct temporal_failure *application = temporal_failure_application(result->failure);
    workflow_call_problem(update->call, &problem, (application != NULL ? application : result->failure)->message, NULL,
                          result->failure);
}

static void end(struct update_call *update, enum status status, const struct temporal_start_result *start,
                const struct temporal_update_result *result, const struct error *error)
{
    if (status == STATUS_OK && result->failure != NULL) {
        answer_failure(update, result);
    } else if (status == STATUS_OK) {
        answer(update, start, result);
    } else if (status == STATUS_DEADLINE_EXCEEDED) {
        workflow_call_problem(update->call, &(struct problem){504, "no-worker", "No worker answered in time", 0},
                              error->text, error, NULL);
    } else {
        workflow_call_fail(update->call, error);
    }
    free(update);
}

/* The server's words where the run is there, but not the update. */
static bool is_update_missing(enum status status, const struct error *error)
{
    return status == STATUS_NOT_FOUND && !gateway_is_namespace_missing(error) &&
           strstr(error->text, "update \"") != NULL;
}

/* rpc thread */
static void on_polled(void *user, enum status status, struct temporal_update_result *result, const struct error *error)
{
    struct update_call *update = user;
    if (is_update_missing(status, error)) {
        const struct problem problem = {404, "update-not-found", "The run knows no such update", 0};
        workflow_call_problem(update->call, &problem, error->text, error, NULL);
        free(update);
        return;
    }
    end(update, status, NULL, result, error);
}

/* rpc thread */
static void on_updated(void *user, enum status status, struct temporal_update_result *result,
                       const struct error *error)
{
    end(user, status, NULL, result, error);
}

/* rpc thread */
static void on_started(void *user, enum status status, struct temporal_start_result *start,
                       struct temporal_update_result *result, const struct error *error)
{
    end(user, status, start, result, error);
}

/* ---- requests ---- */

/* ?stage= and the key. NULL: it has replied. */
static struct update_call *begin(struct http_exchange *exchange, struct gateway *gateway)
{
    struct workflow_call *call = workflow_call_begin(exchange, gateway);
    const char *key = NULL;
    if (call == NULL || !workflow_call_key(call, &key)) {
        return NULL;
    }
    const char *stage = http_exchange_query(exchange, "stage");
    bool is_accepted = stage != NULL && strcmp(stage, "accepted") == 0;
    if (stage != NULL && !is_accepted && strcmp(stage, "completed") != 0) {
        workflow_call_invalid(call, "stage: expected completed or accepted");
        return NULL;
    }
    struct update_call *update = memory_alloc(sizeof *update);
    update->call = call;
    update->wait_stage = is_accepted ? TEMPORAL_UPDATE_ACCEPTED : TEMPORAL_UPDATE_COMPLETED;
    const char *name = http_exchange_parameter(exchange, "name");
    if (key != NULL && name != NULL) {
        char *what = memory_format("update:%s", name);
        idempotency_request_id(what, call->run.workflow_id, key, update->update_id);
        free(what);
    }
    return update;
}

/* The last look at the request before it goes to Temporal. */
static struct temporal_update_options options_of(const struct update_call *update, const struct arguments *arguments)
{
    workflow_call_watch(update->call);
    return (struct temporal_update_options){
        .run = update->call->run,
        .name = http_exchange_parameter(update->call->exchange, "name"),
        .update_id = update->update_id[0] != '\0' ? update->update_id : NULL,
        .arguments = arguments->payloads,
        .argument_count = arguments->count,
        .wait_stage = update->wait_stage,
        .deadline_ms = workflow_call_answer_deadline(update->call),
        .cancel_token = update->call->cancel_token,
    };
}

void gateway_handle_workflow_update(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    struct arguments arguments = {0};
    struct update_call *update = begin(exchange, gateway);
    if (update == NULL) {
        return;
    }
    if (!workflow_call_arguments(update->call, &arguments)) {
        free(update);
        return;
    }
    const struct temporal_update_options options = options_of(update, &arguments);
    temporal_client_update_async(gateway->connection, &options, on_updated, update);
    arguments_deinit(&arguments);
}

void gateway_handle_workflow_update_outcome(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    struct update_call *update = begin(exchange, gateway);
    if (update == NULL) {
        return;
    }
    const struct arguments none = {0};
    struct temporal_update_options options = options_of(update, &none);
    options.update_id = http_exchange_parameter(exchange, "name");
    options.deadline_ms = workflow_call_wait_deadline(update->call);
    temporal_client_poll_update_async(gateway->connection, &options, on_polled, update);
}

/* The request's context goes along with the start; there is no span but the request's. */
static void send_with_start(struct update_call *update, struct temporal_start_options *start,
                            const struct temporal_update_options *options)
{
    struct trace_context context;
    struct start_trace trace;
    bool has_context = request_trace_context(update->call->exchange, &context);
    start_trace_begin(&trace, NULL, has_context ? &context : NULL, NULL, start->workflow_type, start->workflow_id);
    start_trace_options(&trace, start);
    temporal_client_update_with_start_async(update->call->gateway->connection, start, options, on_started, update);
    start_trace_deinit(&trace);
}

void gateway_handle_workflow_update_with_start(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    struct workflow_request request = {0};
    struct temporal_retry_options retry;
    struct error error = {0};
    const char *id = NULL;
    size_t length = 0;
    if (!gateway_may(exchange, API_VERB_UPDATE, NULL, http_exchange_query(exchange, "namespace"))) {
        return;
    }
    struct update_call *update = begin(exchange, gateway);
    if (update == NULL) {
        return;
    }
    const char *body = http_exchange_body(exchange, &length);
    enum status status = workflow_request_parse(WORKFLOW_REQUEST_UPDATE, body, length, &request, &error);
    if (status == STATUS_OK) {
        status = workflow_request_choose_id(update->call->run.workflow_id,
                                            http_exchange_header(exchange, "ferry-workflow-id"), request.workflow_id,
                                            &id, &error);
    }
    if (status == STATUS_OK && request.has_id_conflict && request.id_conflict == TEMPORAL_CONFLICT_TERMINATE) {
        status = error_set(&error, STATUS_INVALID_ARGUMENT, "idConflictPolicy: expected useExisting or fail");
    }
    if (status != STATUS_OK) {
        workflow_call_refuse(update->call, &error);
        free(update);
    } else {
        struct temporal_start_options start = {.namespace_name = update->call->run.namespace_name, .workflow_id = id};
        workflow_request_options(&request, &retry, &start);
        start.id_conflict = request.has_id_conflict ? request.id_conflict : TEMPORAL_CONFLICT_USE_EXISTING;
        const struct temporal_update_options options = options_of(update, &request.message_arguments);
        send_with_start(update, &start, &options);
    }
    workflow_request_deinit(&request);
}

/* POST /v1/workflows/{id}/reset: to an event, or to the first or last workflow task, which is looked for first. */
#include <stdlib.h>

#include "api.h"
#include "base/memory.h"
#include "json_text.h"
#include "reset_request.h"
#include "workflow_call.h"

#define EVENT_WORKFLOW_TASK_COMPLETED 7 /* Temporal's number */
#define PAGE_EVENTS 100
#define PAGES_MAX 20 /* of the history, in the search for a workflow task */

struct reset_call {
    struct workflow_call *call;
    struct reset_request request;
    size_t page_count;
};

static void destroy(struct reset_call *reset)
{
    reset_request_deinit(&reset->request);
    free(reset);
}

/* rpc thread */
static void on_reset(void *user, enum status status, const char *run_id, const struct error *error)
{
    struct reset_call *reset = user;
    if (status == STATUS_OK) {
        struct buffer body;
        const char *workflow_id = reset->call->run.workflow_id;
        char *location = workflow_call_path(reset->call, workflow_id, "");
        buffer_init(&body, GATEWAY_REPLY_MAX);
        json_object_begin(&body);
        json_member_text(&body, "workflowId", workflow_id);
        json_member_text(&body, "runId", run_id);
        json_object_end(&body);
        workflow_call_answer(reset->call, 201, location, &body);
        free(location);
    } else {
        workflow_call_fail(reset->call, error);
    }
    destroy(reset);
}

static void send_reset(struct reset_call *reset, int64_t event_id)
{
    const struct temporal_reset_options options = {
        .run = reset->call->run, .event_id = event_id, .reason = reset->request.reason};
    temporal_client_reset_async(reset->call->gateway->connection, &options, on_reset, reset);
}

static void look_for_task(struct reset_call *reset, const char *page_token);

/* rpc thread */
static void on_events(void *user, enum status status, struct temporal_history_result *result,
                      const struct error *error)
{
    struct reset_call *reset = user;
    if (status != STATUS_OK) {
        workflow_call_fail(reset->call, error);
        destroy(reset);
        return;
    }
    for (size_t i = 0; i < temporal_history_count(result->history); i++) {
        if (temporal_history_event_type(result->history, i) == EVENT_WORKFLOW_TASK_COMPLETED) {
            send_reset(reset, temporal_history_event_id(result->history, i));
            return;
        }
    }
    if (result->next_page_token != NULL && reset->page_count < PAGES_MAX) {
        look_for_task(reset, result->next_page_token);
        return;
    }
    const struct problem problem = {409, "wrong-state", "The workflow is not in a state that allows this", 0};
    workflow_call_problem(reset->call, &problem, "the run has no completed workflow task to be reset to", NULL, NULL);
    destroy(reset);
}

static void look_for_task(struct reset_call *reset, const char *page_token)
{
    const struct temporal_history_options options = {
        .run = reset->call->run,
        .maximum = PAGE_EVENTS,
        .page_token = page_token,
        .is_reverse = reset->request.point == RESET_TO_LAST_WORKFLOW_TASK,
    };
    reset->page_count++;
    temporal_client_history_async(reset->call->gateway->connection, &options, on_events, reset);
}

void gateway_handle_workflow_reset(struct http_exchange *exchange, void *user)
{
    struct workflow_call *call = workflow_call_begin(exchange, user);
    struct reset_request request = {0};
    struct error error = {0};
    size_t length = 0;
    if (call == NULL) {
        return;
    }
    const char *body = http_exchange_body(exchange, &length);
    if (reset_request_parse(body, length, &request, &error) != STATUS_OK) {
        workflow_call_refuse(call, &error);
        return;
    }
    struct reset_call *reset = memory_alloc(sizeof *reset);
    reset->call = call;
    reset->request = request;
    if (request.point == RESET_TO_EVENT) {
        send_reset(reset, request.event_id);
    } else {
        look_for_task(reset, NULL);
    }
}

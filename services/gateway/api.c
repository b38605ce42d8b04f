/* See api.h. */
#include "api.h"

#include "base/check.h"
#include "callbacks.h"

static const struct {
    const char *method;
    const char *path;
    http_handler_fn *handler;
    enum api_verb verb;
} s_api[] = {
    {"POST", "/v1/routes/{route}/events", gateway_handle_events, API_VERB_EVENT},
    {"POST", "/v1/runs/wait", gateway_handle_runs_wait, API_VERB_WAIT},
    {"GET", "/v1/messages/{id}", gateway_handle_message, API_VERB_READ},
    {"GET", "/v1/recent", gateway_handle_recent, API_VERB_READ},
    {"POST", "/v1/workflows", gateway_handle_workflow_start, API_VERB_START},
    {"POST", "/v1/workflows/{id}", gateway_handle_workflow_start, API_VERB_START},
    {"GET", "/v1/workflows", gateway_handle_workflow_list, API_VERB_READ},
    {"GET", "/v1/workflows/{id}", gateway_handle_workflow_describe, API_VERB_READ},
    {"GET", "/v1/workflows/{id}/result", gateway_handle_workflow_result, API_VERB_READ},
    {"POST", "/v1/workflows/{id}/signals/{name}", gateway_handle_workflow_signal, API_VERB_SIGNAL},
    {"POST", "/v1/workflows/{id}/signal-with-start/{name}", gateway_handle_workflow_signal_with_start, API_VERB_START},
    {"POST", "/v1/workflows/{id}/queries/{name}", gateway_handle_workflow_query, API_VERB_QUERY},
    {"POST", "/v1/workflows/{id}/updates/{name}", gateway_handle_workflow_update, API_VERB_UPDATE},
    {"GET", "/v1/workflows/{id}/updates/{name}", gateway_handle_workflow_update_outcome, API_VERB_READ},
    {"POST", "/v1/workflows/{id}/update-with-start/{name}", gateway_handle_workflow_update_with_start, API_VERB_START},
    {"POST", "/v1/workflows/{id}/reset", gateway_handle_workflow_reset, API_VERB_RESET},
    {"DELETE", "/v1/workflows/{id}", gateway_handle_workflow_delete, API_VERB_DELETE},
    {"GET", "/v1/workflows/{id}/history", gateway_handle_workflow_history, API_VERB_READ},
    {"GET", "/v1/workflow-count", gateway_handle_workflow_count, API_VERB_READ},
    {"POST", "/v1/workflows/{id}/cancel", gateway_handle_workflow_cancel, API_VERB_CANCEL},
    {"POST", "/v1/workflows/{id}/terminate", gateway_handle_workflow_terminate, API_VERB_TERMINATE},
    /* Temporal has no token, nor a certificate: what its callbacks carry is the unguessable part of their URL. */
    {"POST", CALLBACKS_PATH "{token}", gateway_handle_callback, API_VERB_OPEN},
    {"GET", "/v1/routes", gateway_handle_routes, API_VERB_READ},
    {"GET", "/openapi.json", gateway_handle_openapi, API_VERB_READ},
    {"GET", "/", gateway_handle_page, API_VERB_READ},
    {"GET", "/page/{file}", gateway_handle_page_file, API_VERB_READ},
    /* The sender's signature is his proof, or the secret in the path. */
    {"POST", "/v1/webhooks/{route}", gateway_handle_webhook, API_VERB_OPEN},
    {"POST", "/v1/webhooks/{route}/{secret}", gateway_handle_webhook, API_VERB_OPEN},
    {"GET", "/v1/webhooks/{route}/{secret}", gateway_handle_webhook_challenge, API_VERB_OPEN},
    /* What is in the documentation anyway. */
    {"GET", HTTP_PROBLEM_TYPE_PREFIX "{name}", gateway_handle_problem, API_VERB_OPEN},
};

size_t api_routes(void *gateway, struct http_route *out_routes)
{
    size_t count = sizeof s_api / sizeof s_api[0];
    CHECK(count <= API_ROUTES_MAX);
    for (size_t i = 0; i < count; i++) {
        out_routes[i] = (struct http_route){.method = s_api[i].method,
                                            .path = s_api[i].path,
                                            .handler = s_api[i].handler,
                                            .user = gateway,
                                            .tag = (int)s_api[i].verb};
    }
    return count;
}

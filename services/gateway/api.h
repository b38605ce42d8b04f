/* The gateway's HTTP API: which method and path lead to which handler, and which verb a caller must be allowed. */
#ifndef GATEWAY_API_H
#define GATEWAY_API_H

#include <stddef.h>

#include "http/server.h"

#define API_ROUTES_MAX 64

/* What a token's scope names. */
enum api_verb {
    API_VERB_OPEN, /* anybody: health, metrics; and what carries its own proof */
    API_VERB_EVENT,
    API_VERB_WAIT,
    API_VERB_READ,
    API_VERB_START,
    API_VERB_SIGNAL,
    API_VERB_QUERY,
    API_VERB_UPDATE,
    API_VERB_CANCEL,
    API_VERB_TERMINATE,
    API_VERB_RESET,
    API_VERB_DELETE
};

/* Fills out_routes, of API_ROUTES_MAX, and returns their number. Each one's user is the gateway, its tag the verb. */
size_t api_routes(void *gateway, struct http_route *out_routes);

/* Handlers; user is the gateway. */
void gateway_handle_events(struct http_exchange *exchange, void *user);
void gateway_handle_callback(struct http_exchange *exchange, void *user);
void gateway_handle_message(struct http_exchange *exchange, void *user);
void gateway_handle_recent(struct http_exchange *exchange, void *user);
void gateway_handle_runs_wait(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_start(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_signal_with_start(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_history(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_count(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_update(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_update_with_start(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_update_outcome(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_reset(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_delete(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_list(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_describe(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_result(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_signal(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_query(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_cancel(struct http_exchange *exchange, void *user);
void gateway_handle_workflow_terminate(struct http_exchange *exchange, void *user);
void gateway_handle_routes(struct http_exchange *exchange, void *user);
void gateway_handle_openapi(struct http_exchange *exchange, void *user);
void gateway_handle_page(struct http_exchange *exchange, void *user);
void gateway_handle_page_file(struct http_exchange *exchange, void *user);
void gateway_handle_webhook(struct http_exchange *exchange, void *user);
void gateway_handle_webhook_challenge(struct http_exchange *exchange, void *user);
void gateway_handle_problem(struct http_exchange *exchange, void *user);

#endif

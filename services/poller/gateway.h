/* The gateway as the poller sees it: three calls over HTTP. The loop's thread owns it. Each done is called exactly
 * once, never inside the call that started it; the handle is valid until then or until http_call_cancel. */
#ifndef POLLER_GATEWAY_H
#define POLLER_GATEWAY_H

#include <stdint.h>

#include "base/secret.h"
#include "http/client.h"
#include "trace/context.h"

struct gateway;

/* url is copied; the others outlive the gateway. */
struct gateway_options {
    struct http_client *http;
    const char *url;
    struct http_tls *tls;     /* NULL: the system's CAs, no certificate of our own */
    struct secret *token;     /* NULL: none is sent */
    int64_t token_overlap_ms; /* how long the gateway takes the token before a change */
};
struct gateway *gateway_new(const struct gateway_options *options);
void gateway_destroy(struct gateway *gateway); /* after the last call has ended. NULL is fine */

/* body: a CloudEvents batch, copied. context: of the request; NULL: none is sent. deadline_ms: clock_monotonic_ms. */
struct http_call *gateway_send_events(struct gateway *gateway, const char *route, const char *body, size_t length,
                                      const struct trace_context *context, int64_t deadline_ms, http_done_fn *done,
                                      void *user);
struct http_call *gateway_wait_runs(struct gateway *gateway, const char *body, size_t length, int64_t deadline_ms,
                                    http_done_fn *done, void *user);
struct http_call *gateway_ask_ready(struct gateway *gateway, int64_t deadline_ms, http_done_fn *done, void *user);

/* For every answer to gateway_send_events and gateway_wait_runs: a 401 says something of the token (token.h). */
void gateway_note_answer(struct gateway *gateway, const struct http_response *response);

/* The Retry-After header in milliseconds (seconds form only); 0: none. */
int64_t gateway_retry_after_ms(const struct http_response *response);
/* Writes why an answer is no 200, for logs and /readyz: the error's text, or "HTTP 404: title: detail" of a
 * problem. */
void gateway_describe(const struct http_response *response, const struct error *error, char *out, size_t size);

#endif

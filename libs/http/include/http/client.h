/* Asynchronous HTTP/1.1 client on curl's multi interface: keep-alive, pooled, with deadlines and limits.
 *
 * Thread: everything here belongs to the loop's thread, callbacks included. Blocking callers on other threads post to
 * the loop. curl is initialised by the first client of the process: fork before that, never after. With https the
 * process must ignore SIGPIPE (base/signals.h does).
 *
 * What is sent is what the caller says and no more, since callers sign it: of headers only Host (the URL's host, with a
 * port that is not the default one), User-Agent and Content-Length are added; the path stays as it is, dots included.
 *
 * TLS is 1.2 or later; names and certificates are always verified, but for is_own_service. A connection serves only
 * requests of the same certificates: when the files of a struct http_tls have changed, new connections are made with
 * what they hold then.
 *
 * Retries: a request on a kept connection that the peer closes without a byte of answer is sent again, on another
 * connection, whatever its method. So any request may arrive twice, and must be one that may. Nothing else is retried.
 * Proxies: http_proxy, https_proxy, all_proxy and no_proxy of the environment hold, except that localhost, 127.0.0.0/8
 * and ::1 are always reached directly. Names are kept for 60 s, idle connections likewise. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "http/tls.h"

struct http_client;
struct http_call;

struct http_client_options {
    const char *user_agent;         /* NULL: "ferry/VERSION" */
    int64_t connect_timeout_ms;     /* 0: 5,000 */
    long max_connections_per_host;  /* 0: 64 */
};

struct http_header {
    const char *name;
    const char *value;
};

struct http_request {
    const char *method; /* "POST" */
    const char *url;    /* http:// or https://, nothing else is followed or allowed; redirects are not followed */
    const struct http_header *headers; /* names are tokens, values without line breaks */
    size_t header_count;
    const void *body;
    size_t body_length;
    int64_t deadline_ms;         /* clock_monotonic_ms; for the whole call */
    size_t max_response_bytes;   /* 0: 1 MiB. A longer body ends the call with TOO_LARGE. Header lines: 64 KiB in all */
    const char *unix_socket;     /* NULL; "@name" for the abstract name space, else a path */
    struct http_tls *tls;        /* for https. NULL: the system's CAs, and no certificate of our own. With a CA of its
                                    own no other is trusted. It outlives the client */
    bool is_own_service;         /* This very service's own address: no proxy is asked, and with https any certificate
                                    is taken, whatever name it has. Send no secret with it, and believe no more of the
                                    answer than its status */
};

struct http_response {
    int status;
    const char *body; /* terminated by a zero byte beyond body_length; borrowed for the callback */
    size_t body_length;
    const struct http_header *headers; /* names in lower case */
    size_t header_count;
};

/* Called exactly once for each call, never inside http_client_send. response is NULL when none came: error says why
 * (UNAVAILABLE: not connected, broken off, or an answer that is not HTTP; DEADLINE_EXCEEDED; TOO_LARGE;
 * INVALID_ARGUMENT: a request that cannot be sent; CANCELED: http_client_destroy; INTERNAL), else error is NULL. Any
 * final HTTP status is a response. Both are borrowed for the call. It may send and cancel other calls; it must not
 * destroy the client. */
typedef void http_done_fn(void *user, const struct http_response *response, const struct error *error);

/* The client becomes the loop's source: one client for each loop. INTERNAL: curl cannot be initialised. */
MUST_CHECK enum status http_client_new(struct loop *loop, const struct http_client_options *options,
                                       struct http_client **out_client, struct error *error);
/* Ends what is under way with CANCELED first, and so what those callbacks send. NULL is fine. */
void http_client_destroy(struct http_client *client);

/* Copies the request. The returned call is valid until done was called or http_call_cancel. */
struct http_call *http_client_send(struct http_client *client, const struct http_request *request, http_done_fn *done,
                                   void *user);
/* done will not be called. */
void http_call_cancel(struct http_call *call);

size_t http_client_in_flight(const struct http_client *client);

/* NULL: not there. name in lower case. */
const char *http_response_header(const struct http_response *response, const char *name);

#endif

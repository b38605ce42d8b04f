/* HTTP/1.1 server on libmicrohttpd: a route table with path parameters, requests that are answered later from any
 * thread, streams, limits on everything that a peer sizes (docs/limits.md), drain.
 *
 * Thread: handlers run on the server's thread once the whole body is there and must not block. A handler either
 * replies before it returns or keeps the exchange and replies later, from any thread, exactly once. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/metrics.h"
#include "http/client.h" /* struct http_header */
#include "http/tls.h"

struct http_server;
struct http_exchange;

typedef void http_handler_fn(struct http_exchange *exchange, void *user);

/* The first route that fits a request, in the table's order, takes it. HEAD is answered from a GET route, without the
 * body, where no HEAD route fits; OPTIONS is answered 204 with Allow where no OPTIONS route fits, and "OPTIONS *" too.
 * No route: 404; a route for other methods only: 405 with Allow. What cannot be read in one way only is answered 400:
 * docs/limits.md has the list. */
struct http_route {
    const char *method;
    const char *path; /* "/v1/routes/{route}/events": a parameter takes one segment, percent-decoded ("%2F" too) */
    http_handler_fn *handler;
    void *user;
    size_t max_body_bytes; /* 0: the server's */
    int tag;               /* the caller's own */
};

/* What keeps a server alive on the open net: docs/limits.md says what a client sees of each. 0: the default. */
struct http_server_limits {
    /* 10,000; more are closed as they come. As many descriptors are made sure of, or a warning is logged and fewer
     * connections are taken. */
    unsigned max_connections;
    /* Connections of one client: an IPv4 address, or an IPv6 network of 64 bits. 0: 1,000, and any number for this
     * machine's own (loopback and unix sockets); else it holds for these, too. */
    unsigned max_connections_per_address;
    /* 10 s: from the connection (with TLS: its handshake, too) to the first request's whole head; of a later request
     * from its first line to its whole head. */
    int64_t header_timeout_ms;
    /* 30 s, and one second more for each 16 KiB: for a request's body to come and, by itself, for an answer to be
     * taken. */
    int64_t transfer_timeout_ms;
    int64_t idle_timeout_ms; /* 75 s: from an answer's end to the next request's first line */
};

struct http_server_options {
    const char *listen;            /* "127.0.0.1:8080", "[::1]:0", "unix:@name"; port 0: any */
    const struct http_route *routes; /* copied; fixed for the server's life */
    size_t route_count;
    size_t max_body_bytes;         /* 0: 1 MiB. Longer: 413 before it is read further */
    bool reuse_port;               /* several processes on one port */
    struct http_server_limits limits;
    /* NULL: plain HTTP. It has a certificate and its key. TLS 1.2 and 1.3 only; a connection that began before the
     * certificates changed ends with its next answer. With a CA clients are asked for a certificate, which
     * http_exchange_verify_client checks. */
    struct http_tls *tls;
    /* Seen before any handler, for authentication, and before OPTIONS, 404 and 405 are answered; NULL: none. true: go
     * on; false: it has replied. The body is not there yet; path parameters, query and headers are. */
    bool (*admit)(struct http_exchange *exchange, void *user);
    void *admit_user;
    /* For each exchange with an attachment, once: its answer is out, or there is none (status 0). The server's thread;
     * it must not block. NULL: there are no attachments. */
    void (*ended)(void *user, void *attachment, int status);
    void *ended_user;
    /* NULL: none. ferry_http_server_requests{method,route,status}, _request_seconds, _connections, _refused{reason} */
    struct metrics *metrics;
};

/* INVALID_ARGUMENT: listen does not parse; UNAVAILABLE: the address is taken (the text names address and cause). */
MUST_CHECK enum status http_server_start(const struct http_server_options *options, struct http_server **out_server,
                                         struct error *error);
int http_server_port(const struct http_server *server); /* the real one; 0 for a unix socket */

/* Drain: accepts no new connection; requests that come on open ones are answered 503 with Connection: close; streams
 * are told that they are over; returns when every exchange is answered and sent, or at deadline_ms. No handler is
 * called after it has returned. false: the deadline came. */
bool http_server_drain(struct http_server *server, int64_t deadline_ms);
/* Closes everything. Exchanges not yet answered must be answered before: drain first. For those it waits 10 s, after
 * which it calls the missing answer a bug and aborts. NULL is fine. */
void http_server_destroy(struct http_server *server);

/* The request, valid until the reply. */
const struct http_route *http_exchange_route(const struct http_exchange *exchange); /* NULL: none has this path */
const char *http_exchange_method(const struct http_exchange *exchange);
const char *http_exchange_path(const struct http_exchange *exchange); /* as it came, without the query */
const char *http_exchange_parameter(const struct http_exchange *exchange, const char *name); /* path parameter */
const char *http_exchange_query(const struct http_exchange *exchange, const char *name);     /* NULL: not there */
const char *http_exchange_header(const struct http_exchange *exchange, const char *name);    /* any case */
/* Every header whose name begins with prefix, in any case; name and value are as they came. A header that came twice
 * comes twice. */
void http_exchange_each_header(const struct http_exchange *exchange, const char *prefix,
                               void (*each)(void *user, const char *name, const char *value), void *user);
const char *http_exchange_body(const struct http_exchange *exchange, size_t *out_length);    /* zero-terminated */
/* Who has sent it: "192.0.2.1", "2001:db8::1", or "unix". */
const char *http_exchange_peer(const struct http_exchange *exchange);
/* X-Request-Id, which the reply repeats; NULL: none was sent, or none of 1 to 128 visible ASCII characters. */
const char *http_exchange_request_id(const struct http_exchange *exchange);
#define HTTP_ALLOW_SIZE 128
/* The methods that the table knows for the path, as in the header Allow: "GET, HEAD, OPTIONS"; "": none. */
void http_exchange_allow(const struct http_exchange *exchange, char out[HTTP_ALLOW_SIZE]);

#define HTTP_REPLY_HEADERS_MAX 16 /* of one exchange; a bug of ours beyond */
/* Whoever holds the exchange, before the reply: a header for its reply, whatever that is, 404 or stream. Copied. */
void http_exchange_add_header(struct http_exchange *exchange, const char *name, const char *value);

/* What the admit hook has found out of who calls, for handlers: a pointer that outlives the exchange. NULL at first. */
void http_exchange_set_caller(struct http_exchange *exchange, const void *caller);
const void *http_exchange_caller(const struct http_exchange *exchange);

/* Something of the caller's that goes along with the exchange until the ended hook takes it; set in the admit hook.
 * NULL at first. */
void http_exchange_attach(struct http_exchange *exchange, void *attachment);
void *http_exchange_attachment(const struct http_exchange *exchange);

/* Server's threads, before the reply: whether the client has shown a certificate that the server's CA has signed and
 * that may be used by clients. Verified once for each connection; its expiry is looked at each time. UNAUTHENTICATED:
 * it has shown none, or the server has no TLS or no CA; PERMISSION_DENIED: the certificate is refused, and why. */
MUST_CHECK enum status http_exchange_verify_client(struct http_exchange *exchange, struct error *error);

/* Answers. The exchange is gone afterwards. body is copied; NULL with length 0 is fine. status: 200 .. 599. A header
 * with a line break, or one that HTTP's framing owns (Content-Length), is left out and logged; an empty one is left
 * out. content_type NULL: no such header. A text of 1 KiB to 1 MiB goes out gzipped to a client that takes it. */
void http_exchange_reply(struct http_exchange *exchange, int status, const char *content_type,
                         const struct http_header *headers, size_t header_count, const void *body, size_t body_length);
/* What stands before the type of every problem: "/problems/unknown-route". */
#define HTTP_PROBLEM_TYPE_PREFIX "/problems/"
/* application/problem+json (RFC 9457): type is the last part of the URI reference ("unknown-route"), title its fixed
 * sentence, detail what was wrong with this request (NULL: the title). retry_after_seconds 0: no such header. The
 * server itself answers with the types unknown-route, method-not-allowed, malformed-request, body-too-large and
 * shutting-down. */
void http_exchange_problem(struct http_exchange *exchange, int status, const char *type, const char *title,
                           const char *detail, int retry_after_seconds);

/* An answer that goes on, server-sent events above all. */
struct http_stream;

struct http_stream_options {
    int status;               /* 0: 200 */
    const char *content_type; /* "text/event-stream" */
    const struct http_header *headers;
    size_t header_count;
    size_t buffer_bytes; /* 0: 256 KiB: what was written and the client has not taken. A client that lets it run full is
                            cut off */
    /* Once, on a thread of the server's, when nobody reads any more: the client has hung up or was cut off, or the
     * server drains. Not after http_stream_end. May be called before http_exchange_stream_begin returns. It must not
     * block; http_stream_end is fine inside. NULL: none. */
    void (*gone)(void *user);
    /* Whenever the network has taken all that was written, on a thread of the server's: a writer that has more than the
     * buffer holds waits for it. It must not block, nor end the stream. NULL: none. */
    void (*drained)(void *user);
    void *user; /* of both */
};

/* Instead of a reply: the exchange is gone afterwards. The stream lives until http_stream_end, which must come before
 * the server's end. Never NULL. */
struct http_stream *http_exchange_stream_begin(struct http_exchange *exchange,
                                               const struct http_stream_options *options);
/* Any thread, one at a time for each stream. Copied. false: nobody reads any more, all further writes are in vain. */
bool http_stream_write(struct http_stream *stream, const void *bytes, size_t length);
/* How many bytes of what was written the network has not taken yet. Not 0: drained() will be called, or gone(). */
size_t http_stream_waiting(struct http_stream *stream);
/* Ends the answer when all is sent. The stream is gone afterwards; neither gone() nor drained() is running when it
 * returns, unless it is called inside that very gone(): hold no lock that they take. */
void http_stream_end(struct http_stream *stream);

/* Calls gone(user) once, on a server thread, if the client hangs up (or closes its sending side) before the reply; the
 * exchange must still be replied to, inside gone or after it. NULL takes it back. Taking back and replying wait for a
 * gone that is just running: hold no lock then that it takes. */
void http_exchange_on_gone(struct http_exchange *exchange, void (*gone)(void *user), void *user);

#endif

/* One call of the client: an easy handle of curl with everything that a request lends it and a response leaves. Calls
 * are kept and used again, since making an easy handle costs more than a request. Loop's thread. */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/loop.h"
#include "http/client.h"

#define CALL_HEADER_BYTES_MAX ((size_t)64 << 10) /* header lines of a response, all together */

enum call_state {
    CALL_FREE,      /* in the client's free list, or being set up */
    CALL_RUNNING,   /* added to the multi handle */
    CALL_FAILED,    /* failure says why; done is still to be told */
    CALL_TELLING    /* done runs now */
};

struct http_call {
    struct http_client *client;
    struct list node; /* in one of the client's lists, by state */
    enum call_state state;
    CURL *easy;
    http_done_fn *done;
    void *user;
    struct loop_timer deadline;
    struct error failure; /* CALL_FAILED */

    void *request_memory;       /* owned: header list and body of the request; curl borrows it */
    char *unix_socket;          /* owned: what the easy handle is set to; NULL: TCP */
    bool is_own_service;        /* what the easy handle is set to */
    struct tls_material *tls;   /* shared: what the easy handle is set to; NULL: the system's CAs */
    const char *tls_ca_path;    /* of a CA of its own; NULL: the system's. Borrowed from the request's http_tls */
    char error_text[CURL_ERROR_SIZE];

    struct buffer head;         /* "name\0value\0"... of the response, names in lower case */
    size_t header_count;
    bool is_head_complete;
    struct buffer body;
    bool is_too_large;
};

struct sockets;
struct tls_material;

/* What all calls of a client have in common. Texts are owned by the client, which outlives its calls. */
struct call_settings {
    char *user_agent;
    char *no_proxy;
    long connect_timeout_ms;
    struct sockets *sockets;
};

/* A free call whose easy handle has all options that do not change. NULL: curl cannot make an easy handle. */
struct http_call *call_new(struct http_client *client, const struct call_settings *settings);
void call_destroy(struct http_call *call);

/* Puts the request into the easy handle. INVALID_ARGUMENT: a header, the method or the address cannot be sent. */
MUST_CHECK enum status call_prepare(struct http_call *call, const struct http_request *request, struct error *error);
/* Lets go of the request's and the response's memory, keeps what is small. */
void call_recycle(struct http_call *call);

/* What became of a finished transfer. out_headers is owned by the caller (free); the rest borrows from the call. */
MUST_CHECK enum status call_result(struct http_call *call, CURLcode code, struct http_response *out_response,
                                   struct http_header **out_headers, struct error *error);

#endif

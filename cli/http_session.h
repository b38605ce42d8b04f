/* HTTP for a command that does one thing after another: each call blocks until its answer. One thread.
 *
 * Who is asked is an address: "http://host:port", "https://host:port", or "unix:PATH" ("unix:@NAME" for the abstract
 * name space). Token and certificates are those of the configuration (FERRY_API_TOKEN[_FILE], gateway.token_file,
 * gateway.client_tls_*): never of the command line, which others can read. */
#ifndef CLI_HTTP_SESSION_H
#define CLI_HTTP_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "settings/settings.h"

#define HTTP_SESSION_CALL_MS 30000 /* a call that does not wait for anything */

struct http_session;

/* Whom an address belongs to, for what errors say. */
enum http_session_peer { HTTP_SESSION_GATEWAY, HTTP_SESSION_POLLER };

struct http_session_request {
    enum http_session_peer peer;
    const char *address;
    const char *method;          /* NULL: GET */
    const char *path;            /* with its query, percent-encoded */
    const char *idempotency_key; /* NULL: none */
    const char *body;            /* JSON; NULL: none */
    size_t body_length;
    int64_t wait_ms; /* how long the peer may hold its answer beyond HTTP_SESSION_CALL_MS */
};

struct http_answer {
    int status; /* 0: none came */
    char *body; /* zero-terminated beyond length */
    size_t length;
};

/* config: the option's value or NULL. INVALID_ARGUMENT: the configuration, token or certificates are wrong. */
MUST_CHECK enum status http_session_new(const char *config, struct http_session **out_session, struct error *error);
void http_session_destroy(struct http_session *session); /* NULL is fine */
const struct settings *http_session_settings(const struct http_session *session);

/* INVALID_ARGUMENT: none of the forms above. what: the option, for the text. */
MUST_CHECK enum status http_session_check_address(const char *what, const char *address, struct error *error);

/* OK: an answer below 400. Else the text says what was wrong and what to do, several lines perhaps: UNAVAILABLE (nobody
 * answers, 503), NOT_FOUND (404), UNAUTHENTICATED (401), PERMISSION_DENIED (403), FAILED_PRECONDITION (other 4xx),
 * RESOURCE_EXHAUSTED (429), UNIMPLEMENTED (501), DEADLINE_EXCEEDED (504, or no answer in time), INTERNAL; never
 * INVALID_ARGUMENT. out_answer is filled with what came in any case: http_answer_deinit. */
MUST_CHECK enum status http_session_call(struct http_session *session, const struct http_session_request *request,
                                         struct http_answer *out_answer, struct error *error);
void http_answer_deinit(struct http_answer *answer);

#endif

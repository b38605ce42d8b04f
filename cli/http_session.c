/* See http_session.h. */
#include "http_session.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/secret.h"
#include "http/client.h"
#include "http/tls.h"
#include "problem_text.h"

#define ANSWER_MAX ((size_t)256 << 20) /* a page of a history; the gateway's own limit is below it */
#define UNIX_PREFIX "unix:"

struct http_session {
    struct settings *settings;
    struct loop *loop;
    struct http_client *http;
    struct http_tls *tls;
    char *token; /* NULL: none */
};

/* One call, filled by its done. */
struct pending {
    struct http_answer answer;
    struct error error;
    bool is_done;
};

static enum status read_token(struct http_session *session, struct error *error)
{
    const struct settings_gateway *gateway = &session->settings->gateway;
    if (gateway->token_file != NULL) {
        return secret_read_file(gateway->token_file, &session->token, error);
    }
    session->token = gateway->token != NULL ? memory_copy_string(gateway->token) : NULL;
    return STATUS_OK;
}

static enum status read_certificates(struct http_session *session, struct error *error)
{
    const struct settings_gateway *gateway = &session->settings->gateway;
    const struct http_tls_files files = {.certificate = gateway->client_tls_certificate,
                                         .key = gateway->client_tls_key,
                                         .ca = gateway->client_tls_ca};
    if (files.certificate == NULL && files.ca == NULL) {
        return STATUS_OK; /* the system's CAs will do */
    }
    return http_tls_new(&files, &session->tls, error);
}

enum status http_session_new(const char *config, struct http_session **out_session, struct error *error)
{
    struct http_session *session = memory_alloc(sizeof *session);
    const struct http_client_options options = {0};
    enum status status = settings_load(config, &session->settings, error);
    if (status == STATUS_OK) {
        status = read_token(session, error);
    }
    if (status == STATUS_OK) {
        status = read_certificates(session, error);
    }
    if (status == STATUS_OK) {
        session->loop = loop_new();
        status = http_client_new(session->loop, &options, &session->http, error);
    }
    if (status == STATUS_OK) {
        *out_session = session;
        session = NULL;
    }
    http_session_destroy(session);
    return status;
}

void http_session_destroy(struct http_session *session)
{
    if (session == NULL) {
        return;
    }
    http_client_destroy(session->http);
    if (session->loop != NULL) {
        loop_destroy(session->loop);
    }
    http_tls_destroy(session->tls);
    secret_wipe(session->token);
    settings_destroy(session->settings);
    free(session);
}

const struct settings *http_session_settings(const struct http_session *session)
{
    return session->settings;
}

enum status http_session_check_address(const char *what, const char *address, struct error *error)
{
    size_t scheme = strncmp(address, "http://", 7) == 0 ? 7 : strncmp(address, "https://", 8) == 0 ? 8 : 0;
    bool is_unix = strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0;
    const char *rest = address + (is_unix ? strlen(UNIX_PREFIX) : scheme);
    if ((scheme == 0 && !is_unix) || *rest == '\0' || (*rest == '/' && !is_unix) || strpbrk(rest, " \t\r\n") != NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "%s: expected http://host:port, https://host:port or unix:PATH, found \"%s\"", what, address);
    }
    return STATUS_OK;
}

static void on_done(void *user, const struct http_response *response, const struct error *error)
{
    struct pending *pending = user;
    pending->is_done = true;
    if (response == NULL) {
        pending->error = *error;
        return;
    }
    pending->answer.status = response->status;
    pending->answer.length = response->body_length;
    pending->answer.body = memory_alloc(response->body_length + 1);
    if (response->body_length > 0) {
        (void)memcpy(pending->answer.body, response->body, response->body_length);
    }
}

/* The URL of a path: of a socket's peer the host is nobody's. free() it. */
static char *make_url(const char *address, const char *path)
{
    size_t length = strlen(address);
    while (length > 0 && address[length - 1] == '/') {
        length--;
    }
    return strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0
               ? memory_format("http://localhost%s", path)
               : memory_format("%.*s%s", (int)length, address, path);
}

static void send_request(struct http_session *session, const struct http_session_request *request,
                         struct pending *pending)
{
    struct http_header headers[3];
    size_t header_count = 0;
    char *authorization = session->token != NULL ? memory_format("Bearer %s", session->token) : NULL;
    char *url = make_url(request->address, request->path);
    if (authorization != NULL) {
        headers[header_count++] = (struct http_header){"Authorization", authorization};
    }
    if (request->body != NULL) {
        headers[header_count++] = (struct http_header){"Content-Type", "application/json"};
    }
    if (request->idempotency_key != NULL) {
        headers[header_count++] = (struct http_header){"Idempotency-Key", request->idempotency_key};
    }
    const struct http_request sent = {
        .method = request->method != NULL ? request->method : "GET",
        .url = url,
        .headers = headers,
        .header_count = header_count,
        .body = request->body,
        .body_length = request->body_length,
        .deadline_ms = clock_monotonic_ms() + HTTP_SESSION_CALL_MS + request->wait_ms,
        .max_response_bytes = ANSWER_MAX,
        .unix_socket = strncmp(request->address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0
                           ? request->address + strlen(UNIX_PREFIX)
                           : NULL,
        .tls = session->tls,
    };
    (void)http_client_send(session->http, &sent, on_done, pending);
    secret_wipe(authorization);
    free(url);
}

enum status http_session_call(struct http_session *session, const struct http_session_request *request,
                              struct http_answer *out_answer, struct error *error)
{
    struct pending pending = {0};
    send_request(session, request, &pending);
    while (!pending.is_done) {
        loop_run_once(session->loop, HTTP_SESSION_CALL_MS);
    }
    *out_answer = pending.answer;
    const struct problem_source source = {
        .is_gateway = request->peer == HTTP_SESSION_GATEWAY,
        .address = request->address,
        .had_token = session->token != NULL,
    };
    if (pending.answer.status == 0) {
        return problem_text_no_answer(&source, &pending.error, error);
    }
    if (pending.answer.status < 400) {
        return STATUS_OK;
    }
    return problem_text_set(&source, pending.answer.status, pending.answer.body, pending.answer.length, error);
}

void http_answer_deinit(struct http_answer *answer)
{
    free(answer->body);
    *answer = (struct http_answer){0};
}

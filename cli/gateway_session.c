/* See gateway_session.h. */
#include "gateway_session.h"

#include <stdio.h>
#include <string.h>

enum status gateway_session_open(const struct command_line *line, struct gateway_session *out_session,
                                 struct error *error)
{
    struct gateway_session session = {.line = line, .address = command_line_value(line, "gateway")};
    enum status status = session.address == NULL
                             ? STATUS_OK
                             : http_session_check_address("--gateway", session.address, error);
    if (status == STATUS_OK) {
        status = http_session_new(command_line_value(line, "config"), &session.http, error);
    }
    if (status == STATUS_OK) {
        if (session.address == NULL) {
            session.address = http_session_settings(session.http)->gateway.url;
        }
        *out_session = session;
    }
    return status;
}

void gateway_session_close(struct gateway_session *session)
{
    http_session_destroy(session->http);
    *session = (struct gateway_session){0};
}

void gateway_session_path(const struct gateway_session *session, const char *id, const char *tail, const char *name,
                          struct request_path *out_path)
{
    request_path_init(out_path, "/v1/workflows");
    if (id != NULL) {
        request_path_segment(out_path, id);
    }
    if (tail != NULL) {
        request_path_segment(out_path, tail);
    }
    if (name != NULL) {
        request_path_segment(out_path, name);
    }
    request_path_query(out_path, "namespace", command_line_value(session->line, "namespace"));
    request_path_query(out_path, "runId", command_line_value(session->line, "run"));
}

enum status gateway_session_get(struct gateway_session *session, const struct request_path *path, int64_t wait_ms,
                                struct http_answer *out_answer, struct error *error)
{
    const struct http_session_request request = {
        .peer = HTTP_SESSION_GATEWAY,
        .address = session->address,
        .path = path->text.data,
        .wait_ms = wait_ms,
    };
    return http_session_call(session->http, &request, out_answer, error);
}

enum status gateway_session_post(struct gateway_session *session, const struct request_path *path,
                                 struct json_slice body, int64_t wait_ms, struct http_answer *out_answer,
                                 struct error *error)
{
    const struct http_session_request request = {
        .peer = HTTP_SESSION_GATEWAY,
        .address = session->address,
        .method = "POST",
        .path = path->text.data,
        .idempotency_key = command_line_value(session->line, "idempotency-key"),
        .body = body.data != NULL && body.length > 0 ? body.data : NULL,
        .body_length = body.length,
        .wait_ms = wait_ms,
    };
    return http_session_call(session->http, &request, out_answer, error);
}

void gateway_session_print_value(struct json_slice value)
{
    const struct json_slice shown = value.data != NULL ? value : (struct json_slice){"null", 4};
    (void)fwrite(shown.data, 1, shown.length, stdout); /* a closed terminal is nothing to act on */
    (void)fputc('\n', stdout);
}

void gateway_session_print_raw(const struct http_answer *answer)
{
    gateway_session_print_value((struct json_slice){answer->body, answer->length});
}

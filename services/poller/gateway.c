/* See gateway.h. */
#include "gateway.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "messages/message_event.h"
#include "token.h"

#define URL_MAX 8192
/* A refused answer to a wait would be asked for again and again, and its messages settled never: 1,000 runs fit, each
 * with an ID of 1,000 bytes, 4 KiB of failure message and 256 bytes of type, every byte of them escaped. */
#define ANSWER_MAX ((size_t)32 << 20)
#define RETRY_AFTER_DIGITS_MAX 6
#define TIME_LEFT_HEADER "Ferry-Time-Left-Ms" /* the gateway starts nothing when we have given up */

struct gateway {
    struct http_client *http;
    struct http_tls *tls;
    char *url; /* without a slash at its end */
    struct token token;
};

struct gateway *gateway_new(const struct gateway_options *options)
{
    struct gateway *gateway = memory_alloc(sizeof *gateway);
    gateway->http = options->http;
    gateway->tls = options->tls;
    token_init(&gateway->token, options->token, options->token_overlap_ms);
    gateway->url = memory_copy_string(options->url);
    for (size_t length = strlen(options->url); length > 0 && gateway->url[length - 1] == '/'; length--) {
        gateway->url[length - 1] = '\0';
    }
    return gateway;
}

void gateway_destroy(struct gateway *gateway)
{
    if (gateway == NULL) {
        return;
    }
    free(gateway->url);
    free(gateway);
}

/* "Bearer …", or NULL; secret_wipe it. */
static char *make_authorization(struct gateway *gateway)
{
    char *token = token_take(&gateway->token, clock_monotonic_ms());
    char *authorization = token != NULL ? memory_format("Bearer %s", token) : NULL;
    secret_wipe(token);
    return authorization;
}

void gateway_note_answer(struct gateway *gateway, const struct http_response *response)
{
    if (response != NULL && response->status == 401) {
        token_refused(&gateway->token, clock_monotonic_ms());
    }
}

static struct http_call *send_request(struct gateway *gateway, const char *method, const char *path,
                                      const char *content_type, const char *body, size_t length,
                                      const struct trace_context *context, int64_t deadline_ms, http_done_fn *done,
                                      void *user)
{
    struct http_header headers[5];
    char traceparent[TRACE_PARENT_SIZE];
    size_t header_count = 0;
    int64_t left_ms = deadline_ms - clock_monotonic_ms();
    char *time_left = memory_format("%lld", left_ms > 0 ? (long long)left_ms : 0LL);
    headers[header_count++] = (struct http_header){TIME_LEFT_HEADER, time_left};
    if (content_type != NULL) {
        headers[header_count++] = (struct http_header){"Content-Type", content_type};
    }
    if (context != NULL) {
        trace_context_format(context, traceparent);
        headers[header_count++] = (struct http_header){"traceparent", traceparent};
        if (context->state[0] != '\0') {
            headers[header_count++] = (struct http_header){"tracestate", context->state};
        }
    }
    char *authorization = make_authorization(gateway);
    if (authorization != NULL) {
        headers[header_count++] = (struct http_header){"Authorization", authorization};
    }
    char *url = memory_format("%s%s", gateway->url, path);
    const struct http_request request = {
        .method = method,
        .url = url,
        .headers = headers,
        .header_count = header_count,
        .body = body,
        .body_length = length,
        .deadline_ms = deadline_ms,
        .max_response_bytes = ANSWER_MAX,
        .tls = gateway->tls,
    };
    struct http_call *call = http_client_send(gateway->http, &request, done, user);
    secret_wipe(authorization);
    free(url);
    free(time_left);
    return call;
}

static void append_segment(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        bool is_plain = (byte < 128 && isalnum(byte)) || strchr("-._~", byte) != NULL;
        CHECK(is_plain ? buffer_append(out, text, 1) : buffer_append_format(out, "%%%02X", byte));
    }
}

struct http_call *gateway_send_events(struct gateway *gateway, const char *route, const char *body, size_t length,
                                      const struct trace_context *context, int64_t deadline_ms, http_done_fn *done,
                                      void *user)
{
    struct buffer path;
    buffer_init(&path, URL_MAX + 3 * strlen(route));
    CHECK(buffer_append_string(&path, "/v1/routes/"));
    append_segment(&path, route);
    CHECK(buffer_append_string(&path, "/events"));
    struct http_call *call =
        send_request(gateway, "POST", path.data, MESSAGE_EVENT_CONTENT_TYPE, body, length, context, deadline_ms, done,
                     user);
    buffer_deinit(&path);
    return call;
}

struct http_call *gateway_wait_runs(struct gateway *gateway, const char *body, size_t length, int64_t deadline_ms,
                                    http_done_fn *done, void *user)
{
    return send_request(gateway, "POST", "/v1/runs/wait", "application/json", body, length, NULL, deadline_ms, done,
                        user);
}

struct http_call *gateway_ask_ready(struct gateway *gateway, int64_t deadline_ms, http_done_fn *done, void *user)
{
    return send_request(gateway, "GET", "/readyz", NULL, NULL, 0, NULL, deadline_ms, done, user);
}

int64_t gateway_retry_after_ms(const struct http_response *response)
{
    const char *text = response != NULL ? http_response_header(response, "retry-after") : NULL;
    int64_t seconds = 0;
    size_t digits = 0;
    if (text == NULL) {
        return 0;
    }
    for (; isdigit((unsigned char)text[digits]); digits++) {
        if (digits == RETRY_AFTER_DIGITS_MAX) {
            return 0;
        }
        seconds = seconds * 10 + (text[digits] - '0');
    }
    return text[digits] == '\0' ? seconds * 1000 : 0;
}

void gateway_describe(const struct http_response *response, const struct error *error, char *out, size_t size)
{
    if (response == NULL) {
        (void)snprintf(out, size, "%s", error != NULL ? error->text : "no answer"); /* cut at size: fine */
        return;
    }
    json_t *problem = json_loadb(response->body != NULL ? response->body : "", response->body_length, 0, NULL);
    const char *title = json_string_value(json_object_get(problem, "title"));
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    if (title == NULL) {
        (void)snprintf(out, size, "HTTP %d without a problem's title: is this the gateway's address?",
                       response->status); /* cut at size: fine */
    } else {
        (void)snprintf(out, size, "HTTP %d: %s%s%s", response->status, title, detail != NULL ? ": " : "",
                       detail != NULL ? detail : ""); /* cut at size: fine */
    }
    json_decref(problem);
}

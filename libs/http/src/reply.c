/* Answers, from any thread: whole ones and problems. Streams begin here and go on in stream.c. */
#include "reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/json_scan.h"
#include "base/log.h"
#include "base/memory.h"
#include "gzip.h"
#include "server_internal.h"

#define PROBLEM_CONTENT_TYPE "application/problem+json"
#define PROBLEM_TEXT_MAX ((size_t)64 << 10)
/* Below, the head outweighs what is saved. Above, compressing would keep the answering thread for tens of
 * milliseconds. */
#define GZIP_BODY_MIN ((size_t)1 << 10)
#define GZIP_BODY_MAX ((size_t)1 << 20)

/* A header that would break the reply's framing or that microhttpd refuses is left out: the answer itself matters
 * more, and the log says that our caller has a bug. */
static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    bool is_clean = name[0] != '\0' && strpbrk(name, "\r\n: ") == NULL && strpbrk(value, "\r\n") == NULL;
    if (value[0] == '\0' && is_clean) {
        return; /* microhttpd knows no empty values; leaving them out says the same */
    }
    if (!is_clean || MHD_add_response_header(response, name, value) != MHD_YES) {
        log_event(LOG_LEVEL_ERROR, "reply header left out: its name or value cannot be sent",
                  LOG_STRING("header", is_clean ? name : "(unclean)"));
    }
}

void http_exchange_add_header(struct http_exchange *exchange, const char *name, const char *value)
{
    size_t name_size = strlen(name) + 1;
    size_t value_size = strlen(value) + 1;
    CHECK(exchange->reply_header_count < HTTP_REPLY_HEADERS_MAX);
    struct reply_header *header = memory_alloc(sizeof *header + name_size + value_size);
    header->value = header->name + name_size;
    memcpy(header->name, name, name_size);
    memcpy(header->value, value, value_size);
    header->next = exchange->reply_headers;
    exchange->reply_headers = header;
    exchange->reply_header_count++;
}

void reply_headers_free(struct reply_header *headers)
{
    while (headers != NULL) {
        struct reply_header *next = headers->next;
        free(headers);
        headers = next;
    }
}

void reply_add_headers(const struct http_exchange *exchange, struct MHD_Response *response, const char *content_type,
                       const struct http_header *headers, size_t header_count)
{
    if (content_type != NULL) {
        add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    }
    for (size_t i = 0; i < header_count; i++) {
        add_header(response, headers[i].name, headers[i].value);
    }
    for (const struct reply_header *header = exchange->reply_headers; header != NULL; header = header->next) {
        add_header(response, header->name, header->value);
    }
    if (exchange->head.request_id != NULL) {
        add_header(response, "X-Request-Id", exchange->head.request_id);
    }
    if (exchange->ends_connection || atomic_load_explicit(&exchange->server->is_draining, memory_order_relaxed)) {
        add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
}

void reply_finish(struct http_exchange *exchange, struct MHD_Response *response, unsigned status)
{
    struct http_server *server = exchange->server;
    struct MHD_Connection *connection = exchange->connection;
    bool is_answered = exchange->is_dispatched && exchange->stream == NULL;
    if (exchange->stream == NULL) {
        gone_unwatch(exchange);
    }
    exchange->response = response;
    exchange->status = status;
    int before = atomic_exchange_explicit(&exchange->state, EXCHANGE_REPLIED, memory_order_acq_rel);
    CHECK(before != EXCHANGE_REPLIED);
    if (before == EXCHANGE_WAITING) {
        MHD_resume_connection(connection);
        server_loop_wake(&server->loop);
    }
    if (is_answered) {
        server_answered(server);
    }
}

/* Media types that shrink. */
static bool is_text(const char *content_type)
{
    static const char *const kinds[] = {"application/json", "application/problem+json", "text/",
                                        "application/openmetrics-text", "application/cloudevents",
                                        "application/javascript", "image/svg+xml"};
    for (size_t i = 0; content_type != NULL && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strncasecmp(content_type, kinds[i], strlen(kinds[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* A response of the body, compressed where the client takes that and it helps. */
static struct MHD_Response *make_response(struct http_exchange *exchange, const char *content_type, const void *body,
                                          size_t length)
{
    bool may_vary = length >= GZIP_BODY_MIN && length <= GZIP_BODY_MAX && is_text(content_type);
    size_t sent = length;
    void *bytes = may_vary && exchange->head.takes_gzip ? gzip_compress(body, length, &sent) : NULL;
    bool is_compressed = bytes != NULL;
    if (!is_compressed) {
        bytes = memory_copy(length > 0 ? body : "", length);
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(sent, bytes, MHD_RESPMEM_MUST_FREE);
    CHECK(response != NULL); /* only for want of memory */
    if (may_vary) {
        add_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    }
    if (is_compressed) {
        add_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    }
    exchange->reply_length = sent;
    return response;
}

void http_exchange_reply(struct http_exchange *exchange, int status, const char *content_type,
                         const struct http_header *headers, size_t header_count, const void *body, size_t body_length)
{
    CHECK(status >= 200 && status < SERVER_STATUS_FIRST + SERVER_STATUS_COUNT);
    struct MHD_Response *response = make_response(exchange, content_type, body, body_length);
    reply_add_headers(exchange, response, content_type, headers, header_count);
    reply_finish(exchange, response, (unsigned)status);
}

/* text as a JSON string literal; text that is not UTF-8 (a peer's, most likely) is not repeated. free() it. */
static char *quote(const char *text)
{
    char *quoted = json_quote(text, strlen(text));
    return quoted != NULL ? quoted : memory_copy_string("\"(not valid UTF-8)\"");
}

void exchange_reply_problem(struct http_exchange *exchange, int status, const char *type, const char *title,
                            const char *detail, const struct http_header *headers, size_t header_count)
{
    char *full_type = memory_format("%s%s", HTTP_PROBLEM_TYPE_PREFIX, type);
    char *quoted_type = quote(full_type);
    char *quoted_title = quote(title);
    char *quoted_detail = quote(detail != NULL ? detail : title);
    struct buffer text;
    buffer_init(&text, PROBLEM_TEXT_MAX);
    if (!buffer_append_format(&text, "{\"type\":%s,\"title\":%s,\"status\":%d,\"detail\":%s}\n", quoted_type,
                              quoted_title, status, quoted_detail)) {
        /* A detail of tens of kilobytes: without it the problem still says what it is. */
        buffer_clear(&text);
        CHECK(buffer_append_format(&text, "{\"type\":%s,\"title\":%s,\"status\":%d}\n", quoted_type, quoted_title,
                                   status));
    }
    http_exchange_reply(exchange, status, PROBLEM_CONTENT_TYPE, headers, header_count, text.data, text.length);
    buffer_deinit(&text);
    free(quoted_detail);
    free(quoted_title);
    free(quoted_type);
    free(full_type);
}

void http_exchange_problem(struct http_exchange *exchange, int status, const char *type, const char *title,
                           const char *detail, int retry_after_seconds)
{
    char seconds[16] = "";
    struct http_header retry = {.name = MHD_HTTP_HEADER_RETRY_AFTER, .value = seconds};
    if (retry_after_seconds > 0) {
        (void)snprintf(seconds, sizeof seconds, "%d", retry_after_seconds);
    }
    exchange_reply_problem(exchange, status, type, title, detail, &retry, retry_after_seconds > 0 ? 1 : 0);
}

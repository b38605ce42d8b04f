/* One request and its answer: what handlers see of it, and replies from any thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/json_scan.h"
#include "base/log.h"
#include "base/memory.h"
#include "server_internal.h"

#define PROBLEM_CONTENT_TYPE "application/problem+json"
#define PROBLEM_TEXT_MAX ((size_t)64 << 10)

struct http_exchange *exchange_new(struct http_server *server, struct MHD_Connection *connection, const char *target)
{
    /* microhttpd's header memory bounds the target. It is kept once as it came and once as room for what is decoded
     * from it: at most as many bytes, and a terminator for each parameter. */
    size_t length = strlen(target);
    struct http_exchange *exchange = memory_alloc(sizeof *exchange + 2 * length + 2 + 2 + ROUTE_PARAMETERS_MAX);
    exchange->server = server;
    exchange->connection = connection;
    exchange->started_us = clock_monotonic_us();
    exchange->body_limit = server->max_body_bytes;
    exchange->path = exchange->storage;
    list_init(&exchange->gone_node);
    const char *path = "";
    const char *query = NULL;
    size_t path_length = 0;
    exchange->is_malformed = !target_split(target, &path, &path_length, &query);
    memcpy(exchange->path, path, path_length);
    exchange->path_length = path_length;
    char *behind = exchange->path + path_length + 1;
    if (query != NULL) {
        size_t query_length = strlen(query);
        memcpy(behind, query, query_length + 1);
        exchange->raw_query = behind;
        behind += query_length + 1;
    }
    exchange->decoded = behind;
    return exchange;
}

void exchange_destroy(struct http_exchange *exchange)
{
    if (exchange->response != NULL) {
        MHD_destroy_response(exchange->response);
    }
    buffer_deinit(&exchange->body);
    free(exchange->query_scratch);
    free(exchange->query);
    free(exchange);
}

bool exchange_decode_target(struct http_exchange *exchange)
{
    char *out = exchange->decoded;
    for (size_t i = 0; i < exchange->match.capture_count; i++) {
        const struct route_capture *capture = &exchange->match.captures[i];
        size_t length = 0;
        if (!target_decode(capture->raw, capture->raw_length, false, out, &length)) {
            return false;
        }
        exchange->parameters[i].value = out;
        out += length + 1;
    }
    if (exchange->raw_query != NULL && exchange->raw_query[0] != '\0') {
        exchange->query_scratch = memory_alloc(strlen(exchange->raw_query) + 1);
        exchange->query = memory_alloc_array(TARGET_QUERY_MAX, sizeof *exchange->query);
        return target_parse_query(exchange->raw_query, exchange->query_scratch, exchange->query,
                                  &exchange->query_count);
    }
    return true;
}

const struct http_route *http_exchange_route(const struct http_exchange *exchange)
{
    return exchange->match.route;
}

const char *http_exchange_method(const struct http_exchange *exchange)
{
    return exchange->method;
}

const char *http_exchange_path(const struct http_exchange *exchange)
{
    return exchange->path;
}

const char *http_exchange_parameter(const struct http_exchange *exchange, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < exchange->match.capture_count; i++) {
        const struct route_capture *capture = &exchange->match.captures[i];
        if (capture->name_length == length && memcmp(capture->name, name, length) == 0) {
            return exchange->parameters[i].value;
        }
    }
    return NULL;
}

const char *http_exchange_query(const struct http_exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->query_count; i++) {
        if (strcmp(exchange->query[i].name, name) == 0) {
            return exchange->query[i].value;
        }
    }
    return NULL;
}

const char *http_exchange_header(const struct http_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

struct header_walk {
    const char *prefix;
    void (*each)(void *user, const char *name, const char *value);
    void *user;
};

static enum MHD_Result visit_header(void *user, enum MHD_ValueKind kind, const char *name, const char *value)
{
    const struct header_walk *walk = user;
    (void)kind;
    if (strncasecmp(name, walk->prefix, strlen(walk->prefix)) == 0) {
        walk->each(walk->user, name, value != NULL ? value : "");
    }
    return MHD_YES;
}

void http_exchange_each_header(const struct http_exchange *exchange, const char *prefix,
                               void (*each)(void *user, const char *name, const char *value), void *user)
{
    struct header_walk walk = {.prefix = prefix, .each = each, .user = user};
    (void)MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, visit_header, &walk);
}

const char *http_exchange_body(const struct http_exchange *exchange, size_t *out_length)
{
    if (out_length != NULL) {
        *out_length = exchange->body.length;
    }
    return exchange->body.data != NULL ? exchange->body.data : "";
}

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

/* Publishes the answer. Nothing of the exchange or its server may be touched once unanswered was lowered: a drain may
 * be waiting for exactly that. */
static void finish_reply(struct http_exchange *exchange, struct MHD_Response *response, unsigned status)
{
    struct http_server *server = exchange->server;
    struct MHD_Connection *connection = exchange->connection;
    bool is_dispatched = exchange->is_dispatched;
    gone_unwatch(exchange);
    exchange->response = response;
    exchange->status = status;
    int before = atomic_exchange_explicit(&exchange->state, EXCHANGE_REPLIED, memory_order_acq_rel);
    CHECK(before != EXCHANGE_REPLIED);
    if (before == EXCHANGE_WAITING) {
        MHD_resume_connection(connection);
    }
    if (is_dispatched) {
        pthread_mutex_lock(&server->mutex);
        server->unanswered--;
        if (server->unanswered == 0) {
            pthread_cond_broadcast(&server->idle);
        }
        pthread_mutex_unlock(&server->mutex);
    }
}

void http_exchange_reply(struct http_exchange *exchange, int status, const char *content_type,
                         const struct http_header *headers, size_t header_count, const void *body, size_t body_length)
{
    CHECK(status >= 200 && status < SERVER_STATUS_FIRST + SERVER_STATUS_COUNT);
    void *copy = memory_copy(body_length > 0 ? body : "", body_length);
    struct MHD_Response *response = MHD_create_response_from_buffer(body_length, copy, MHD_RESPMEM_MUST_FREE);
    CHECK(response != NULL); /* only for want of memory */
    if (content_type != NULL) {
        add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    }
    for (size_t i = 0; i < header_count; i++) {
        add_header(response, headers[i].name, headers[i].value);
    }
    if (exchange->ends_connection || atomic_load_explicit(&exchange->server->is_draining, memory_order_relaxed)) {
        add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
    finish_reply(exchange, response, (unsigned)status);
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

/* One request: what handlers see of it. Its answer is in reply.c. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "server_internal.h"

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
    exchange->target = target;
    exchange->target_length = length;
    list_init(&exchange->gone_node);
    const char *path = "";
    const char *query = NULL;
    size_t path_length = 0;
    exchange->is_asterisk = strcmp(target, "*") == 0;
    if (exchange->is_asterisk) {
        path = target;
        path_length = length;
    } else {
        exchange->is_malformed = !target_split(target, &path, &path_length, &query);
    }
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
    reply_headers_free(exchange->reply_headers);
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
        if (!utf8_is_valid(out, length)) {
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

void http_exchange_set_caller(struct http_exchange *exchange, const void *caller)
{
    exchange->caller = caller;
}

void http_exchange_attach(struct http_exchange *exchange, void *attachment)
{
    exchange->attachment = attachment;
}

void *http_exchange_attachment(const struct http_exchange *exchange)
{
    return exchange->attachment;
}

const void *http_exchange_caller(const struct http_exchange *exchange)
{
    return exchange->caller;
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

const char *http_exchange_peer(const struct http_exchange *exchange)
{
    return connection_peer(exchange->connection);
}

const char *http_exchange_request_id(const struct http_exchange *exchange)
{
    return exchange->head.request_id;
}

void http_exchange_allow(const struct http_exchange *exchange, char out[HTTP_ALLOW_SIZE])
{
    const struct http_server *server = exchange->server;
    route_table_allow(server->routes, server->route_count, exchange->is_asterisk ? NULL : exchange->path,
                      exchange->path_length, out);
}

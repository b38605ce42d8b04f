/* Matching of paths against route patterns: see route.h. */
#include "route.h"

#include <stdio.h>
#include <string.h>

/* The length of the segment at text: up to the next '/', or to the end. */
static size_t segment_length(const char *text, size_t length)
{
    const char *slash = memchr(text, '/', length);
    return slash != NULL ? (size_t)(slash - text) : length;
}

bool route_pattern_is_valid(const char *pattern)
{
    if (pattern[0] != '/') {
        return false;
    }
    size_t parameters = 0;
    const char *at = pattern;
    while (*at == '/') {
        at++;
        size_t length = segment_length(at, strlen(at));
        bool opens = length > 0 && at[0] == '{';
        bool closes = length > 0 && at[length - 1] == '}';
        if (opens != closes || (opens && length < 3)) {
            return false;
        }
        if (opens) {
            parameters++;
        }
        at += length;
    }
    return parameters <= ROUTE_PARAMETERS_MAX;
}

bool route_pattern_match(const char *pattern, const char *path, size_t path_length, struct route_match *out_match)
{
    const char *at = pattern;
    size_t left = strlen(pattern);
    size_t captures = 0;
    while (left > 0 && path_length > 0) {
        if (*at != '/' || *path != '/') {
            return false;
        }
        at++;
        left--;
        path++;
        path_length--;
        size_t wanted = segment_length(at, left);
        size_t given = segment_length(path, path_length);
        if (wanted > 0 && *at == '{') {
            if (given == 0 || captures == ROUTE_PARAMETERS_MAX) {
                return false;
            }
            out_match->captures[captures] = (struct route_capture){
                .name = at + 1, .name_length = wanted - 2, .raw = path, .raw_length = given};
            captures++;
        } else if (wanted != given || memcmp(at, path, wanted) != 0) {
            return false;
        }
        at += wanted;
        left -= wanted;
        path += given;
        path_length -= given;
    }
    out_match->capture_count = captures;
    return left == 0 && path_length == 0;
}

static bool method_fits(const struct http_route *route, const char *method)
{
    return strcmp(route->method, method) == 0;
}

enum route_result route_table_find(const struct http_route *routes, size_t count, const char *method, const char *path,
                                   size_t path_length, struct route_match *out_match)
{
    enum route_result result = ROUTE_UNKNOWN;
    bool is_head = strcmp(method, "HEAD") == 0;
    bool found_get = false;
    struct route_match match = {0};
    struct route_match get_match = {0};
    for (size_t i = 0; i < count; i++) {
        if (!route_pattern_match(routes[i].path, path, path_length, &match)) {
            continue;
        }
        match.route = &routes[i];
        if (method_fits(&routes[i], method)) {
            *out_match = match;
            return ROUTE_FOUND;
        }
        if (is_head && !found_get && method_fits(&routes[i], "GET")) {
            get_match = match;
            found_get = true;
        }
        result = ROUTE_METHOD_NOT_ALLOWED;
    }
    if (found_get) {
        *out_match = get_match;
        return ROUTE_FOUND;
    }
    return result;
}

/* Adds method to the list unless it is there already or would not fit. */
static void allow_add(char out[HTTP_ALLOW_SIZE], const char *method)
{
    size_t method_length = strlen(method);
    const char *at = out;
    while (*at != '\0') {
        size_t length = strcspn(at, ",");
        if (length == method_length && memcmp(at, method, length) == 0) {
            return;
        }
        at += length;
        at += strspn(at, ", ");
    }
    size_t used = strlen(out);
    if (used + 2 + method_length < HTTP_ALLOW_SIZE) {
        (void)snprintf(out + used, HTTP_ALLOW_SIZE - used, "%s%s", used > 0 ? ", " : "", method);
    }
}

void route_table_allow(const struct http_route *routes, size_t count, const char *path, size_t path_length,
                       char out[HTTP_ALLOW_SIZE])
{
    struct route_match ignored = {0};
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (path == NULL || route_pattern_match(routes[i].path, path, path_length, &ignored)) {
            allow_add(out, routes[i].method);
            if (method_fits(&routes[i], "GET")) {
                allow_add(out, "HEAD");
            }
        }
    }
    if (out[0] != '\0') {
        allow_add(out, "OPTIONS");
    }
}

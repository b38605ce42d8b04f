/* The route table: which route a method and a raw path lead to. Pure. Paths are matched as they were sent; only the
 * values of path parameters are percent-decoded, once, afterwards, so that an encoded slash stays inside its value. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "http/server.h"

#define ROUTE_PARAMETERS_MAX 8

struct route_capture {
    const char *name; /* in the pattern, not terminated */
    size_t name_length;
    const char *raw; /* in the path, not terminated, never empty */
    size_t raw_length;
};

struct route_match {
    const struct http_route *route;
    struct route_capture captures[ROUTE_PARAMETERS_MAX];
    size_t capture_count;
};

enum route_result {
    ROUTE_FOUND,
    ROUTE_UNKNOWN,           /* no pattern takes this path */
    ROUTE_METHOD_NOT_ALLOWED /* some pattern takes the path, none with this method */
};

/* A pattern begins with '/', has at most ROUTE_PARAMETERS_MAX parameters, each a whole non-empty segment "{name}". */
bool route_pattern_is_valid(const char *pattern);

/* A parameter takes one segment of at least one byte. Captures point into pattern and path. */
MUST_CHECK bool route_pattern_match(const char *pattern, const char *path, size_t path_length,
                                    struct route_match *out_match);

/* The first route in the table's order that fits; HEAD takes a GET route where no HEAD route fits. *out_match is set
 * with ROUTE_FOUND only. */
enum route_result route_table_find(const struct http_route *routes, size_t count, const char *method, const char *path,
                                   size_t path_length, struct route_match *out_match);

/* "GET, HEAD, POST, OPTIONS": the methods that the table knows for this path (NULL: for any), for the header Allow. "":
 * none. */
void route_table_allow(const struct http_route *routes, size_t count, const char *path, size_t path_length,
                       char out[HTTP_ALLOW_SIZE]);

#endif

/* Paths and queries of requests, percent-encoded as they are put together. Pure. */
#ifndef CLI_REQUEST_PATH_H
#define CLI_REQUEST_PATH_H

#include <stdbool.h>

#include "base/buffer.h"

struct request_path {
    struct buffer text; /* .data: "/v1/workflows/a%2Fb?wait=30s" */
    bool has_query;
};

void request_path_init(struct request_path *path, const char *plain); /* plain: as it is, "/v1/workflows" */
void request_path_deinit(struct request_path *path);
/* A slash and the text; before the first request_path_query. */
void request_path_segment(struct request_path *path, const char *text);
/* NULL and "" are left out. */
void request_path_query(struct request_path *path, const char *name, const char *value);

#endif

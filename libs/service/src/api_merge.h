/* One answer out of those of several processes. Pure, but for api_target. */
#ifndef SERVICE_API_MERGE_H
#define SERVICE_API_MERGE_H

#include <stddef.h>

#include "http/server.h"
#include "service/service.h"

struct api_answer {
    int status; /* 0: none came */
    const char *body;
    size_t length;
};

struct api_merged {
    int status;
    char *body;    /* NULL where there is a problem */
    char *problem; /* what the parent has to say itself; NULL: nothing */
};

/* A GET: 200 with the elements of the first array of each object, each with "process": 1, 2 ..., and "silent": n where
 * n processes gave no answer. Anything else: the best answer (2xx, then what is not 404, then 404); where silent
 * processes leave it open whether it is done (one may have the thing, or all must do it), a problem says so. */
void api_merge(const struct service_api_route *route, const struct api_answer *answers, size_t count,
               struct api_merged *out);
void api_merged_deinit(struct api_merged *merged);

/* The request's path with those queries that the route knows; free() it. */
char *api_target(const struct service_api_route *route, const struct http_exchange *exchange);

#endif

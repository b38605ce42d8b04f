/* What the server says about itself: for tools that look before something runs. Each call blocks until the answer;
 * never call it on the rpc thread. Statuses as in temporal/client.h; an unknown namespace is NOT_FOUND. */
#ifndef TEMPORAL_SERVER_H
#define TEMPORAL_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "temporal/connection.h"

/* Of a namespace. */
struct temporal_namespace {
    int64_t retention_ms;     /* how long closed runs are known; 0: the server does not say */
    int64_t blob_bytes_max;   /* of a payload; 0: the server does not say */
};
/* namespace_name NULL: the connection's; so below. */
MUST_CHECK enum status temporal_server_describe_namespace(struct temporal_connection *connection,
                                                          const char *namespace_name, int64_t deadline_ms,
                                                          struct temporal_namespace *out_namespace,
                                                          struct error *error);

/* The workers that have polled the task queue within the last minutes. */
struct temporal_pollers {
    size_t workflow; /* for workflow tasks */
    size_t activity;
};
MUST_CHECK enum status temporal_server_count_pollers(struct temporal_connection *connection,
                                                     const char *namespace_name, const char *task_queue,
                                                     int64_t deadline_ms, struct temporal_pollers *out_pollers,
                                                     struct error *error);

/* The namespace's search attributes, the server's own among them. Texts are owned. */
struct temporal_search_attribute {
    char *name;
    const char *type; /* "Keyword", "Int" ...; "" : one that this SDK does not know */
};
struct temporal_search_attributes {
    struct temporal_search_attribute *attributes;
    size_t count;
};
void temporal_search_attributes_deinit(struct temporal_search_attributes *attributes);
MUST_CHECK enum status temporal_server_search_attributes(struct temporal_connection *connection,
                                                         const char *namespace_name, int64_t deadline_ms,
                                                         struct temporal_search_attributes *out_attributes,
                                                         struct error *error);

#endif

/* The running gateway: what its request handlers share.
 *
 * Threads: handlers run on the HTTP server's thread and must not block; answers of Temporal come on the connection's
 * rpc thread; watches, their requests and the readiness timer belong to the loop's thread; answers of SQS come on the
 * thread "sqs" (aws/sqs_stack.h), which is there where a route has target: sqs. */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "access.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "callbacks.h"
#include "entry.h"
#include "http/server.h"
#include "http/tls.h"
#include "problem.h"
#include "recent_starts.h"
#include "service/service.h"
#include "settings/settings.h"
#include "temporal/client.h"
#include "watch.h"
#include "webhooks.h"

#define GATEWAY_START_DEADLINE_MS 10000
#define GATEWAY_START_DEADLINE_NOT_READY_MS 2000 /* an answer, soon, while Temporal is known to be away */
#define GATEWAY_WAIT_MAX_MS 60000
#define GATEWAY_REPLY_MAX ((size_t)256 << 20)
#define GATEWAY_OUTCOMES 6

struct gateway_route_metrics {
    struct metric_counter *events[GATEWAY_OUTCOMES]; /* by enum entry_outcome; NULL: the route has no such */
};

/* Made before any thread, fixed afterwards but for the loop's own members. */
struct gateway {
    struct service *service;
    const struct settings *settings;
    const struct tracer *tracer; /* NULL: tracing is off */
    struct uplink *uplink;
    struct temporal_connection *connection; /* the uplink's */
    struct http_server *server;
    struct http_tls *tls;  /* NULL: plain HTTP */
    struct gateway_access *access;
    struct webhooks *webhooks;
    struct loop *loop;
    struct gateway_route_metrics *routes; /* in the order of the settings' */
    struct metric_histogram *start_seconds;
    struct callbacks *callbacks; /* NULL: none are asked for */
    char *openapi; /* the document of GET /openapi.json */
    struct sqs_stack *sqs;               /* NULL: no route sends to a queue */
    struct recent_events *recent_events; /* any thread */
    atomic_bool ready;
    atomic_size_t history_streams; /* open ones; history_stream.c */
    struct metric_gauge *history_stream_gauge;

    /* rpc thread */
    struct recent_starts *recent;
    struct log_limiter retry_log;
    struct list run_waits; /* run_wait.h */

    /* loop's thread */
    struct watch_table *watches;
    struct loop_timer ready_timer;
    bool stopping;
};

/* Follows runs at Temporal for the watch table. */
struct watch_source gateway_watch_source(struct gateway *gateway);

/* Loop's thread: asks Temporal whether it answers, again and again. */
void gateway_start_readiness(void *gateway);
void gateway_stop_readiness(struct gateway *gateway);

/* When a start must have been answered. */
int64_t gateway_start_deadline(struct gateway *gateway);

/* Answers. */
void gateway_reply_json(struct http_exchange *exchange, int status, const struct http_header *headers,
                        size_t header_count, const struct buffer *body);
/* As problem_append. */
void gateway_reply_problem(struct http_exchange *exchange, const struct problem *problem, const char *detail,
                           const struct problem_origin *origin);
void gateway_reply_error(struct http_exchange *exchange, enum problem_subject subject, const struct error *error);
void gateway_reply_invalid(struct http_exchange *exchange, const char *detail);
/* Temporal's NOT_FOUND for our own namespace. */
bool gateway_is_namespace_missing(const struct error *error);
/* "/v1/workflows/…" of the ID, percent-encoded; free() it. */
char *gateway_workflow_path(const char *workflow_id);

#endif

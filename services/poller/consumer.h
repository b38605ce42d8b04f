/* Everything about one queue: receives, forwards, keeps leases, waits, settles. The loop's thread owns it. */
#ifndef POLLER_CONSUMER_H
#define POLLER_CONSUMER_H

#include "aws/sqs_client.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "gateway.h"
#include "settings/settings.h"
#include "trace/tracer.h"
#include "waiter.h"

struct consumer;

/* All borrowed, and they outlive the consumer; the list of routes is copied. */
struct consumer_options {
    struct loop *loop;
    struct sqs_client *sqs;
    struct gateway *gateway;
    struct waiter *waiter; /* its closed function is consumer_run_closed */
    struct metrics *metrics;
    const struct tracer *tracer; /* NULL: tracing is off */
    const struct settings_queue *queue;
    const struct settings_route *const *routes; /* the queue's, in its order */
    size_t route_count;
    void (*changed)(void *user); /* consumer_problem or consumer_is_drained may have changed */
    void *user;
};

struct consumer *consumer_new(const struct consumer_options *options);
void consumer_start(struct consumer *consumer);
/* Gives up what is under way; messages in hand come back when their leases end. NULL is fine. */
void consumer_destroy(struct consumer *consumer);

/* Rule 7, within grace_ms from now. */
void consumer_stop(struct consumer *consumer, int64_t grace_ms);
bool consumer_is_drained(const struct consumer *consumer);

const char *consumer_problem(const struct consumer *consumer); /* why it is not ready; NULL: it is */

void consumer_run_closed(struct run_watch *watch, const struct closed_run *run); /* for the waiter */

#endif

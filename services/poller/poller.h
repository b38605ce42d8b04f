/* The poller: one consumer for each queue, the gateway, what ready means, the staged stop. The loop's thread owns it;
 * other threads loop_post() to it. */
#ifndef POLLER_POLLER_H
#define POLLER_POLLER_H

#include "aws/sqs_client.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "http/client.h"
#include "settings/settings.h"
#include "trace/tracer.h"

struct poller;

/* All borrowed; they outlive the poller. */
struct poller_options {
    struct loop *loop;
    struct http_client *http;
    struct sqs_client *sqs;
    struct http_tls *tls;  /* for the gateway; NULL: the system's CAs */
    struct secret *token;  /* of the gateway; NULL: none */
    struct metrics *metrics;
    const struct tracer *tracer; /* NULL: tracing is off */
    const struct settings *settings; /* at least one queue; each queue's route is there */
    void (*ready)(void *user, bool is_ready, const char *reason); /* whenever it has changed */
    void (*drained)(void *user); /* once after poller_stop: nothing is under way any more, or the time is up */
    void *user;
};

struct poller *poller_new(const struct poller_options *options);
void poller_start(struct poller *poller);
void poller_stop(struct poller *poller); /* rule 7, within settings.poller.grace_ms; a second call does nothing */
void poller_destroy(struct poller *poller); /* gives up what is under way. NULL is fine */

/* For operators; the loop's thread. */
struct consumer;
size_t poller_consumer_count(const struct poller *poller);
struct consumer *poller_consumer(const struct poller *poller, size_t index);
struct consumer *poller_find_consumer(const struct poller *poller, const char *queue_name); /* NULL: none */

#endif

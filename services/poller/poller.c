/* See poller.h. */
#include "poller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "consumer.h"

#define CHECK_MS 10000        /* the gateway's /readyz while it is ready */
#define CHECK_FIRST_MS 20      /* while it is not ready: doubling up to CHECK_MS; services start together */
#define QUIET_CHECKS 6         /* failures in a row that are not logged: about a second */
#define CHECK_TIMEOUT_MS 5000
#define GRACE_RESERVE_MS 500  /* of the grace period: for the process to end */
#define LOG_INTERVAL_MS 30000

struct poller {
    struct poller_options options;
    struct gateway *gateway;
    struct waiter *waiter;
    struct consumer **consumers;
    size_t consumer_count;
    struct http_call *check;
    struct loop_timer check_timer;
    struct loop_timer stop_timer;
    struct backoff check_backoff;
    struct log_limiter check_limiter;
    bool is_gateway_ready;
    char gateway_problem[ERROR_TEXT_SIZE];
    bool is_ready;
    char reason[ERROR_TEXT_SIZE + 64];
    bool is_stopping;
    bool is_drained;
};

/* --- readiness ---------------------------------------------------------------------------------------------------- */

static void tell(struct poller *poller, bool is_ready, const char *reason)
{
    if (poller->is_ready == is_ready && strcmp(poller->reason, reason) == 0) {
        return;
    }
    poller->is_ready = is_ready;
    (void)snprintf(poller->reason, sizeof poller->reason, "%s", reason); /* cut: fine */
    poller->options.ready(poller->options.user, is_ready, is_ready ? NULL : poller->reason);
}

static void evaluate(struct poller *poller)
{
    char reason[sizeof poller->reason];
    if (poller->is_stopping) {
        tell(poller, false, "stopping");
        return;
    }
    for (size_t i = 0; i < poller->consumer_count; i++) {
        const char *problem = consumer_problem(poller->consumers[i]);
        if (problem != NULL) {
            (void)snprintf(reason, sizeof reason, "SQS: %s", problem); /* cut: fine */
            tell(poller, false, reason);
            return;
        }
    }
    if (!poller->is_gateway_ready) {
        (void)snprintf(reason, sizeof reason, "gateway: %s", poller->gateway_problem); /* cut: fine */
        tell(poller, false, reason);
        return;
    }
    tell(poller, true, "");
}

static void check_gateway(void *argument);

static void on_checked(void *user, const struct http_response *response, const struct error *error)
{
    struct poller *poller = user;
    int64_t delay_ms = CHECK_MS;
    int64_t suppressed = 0;
    poller->check = NULL;
    poller->is_gateway_ready = response != NULL && response->status == 200;
    if (poller->is_gateway_ready) {
        backoff_reset(&poller->check_backoff);
    } else {
        gateway_describe(response, error, poller->gateway_problem, sizeof poller->gateway_problem);
        delay_ms = backoff_next_ms(&poller->check_backoff);
        /* Services that start together find each other in the first moments: that is nobody's trouble. */
        if (poller->check_backoff.attempts > QUIET_CHECKS &&
            log_limiter_allows(&poller->check_limiter, LOG_INTERVAL_MS, &suppressed)) {
            log_event(LOG_LEVEL_WARN, "the gateway is not ready",
                      LOG_STRING("url", poller->options.settings->gateway.url),
                      LOG_STRING("error", poller->gateway_problem), LOG_INTEGER("suppressed", suppressed));
        }
    }
    if (!poller->is_stopping) {
        loop_timer_start(poller->options.loop, &poller->check_timer, clock_monotonic_ms() + delay_ms, check_gateway,
                         poller);
    }
    evaluate(poller);
}

static void check_gateway(void *argument)
{
    struct poller *poller = argument;
    poller->check =
        gateway_ask_ready(poller->gateway, clock_monotonic_ms() + CHECK_TIMEOUT_MS, on_checked, poller);
}

/* --- stopping ----------------------------------------------------------------------------------------------------- */

static void finish(struct poller *poller)
{
    if (poller->is_drained) {
        return;
    }
    poller->is_drained = true;
    loop_timer_stop(poller->options.loop, &poller->stop_timer);
    poller->options.drained(poller->options.user);
}

static void on_time_up(void *argument)
{
    log_plain(LOG_LEVEL_WARN, "the grace period is over: what is under way is given up");
    finish(argument);
}

static void on_consumer_changed(void *user)
{
    struct poller *poller = user;
    evaluate(poller);
    for (size_t i = 0; i < poller->consumer_count; i++) {
        if (!consumer_is_drained(poller->consumers[i])) {
            return;
        }
    }
    finish(poller);
}

void poller_stop(struct poller *poller)
{
    int64_t grace_ms = poller->options.settings->poller.grace_ms - GRACE_RESERVE_MS;
    if (poller->is_stopping) {
        return;
    }
    if (grace_ms < GRACE_RESERVE_MS) {
        grace_ms = GRACE_RESERVE_MS;
    }
    poller->is_stopping = true;
    loop_timer_stop(poller->options.loop, &poller->check_timer);
    loop_timer_start(poller->options.loop, &poller->stop_timer, clock_monotonic_ms() + grace_ms, on_time_up, poller);
    evaluate(poller);
    for (size_t i = 0; i < poller->consumer_count; i++) {
        consumer_stop(poller->consumers[i], grace_ms);
    }
}

/* --- made and freed ----------------------------------------------------------------------------------------------- */

static struct consumer *new_consumer(struct poller *poller, const struct settings_queue *queue)
{
    const struct settings_route *routes[SETTINGS_QUEUE_ROUTES_MAX];
    CHECK(queue->route_count > 0 && queue->route_count <= SETTINGS_QUEUE_ROUTES_MAX);
    for (size_t i = 0; i < queue->route_count; i++) {
        routes[i] = settings_find_route(poller->options.settings, queue->routes[i]);
        CHECK(routes[i] != NULL); /* seen to when the settings were loaded */
    }
    const struct consumer_options options = {
        .loop = poller->options.loop,
        .sqs = poller->options.sqs,
        .gateway = poller->gateway,
        .waiter = poller->waiter,
        .metrics = poller->options.metrics,
        .tracer = poller->options.tracer,
        .queue = queue,
        .routes = routes,
        .route_count = queue->route_count,
        .changed = on_consumer_changed,
        .user = poller,
    };
    return consumer_new(&options);
}

struct poller *poller_new(const struct poller_options *options)
{
    const struct settings *settings = options->settings;
    struct poller *poller = memory_alloc(sizeof *poller);
    poller->options = *options;
    poller->gateway = gateway_new(&(struct gateway_options){
        .http = options->http,
        .url = settings->gateway.url,
        .tls = options->tls,
        .token = options->token,
        .token_overlap_ms = settings->gateway.token_overlap_ms,
    });
    const struct waiter_options waiter_options = {
        .loop = options->loop,
        .gateway = poller->gateway,
        .metrics = options->metrics,
        .closed = consumer_run_closed,
    };
    poller->waiter = waiter_new(&waiter_options);
    backoff_init(&poller->check_backoff, CHECK_FIRST_MS, CHECK_MS, 2.0, 0.2);
    (void)snprintf(poller->gateway_problem, sizeof poller->gateway_problem, "it has not answered yet");
    poller->consumers = memory_alloc_array(settings->queue_count, sizeof(struct consumer *));
    for (size_t i = 0; i < settings->queue_count; i++) {
        poller->consumers[i] = new_consumer(poller, &settings->queues[i]);
        poller->consumer_count++;
    }
    return poller;
}

void poller_start(struct poller *poller)
{
    for (size_t i = 0; i < poller->consumer_count; i++) {
        consumer_start(poller->consumers[i]);
    }
    check_gateway(poller);
    evaluate(poller);
}

void poller_destroy(struct poller *poller)
{
    if (poller == NULL) {
        return;
    }
    if (poller->check != NULL) {
        http_call_cancel(poller->check);
    }
    loop_timer_stop(poller->options.loop, &poller->check_timer);
    loop_timer_stop(poller->options.loop, &poller->stop_timer);
    waiter_stop(poller->waiter);
    for (size_t i = 0; i < poller->consumer_count; i++) {
        consumer_destroy(poller->consumers[i]);
    }
    free(poller->consumers);
    waiter_destroy(poller->waiter);
    gateway_destroy(poller->gateway);
    free(poller);
}

/* --- for operators ------------------------------------------------------------------------------------------------ */

size_t poller_consumer_count(const struct poller *poller)
{
    return poller->consumer_count;
}

struct consumer *poller_consumer(const struct poller *poller, size_t index)
{
    CHECK(index < poller->consumer_count);
    return poller->consumers[index];
}

struct consumer *poller_find_consumer(const struct poller *poller, const char *queue_name)
{
    for (size_t i = 0; i < poller->consumer_count; i++) {
        if (strcmp(poller->options.settings->queues[i].name, queue_name) == 0) {
            return poller->consumers[i];
        }
    }
    return NULL;
}

/* The consumer's life: made, set going, pumped, drained. See consumer.h and consumer_internal.h. */
#include "consumer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "consumer_internal.h"

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MAX_MS 30000
#define BACKOFF_JITTER 0.2
#define AGE_INTERVAL_MS 1000

static void pump(void *argument);

void consumer_wake(struct consumer *consumer)
{
    if (consumer->phase != CONSUMER_DRAINED) {
        loop_timer_start(consumer->options.loop, &consumer->timer, 0, pump, consumer);
    }
}

void consumer_changed(struct consumer *consumer)
{
    consumer->options.changed(consumer->options.user);
}

const char *consumer_problem(const struct consumer *consumer)
{
    if (consumer->receive_problem[0] != '\0') {
        return consumer->receive_problem;
    }
    if (consumer->attributes_due_ms == INT64_MAX) {
        return NULL;
    }
    return consumer->attributes_problem[0] != '\0' ? consumer->attributes_problem : "the queue has not answered yet";
}

bool consumer_is_drained(const struct consumer *consumer)
{
    return consumer->phase == CONSUMER_DRAINED;
}

/* --- made and freed ----------------------------------------------------------------------------------------------- */

struct consumer *consumer_new(const struct consumer_options *options)
{
    struct consumer *consumer = memory_alloc(sizeof *consumer);
    consumer->options = *options;
    consumer->queue = options->queue;
    consumer->name = options->queue->name;
    consumer->quoted_source = json_quote(options->queue->url, strlen(options->queue->url));
    CHECK(consumer->quoted_source != NULL); /* settings are UTF-8 */
    consumer->is_fifo = settings_queue_is_fifo(options->queue);
    consumer->visibility_seconds = (int)(options->queue->visibility_ms / 1000);
    if (consumer->visibility_seconds < 1) {
        consumer->visibility_seconds = 1;
    }
    consumer->wait_seconds =
        lease_wait_seconds((int)(options->queue->wait_ms / 1000), consumer->visibility_seconds);
    consumer_metrics_init(&consumer->metrics, options->metrics, consumer->name);
    consumer_metrics_limits(&consumer->metrics, options->queue->max_in_flight, options->queue->max_in_flight_bytes);
    consumer_outlets_init(consumer);
    routing_init(&consumer->routing, options->queue, options->routes, options->route_count);
    /* All routes of a queue agree on the order; a line more for what no route takes. */
    hand_init(&consumer->hand,
              settings_effective_order(options->queue, options->routes[0]) == SETTINGS_ORDER_GROUP,
              options->route_count + 1);
    receive_plan_init(&consumer->plan, options->queue->receives, options->queue->max_in_flight,
                      options->queue->max_in_flight_bytes);
    backoff_init(&consumer->receive_backoff, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, 2.0, BACKOFF_JITTER);
    backoff_init(&consumer->attributes_backoff, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, 2.0, BACKOFF_JITTER);
    list_init(&consumer->receives);
    list_init(&consumer->forwards);
    list_init(&consumer->batches);
    list_init(&consumer->deletes);
    list_init(&consumer->returns);
    list_init(&consumer->returned);
    list_init(&consumer->resting);
    list_init(&consumer->dead_letters);
    return consumer;
}

void consumer_start(struct consumer *consumer)
{
    log_event(LOG_LEVEL_INFO, "polling", LOG_STRING("queue", consumer->name),
              LOG_STRING("route", consumer->outlets[0].route->name),
              LOG_INTEGER("routes", consumer->outlet_count), LOG_INTEGER("visibility", consumer->visibility_seconds),
              LOG_BOOLEAN("ordered", consumer->hand.lanes != NULL));
    consumer_wake(consumer);
}

static void give_up_all(struct consumer *consumer)
{
    if (consumer->attributes_call != NULL) {
        sqs_call_cancel(consumer->attributes_call);
        consumer->attributes_call = NULL;
    }
    consumer_receive_give_up(consumer);
    consumer_forward_give_up(consumer);
    consumer_dead_letter_give_up(consumer);
    for (struct list *node = list_take_first(&consumer->batches); node != NULL;
         node = list_take_first(&consumer->batches)) {
        struct batch_call *batch = LIST_ITEM(node, struct batch_call, link);
        sqs_call_cancel(batch->call);
        consumer_batch_end(batch);
    }
}

static void forget_all(struct consumer *consumer)
{
    struct message *message = NULL;
    while ((message = hand_first_lease(&consumer->hand)) != NULL) {
        struct list out;
        list_init(&out);
        hand_leave(&consumer->hand, message, LEAVE_AS_IS, "shutdown", 0, &out);
        for (struct list *node = list_take_first(&out); node != NULL; node = list_take_first(&out)) {
            message = LIST_ITEM(node, struct message, in_work);
            waiter_remove(consumer->options.waiter, &message->watch);
            message_release(message);
        }
    }
    for (struct list *node = list_take_first(&consumer->returns); node != NULL;
         node = list_take_first(&consumer->returns)) {
        message_release(LIST_ITEM(node, struct message, in_work));
    }
    consumer->return_waiting = 0;
    consumer_returned_drop_all(consumer);
}

void consumer_destroy(struct consumer *consumer)
{
    if (consumer == NULL) {
        return;
    }
    give_up_all(consumer);
    forget_all(consumer);
    loop_timer_stop(consumer->options.loop, &consumer->timer);
    hand_deinit(&consumer->hand);
    routing_deinit(&consumer->routing);
    free(consumer->outlets);
    free(consumer->quoted_source);
    free(consumer);
}

/* --- readiness ---------------------------------------------------------------------------------------------------- */

static void on_attributes(void *user, const struct sqs_attributes_result *result, const struct sqs_error *error)
{
    struct consumer *consumer = user;
    (void)result; /* an answer is what counts */
    consumer->attributes_call = NULL;
    if (error == NULL) {
        consumer->attributes_due_ms = INT64_MAX;
        log_event(LOG_LEVEL_INFO, "queue answered", LOG_STRING("queue", consumer->name));
    } else {
        (void)snprintf(consumer->attributes_problem, sizeof consumer->attributes_problem, "%s",
                       error->error.text); /* cut: fine */
        consumer->attributes_due_ms = clock_monotonic_ms() + backoff_next_ms(&consumer->attributes_backoff);
        log_event(LOG_LEVEL_DEBUG, "queue attributes failed", LOG_STRING("queue", consumer->name),
                  LOG_ERROR(&error->error)); /* at debug: the receive, which fails too, logs it */
    }
    consumer_changed(consumer);
    consumer_wake(consumer);
}

static void attributes_pump(struct consumer *consumer, int64_t now_ms)
{
    if (consumer->phase != CONSUMER_RUNNING || consumer->attributes_call != NULL ||
        now_ms < consumer->attributes_due_ms) {
        return;
    }
    consumer->attributes_call = sqs_client_get_queue_attributes(consumer->options.sqs, consumer->queue->url,
                                                                now_ms + CALL_MS, on_attributes, consumer);
}

/* --- the pump ----------------------------------------------------------------------------------------------------- */

static void become_drained(struct consumer *consumer)
{
    consumer->phase = CONSUMER_DRAINED;
    loop_timer_stop(consumer->options.loop, &consumer->timer);
    log_event(LOG_LEVEL_INFO, "queue drained", LOG_STRING("queue", consumer->name),
              LOG_INTEGER("left_running", consumer->hand.running));
    consumer_changed(consumer);
}

/* When the open long polls have ended: they would take what is handed back right away, and each round would bring the
 * messages nearer to the queue's maxReceiveCount. must_go: they take too long. One that takes a message ends by that,
 * and it goes back again; one that was given up before would hide it for a whole visibility. */
static void hand_back_held(struct consumer *consumer, const char *reason, bool must_go)
{
    if (consumer->receive_calls == 0 || must_go) {
        consumer_leave_held(consumer, reason);
    }
}

/* Rule 7, step by step. */
static void drain_pump(struct consumer *consumer, int64_t now_ms)
{
    if (consumer->phase == CONSUMER_DRAINING) {
        if (now_ms >= consumer->stop_forwards_ms) {
            consumer_receive_give_up(consumer);
            consumer_forward_give_up(consumer);
        }
        hand_back_held(consumer, "shutdown", now_ms >= consumer->stop_polls_ms);
        consumer_return_pump(consumer, now_ms);
        bool is_empty = consumer->receive_calls == 0 && consumer->forward_calls == 0 &&
                        consumer->dead_letter_calls == 0 && consumer->return_calls == 0 &&
                        list_is_empty(&consumer->returns);
        if (is_empty || now_ms >= consumer->stop_forwards_ms) {
            consumer->phase = CONSUMER_CUTTING;
        }
    }
    if (consumer->phase == CONSUMER_CUTTING) {
        consumer_leave_held(consumer, "shutdown"); /* runs may have failed meanwhile */
    }
    if (consumer->phase == CONSUMER_CUTTING && consumer->renew_calls == 0) {
        if (!consumer->is_cut) {
            consumer->is_cut = true;
            consumer_cut(consumer, now_ms);
        }
        if (consumer->cut_calls == 0 && consumer->delete_calls == 0 && consumer->dead_letter_calls == 0 &&
            consumer->return_calls == 0 && list_is_empty(&consumer->returns) && list_is_empty(&consumer->deletes)) {
            become_drained(consumer);
        }
    }
}

static void update_gauges(struct consumer *consumer)
{
    metric_gauge_set(consumer->metrics.held, (int64_t)consumer->hand.held);
    metric_gauge_set(consumer->metrics.forwarding, (int64_t)consumer->hand.forwarding);
    metric_gauge_set(consumer->metrics.running, (int64_t)consumer->hand.running);
    metric_gauge_set(consumer->metrics.resting, (int64_t)consumer->hand.resting);
    metric_gauge_set(consumer->metrics.dead_lettering, (int64_t)consumer->hand.dead_lettering);
    metric_gauge_set(consumer->metrics.settling, (int64_t)consumer->hand.settling);
    metric_gauge_set(consumer->metrics.bytes, (int64_t)consumer->hand.bytes);
}

int64_t consumer_oldest_seconds(const struct consumer *consumer)
{
    int64_t now_ms = clock_wall_ms();
    int64_t oldest_ms = now_ms;
    const struct message *message = hand_first_lease(&consumer->hand);
    for (; message != NULL; message = hand_next_lease(&consumer->hand, message)) {
        int64_t sent_ms = message->delivery->sent_timestamp_ms;
        if (sent_ms > 0 && sent_ms < oldest_ms) {
            oldest_ms = sent_ms;
        }
    }
    return (now_ms - oldest_ms) / 1000;
}

/* Once in a second while there is anything in hand. */
static void update_age(struct consumer *consumer, int64_t now_ms)
{
    if (now_ms >= consumer->oldest_due_ms) {
        metric_gauge_set(consumer->metrics.oldest_seconds, consumer_oldest_seconds(consumer));
        consumer->oldest_due_ms = hand_count(&consumer->hand) > 0 ? now_ms + AGE_INTERVAL_MS : 0;
    }
}

static int64_t earlier(int64_t left_ms, int64_t right_ms)
{
    return left_ms < right_ms ? left_ms : right_ms;
}

static int64_t next_pump_ms(const struct consumer *consumer, int64_t now_ms, int64_t boot_ms)
{
    int64_t next_ms = consumer_forward_next_ms(consumer, now_ms);
    next_ms = earlier(next_ms, consumer_settle_next_ms(consumer));
    next_ms = earlier(next_ms, consumer_rest_next_ms(consumer, now_ms));
    if (consumer->oldest_due_ms > now_ms) {
        next_ms = earlier(next_ms, consumer->oldest_due_ms);
    }
    next_ms = earlier(next_ms, consumer_lease_next_ms(consumer, now_ms, boot_ms));
    if (!list_is_empty(&consumer->returns) && consumer->return_calls == 0 &&
        consumer->return_not_before_ms > now_ms) { /* else they wait for a renewal, whose end wakes the pump */
        next_ms = earlier(next_ms, consumer->return_not_before_ms);
    }
    if (consumer->phase == CONSUMER_RUNNING) {
        if (consumer->receive_not_before_ms > now_ms) {
            next_ms = earlier(next_ms, consumer->receive_not_before_ms);
        }
        if (consumer->attributes_call == NULL) {
            next_ms = earlier(next_ms, consumer->attributes_due_ms);
        }
    } else if (consumer->phase == CONSUMER_DRAINING) {
        if (consumer->stop_polls_ms > now_ms) {
            next_ms = earlier(next_ms, consumer->stop_polls_ms);
        }
        next_ms = earlier(next_ms, consumer->stop_forwards_ms);
    }
    return next_ms;
}

static void pump(void *argument)
{
    struct consumer *consumer = argument;
    int64_t now_ms = clock_monotonic_ms();
    int64_t boot_ms = clock_boottime_ms();
    consumer_lapse_pump(consumer, boot_ms);
    consumer_returned_pump(consumer, boot_ms);
    attributes_pump(consumer, now_ms);
    if (consumer->is_paused && consumer->phase == CONSUMER_RUNNING) {
        hand_back_held(consumer, "paused", false);
    }
    consumer_unmatched_pump(consumer, now_ms);
    consumer_forward_pump(consumer, now_ms, boot_ms);
    consumer_rest_pump(consumer, now_ms, boot_ms);
    consumer_settle_pump(consumer, now_ms);
    consumer_return_pump(consumer, now_ms);
    consumer_renew_pump(consumer, now_ms, boot_ms);
    consumer_receive_pump(consumer, now_ms);
    drain_pump(consumer, now_ms);
    update_gauges(consumer);
    update_age(consumer, now_ms);
    if (consumer->phase == CONSUMER_DRAINED) {
        return;
    }
    int64_t next_ms = next_pump_ms(consumer, now_ms, boot_ms);
    if (next_ms != INT64_MAX && (!loop_timer_is_running(&consumer->timer) || consumer->timer.due_ms > next_ms)) {
        loop_timer_start(consumer->options.loop, &consumer->timer, next_ms, pump, consumer);
    }
}

void consumer_stop(struct consumer *consumer, int64_t grace_ms)
{
    int64_t now_ms = clock_monotonic_ms();
    if (consumer->phase != CONSUMER_RUNNING) {
        return;
    }
    log_event(LOG_LEVEL_INFO, "draining", LOG_STRING("queue", consumer->name),
              LOG_INTEGER("held", consumer->hand.held), LOG_INTEGER("running", consumer->hand.running));
    consumer->phase = CONSUMER_DRAINING;
    consumer->stop_polls_ms = now_ms + grace_ms / 2;
    consumer->stop_forwards_ms = now_ms + grace_ms / 4 * 3;
    if (consumer->attributes_call != NULL) {
        sqs_call_cancel(consumer->attributes_call);
        consumer->attributes_call = NULL;
    }
    consumer_probes_give_up(consumer);
    consumer_wake(consumer);
}

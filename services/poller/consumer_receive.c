/* Receiving from the queue: when, how much, and what comes in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/memory.h"
#include "consumer_internal.h"

#define ANSWER_MS 10000          /* beyond the long poll, for its answer */
#define RETRY_AFTER_MAX_MS 60000 /* no answer stops a queue for longer */
#define PACE_MS 250              /* an empty answer that comes sooner is no long poll: the next call waits so long */

static void receive_end(struct receive_call *receive)
{
    struct consumer *consumer = receive->consumer;
    list_remove(&receive->link);
    consumer->receive_calls--;
    consumer->outstanding_messages -= (size_t)receive->asked;
    free(receive);
}

static void set_problem(struct consumer *consumer, const char *text)
{
    if (strcmp(consumer->receive_problem, text) == 0) {
        return;
    }
    (void)snprintf(consumer->receive_problem, sizeof consumer->receive_problem, "%s", text); /* cut: fine */
    consumer_changed(consumer);
}

static void receive_failed(struct consumer *consumer, const struct receive_call *receive,
                           const struct sqs_error *error)
{
    int64_t suppressed = 0;
    int64_t delay_ms = backoff_next_ms(&consumer->receive_backoff);
    metric_counter_add(consumer->metrics.receives_failed, 1);
    if (error->retry_after_ms > delay_ms) {
        delay_ms = error->retry_after_ms < RETRY_AFTER_MAX_MS ? error->retry_after_ms : RETRY_AFTER_MAX_MS;
    }
    consumer->receive_not_before_ms = clock_monotonic_ms() + delay_ms;
    if (consumer->is_fifo && error->class == SQS_ERROR_TRANSIENT) {
        memcpy(consumer->lost_attempt_id, receive->attempt_id, sizeof consumer->lost_attempt_id);
    }
    if (error->class != SQS_ERROR_THROTTLED) {
        set_problem(consumer, error->error.text);
    }
    if (log_limiter_allows(&consumer->receive_limiter, LOG_INTERVAL_MS, &suppressed)) {
        log_event(error->class == SQS_ERROR_TRANSIENT || error->class == SQS_ERROR_THROTTLED ? LOG_LEVEL_WARN
                                                                                             : LOG_LEVEL_ERROR,
                  "receiving failed", LOG_STRING("queue", consumer->name),
                  LOG_STRING("class", sqs_error_class_name(error->class)), LOG_STRING("code", error->code),
                  LOG_ERROR(&error->error), LOG_INTEGER("retry_ms", delay_ms),
                  LOG_INTEGER("suppressed", suppressed));
    }
}

static void log_received(const struct consumer *consumer, const struct message *message)
{
    log_event(LOG_LEVEL_INFO, "message received", LOG_STRING("queue", consumer->name),
              LOG_STRING("message_id", message_id(message)), LOG_STRING("group", message_group(message)),
              LOG_STRING("sequence", message->delivery->sequence_number),
              LOG_INTEGER("receive_count", message->delivery->receive_count),
              LOG_STRING("trace_id", message_trace_id(message)),
              LOG_STRING("span_id", message_trace_span_id(message)));
}

static void release_delivery(struct sqs_message *delivery)
{
    sqs_message_destroy(delivery);
}

/* Takes one delivery into hand. *out_damaged: it must leave again, once the others of the receive are in. */
static struct message *take_delivery(struct consumer *consumer, const struct receive_call *receive,
                                     struct sqs_message *delivery, bool *out_damaged)
{
    struct message *message = NULL;
    struct lease lease;
    struct error defect = {0};
    size_t line = consumer->outlet_count;
    int64_t age_ms = clock_wall_ms() - delivery->sent_timestamp_ms;
    *out_damaged = delivery->is_damaged;
    lease_begin(&lease, receive->start_boot_ms, consumer->visibility_seconds, consumer_jitter());
    metric_counter_add(consumer->metrics.received, 1);
    metric_histogram_observe(consumer->metrics.receive_count, (double)delivery->receive_count);
    if (delivery->sent_timestamp_ms > 0) {
        metric_histogram_observe(consumer->metrics.age_seconds, (double)(age_ms > 0 ? age_ms : 0) / 1000.0);
    }
    consumer_return_forget(consumer, delivery->message_id);
    enum status chosen = STATUS_OK;
    if (!delivery->is_damaged) {
        chosen = routing_choose(&consumer->routing, delivery, &line, &defect); /* none: consumer_unmatched_pump */
    }
    enum hand_added added = hand_add(&consumer->hand, delivery, release_delivery, &lease, line, &message);
    if (added == HAND_NEW) {
        message->consumer = consumer;
        if (chosen != STATUS_OK) {
            message_set_setback(message, "rejected", defect.text, NULL, NULL);
        }
        message->received_ms = clock_monotonic_ms();
        message_trace_begin(message, consumer->options.tracer, consumer->queue, consumer->name);
        log_received(consumer, message);
        return message;
    }
    metric_counter_add(consumer->metrics.received_again, 1);
    message_trace_event(message, "message received again", NULL, NULL);
    log_event(LOG_LEVEL_INFO, "message received again", LOG_STRING("queue", consumer->name),
              LOG_STRING("message_id", message_id(message)),
              LOG_INTEGER("receive_count", message->delivery->receive_count));
    return message;
}

static void note_flow(struct consumer *consumer, size_t count, size_t bytes)
{
    receive_plan_got(&consumer->plan, count, bytes);
    if (count > 0) {
        consumer->is_idle = false;
        metric_counter_add(consumer->metrics.receives, 1);
        return;
    }
    metric_counter_add(consumer->metrics.receives_empty, 1);
    if (consumer->phase == CONSUMER_RUNNING) {
        log_event(consumer->is_idle ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "No messages in queue",
                  LOG_STRING("queue", consumer->name));
    }
    consumer->is_idle = true;
}

static void on_received(void *user, const struct sqs_receive_result *result, const struct sqs_error *error)
{
    struct receive_call *receive = user;
    struct consumer *consumer = receive->consumer;
    struct message *taken[SQS_BATCH_MAX];
    bool is_damaged[SQS_BATCH_MAX];
    size_t count = 0;
    size_t bytes = 0;
    if (error != NULL) {
        receive_failed(consumer, receive, error);
        receive_end(receive);
        consumer_wake(consumer);
        return;
    }
    backoff_reset(&consumer->receive_backoff);
    consumer->receive_not_before_ms = 0;
    set_problem(consumer, "");
    for (size_t i = 0; i < result->count && count < SQS_BATCH_MAX; i++) {
        struct sqs_message *delivery = sqs_receive_result_take(result, i);
        bytes += delivery->json_length;
        taken[count] = message_acquire(take_delivery(consumer, receive, delivery, &is_damaged[count]));
        count++;
    }
    if (result->malformed_count > 0) {
        log_event(LOG_LEVEL_ERROR, "received messages without an ID or a handle",
                  LOG_STRING("queue", consumer->name), LOG_INTEGER("count", result->malformed_count));
    }
    if (count > 0) {
        FAILPOINT("poller.received");
    }
    note_flow(consumer, count, bytes);
    if (count == 0 && clock_boottime_ms() - receive->start_boot_ms < PACE_MS) {
        consumer->receive_not_before_ms = clock_monotonic_ms() + PACE_MS;
    }
    for (size_t i = 0; i < count; i++) {
        if (taken[i]->state == MESSAGE_HELD && is_damaged[i]) {
            metric_counter_add(consumer->metrics.damaged, 1);
            consumer_leave(consumer, taken[i], lease_return_seconds(taken[i]->delivery->receive_count), "damaged");
        } else if (taken[i]->state == MESSAGE_HELD && consumer_return_is_ahead(consumer, taken[i])) {
            consumer_leave(consumer, taken[i], 0, "behind_in_group");
        }
        message_release(taken[i]);
    }
    receive_end(receive);
    consumer_wake(consumer);
}

static void send_receive(struct consumer *consumer, int max_messages, int64_t now_ms)
{
    struct receive_call *receive = memory_alloc(sizeof *receive);
    receive->consumer = consumer;
    receive->asked = max_messages;
    receive->start_boot_ms = clock_boottime_ms();
    if (consumer->lost_attempt_id[0] != '\0') {
        memcpy(receive->attempt_id, consumer->lost_attempt_id, sizeof receive->attempt_id);
        consumer->lost_attempt_id[0] = '\0';
    } else {
        random_uuid(receive->attempt_id);
    }
    list_append(&consumer->receives, &receive->link);
    consumer->receive_calls++;
    consumer->outstanding_messages += (size_t)max_messages;
    const struct sqs_receive_request request = {
        .queue_url = consumer->queue->url,
        .max_messages = max_messages,
        .wait_seconds = consumer->wait_seconds,
        .visibility_seconds = consumer->visibility_seconds,
        .attempt_id = consumer->is_fifo ? receive->attempt_id : NULL,
        .deadline_ms = now_ms + (int64_t)consumer->wait_seconds * 1000 + ANSWER_MS,
    };
    receive->call = sqs_client_receive_message(consumer->options.sqs, &request, on_received, receive);
}

/* While a circuit is not closed nothing is received, but for one witness at a time when the gateway says (or has said
 * in this opening) that it is ready and every message in hand for that route was tried in vain: it shows whether they
 * or the target are at fault. One that another route takes is none, and the next is received. Whoever was not tried
 * yet is the witness, on whatever route. There is room for one even when the hand is full, or a few bad messages would
 * stop the queue where max_in_flight is small. */
static bool wants_witness(const struct consumer *consumer, size_t in_hand)
{
    bool is_wanted = false;
    if (consumer->receive_calls > 0 || (int64_t)in_hand > consumer->plan.messages_max) {
        return false;
    }
    for (size_t i = 0; i < consumer->outlet_count; i++) {
        const struct circuit *circuit = &consumer->outlets[i].circuit;
        if (circuit_is_closed(circuit)) {
            continue;
        }
        if (hand_first_untried(&consumer->hand, i, circuit->opening) != NULL) {
            return false;
        }
        is_wanted = is_wanted || circuit->state == CIRCUIT_READY || circuit->state == CIRCUIT_TRYING ||
                    consumer->hand.lines[i].count > 0;
    }
    return is_wanted;
}

/* What counts against max_in_flight. Messages that rest have a limit of their own, as large again: a wave of failures
 * must not stop the queue while they wait for their next attempts. */
static size_t counted_in_hand(const struct consumer *consumer)
{
    size_t apart = consumer->hand.resting;
    if (apart > (size_t)consumer->plan.messages_max) {
        apart = (size_t)consumer->plan.messages_max;
    }
    return hand_count(&consumer->hand) - apart + consumer->return_waiting;
}

void consumer_receive_pump(struct consumer *consumer, int64_t now_ms)
{
    size_t in_hand = counted_in_hand(consumer);
    if (consumer->phase != CONSUMER_RUNNING || consumer->is_paused || now_ms < consumer->receive_not_before_ms) {
        return;
    }
    if (!consumer_circuits_are_closed(consumer)) {
        if (wants_witness(consumer, in_hand)) {
            send_receive(consumer, 1, now_ms);
        }
        return;
    }
    for (;;) {
        int max_messages = receive_plan_next(&consumer->plan, consumer->receive_calls,
                                             consumer->outstanding_messages, in_hand, consumer->hand.bytes);
        if (max_messages == 0) {
            return;
        }
        send_receive(consumer, max_messages, now_ms);
    }
}

void consumer_receive_give_up(struct consumer *consumer)
{
    struct list *node = consumer->receives.next;
    while (node != &consumer->receives) {
        struct receive_call *receive = LIST_ITEM(node, struct receive_call, link);
        node = node->next;
        sqs_call_cancel(receive->call);
        receive_end(receive);
    }
}

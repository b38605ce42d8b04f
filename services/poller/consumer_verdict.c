/* What follows from a verdict: the next attempt, a dead letter, a delete, a return; and from there being no route. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/memory.h"
#include "consumer_internal.h"

#define DETAIL_SIZE 256

/* --- runs that have closed ---------------------------------------------------------------------------------------- */

static void describe_end(const struct message *message, const struct run_end *end, const struct settings_route *route,
                         char out[DETAIL_SIZE])
{
    bool has_failed = end->status == RUN_FAILED || end->status == RUN_TIMED_OUT;
    if (has_failed && end->is_non_retryable) {
        (void)snprintf(out, DETAIL_SIZE, "attempt %lld has failed for good: its failure is not retryable",
                       (long long)message->attempt);
    } else if (has_failed) {
        (void)snprintf(out, DETAIL_SIZE, "attempt %lld of %lld has failed", (long long)message->attempt,
                       (long long)route->max_attempts);
    } else {
        (void)snprintf(out, DETAIL_SIZE, "the workflow's status is %s", run_status_name(end->status));
    }
}

static void plan_attempt(struct consumer *consumer, struct message *message, const struct settings_route *route)
{
    int64_t delay_ms = verdict_attempt_delay_ms(message->attempt, route);
    log_event(LOG_LEVEL_INFO, "next attempt planned", LOG_STRING("queue", consumer->name),
              LOG_STRING("route", route->name), LOG_STRING("message_id", message_id(message)),
              LOG_STRING("workflow_id", message->watch.workflow_id), LOG_STRING("run_id", message->run_id),
              LOG_INTEGER("attempt", message->attempt), LOG_INTEGER("max_attempts", route->max_attempts),
              LOG_INTEGER("delay_ms", delay_ms));
    consumer_rest(consumer, message, MESSAGE_STEP_ATTEMPT, clock_monotonic_ms() + delay_ms);
}

void consumer_follow(struct consumer *consumer, struct message *message, const struct verdict *verdict,
                     const struct run_end *end, const char *failure_type, const char *failure_message)
{
    const struct outlet *outlet = consumer_outlet_of(consumer, message);
    char detail[DETAIL_SIZE];
    CHECK(outlet != NULL && verdict->action != VERDICT_WAIT && verdict->action != VERDICT_RETRY);
    switch (verdict->action) {
    case VERDICT_ATTEMPT:
    case VERDICT_DEAD_LETTER:
        describe_end(message, end, outlet->route, detail);
        message_set_setback(message, verdict->reason, detail, failure_type, failure_message);
        if (verdict->action == VERDICT_ATTEMPT) {
            plan_attempt(consumer, message, outlet->route);
        } else {
            consumer_rest(consumer, message, MESSAGE_STEP_DEAD_LETTER, clock_monotonic_ms());
        }
        break;
    case VERDICT_DELETE:
        consumer_settle(consumer, message, end->status == RUN_COMPLETED);
        break;
    case VERDICT_RETURN:
        describe_end(message, end, outlet->route, detail);
        message_set_setback(message, verdict->reason, detail, failure_type, failure_message);
        consumer_leave(consumer, message, lease_return_seconds(message->delivery->receive_count), verdict->reason);
        break;
    case VERDICT_WAIT:
    case VERDICT_RETRY:
        break;
    }
}

void consumer_run_closed(struct run_watch *watch, const struct closed_run *run)
{
    struct message *message = LIST_ITEM(watch, struct message, watch);
    struct consumer *consumer = message->consumer;
    const struct outlet *outlet = consumer_outlet_of(consumer, message);
    CHECK(message->state == MESSAGE_RUNNING && outlet != NULL);
    FAILPOINT("poller.closed");
    if (run->run_id[0] != '\0' && strcmp(run->run_id, message->run_id) != 0) {
        free(message->run_id);
        message->run_id = memory_copy_string(run->run_id);
    }
    const struct run_end end = {
        .status = run->status, .attempt = message->attempt, .is_non_retryable = run->is_non_retryable};
    const struct verdict verdict = verdict_of_run(&end, outlet->route);
    log_event(run->status == RUN_COMPLETED ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "workflow closed",
              LOG_STRING("queue", consumer->name), LOG_STRING("route", outlet->route->name),
              LOG_STRING("message_id", message_id(message)), LOG_STRING("workflow_id", message->watch.workflow_id),
              LOG_STRING("run_id", message->run_id), LOG_STRING("run_status", run_status_name(run->status)),
              LOG_INTEGER("attempt", message->attempt),
              LOG_STRING("failure_type", run->failure_type[0] != '\0' ? run->failure_type : NULL),
              LOG_STRING("trace_id", message_trace_id(message)),
              LOG_STRING("span_id", message_trace_span_id(message)));
    message_trace_event(message, "workflow closed", "ferry.workflow.status", run_status_name(run->status));
    consumer_follow(consumer, message, &verdict, &end, run->failure_type, run->failure_message);
}

/* --- messages that no run comes of -------------------------------------------------------------------------------- */

void consumer_reject(struct consumer *consumer, struct message *message, const char *class, const char *detail)
{
    bool has_queue = consumer_dead_letter_url(consumer, message) != NULL;
    consumer_metrics_rejected(&consumer->metrics, class);
    log_event(LOG_LEVEL_WARN, "message rejected", LOG_STRING("queue", consumer->name),
              LOG_STRING("route", consumer_route_name(consumer, message)),
              LOG_STRING("message_id", message_id(message)), LOG_STRING("class", class), LOG_STRING("reason", detail),
              LOG_STRING("action", has_queue ? "dead_letter" : "return"));
    message_set_setback(message, "rejected", detail, NULL, NULL);
    if (has_queue) {
        consumer_rest(consumer, message, MESSAGE_STEP_DEAD_LETTER, clock_monotonic_ms());
    } else {
        consumer_leave(consumer, message, lease_return_seconds(message->delivery->receive_count), "rejected");
    }
}

static void take_unmatched(struct consumer *consumer, struct message *message)
{
    static const char *const actions[] = {
        [SETTINGS_CLOSED_RETURN] = "return",
        [SETTINGS_CLOSED_DELETE] = "delete",
        [SETTINGS_CLOSED_DEAD_LETTER] = "dead_letter",
    };
    enum settings_closed_action action = consumer->queue->unmatched;
    consumer_metrics_unmatched(&consumer->metrics, actions[action]);
    log_event(LOG_LEVEL_WARN, "no route takes the message", LOG_STRING("queue", consumer->name),
              LOG_STRING("message_id", message_id(message)), LOG_STRING("action", actions[action]),
              LOG_INTEGER("receive_count", message->delivery->receive_count));
    message_set_setback(message, "unmatched", "no route of the queue takes it", NULL, NULL);
    switch (action) {
    case SETTINGS_CLOSED_DELETE:
        consumer_settle(consumer, message, false);
        break;
    case SETTINGS_CLOSED_DEAD_LETTER:
        consumer_rest(consumer, message, MESSAGE_STEP_DEAD_LETTER, clock_monotonic_ms());
        break;
    case SETTINGS_CLOSED_RETURN:
        consumer_leave(consumer, message, lease_return_seconds(message->delivery->receive_count), "unmatched");
        break;
    }
}

void consumer_unmatched_pump(struct consumer *consumer, int64_t now_ms)
{
    struct message *message = NULL;
    if (consumer->phase != CONSUMER_RUNNING || consumer->is_paused) {
        return;
    }
    while ((message = hand_first_ready(&consumer->hand, consumer->outlet_count, now_ms)) != NULL) {
        if (message->delivery->is_damaged) { /* a copy that came while it was in hand */
            consumer_leave(consumer, message, lease_return_seconds(message->delivery->receive_count), "damaged");
        } else if (message->setback != NULL) { /* found when it came: it is not in its envelope */
            char *detail = memory_copy_string(message->setback->detail);
            consumer_reject(consumer, message, "envelope", detail);
            free(detail);
        } else {
            take_unmatched(consumer, message);
        }
    }
}

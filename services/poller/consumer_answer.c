/* What the gateway's answers mean: for one message, for a whole request, for the circuit. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/memory.h"
#include "consumer_internal.h"

#define RETRY_FIRST_MS 1000 /* of a message that alone fails; doubled each time */
#define RETRY_MAX_MS 60000

void consumer_forward_end(struct forward_call *forward)
{
    struct consumer *consumer = forward->consumer;
    for (size_t i = 0; i < forward->count; i++) {
        message_trace_step_end(forward->messages[i], forward->http_status);
        message_release(forward->messages[i]);
    }
    list_remove(&forward->link);
    forward->outlet->forward_calls--;
    consumer->forward_calls--;
    free(forward);
}

/* --- what an answer means for one message ------------------------------------------------------------------------- */

static int64_t retry_delay_ms(const struct message *message, int64_t retry_after_ms)
{
    int64_t delay_ms = RETRY_FIRST_MS;
    for (unsigned i = 1; i < message->alone_failures && delay_ms < RETRY_MAX_MS; i++) {
        delay_ms *= 2;
    }
    if (retry_after_ms > delay_ms) {
        delay_ms = retry_after_ms;
    }
    return delay_ms < RETRY_MAX_MS ? delay_ms : RETRY_MAX_MS;
}

static void log_circuit(struct outlet *outlet, bool is_open, const char *reason)
{
    metric_gauge_set(outlet->circuit_open, is_open);
    if (is_open) {
        log_event(LOG_LEVEL_WARN, "circuit opened", LOG_STRING("queue", outlet->consumer->name),
                  LOG_STRING("route", outlet->route->name), LOG_STRING("reason", reason));
    } else {
        log_event(LOG_LEVEL_INFO, "circuit closed", LOG_STRING("queue", outlet->consumer->name),
                  LOG_STRING("route", outlet->route->name));
    }
}

/* One message could not be accepted now. If others were accepted since it was sent (or failed last), it alone fails:
 * it is tried again later, at last returned, and the circuit stays as it is. Else the target fails. */
static void message_failed(struct outlet *outlet, struct message *message, int64_t retry_after_ms, const char *reason)
{
    struct consumer *consumer = outlet->consumer;
    int64_t now_ms = clock_monotonic_ms();
    bool is_alone = outlet->circuit.accepted > message->accepted_before;
    message_trace_step_fail(message, "retry", reason);
    message->failures++;
    message->accepted_before = outlet->circuit.accepted;
    if (!is_alone) {
        hand_put_back(&consumer->hand, message);
        if (circuit_failed(&outlet->circuit, retry_after_ms, now_ms)) {
            log_circuit(outlet, true, reason);
        }
        return;
    }
    message->alone_failures++;
    message->stuck_reason = "alone_failing";
    if (message->alone_failures >= VERDICT_ALONE_FAILURES_MAX) {
        consumer_leave(consumer, message, lease_return_seconds(message->delivery->receive_count), "alone_failing");
    } else {
        message->not_before_ms = now_ms + retry_delay_ms(message, retry_after_ms);
        hand_put_back(&consumer->hand, message);
    }
}

static void note_started(const struct outlet *outlet, struct message *message, const struct event_result *result)
{
    const char *sentence = "workflow started";
    if (result->outcome == EVENT_CLOSED) {
        sentence = "workflow already closed";
    } else if (result->is_signaled) {
        sentence = "workflow signaled";
    }
    log_event(LOG_LEVEL_INFO, sentence, LOG_STRING("queue", outlet->consumer->name),
              LOG_STRING("route", outlet->route->name), LOG_STRING("message_id", message_id(message)),
              LOG_STRING("workflow_id", result->workflow_id), LOG_STRING("run_id", result->run_id),
              LOG_STRING("outcome", event_outcome_name(result->outcome)),
              LOG_STRING("run_status", result->outcome == EVENT_CLOSED ? run_status_name(result->status) : NULL),
              LOG_INTEGER("attempt", message->attempt), LOG_STRING("trace_id", message_trace_id(message)),
              LOG_STRING("span_id", message_trace_span_id(message)));
    message_trace_event(message, sentence, "ferry.workflow.run_id", result->run_id);
}

static void remember_run(struct message *message, const struct event_result *result, const char *route)
{
    bool is_other_run = message->run_id == NULL || strcmp(message->run_id, result->run_id) != 0;
    free(message->watch.workflow_id);
    free(message->watch.first_run_id);
    free(message->run_id);
    message->watch.workflow_id = memory_copy_string(result->workflow_id);
    message->watch.first_run_id = memory_copy_string(result->first_run_id);
    message->watch.route = route;
    message->run_id = memory_copy_string(result->run_id);
    if (result->attempt > 0) {
        message->attempt = result->attempt;
    } else if (is_other_run) {
        message->attempt++; /* a gateway that does not say: what was seen here is counted */
    }
    message->failures = 0;
    message->alone_failures = 0;
    message->must_go_alone = false;
    message->asks_attempt = false;
    message->asks_anew = false;
    message->stuck_reason = NULL;
}

/* Asked for an attempt after a run, the gateway says that this same run is still the last one, and closed: it did not
 * start what it was asked for. */
static bool was_not_started(const struct message *message, const struct event_result *result)
{
    bool has_ended_badly = result->status == RUN_FAILED || result->status == RUN_TIMED_OUT ||
                           result->status == RUN_CANCELED || result->status == RUN_TERMINATED;
    return message->asks_attempt && result->outcome == EVENT_CLOSED && has_ended_badly &&
           strcmp(message->run_id, result->run_id) == 0;
}

static void apply_result(struct outlet *outlet, struct message *message, const struct event_result *result)
{
    struct consumer *consumer = outlet->consumer;
    const char *reason = result->reason[0] != '\0' ? result->reason : "retry";
    if (result->outcome == EVENT_REJECTED) {
        message_trace_step_fail(message, "rejected", result->reason);
        consumer_reject(consumer, message, result->reject_class[0] != '\0' ? result->reject_class : "other",
                        result->reason);
        return;
    }
    if (result->outcome == EVENT_RETRY || result->outcome == EVENT_UNKNOWN) {
        message_failed(outlet, message, result->retry_after_ms, reason);
        return;
    }
    if (was_not_started(message, result)) {
        message_failed(outlet, message, 0, "the next attempt was not started");
        return;
    }
    remember_run(message, result, outlet->route->name);
    note_started(outlet, message, result);
    const struct run_end end = {.status = result->outcome == EVENT_CLOSED ? result->status : RUN_OPEN,
                                .attempt = message->attempt,
                                .is_non_retryable = result->is_non_retryable};
    const struct verdict verdict = verdict_of_event(result->outcome, result->is_signaled, &end, outlet->route);
    if (verdict.action == VERDICT_WAIT) {
        hand_run(&consumer->hand, message);
        waiter_add(consumer->options.waiter, &message->watch);
        return;
    }
    consumer_follow(consumer, message, &verdict, &end, result->failure_type, result->failure_message);
}

/* --- what an answer means for the whole request ------------------------------------------------------------------- */

static bool is_accepted(enum event_outcome outcome)
{
    return outcome == EVENT_STARTED || outcome == EVENT_ATTACHED || outcome == EVENT_CLOSED;
}

/* Acceptances first: they close the circuit, so that what failed beside them fails alone. */
static void apply_results(struct forward_call *forward, const struct event_results *results)
{
    struct outlet *outlet = forward->outlet;
    for (size_t i = 0; i < forward->count; i++) {
        metric_counter_add(outlet->consumer->metrics.outcomes[results->entries[i].outcome], 1);
        if (is_accepted(results->entries[i].outcome) && circuit_accepted(&outlet->circuit)) {
            log_circuit(outlet, false, NULL);
        }
    }
    for (size_t i = 0; i < forward->count; i++) {
        if (forward->messages[i]->state == MESSAGE_FORWARDING) {
            apply_result(outlet, forward->messages[i], &results->entries[i]);
        }
    }
}

/* The request as a whole failed. Several messages: any of them may be the cause, so they go alone from now on. */
static void target_failed(struct forward_call *forward, const char *reason, int64_t retry_after_ms)
{
    struct outlet *outlet = forward->outlet;
    struct consumer *consumer = outlet->consumer;
    int64_t suppressed = 0;
    metric_counter_add(consumer->metrics.forwards_failed, 1);
    if (log_limiter_allows(&outlet->limiter, LOG_INTERVAL_MS, &suppressed)) {
        log_event(LOG_LEVEL_WARN, "forwarding failed", LOG_STRING("queue", consumer->name),
                  LOG_STRING("route", outlet->route->name), LOG_STRING("error", reason),
                  LOG_INTEGER("messages", forward->count), LOG_INTEGER("suppressed", suppressed));
    }
    for (size_t i = 0; i < forward->count; i++) {
        struct message *message = forward->messages[i];
        if (message->state != MESSAGE_FORWARDING) {
            continue;
        }
        if (forward->count == 1) {
            message_failed(outlet, message, retry_after_ms, reason);
            continue;
        }
        message->must_go_alone = true;
        message_trace_step_fail(message, "target_failed", reason);
        hand_put_back(&consumer->hand, message);
        if (circuit_failed(&outlet->circuit, retry_after_ms, clock_monotonic_ms())) {
            log_circuit(outlet, true, reason);
        }
    }
}

void consumer_forward_put_back(struct forward_call *forward, bool must_go_alone)
{
    for (size_t i = 0; i < forward->count; i++) {
        struct message *message = forward->messages[i];
        if (message->state == MESSAGE_FORWARDING) {
            message->must_go_alone = message->must_go_alone || must_go_alone;
            message_trace_step_fail(message, "put_back", NULL);
            hand_put_back(&forward->consumer->hand, message);
        }
    }
}

void consumer_on_forwarded(void *user, const struct http_response *response, const struct error *error)
{
    struct forward_call *forward = user;
    struct consumer *consumer = forward->consumer;
    struct circuit *circuit = &forward->outlet->circuit;
    struct event_results results = {0};
    struct error problem = {0};
    int64_t now_ms = clock_monotonic_ms();
    int64_t retry_after_ms = gateway_retry_after_ms(response);
    struct message *first = forward->messages[0];
    forward->http_status = response != NULL ? response->status : 0;
    FAILPOINT("poller.forwarded");
    metric_histogram_observe(consumer->metrics.forward_seconds, (double)(now_ms - forward->sent_ms) / 1000.0);
    gateway_note_answer(consumer->options.gateway, response);
    switch (verdict_of_forward(response != NULL ? response->status : 0, forward->count)) {
    case FORWARD_ANSWERED:
        CHECK(response != NULL);
        if (event_results_parse(response->body, response->body_length, forward->count, &results, &problem) ==
            STATUS_OK) {
            apply_results(forward, &results);
            event_results_deinit(&results);
        } else {
            target_failed(forward, problem.text, 0);
        }
        break;
    case FORWARD_SPLIT:
        consumer_forward_put_back(forward, true);
        break;
    case FORWARD_REJECTED:
        if (first->state == MESSAGE_FORWARDING) {
            consumer_reject(consumer, first, "too_large", "it is over the gateway's limit for a request");
        }
        break;
    case FORWARD_SLOWED:
        consumer_forward_put_back(forward, false);
        circuit_slowed(circuit, retry_after_ms, now_ms);
        break;
    case FORWARD_TARGET_FAILED: {
        char reason[ERROR_TEXT_SIZE];
        gateway_describe(response, error, reason, sizeof reason);
        target_failed(forward, reason, retry_after_ms);
        break;
    }
    }
    circuit_try_void(circuit); /* of a try that neither was accepted nor failed */
    consumer_forward_end(forward);
    consumer_wake(consumer);
}

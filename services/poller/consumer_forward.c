/* Forwarding to the gateway: what goes together, what its answers mean, the circuit. */
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "consumer_internal.h"

#define FORWARD_MS 15000       /* how long an events request may take */
#define FORWARD_MIN_MS 300     /* with less of the lease left a message is not sent */
#define FORWARDS_MAX 8         /* events requests at once */
#define PROBE_MS 5000
#define GATHER_FULL 10         /* so many ready messages are sent at once */
#define GATHER_MS 2            /* fewer wait so long for others, up to */
#define GATHER_MAX_MS 30
#define RETRY_FIRST_MS 1000    /* of a message that alone fails; doubled each time */
#define RETRY_MAX_MS 60000

static void forward_end(struct forward_call *forward)
{
    struct consumer *consumer = forward->consumer;
    for (size_t i = 0; i < forward->count; i++) {
        message_release(forward->messages[i]);
    }
    list_remove(&forward->link);
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

static void log_circuit(struct consumer *consumer, bool is_open, const char *reason)
{
    metric_gauge_set(consumer->metrics.circuit_open, is_open);
    if (is_open) {
        log_event(LOG_LEVEL_WARN, "circuit opened", LOG_STRING("queue", consumer->name),
                  LOG_STRING("route", consumer->route->name), LOG_STRING("reason", reason));
    } else {
        log_event(LOG_LEVEL_INFO, "circuit closed", LOG_STRING("queue", consumer->name),
                  LOG_STRING("route", consumer->route->name));
    }
}

/* One message could not be accepted now. If others were accepted since it was sent (or failed last), it alone fails:
 * it is tried again later, at last returned, and the circuit stays as it is. Else the target fails. */
static void message_failed(struct consumer *consumer, struct message *message, int64_t retry_after_ms,
                           const char *reason)
{
    int64_t now_ms = clock_monotonic_ms();
    bool is_alone = consumer->circuit.accepted > message->accepted_before;
    message->failures++;
    message->accepted_before = consumer->circuit.accepted;
    if (!is_alone) {
        hand_put_back(&consumer->hand, message);
        if (circuit_failed(&consumer->circuit, retry_after_ms, now_ms)) {
            log_circuit(consumer, true, reason);
        }
        return;
    }
    message->alone_failures++;
    if (message->alone_failures >= VERDICT_ALONE_FAILURES_MAX) {
        consumer_leave(consumer, message, lease_return_seconds(message->delivery->receive_count), "alone_failing");
    } else {
        message->not_before_ms = now_ms + retry_delay_ms(message, retry_after_ms);
        hand_put_back(&consumer->hand, message);
    }
}

static void log_started(const struct consumer *consumer, const struct message *message,
                        const struct event_result *result)
{
    log_event(LOG_LEVEL_INFO, result->outcome == EVENT_CLOSED ? "workflow already closed" : "workflow started",
              LOG_STRING("queue", consumer->name), LOG_STRING("route", consumer->route->name),
              LOG_STRING("message_id", message_id(message)), LOG_STRING("workflow_id", result->workflow_id),
              LOG_STRING("run_id", result->run_id), LOG_STRING("outcome", event_outcome_name(result->outcome)),
              LOG_STRING("run_status", result->outcome == EVENT_CLOSED ? run_status_name(result->status) : NULL),
              LOG_INTEGER("attempt", result->attempt));
}

static void remember_run(struct message *message, const struct event_result *result)
{
    free(message->watch.workflow_id);
    free(message->watch.first_run_id);
    free(message->run_id);
    message->watch.workflow_id = memory_copy_string(result->workflow_id);
    message->watch.first_run_id = memory_copy_string(result->first_run_id);
    message->run_id = memory_copy_string(result->run_id);
    message->failures = 0;
    message->alone_failures = 0;
    message->must_go_alone = false;
}

static void apply_result(struct consumer *consumer, struct message *message, const struct event_result *result)
{
    const struct verdict verdict = verdict_of_event(result->outcome, result->status, consumer->route);
    int return_seconds = lease_return_seconds(message->delivery->receive_count);
    if (verdict.action == VERDICT_RETRY) {
        message_failed(consumer, message, result->retry_after_ms,
                       result->reason[0] != '\0' ? result->reason : "retry");
        return;
    }
    if (result->outcome == EVENT_REJECTED) {
        log_event(LOG_LEVEL_WARN, "message rejected", LOG_STRING("queue", consumer->name),
                  LOG_STRING("message_id", message_id(message)), LOG_STRING("reason", result->reason));
        consumer_leave(consumer, message, return_seconds, verdict.reason);
        return;
    }
    remember_run(message, result);
    log_started(consumer, message, result);
    switch (verdict.action) {
    case VERDICT_WAIT:
        hand_run(&consumer->hand, message);
        waiter_add(consumer->options.waiter, &message->watch);
        break;
    case VERDICT_DELETE:
        consumer_settle(consumer, message, result->outcome == EVENT_CLOSED && result->status == RUN_COMPLETED);
        break;
    case VERDICT_RETURN:
        consumer_leave(consumer, message, return_seconds, verdict.reason);
        break;
    case VERDICT_RETRY:
        break;
    }
}

/* --- what an answer means for the whole request ------------------------------------------------------------------- */

static bool is_accepted(enum event_outcome outcome)
{
    return outcome == EVENT_STARTED || outcome == EVENT_ATTACHED || outcome == EVENT_CLOSED;
}

/* Acceptances first: they close the circuit, so that what failed beside them fails alone. */
static void apply_results(struct consumer *consumer, struct forward_call *forward,
                          const struct event_results *results)
{
    for (size_t i = 0; i < forward->count; i++) {
        metric_counter_add(consumer->metrics.outcomes[results->entries[i].outcome], 1);
        if (is_accepted(results->entries[i].outcome) && circuit_accepted(&consumer->circuit)) {
            log_circuit(consumer, false, NULL);
        }
    }
    for (size_t i = 0; i < forward->count; i++) {
        if (forward->messages[i]->state == MESSAGE_FORWARDING) {
            apply_result(consumer, forward->messages[i], &results->entries[i]);
        }
    }
}

/* The request as a whole failed. Several messages: any of them may be the cause, so they go alone from now on. */
static void target_failed(struct consumer *consumer, struct forward_call *forward, const char *reason,
                          int64_t retry_after_ms)
{
    int64_t suppressed = 0;
    metric_counter_add(consumer->metrics.forwards_failed, 1);
    if (log_limiter_allows(&consumer->forward_limiter, LOG_INTERVAL_MS, &suppressed)) {
        log_event(LOG_LEVEL_WARN, "forwarding failed", LOG_STRING("queue", consumer->name),
                  LOG_STRING("route", consumer->route->name), LOG_STRING("error", reason),
                  LOG_INTEGER("messages", forward->count), LOG_INTEGER("suppressed", suppressed));
    }
    for (size_t i = 0; i < forward->count; i++) {
        struct message *message = forward->messages[i];
        if (message->state != MESSAGE_FORWARDING) {
            continue;
        }
        if (forward->count == 1) {
            message_failed(consumer, message, retry_after_ms, reason);
            continue;
        }
        message->must_go_alone = true;
        hand_put_back(&consumer->hand, message);
        if (circuit_failed(&consumer->circuit, retry_after_ms, clock_monotonic_ms())) {
            log_circuit(consumer, true, reason);
        }
    }
}

static void put_all_back(struct consumer *consumer, struct forward_call *forward, bool must_go_alone)
{
    for (size_t i = 0; i < forward->count; i++) {
        struct message *message = forward->messages[i];
        if (message->state == MESSAGE_FORWARDING) {
            message->must_go_alone = message->must_go_alone || must_go_alone;
            hand_put_back(&consumer->hand, message);
        }
    }
}

static void on_forwarded(void *user, const struct http_response *response, const struct error *error)
{
    struct forward_call *forward = user;
    struct consumer *consumer = forward->consumer;
    struct event_results results = {0};
    struct error problem = {0};
    char reason[ERROR_TEXT_SIZE];
    int64_t now_ms = clock_monotonic_ms();
    int64_t retry_after_ms = gateway_retry_after_ms(response);
    struct message *first = forward->messages[0];
    metric_histogram_observe(consumer->metrics.forward_seconds, (double)(now_ms - forward->sent_ms) / 1000.0);
    gateway_note_answer(consumer->options.gateway, response);
    gateway_describe(response, error, reason, sizeof reason);
    switch (verdict_of_forward(response != NULL ? response->status : 0, forward->count)) {
    case FORWARD_ANSWERED:
        CHECK(response != NULL);
        if (event_results_parse(response->body, response->body_length, forward->count, &results, &problem) ==
            STATUS_OK) {
            apply_results(consumer, forward, &results);
            event_results_deinit(&results);
        } else {
            target_failed(consumer, forward, problem.text, 0);
        }
        break;
    case FORWARD_SPLIT:
        put_all_back(consumer, forward, true);
        break;
    case FORWARD_REJECTED:
        if (first->state == MESSAGE_FORWARDING) {
            consumer_leave(consumer, first, lease_return_seconds(first->delivery->receive_count), "too_large");
        }
        break;
    case FORWARD_SLOWED:
        put_all_back(consumer, forward, false);
        circuit_slowed(&consumer->circuit, retry_after_ms, now_ms);
        break;
    case FORWARD_TARGET_FAILED:
        target_failed(consumer, forward, reason, retry_after_ms);
        break;
    }
    circuit_try_void(&consumer->circuit); /* of a try that neither was accepted nor failed */
    forward_end(forward);
    consumer_wake(consumer);
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static bool add_event(struct consumer *consumer, struct forward_call *forward, struct message *message,
                      struct buffer *body)
{
    struct error error = {0};
    if (message->delivery->is_damaged) { /* a copy that came while it was in hand */
        consumer_leave(consumer, message, lease_return_seconds(message->delivery->receive_count), "damaged");
        return false;
    }
    if (events_append(body, message, consumer->quoted_source, forward->count == 0, &error) != STATUS_OK) {
        /* Only a message whose texts are not UTF-8, or over the limit by itself, comes here. */
        log_event(LOG_LEVEL_WARN, "message rejected", LOG_STRING("queue", consumer->name),
                  LOG_STRING("message_id", message_id(message)), LOG_ERROR(&error));
        consumer_leave(consumer, message, lease_return_seconds(message->delivery->receive_count), "rejected");
        return false;
    }
    if (message->failures == 0) {
        message->accepted_before = consumer->circuit.accepted;
    }
    message->tried_in = consumer->circuit.opening;
    hand_forward(&consumer->hand, message);
    forward->messages[forward->count++] = message_acquire(message);
    return true;
}

static struct message *next_to_send(struct consumer *consumer, bool is_try, int64_t now_ms, int64_t boot_ms)
{
    for (;;) {
        struct message *message =
            is_try ? hand_first_untried(&consumer->hand, consumer->circuit.opening) : NULL;
        if (message == NULL) {
            message = hand_first_ready(&consumer->hand, now_ms);
        }
        if (message == NULL || lease_call_budget_ms(&message->lease, boot_ms) >= FORWARD_MIN_MS) {
            return message;
        }
        if (is_try) {
            return NULL; /* its renewal is overdue; it lapses soon or is renewed */
        }
        message->not_before_ms = now_ms + FORWARD_MIN_MS;
    }
}

/* Sends one request with what is ready; false: nothing was. */
static bool send_forward(struct consumer *consumer, bool is_try, int64_t now_ms, int64_t boot_ms)
{
    struct forward_call *forward = memory_alloc(sizeof *forward);
    struct buffer body;
    size_t most = is_try ? 1 : EVENTS_BATCH_MAX;
    int64_t budget_ms = FORWARD_MS;
    buffer_init(&body, EVENTS_REQUEST_MAX);
    CHECK(buffer_append_string(&body, "["));
    list_init(&forward->link);
    while (forward->count < most) {
        struct message *message = next_to_send(consumer, is_try, now_ms, boot_ms);
        if (message == NULL || (forward->count > 0 && message->must_go_alone) ||
            (forward->count > 0 && body.length + message->delivery->json_length > EVENTS_BATCH_BYTES)) {
            break;
        }
        if (!add_event(consumer, forward, message, &body)) {
            continue;
        }
        int64_t left_ms = lease_call_budget_ms(&message->lease, boot_ms);
        budget_ms = left_ms < budget_ms ? left_ms : budget_ms;
        if (message->must_go_alone) {
            break;
        }
    }
    bool is_sent = forward->count > 0;
    if (is_sent) {
        CHECK(buffer_append_string(&body, "]"));
        forward->consumer = consumer;
        forward->sent_ms = now_ms;
        list_append(&consumer->forwards, &forward->link);
        consumer->forward_calls++;
        forward->call = gateway_send_events(consumer->options.gateway, consumer->route->name, body.data, body.length,
                                            now_ms + budget_ms, on_forwarded, forward);
    } else {
        free(forward);
    }
    buffer_deinit(&body);
    return is_sent;
}

static void on_probed(void *user, const struct http_response *response, const struct error *error)
{
    struct consumer *consumer = user;
    (void)error; /* not ready, whatever it says */
    consumer->probe = NULL;
    circuit_probe_answered(&consumer->circuit, response != NULL && response->status == 200, clock_monotonic_ms());
    consumer_wake(consumer);
}

static void forward_ready(struct consumer *consumer, int64_t now_ms, int64_t boot_ms)
{
    while (consumer->forward_calls < FORWARDS_MAX && hand_first_ready(&consumer->hand, now_ms) != NULL) {
        if (consumer->forward_due_ms == 0) {
            consumer->forward_due_ms = now_ms + consumer_gather_ms(consumer, GATHER_MS, GATHER_MAX_MS);
        }
        if (consumer->hand.ready_count < GATHER_FULL && now_ms < consumer->forward_due_ms) {
            return;
        }
        if (!send_forward(consumer, false, now_ms, boot_ms)) {
            return;
        }
        consumer->forward_due_ms = 0;
    }
}

void consumer_forward_pump(struct consumer *consumer, int64_t now_ms, int64_t boot_ms)
{
    if (consumer->phase != CONSUMER_RUNNING) {
        return;
    }
    switch (circuit_step(&consumer->circuit, now_ms)) {
    case CIRCUIT_FORWARD:
        forward_ready(consumer, now_ms, boot_ms);
        break;
    case CIRCUIT_PROBE:
        circuit_probe_sent(&consumer->circuit);
        consumer->probe = gateway_ask_ready(consumer->options.gateway, now_ms + PROBE_MS, on_probed, consumer);
        break;
    case CIRCUIT_TRY_ONE:
        if (send_forward(consumer, true, now_ms, boot_ms)) {
            circuit_try_sent(&consumer->circuit);
        }
        break;
    case CIRCUIT_WAIT:
        break;
    }
}

int64_t consumer_forward_next_ms(const struct consumer *consumer, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    if (consumer->phase != CONSUMER_RUNNING) {
        return INT64_MAX;
    }
    if (consumer->circuit.state == CIRCUIT_OPEN || now_ms < consumer->circuit.slow_ms) {
        next_ms = circuit_next_ms(&consumer->circuit);
    }
    if (consumer->forward_due_ms > now_ms && consumer->forward_calls < FORWARDS_MAX &&
        consumer->forward_due_ms < next_ms) {
        next_ms = consumer->forward_due_ms;
    }
    int64_t ready_ms = hand_next_ready_ms(&consumer->hand, now_ms);
    return ready_ms < next_ms ? ready_ms : next_ms;
}

void consumer_forward_give_up(struct consumer *consumer)
{
    if (consumer->probe != NULL) {
        http_call_cancel(consumer->probe);
        consumer->probe = NULL;
    }
    struct list *node = consumer->forwards.next;
    while (node != &consumer->forwards) {
        struct forward_call *forward = LIST_ITEM(node, struct forward_call, link);
        node = node->next;
        http_call_cancel(forward->call);
        put_all_back(consumer, forward, false);
        forward_end(forward);
    }
}

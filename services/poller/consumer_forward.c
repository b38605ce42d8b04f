/* Forwarding to the gateway: what goes together, what its answers mean, the circuits. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/memory.h"
#include "consumer_internal.h"

#define FORWARD_MS 15000       /* how long an events request may take */
#define FORWARD_MIN_MS 300     /* with less of the lease left a message is not sent */
#define FORWARDS_MAX 8         /* events requests at once, of each route */
#define PROBE_MS 5000
#define GATHER_FULL 10         /* so many ready messages are sent at once */
#define GATHER_MS 2            /* fewer wait so long for others, up to */
#define GATHER_MAX_MS 30
#define RETRY_FIRST_MS 1000    /* of a message that alone fails; doubled each time */
#define RETRY_MAX_MS 60000

struct outlet *consumer_outlet_of(const struct consumer *consumer, const struct message *message)
{
    return message->line < consumer->outlet_count ? &consumer->outlets[message->line] : NULL;
}

const char *consumer_route_name(const struct consumer *consumer, const struct message *message)
{
    return message->line < consumer->outlet_count ? consumer->outlets[message->line].route->name : NULL;
}

void consumer_outlets_init(struct consumer *consumer)
{
    consumer->outlet_count = consumer->options.route_count;
    consumer->outlets = memory_alloc_array(consumer->outlet_count, sizeof *consumer->outlets);
    for (size_t i = 0; i < consumer->outlet_count; i++) {
        struct outlet *outlet = &consumer->outlets[i];
        outlet->consumer = consumer;
        outlet->route = consumer->options.routes[i];
        outlet->line = i;
        outlet->circuit_open = consumer_metrics_circuit(&consumer->metrics, outlet->route->name);
        circuit_init(&outlet->circuit, CIRCUIT_JITTER);
    }
}

bool consumer_circuits_are_closed(const struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->outlet_count; i++) {
        if (!circuit_is_closed(&consumer->outlets[i].circuit)) {
            return false;
        }
    }
    return true;
}

static void forward_end(struct forward_call *forward)
{
    struct consumer *consumer = forward->consumer;
    for (size_t i = 0; i < forward->count; i++) {
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

static void log_started(const struct outlet *outlet, const struct message *message, const struct event_result *result)
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
              LOG_INTEGER("attempt", message->attempt));
}

static void remember_run(struct message *message, const struct event_result *result)
{
    bool is_other_run = message->run_id == NULL || strcmp(message->run_id, result->run_id) != 0;
    free(message->watch.workflow_id);
    free(message->watch.first_run_id);
    free(message->run_id);
    message->watch.workflow_id = memory_copy_string(result->workflow_id);
    message->watch.first_run_id = memory_copy_string(result->first_run_id);
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
    remember_run(message, result);
    log_started(outlet, message, result);
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
        hand_put_back(&consumer->hand, message);
        if (circuit_failed(&outlet->circuit, retry_after_ms, clock_monotonic_ms())) {
            log_circuit(outlet, true, reason);
        }
    }
}

static void put_all_back(struct forward_call *forward, bool must_go_alone)
{
    for (size_t i = 0; i < forward->count; i++) {
        struct message *message = forward->messages[i];
        if (message->state == MESSAGE_FORWARDING) {
            message->must_go_alone = message->must_go_alone || must_go_alone;
            hand_put_back(&forward->consumer->hand, message);
        }
    }
}

static void on_forwarded(void *user, const struct http_response *response, const struct error *error)
{
    struct forward_call *forward = user;
    struct consumer *consumer = forward->consumer;
    struct circuit *circuit = &forward->outlet->circuit;
    struct event_results results = {0};
    struct error problem = {0};
    char reason[ERROR_TEXT_SIZE];
    int64_t now_ms = clock_monotonic_ms();
    int64_t retry_after_ms = gateway_retry_after_ms(response);
    struct message *first = forward->messages[0];
    FAILPOINT("poller.forwarded");
    metric_histogram_observe(consumer->metrics.forward_seconds, (double)(now_ms - forward->sent_ms) / 1000.0);
    gateway_note_answer(consumer->options.gateway, response);
    gateway_describe(response, error, reason, sizeof reason);
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
        put_all_back(forward, true);
        break;
    case FORWARD_REJECTED:
        if (first->state == MESSAGE_FORWARDING) {
            consumer_reject(consumer, first, "too_large", "it is over the gateway's limit for a request");
        }
        break;
    case FORWARD_SLOWED:
        put_all_back(forward, false);
        circuit_slowed(circuit, retry_after_ms, now_ms);
        break;
    case FORWARD_TARGET_FAILED:
        target_failed(forward, reason, retry_after_ms);
        break;
    }
    circuit_try_void(circuit); /* of a try that neither was accepted nor failed */
    forward_end(forward);
    consumer_wake(consumer);
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static bool add_event(struct outlet *outlet, struct forward_call *forward, struct message *message,
                      struct buffer *body)
{
    struct consumer *consumer = outlet->consumer;
    struct error error = {0};
    if (message->delivery->is_damaged) { /* a copy that came while it was in hand */
        consumer_leave(consumer, message, lease_return_seconds(message->delivery->receive_count), "damaged");
        return false;
    }
    enum status status =
        events_append(body, message, consumer->queue->envelope, consumer->quoted_source, forward->count == 0, &error);
    if (status != STATUS_OK) {
        /* Only a message whose texts are not UTF-8, over the limit by itself, or not in its envelope comes here. */
        consumer_reject(consumer, message, events_reject_class(status), error.text);
        return false;
    }
    if (message->failures == 0) {
        message->accepted_before = outlet->circuit.accepted;
    }
    if (message->asks_attempt) {
        metric_counter_add(consumer->metrics.attempts, 1);
        FAILPOINT("poller.attempting");
    }
    message->tried_in = outlet->circuit.opening;
    hand_forward(&consumer->hand, message);
    forward->messages[forward->count++] = message_acquire(message);
    return true;
}

static struct message *next_to_send(struct outlet *outlet, bool is_try, int64_t now_ms, int64_t boot_ms)
{
    const struct hand *hand = &outlet->consumer->hand;
    for (;;) {
        struct message *message = is_try ? hand_first_untried(hand, outlet->line, outlet->circuit.opening) : NULL;
        if (message == NULL) {
            message = hand_first_ready(hand, outlet->line, now_ms);
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

static void gather_events(struct outlet *outlet, struct forward_call *forward, bool is_try, int64_t now_ms,
                          int64_t boot_ms, struct buffer *body, int64_t *out_budget_ms)
{
    size_t most = is_try ? 1 : EVENTS_BATCH_MAX;
    int64_t budget_ms = FORWARD_MS;
    while (forward->count < most) {
        struct message *message = next_to_send(outlet, is_try, now_ms, boot_ms);
        if (message == NULL || (forward->count > 0 && message->must_go_alone) ||
            (forward->count > 0 && body->length + message->delivery->json_length > EVENTS_BATCH_BYTES)) {
            break;
        }
        if (!add_event(outlet, forward, message, body)) {
            continue;
        }
        int64_t left_ms = lease_call_budget_ms(&message->lease, boot_ms);
        budget_ms = left_ms < budget_ms ? left_ms : budget_ms;
        if (message->must_go_alone) {
            break;
        }
    }
    *out_budget_ms = budget_ms;
}

/* Sends one request with what is ready; false: nothing was. */
static bool send_forward(struct outlet *outlet, bool is_try, int64_t now_ms, int64_t boot_ms)
{
    struct consumer *consumer = outlet->consumer;
    struct forward_call *forward = memory_alloc(sizeof *forward);
    struct buffer body;
    int64_t budget_ms = 0;
    buffer_init(&body, EVENTS_REQUEST_MAX);
    CHECK(buffer_append_string(&body, "["));
    list_init(&forward->link);
    gather_events(outlet, forward, is_try, now_ms, boot_ms, &body, &budget_ms);
    bool is_sent = forward->count > 0;
    if (is_sent) {
        CHECK(buffer_append_string(&body, "]"));
        forward->consumer = consumer;
        forward->outlet = outlet;
        forward->sent_ms = now_ms;
        list_append(&consumer->forwards, &forward->link);
        outlet->forward_calls++;
        consumer->forward_calls++;
        forward->call = gateway_send_events(consumer->options.gateway, outlet->route->name, body.data, body.length,
                                            now_ms + budget_ms, on_forwarded, forward);
        FAILPOINT("poller.forwarding");
    } else {
        free(forward);
    }
    buffer_deinit(&body);
    return is_sent;
}

static void on_probed(void *user, const struct http_response *response, const struct error *error)
{
    struct outlet *outlet = user;
    (void)error; /* not ready, whatever it says */
    outlet->probe = NULL;
    circuit_probe_answered(&outlet->circuit, response != NULL && response->status == 200, clock_monotonic_ms());
    consumer_wake(outlet->consumer);
}

static void forward_ready(struct outlet *outlet, int64_t now_ms, int64_t boot_ms)
{
    struct consumer *consumer = outlet->consumer;
    while (outlet->forward_calls < FORWARDS_MAX && hand_first_ready(&consumer->hand, outlet->line, now_ms) != NULL) {
        if (outlet->forward_due_ms == 0) {
            outlet->forward_due_ms = now_ms + consumer_gather_ms(consumer, GATHER_MS, GATHER_MAX_MS);
        }
        if (consumer->hand.lines[outlet->line].count < GATHER_FULL && now_ms < outlet->forward_due_ms) {
            return;
        }
        if (!send_forward(outlet, false, now_ms, boot_ms)) {
            return;
        }
        outlet->forward_due_ms = 0;
    }
}

static void outlet_pump(struct outlet *outlet, int64_t now_ms, int64_t boot_ms)
{
    switch (circuit_step(&outlet->circuit, now_ms)) {
    case CIRCUIT_FORWARD:
        forward_ready(outlet, now_ms, boot_ms);
        break;
    case CIRCUIT_PROBE:
        circuit_probe_sent(&outlet->circuit);
        outlet->probe =
            gateway_ask_ready(outlet->consumer->options.gateway, now_ms + PROBE_MS, on_probed, outlet);
        break;
    case CIRCUIT_TRY_ONE:
        if (send_forward(outlet, true, now_ms, boot_ms)) {
            circuit_try_sent(&outlet->circuit);
        }
        break;
    case CIRCUIT_WAIT:
        break;
    }
}

void consumer_forward_pump(struct consumer *consumer, int64_t now_ms, int64_t boot_ms)
{
    if (consumer->phase != CONSUMER_RUNNING || consumer->is_paused) {
        return;
    }
    for (size_t i = 0; i < consumer->outlet_count; i++) {
        outlet_pump(&consumer->outlets[i], now_ms, boot_ms);
    }
}

static int64_t outlet_next_ms(const struct outlet *outlet, int64_t now_ms)
{
    const struct circuit *circuit = &outlet->circuit;
    int64_t next_ms = INT64_MAX;
    if (circuit->state == CIRCUIT_OPEN || now_ms < circuit->slow_ms) {
        next_ms = circuit_next_ms(circuit);
    }
    if (outlet->forward_due_ms > now_ms && outlet->forward_calls < FORWARDS_MAX && outlet->forward_due_ms < next_ms) {
        next_ms = outlet->forward_due_ms;
    }
    int64_t ready_ms = hand_next_ready_ms(&outlet->consumer->hand, outlet->line, now_ms);
    return ready_ms < next_ms ? ready_ms : next_ms;
}

int64_t consumer_forward_next_ms(const struct consumer *consumer, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    if (consumer->phase != CONSUMER_RUNNING || consumer->is_paused) {
        return INT64_MAX;
    }
    for (size_t i = 0; i < consumer->outlet_count; i++) {
        int64_t of_outlet_ms = outlet_next_ms(&consumer->outlets[i], now_ms);
        next_ms = of_outlet_ms < next_ms ? of_outlet_ms : next_ms;
    }
    return next_ms;
}

void consumer_probes_give_up(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->outlet_count; i++) {
        struct outlet *outlet = &consumer->outlets[i];
        if (outlet->probe != NULL) {
            http_call_cancel(outlet->probe);
            outlet->probe = NULL;
        }
    }
}

void consumer_forward_give_up(struct consumer *consumer)
{
    consumer_probes_give_up(consumer);
    struct list *node = consumer->forwards.next;
    while (node != &consumer->forwards) {
        struct forward_call *forward = LIST_ITEM(node, struct forward_call, link);
        node = node->next;
        http_call_cancel(forward->call);
        put_all_back(forward, false);
        forward_end(forward);
    }
}

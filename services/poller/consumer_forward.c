/* Forwarding to the gateway: what goes together, and when. What its answers mean is in consumer_answer.c. */
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/memory.h"
#include "consumer_internal.h"
#include "messages/message_event.h"

#define FORWARD_MS 15000       /* how long an events request may take */
#define FORWARD_MIN_MS 300     /* with less of the lease left a message is not sent */
#define FORWARDS_MAX 8         /* events requests at once, of each route */
#define PROBE_MS 5000
#define GATHER_FULL 10         /* so many ready messages are sent at once */
#define GATHER_MS 2            /* fewer wait so long for others, up to */
#define GATHER_MAX_MS 30

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
    message_trace_forward(message, outlet->route->name, outlet->route->workflow);
    const struct message_event event = {
        .message = message->delivery,
        .envelope = consumer->queue->envelope,
        .quoted_source = consumer->quoted_source,
        .after = message->asks_attempt ? message->run_id : NULL,
        .is_anew = message->asks_anew,
        .context = message_trace_step_context(message),
    };
    enum status status = message_event_append(body, &event, forward->count == 0, &error);
    if (status != STATUS_OK) {
        /* Only a message whose texts are not UTF-8, over the limit by itself, or not in its envelope comes here. */
        const char *class = message_event_reject_class(status);
        message_trace_step_fail(message, class, error.text);
        message_trace_step_end(message, 0);
        consumer_reject(consumer, message, class, error.text);
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
                                            message_trace_step_context(forward->messages[0]), now_ms + budget_ms,
                                            consumer_on_forwarded, forward);
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

static void probe_give_up(struct outlet *outlet)
{
    if (outlet->probe != NULL) {
        http_call_cancel(outlet->probe);
        outlet->probe = NULL;
    }
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
        probe_give_up(outlet); /* of its last opening: a request from before had closed it meanwhile */
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
        probe_give_up(&consumer->outlets[i]);
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
        consumer_forward_put_back(forward, false);
        consumer_forward_end(forward);
    }
}

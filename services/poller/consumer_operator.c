/* See consumer_operator.h. */
#include "consumer_operator.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "consumer_internal.h"

const char *operator_order_name(enum operator_order order)
{
    static const char *const names[] = {
        [OPERATOR_RETRY] = "retry", [OPERATOR_SKIP] = "skip", [OPERATOR_DEAD_LETTER] = "dead-letter"};
    return names[order];
}

const char *consumer_name(const struct consumer *consumer)
{
    return consumer->name;
}

static void set(json_t *object, const char *name, json_t *take)
{
    CHECK(json_object_set_new(object, name, take) == 0);
}

/* "" and NULL are left out, and what is not UTF-8. */
static void set_text(json_t *object, const char *name, const char *text)
{
    json_t *value = text != NULL && text[0] != '\0' ? json_string(text) : NULL;
    if (value != NULL) {
        set(object, name, value);
    }
}

/* --- the queue ---------------------------------------------------------------------------------------------------- */

static const char *circuit_name(const struct circuit *circuit)
{
    static const char *const names[] = {
        [CIRCUIT_CLOSED] = "closed",   [CIRCUIT_OPEN] = "open",     [CIRCUIT_PROBING] = "probing",
        [CIRCUIT_READY] = "half_open", [CIRCUIT_TRYING] = "half_open",
    };
    return names[circuit->state];
}

json_t *consumer_describe(const struct consumer *consumer)
{
    const struct hand *hand = &consumer->hand;
    json_t *object = json_object();
    json_t *routes = json_array();
    json_t *circuits = json_object();
    set_text(object, "name", consumer->name);
    set_text(object, "url", consumer->queue->url);
    for (size_t i = 0; i < consumer->outlet_count; i++) {
        const struct outlet *outlet = &consumer->outlets[i];
        CHECK(json_array_append_new(routes, json_string(outlet->route->name)) == 0);
        set_text(circuits, outlet->route->name, circuit_name(&outlet->circuit));
    }
    set(object, "routes", routes);
    set(object, "ordered", json_boolean(hand->lanes != NULL));
    set(object, "paused", json_boolean(consumer->is_paused));
    set(object, "circuits", circuits);
    set(object, "inHand",
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "held", (json_int_t)hand->held, "forwarding",
                  (json_int_t)hand->forwarding, "running", (json_int_t)hand->running, "resting",
                  (json_int_t)hand->resting, "deadLettering", (json_int_t)hand->dead_lettering, "settling",
                  (json_int_t)hand->settling));
    set(object, "leaving", json_integer((json_int_t)consumer->return_waiting));
    set(object, "oldestSeconds", json_integer((json_int_t)consumer_oldest_seconds(consumer)));
    set_text(object, "problem", consumer_problem(consumer));
    return object;
}

/* --- its lanes ---------------------------------------------------------------------------------------------------- */

/* Why a message is where it is, in one word. */
static const char *reason_of(const struct consumer *consumer, const struct message *message)
{
    const struct outlet *outlet = consumer_outlet_of(consumer, message);
    if (message->state == MESSAGE_RESTING || message->state == MESSAGE_DEAD_LETTERING) {
        return message->setback != NULL ? message->setback->reason : "unknown";
    }
    if (message->state == MESSAGE_GONE) {
        return message->leave_reason;
    }
    if (message->state != MESSAGE_HELD) {
        return message_state_name(message->state);
    }
    if (outlet != NULL && !circuit_is_closed(&outlet->circuit)) {
        return "circuit_open";
    }
    return message->stuck_reason != NULL ? message->stuck_reason : "waiting";
}

/* -1: it waits for no time. */
static int64_t next_try_ms(const struct message *message)
{
    int64_t left_ms = message->not_before_ms - clock_monotonic_ms();
    if (message->state == MESSAGE_GONE) {
        left_ms = message->lease.deadline_ms - clock_boottime_ms();
    } else if (message->state != MESSAGE_RESTING && (message->state != MESSAGE_HELD || left_ms <= 0)) {
        return -1;
    }
    return left_ms > 0 ? left_ms : 0;
}

static json_t *describe_message(const struct consumer *consumer, const struct message *message)
{
    json_t *object = json_object();
    int64_t sent_ms = message->delivery->sent_timestamp_ms;
    bool rests = message->state == MESSAGE_RESTING;
    set_text(object, "messageId", message_id(message));
    set_text(object, "route", consumer_route_name(consumer, message));
    set_text(object, "state", message->state == MESSAGE_GONE ? "returned" : message_state_name(message->state));
    set_text(object, "reason", reason_of(consumer, message));
    if (rests || message->state == MESSAGE_DEAD_LETTERING) {
        set_text(object, "next", message->step == MESSAGE_STEP_ATTEMPT ? "attempt" : "dead_letter");
        set_text(object, "trouble", message->stuck_reason);
    }
    if (message->setback != NULL) {
        set_text(object, "detail", message->setback->detail);
        set_text(object, "failureType", message->setback->failure_type);
    }
    if (sent_ms > 0) {
        int64_t age_ms = clock_wall_ms() - sent_ms;
        set(object, "ageSeconds", json_integer((json_int_t)(age_ms > 0 ? age_ms / 1000 : 0)));
    }
    set(object, "receiveCount", json_integer((json_int_t)message->delivery->receive_count));
    if (message->attempt > 0) {
        set(object, "attempt", json_integer((json_int_t)message->attempt));
    }
    set_text(object, "workflowId", message->watch.workflow_id);
    set_text(object, "runId", message->run_id);
    if (next_try_ms(message) >= 0) {
        set(object, "nextTryMs", json_integer((json_int_t)next_try_ms(message)));
    }
    return object;
}

struct row {
    const struct message *head;
    size_t depth;
};

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left;
    const struct row *b = right;
    int64_t a_ms = a->head->delivery->sent_timestamp_ms;
    int64_t b_ms = b->head->delivery->sent_timestamp_ms;
    return (a_ms > b_ms) - (a_ms < b_ms);
}

static bool is_stuck(const struct message *message)
{
    return message->state == MESSAGE_RESTING || message->state == MESSAGE_DEAD_LETTERING ||
           message->stuck_reason != NULL || message->failures > 0;
}

static size_t depth_of(const struct lane *lane)
{
    size_t depth = 0;
    for (const struct list *node = lane->messages.next; node != &lane->messages; node = node->next) {
        depth++;
    }
    return depth;
}

static size_t gather_rows(const struct consumer *consumer, struct row *rows)
{
    const struct hand *hand = &consumer->hand;
    size_t count = 0;
    for (const struct message *message = hand_first_lease(hand); message != NULL;
         message = hand_next_lease(hand, message)) {
        const struct lane *lane = message->lane;
        if (lane != NULL && lane->messages.next == &message->in_lane) {
            rows[count++] = (struct row){.head = message, .depth = depth_of(lane)};
        } else if (lane == NULL && is_stuck(message)) {
            rows[count++] = (struct row){.head = message, .depth = 1};
        }
    }
    for (struct list *node = consumer->returned.next; node != &consumer->returned; node = node->next) {
        const struct message *message = LIST_ITEM(node, struct message, in_work);
        if (!lease_has_lapsed(&message->lease, clock_boottime_ms())) {
            rows[count++] = (struct row){.head = message, .depth = 1};
        }
    }
    return count;
}

json_t *consumer_describe_lanes(const struct consumer *consumer, size_t limit)
{
    json_t *lanes = json_array();
    struct row *rows = memory_alloc_array(hand_count(&consumer->hand) + consumer->returned_count + 1, sizeof *rows);
    size_t count = gather_rows(consumer, rows);
    qsort(rows, count, sizeof *rows, compare_rows);
    for (size_t i = 0; i < count && i < limit; i++) {
        json_t *lane = json_object();
        set_text(lane, "group", consumer->hand.lanes != NULL ? message_group(rows[i].head) : NULL);
        set(lane, "depth", json_integer((json_int_t)rows[i].depth));
        set(lane, "head", describe_message(consumer, rows[i].head));
        CHECK(json_array_append_new(lanes, lane) == 0);
    }
    free(rows);
    return lanes;
}

/* --- orders ------------------------------------------------------------------------------------------------------- */

void consumer_set_paused(struct consumer *consumer, bool is_paused)
{
    if (consumer->is_paused != is_paused) {
        consumer->is_paused = is_paused;
        metric_gauge_set(consumer->metrics.paused, is_paused);
        log_event(LOG_LEVEL_WARN, is_paused ? "queue paused by an operator" : "queue resumed by an operator",
                  LOG_STRING("queue", consumer->name));
    }
    consumer_wake(consumer);
}

static enum status refuse(struct error *error, const char *why)
{
    return error_set(error, STATUS_FAILED_PRECONDITION, "%s", why);
}

/* What holds for all orders, but that a message can be deleted while the queue is paused. */
static enum status check_order(const struct consumer *consumer, const struct message *message,
                               enum operator_order order, struct error *error)
{
    const struct lane *lane = message->lane;
    if (consumer->phase != CONSUMER_RUNNING) {
        return refuse(error, "the poller is stopping");
    }
    if (consumer->is_paused && order != OPERATOR_SKIP) { /* it would be handed back before anything is done to it */
        return refuse(error, "the queue is paused: resume it first");
    }
    if (lane != NULL && lane->messages.next != &message->in_lane) {
        const struct message *head = LIST_ITEM(lane->messages.next, struct message, in_lane);
        return error_set(error, STATUS_FAILED_PRECONDITION, "it waits in its group behind message %s: look at that one",
                         message_id(head));
    }
    if (message->state == MESSAGE_HELD && !hand_is_ready(message)) {
        return refuse(error, "a later message of its group is under way, which was received first: try again later");
    }
    switch (message->state) {
    case MESSAGE_FORWARDING:
        return refuse(error, "it is being handed to the gateway: try again in a moment");
    case MESSAGE_DEAD_LETTERING:
        return refuse(error, "its dead letter is being sent: try again in a moment");
    case MESSAGE_SETTLING:
    case MESSAGE_GONE:
        return refuse(error, "it is being deleted");
    case MESSAGE_HELD:
    case MESSAGE_RUNNING:
    case MESSAGE_RESTING:
        break;
    }
    return STATUS_OK;
}

static enum status retry(struct consumer *consumer, struct message *message, struct error *error)
{
    if (message->state == MESSAGE_RUNNING) {
        return refuse(error, "its run is open: cancel or terminate the workflow first, or skip the message");
    }
    if (consumer_outlet_of(consumer, message) == NULL) {
        return refuse(error, "no route of the queue takes it: change the configuration, or skip it");
    }
    message->failures = 0;
    message->alone_failures = 0;
    message->asks_anew = message->run_id != NULL;
    message->is_dead_letter_bare = false;
    message->dead_letter_tries = 0;
    if (message->state == MESSAGE_RESTING) {
        consumer_rest_change(consumer, message, MESSAGE_STEP_ATTEMPT);
    } else if (message->run_id != NULL && !message->asks_attempt) { /* it was returned */
        consumer_rest(consumer, message, MESSAGE_STEP_ATTEMPT, clock_monotonic_ms());
    } else {
        message->not_before_ms = 0;
    }
    return STATUS_OK;
}

static void stop_waiting(struct consumer *consumer, struct message *message)
{
    waiter_remove(consumer->options.waiter, &message->watch); /* harmless when it is not waited for */
}

static enum status send_dead_letter(struct consumer *consumer, struct message *message, struct error *error)
{
    const struct setback *before = message->setback;
    if (consumer_dead_letter_url(consumer, message) == NULL) {
        return refuse(error, "no dead-letter queue is set for it: set dead_letter_queue, or skip the message");
    }
    char *type = before != NULL ? memory_copy_string(before->failure_type) : NULL;
    char *text = before != NULL ? memory_copy_string(before->failure_message) : NULL;
    char *detail = memory_format("sent here by an operator; it was %s%s%s", message_state_name(message->state),
                                 before != NULL ? ": " : "", before != NULL ? before->reason : "");
    message_set_setback(message, "operator", detail, type, text);
    free(detail);
    free(text);
    free(type);
    stop_waiting(consumer, message);
    if (message->state == MESSAGE_RESTING) {
        consumer_rest_change(consumer, message, MESSAGE_STEP_DEAD_LETTER);
    } else {
        consumer_rest(consumer, message, MESSAGE_STEP_DEAD_LETTER, clock_monotonic_ms());
    }
    return STATUS_OK;
}

/* A message that was returned is hidden at SQS for its visibility, and its handle is still good: an order brings it
 * into hand again. Whether nobody else has it by now is seen when its lease is renewed, or by the delete. */
static struct message *take_back(struct consumer *consumer, const char *id)
{
    struct message *message = consumer_returned_find(consumer, id);
    if (message == NULL || lease_has_lapsed(&message->lease, clock_boottime_ms())) {
        return NULL;
    }
    consumer_returned_take_back(consumer, message);
    message->is_taken_back = true;
    return message;
}

/* The order was refused: it goes as it was. */
static void give_back(struct consumer *consumer, struct message *message)
{
    if (message->is_taken_back) {
        int64_t left_ms = message->lease.deadline_ms - clock_boottime_ms();
        consumer_leave(consumer, message, left_ms > 1000 ? (int)(left_ms / 1000) : 0, message->leave_reason);
    }
}

enum status consumer_order(struct consumer *consumer, const char *id, enum operator_order order, struct error *error)
{
    struct message *message = hand_find(&consumer->hand, id);
    const char *state = message != NULL ? message_state_name(message->state) : "returned";
    if (message == NULL && consumer->phase == CONSUMER_RUNNING && !consumer->is_paused) {
        message = take_back(consumer, id);
    }
    if (message == NULL) {
        return error_set(error, STATUS_NOT_FOUND,
                         "this process neither holds the message nor has returned it lately");
    }
    enum status status = check_order(consumer, message, order, error);
    if (status == STATUS_OK && order == OPERATOR_RETRY) {
        status = retry(consumer, message, error);
    } else if (status == STATUS_OK && order == OPERATOR_DEAD_LETTER) {
        status = send_dead_letter(consumer, message, error);
    }
    if (status != STATUS_OK) {
        give_back(consumer, message);
        return status;
    }
    log_event(LOG_LEVEL_WARN, "an operator has spoken", LOG_STRING("queue", consumer->name),
              LOG_STRING("order", operator_order_name(order)),
              LOG_STRING("route", consumer_route_name(consumer, message)),
              LOG_STRING("message_id", message_id(message)), LOG_STRING("group", message_group(message)),
              LOG_STRING("workflow_id", message->watch.workflow_id), LOG_STRING("run_id", message->run_id),
              LOG_STRING("state", state));
    consumer_metrics_order(&consumer->metrics, operator_order_name(order));
    message->is_taken_back = false;
    if (order == OPERATOR_SKIP) {
        stop_waiting(consumer, message);
        consumer_settle(consumer, message, false);
    }
    consumer_wake(consumer);
    return STATUS_OK;
}

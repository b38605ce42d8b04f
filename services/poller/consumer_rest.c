/* Messages that rest: between a run that failed and the next attempt, before a dead letter, and between two tries of
 * one. The lane stays blocked. Whatever follows, the lease is renewed first: a refusal means that the message is
 * somebody else's now, or that the activity has deleted it, and then nothing follows here. */
#include "base/check.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "consumer_internal.h"

#define AGAIN_MS 1000       /* after a renewal that may succeed later */
#define DEAD_LETTERS_MAX 32 /* sends at once */

static struct message *message_of(struct list *node)
{
    return LIST_ITEM(node, struct message, in_work);
}

static void queue_rest(struct consumer *consumer, struct message *message, int64_t due_ms)
{
    struct list *before = &consumer->resting;
    CHECK(message->state == MESSAGE_RESTING && list_is_empty(&message->in_work));
    message->not_before_ms = due_ms;
    message->is_rest_over = false;
    while (before->previous != &consumer->resting && message_of(before->previous)->not_before_ms > due_ms) {
        before = before->previous;
    }
    list_insert_before(before, &message->in_work);
    consumer_wake(consumer);
}

void consumer_rest(struct consumer *consumer, struct message *message, enum message_step step, int64_t due_ms)
{
    hand_rest(&consumer->hand, message);
    message->step = step;
    queue_rest(consumer, message, due_ms);
}

void consumer_rest_change(struct consumer *consumer, struct message *message, enum message_step step)
{
    CHECK(message->state == MESSAGE_RESTING);
    message->step = step;
    if (!message->is_rest_over) { /* else the renewal is under way, and this step follows it */
        list_remove(&message->in_work);
        queue_rest(consumer, message, clock_monotonic_ms());
    }
}

void consumer_rest_pump(struct consumer *consumer, int64_t now_ms, int64_t boot_ms)
{
    struct batch_call *batch = NULL;
    struct list *node = consumer->resting.next;
    size_t dead_letters = consumer->dead_letter_calls;
    if (consumer->phase != CONSUMER_RUNNING || consumer->is_paused) {
        return; /* what rests is handed back */
    }
    while (node != &consumer->resting && message_of(node)->not_before_ms <= now_ms) {
        struct message *message = message_of(node);
        node = node->next;
        int seconds = lease_visibility_to_ask(&message->lease, consumer->visibility_seconds, boot_ms);
        if (message->is_renewing || seconds == 0) {
            continue; /* the end of that renewal wakes the pump; or its 12 h are over, and it lapses */
        }
        if (message->step == MESSAGE_STEP_DEAD_LETTER && dead_letters++ >= DEAD_LETTERS_MAX) {
            continue; /* the end of a send wakes the pump */
        }
        if (batch == NULL) {
            batch = consumer_batch_new(consumer, &consumer->renew_calls);
            batch->ends_rest = true;
        }
        list_remove(&message->in_work);
        message->is_renewing = true;
        message->is_rest_over = true;
        consumer_batch_add(batch, message, seconds);
        if (batch->count == SQS_BATCH_MAX) {
            consumer_renew(batch, now_ms, boot_ms);
            batch = NULL;
        }
    }
    if (batch != NULL) {
        consumer_renew(batch, now_ms, boot_ms);
    }
}

int64_t consumer_rest_next_ms(const struct consumer *consumer, int64_t now_ms)
{
    if (consumer->phase != CONSUMER_RUNNING || consumer->is_paused) {
        return INT64_MAX;
    }
    for (struct list *node = consumer->resting.next; node != &consumer->resting; node = node->next) {
        if (message_of(node)->not_before_ms > now_ms) {
            return message_of(node)->not_before_ms;
        }
    }
    return INT64_MAX;
}

void consumer_rest_renewed(struct consumer *consumer, struct message *message)
{
    message->is_rest_over = false;
    if (consumer->phase != CONSUMER_RUNNING || consumer->is_paused) {
        queue_rest(consumer, message, clock_monotonic_ms()); /* and from there it is handed back */
        return;
    }
    if (message->delivery->is_damaged) { /* a copy that came while it was in hand */
        consumer_leave(consumer, message, lease_return_seconds(message->delivery->receive_count), "damaged");
    } else if (message->step == MESSAGE_STEP_ATTEMPT) {
        message->asks_attempt = message->run_id != NULL; /* an operator may retry what was never started */
        message->not_before_ms = 0;
        hand_wake(&consumer->hand, message);
    } else {
        consumer_dead_letter_send(consumer, message);
    }
}

void consumer_rest_refused(struct consumer *consumer, struct message *message)
{
    const struct outlet *outlet = consumer_outlet_of(consumer, message);
    bool is_workers = outlet != NULL && outlet->route->ack == SETTINGS_ACK_WORKER && message->run_id != NULL;
    const char *reason = is_workers ? "failed_after_delete" : "handle_refused";
    log_event(LOG_LEVEL_WARN,
              message->step == MESSAGE_STEP_ATTEMPT ? "no further attempt: the message is not ours any more"
                                                    : "no dead letter: the message is not ours any more",
              LOG_STRING("queue", consumer->name), LOG_STRING("route", consumer_route_name(consumer, message)),
              LOG_STRING("message_id", message_id(message)), LOG_STRING("workflow_id", message->watch.workflow_id),
              LOG_STRING("run_id", message->run_id), LOG_INTEGER("attempt", message->attempt),
              LOG_STRING("reason", reason));
    consumer_leave(consumer, message, LEAVE_AS_IS, reason);
}

void consumer_rest_again(struct consumer *consumer, struct message *message)
{
    queue_rest(consumer, message, clock_monotonic_ms() + AGAIN_MS);
}

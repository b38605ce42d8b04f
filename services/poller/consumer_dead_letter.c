/* Dead letters: sent, tried again while their queue is in trouble, and the message deleted only when SQS has confirmed.
 * Nothing is dropped: a message whose dead letter cannot be sent stays in hand, leased, at the head of its lane. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/memory.h"
#include "consumer_internal.h"
#include "dead_letter.h"

#define AGAIN_FIRST_MS 1000 /* after a send that failed; doubled each time */
#define AGAIN_MAX_MS 60000

const char *consumer_dead_letter_url(const struct consumer *consumer, const struct message *message)
{
    return routing_dead_letter_queue(&consumer->routing, message->line);
}

static void call_end(struct dead_letter_call *call)
{
    list_remove(&call->link);
    call->consumer->dead_letter_calls--;
    message_release(call->message);
    free(call);
}

static int64_t again_delay_ms(const struct message *message, int64_t retry_after_ms)
{
    int64_t delay_ms = AGAIN_FIRST_MS;
    for (unsigned i = 1; i < message->dead_letter_tries && delay_ms < AGAIN_MAX_MS; i++) {
        delay_ms *= 2;
    }
    delay_ms = retry_after_ms > delay_ms ? retry_after_ms : delay_ms;
    return delay_ms < AGAIN_MAX_MS ? delay_ms : AGAIN_MAX_MS;
}

static void confirmed(struct consumer *consumer, struct message *message)
{
    const char *reason = message->setback != NULL ? message->setback->reason : "unknown";
    consumer_metrics_dead_letter(&consumer->metrics, reason);
    log_event(LOG_LEVEL_WARN, "dead letter sent", LOG_STRING("queue", consumer->name),
              LOG_STRING("route", consumer_route_name(consumer, message)),
              LOG_STRING("message_id", message_id(message)), LOG_STRING("group", message_group(message)),
              LOG_STRING("workflow_id", message->watch.workflow_id), LOG_STRING("run_id", message->run_id),
              LOG_STRING("reason", reason), LOG_INTEGER("attempt", message->attempt),
              LOG_STRING("dead_letter_queue", consumer_dead_letter_url(consumer, message)),
              LOG_BOOLEAN("described", !message->is_dead_letter_bare),
              LOG_STRING("trace_id", message_trace_id(message)),
              LOG_STRING("span_id", message_trace_span_id(message)));
    FAILPOINT("poller.dead_lettered");
    message->stuck_reason = NULL;
    message->dead_letter_tries = 0;
    consumer_settle(consumer, message, false);
}

static void failed(struct consumer *consumer, struct message *message, const struct sqs_error *error)
{
    int64_t suppressed = 0;
    const char *class = sqs_error_class_name(error->class);
    consumer_metrics_dead_letter_failed(&consumer->metrics, class);
    if (log_limiter_allows(&consumer->dead_letter_limiter, LOG_INTERVAL_MS, &suppressed)) {
        log_event(LOG_LEVEL_ERROR, "sending a dead letter failed", LOG_STRING("queue", consumer->name),
                  LOG_STRING("route", consumer_route_name(consumer, message)),
                  LOG_STRING("message_id", message_id(message)),
                  LOG_STRING("dead_letter_queue", consumer_dead_letter_url(consumer, message)),
                  LOG_STRING("class", class), LOG_ERROR(&error->error), LOG_INTEGER("suppressed", suppressed));
    }
    if (error->class == SQS_ERROR_FINAL || error->class == SQS_ERROR_HANDLE) {
        if (message->is_dead_letter_bare) {
            consumer_leave(consumer, message, lease_return_seconds(message->delivery->receive_count),
                           "dead_letter_refused");
            return;
        }
        message->is_dead_letter_bare = true; /* too long, or one attribute too many: without ours */
        consumer_rest(consumer, message, MESSAGE_STEP_DEAD_LETTER, clock_monotonic_ms());
        return;
    }
    message->dead_letter_tries++;
    message->stuck_reason = class; /* a constant */
    consumer_rest(consumer, message, MESSAGE_STEP_DEAD_LETTER,
                  clock_monotonic_ms() + again_delay_ms(message, error->retry_after_ms));
}

static void on_sent(void *user, const struct sqs_entry_result *result, const struct sqs_error *error)
{
    struct dead_letter_call *call = user;
    struct consumer *consumer = call->consumer;
    struct message *message = call->message;
    (void)result; /* its MessageId there is of no use here */
    FAILPOINT("poller.dead_lettering");
    if (message->state != MESSAGE_DEAD_LETTERING) {
        /* Its lease was lost meanwhile: it comes again, here or elsewhere, and so does its dead letter. */
        log_event(LOG_LEVEL_WARN, "a dead letter's message has left hand", LOG_STRING("queue", consumer->name),
                  LOG_STRING("message_id", message_id(message)), LOG_BOOLEAN("sent", error == NULL));
    } else if (error == NULL) {
        message_trace_step_end(message, 0);
        confirmed(consumer, message);
    } else {
        message_trace_step_fail(message, sqs_error_class_name(error->class), error->error.text);
        message_trace_step_end(message, 0);
        failed(consumer, message, error);
    }
    call_end(call);
    consumer_wake(consumer);
}

void consumer_dead_letter_send(struct consumer *consumer, struct message *message)
{
    const struct sqs_message *delivery = message->delivery;
    const char *url = consumer_dead_letter_url(consumer, message);
    struct dead_letter_call *call = memory_alloc(sizeof *call);
    int64_t budget_ms = lease_call_budget_ms(&message->lease, clock_boottime_ms());
    CHECK(url != NULL);
    bool is_fifo = settings_url_is_fifo(url);
    char *text = dead_letter_describe(message, consumer->queue->url, consumer_route_name(consumer, message),
                                      clock_wall_ms());
    const struct sqs_message_attribute attribute = {
        .name = DEAD_LETTER_ATTRIBUTE, .type = "String", .value = text, .value_length = strlen(text)};
    const struct sqs_send_entry entry = {
        .body = "",
        .body_json = delivery->body,
        .group_id = delivery->group_id != NULL || !is_fifo ? delivery->group_id : delivery->message_id,
        .deduplication_id = is_fifo ? delivery->message_id : NULL,
        .trace_header = delivery->trace_header,
        .delay_seconds = -1,
        .attributes = &attribute,
        .attribute_count = message->is_dead_letter_bare ? 0 : 1,
        .attributes_json = delivery->attributes,
    };
    hand_dead_letter(&consumer->hand, message);
    message_trace_dead_letter(message, url);
    call->consumer = consumer;
    call->message = message_acquire(message);
    list_append(&consumer->dead_letters, &call->link);
    consumer->dead_letter_calls++;
    if (budget_ms > CALL_MS) {
        budget_ms = CALL_MS;
    }
    call->call = sqs_client_send_message(consumer->options.sqs, url, &entry,
                                         clock_monotonic_ms() + (budget_ms > 0 ? budget_ms : 1), on_sent, call);
    free(text);
}

void consumer_dead_letter_give_up(struct consumer *consumer)
{
    struct list *node = consumer->dead_letters.next;
    while (node != &consumer->dead_letters) {
        struct dead_letter_call *call = LIST_ITEM(node, struct dead_letter_call, link);
        node = node->next;
        sqs_call_cancel(call->call);
        call_end(call);
    }
}

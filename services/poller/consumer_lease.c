/* The leases of what is in hand: renewals and lapses; shutdown's cut of running ones. */
#include "base/clock.h"
#include "base/failpoint.h"
#include "consumer_internal.h"

#define RETRY_MS 1000 /* after a renewal that may succeed later */

unsigned consumer_jitter(void)
{
    return (unsigned)random_below(LEASE_JITTER_MAX + 1);
}

/* --- lapses ------------------------------------------------------------------------------------------------------- */

void consumer_lapse_pump(struct consumer *consumer, int64_t boot_ms)
{
    struct message *message = hand_first_lease(&consumer->hand);
    while (message != NULL && lease_has_lapsed(&message->lease, boot_ms)) {
        metric_counter_add(consumer->metrics.lapsed, 1);
        consumer_leave(consumer, message, LEAVE_AS_IS, "lease_lapsed");
        message = hand_first_lease(&consumer->hand);
    }
}

/* --- renewals ----------------------------------------------------------------------------------------------------- */

static void renewal_failed(struct consumer *consumer, struct message *message, bool ends_rest,
                           enum sqs_error_class class)
{
    int64_t suppressed = 0;
    bool is_refused = !consumer_class_is_retryable(class);
    metric_counter_add(is_refused ? consumer->metrics.renewals_refused : consumer->metrics.renewals_failed, 1);
    if (is_refused && ends_rest) {
        consumer_rest_refused(consumer, message);
        return;
    }
    if (is_refused) {
        consumer_leave(consumer, message, LEAVE_AS_IS, "handle_refused");
        return;
    }
    lease_postpone(&message->lease, clock_boottime_ms() + RETRY_MS + (int64_t)consumer_jitter());
    if (ends_rest) {
        consumer_rest_again(consumer, message);
    }
    if (log_limiter_allows(&consumer->lease_limiter, LOG_INTERVAL_MS, &suppressed)) {
        log_event(LOG_LEVEL_WARN, "renewing a lease failed, trying again", LOG_STRING("queue", consumer->name),
                  LOG_STRING("message_id", message_id(message)), LOG_STRING("class", sqs_error_class_name(class)),
                  LOG_INTEGER("suppressed", suppressed));
    }
}

/* What the answer means for one message. */
static void renewal_answered(struct consumer *consumer, const struct batch_call *batch, size_t index, bool has_failed,
                             enum sqs_error_class class)
{
    struct message *message = batch->messages[index];
    bool ends_rest = batch->ends_rest && message->state == MESSAGE_RESTING && message->is_rest_over;
    message->is_renewing = false;
    if (message->handle_version != batch->versions[index]) {
        if (ends_rest) { /* the newer delivery brought a lease of its own */
            consumer_rest_renewed(consumer, message);
        }
        return;
    }
    if (message->state == MESSAGE_GONE) { /* waits to be handed back: so long as it is ours */
        if (!has_failed) {
            lease_renewed(&message->lease, batch->start_boot_ms, batch->seconds[index], consumer_jitter());
        }
        return;
    }
    if (message->state == MESSAGE_SETTLING) {
        return;
    }
    if (has_failed) {
        renewal_failed(consumer, message, ends_rest, class);
        return;
    }
    metric_counter_add(consumer->metrics.renewed, 1);
    lease_renewed(&message->lease, batch->start_boot_ms, batch->seconds[index], consumer_jitter());
    hand_lease_changed(&consumer->hand, message);
    if (ends_rest) {
        consumer_rest_renewed(consumer, message);
    }
}

static void on_renewed(void *user, const struct sqs_batch_result *result, const struct sqs_error *error)
{
    struct batch_call *batch = user;
    struct consumer *consumer = batch->consumer;
    FAILPOINT("poller.renewed");
    for (size_t i = 0; i < batch->count; i++) {
        enum sqs_error_class class = SQS_ERROR_TRANSIENT;
        bool has_failed = consumer_entry_failed(result, error, i, &class);
        renewal_answered(consumer, batch, i, has_failed, class);
    }
    consumer_batch_end(batch);
    consumer_wake(consumer);
}

void consumer_renew(struct batch_call *batch, int64_t now_ms, int64_t boot_ms)
{
    int64_t budget_ms = CALL_MS;
    for (size_t i = 0; i < batch->count; i++) {
        int64_t left_ms = lease_call_budget_ms(&batch->messages[i]->lease, boot_ms);
        budget_ms = left_ms < budget_ms ? left_ms : budget_ms;
    }
    consumer_batch_change_visibility(batch, now_ms + (budget_ms > 0 ? budget_ms : 1), on_renewed);
    FAILPOINT("poller.renewing");
}

static bool is_renewable(const struct message *message)
{
    return !message->is_renewing && message->state != MESSAGE_SETTLING;
}

/* Leases are sorted by deadline; behind this one none wants renewal by at_ms. Counted with the queue's visibility, the
 * longest that there is: a lease that was cut to the rest of the 12 h must not hide a longer one behind it. */
static bool is_beyond(const struct consumer *consumer, const struct message *message, int64_t at_ms)
{
    int64_t visibility_ms = (int64_t)consumer->visibility_seconds * 1000;
    return message->lease.deadline_ms - visibility_ms / 2 - visibility_ms / 10 > at_ms;
}

static struct message *first_due(const struct consumer *consumer, int64_t boot_ms, int64_t slack_ms)
{
    struct message *message = hand_first_lease(&consumer->hand);
    while (message != NULL && !is_beyond(consumer, message, boot_ms + slack_ms)) {
        if (is_renewable(message) && lease_wants_renewal(&message->lease, boot_ms, slack_ms)) {
            return message;
        }
        message = hand_next_lease(&consumer->hand, message);
    }
    return NULL;
}

void consumer_renew_pump(struct consumer *consumer, int64_t now_ms, int64_t boot_ms)
{
    int64_t slack_ms = (int64_t)consumer->visibility_seconds * 1000 / 8; /* others soon due fill the batch */
    if (consumer->phase == CONSUMER_CUTTING || consumer->phase == CONSUMER_DRAINED) {
        return;
    }
    while (first_due(consumer, boot_ms, 0) != NULL) {
        struct batch_call *batch = consumer_batch_new(consumer, &consumer->renew_calls);
        struct message *message = first_due(consumer, boot_ms, slack_ms);
        while (message != NULL && batch->count < SQS_BATCH_MAX) {
            int seconds = lease_visibility_to_ask(&message->lease, consumer->visibility_seconds, boot_ms);
            if (seconds == 0) {
                lease_postpone(&message->lease, INT64_MAX); /* its 12 h are over: nothing more to ask for */
            } else {
                message->is_renewing = true;
                consumer_batch_add(batch, message, seconds);
            }
            message = first_due(consumer, boot_ms, slack_ms);
        }
        if (batch->count == 0) {
            consumer_batch_end(batch);
            continue;
        }
        consumer_renew(batch, now_ms, boot_ms);
    }
}

/* --- shutdown's cut ----------------------------------------------------------------------------------------------- */

static void on_cut(void *user, const struct sqs_batch_result *result, const struct sqs_error *error)
{
    struct batch_call *batch = user;
    struct consumer *consumer = batch->consumer;
    for (size_t i = 0; i < batch->count; i++) {
        enum sqs_error_class class = SQS_ERROR_TRANSIENT;
        bool has_failed = consumer_entry_failed(result, error, i, &class);
        batch->messages[i]->is_renewing = false;
        log_event(LOG_LEVEL_INFO, "message left running", LOG_STRING("queue", consumer->name),
                  LOG_STRING("message_id", message_id(batch->messages[i])),
                  LOG_STRING("workflow_id", batch->messages[i]->watch.workflow_id),
                  LOG_STRING("visibility", has_failed ? sqs_error_class_name(class) : "cut"));
    }
    consumer_batch_end(batch);
    consumer_wake(consumer);
}

void consumer_cut(struct consumer *consumer, int64_t now_ms)
{
    int64_t boot_ms = clock_boottime_ms();
    struct batch_call *batch = NULL;
    struct message *message = hand_first_lease(&consumer->hand);
    for (; message != NULL; message = hand_next_lease(&consumer->hand, message)) {
        if (message->state != MESSAGE_RUNNING || message->lease.deadline_ms - boot_ms <= (int64_t)CUT_SECONDS * 1000) {
            continue;
        }
        if (batch == NULL) {
            batch = consumer_batch_new(consumer, &consumer->cut_calls);
        }
        message->is_renewing = true; /* should its run fail now, it is handed back behind the cut */
        consumer_batch_add(batch, message, CUT_SECONDS);
        if (batch->count == SQS_BATCH_MAX) {
            consumer_batch_change_visibility(batch, now_ms + CALL_MS, on_cut);
            batch = NULL;
        }
    }
    if (batch != NULL) {
        consumer_batch_change_visibility(batch, now_ms + CALL_MS, on_cut);
    }
}

int64_t consumer_lease_next_ms(const struct consumer *consumer, int64_t now_ms, int64_t boot_ms)
{
    int64_t next_boot_ms = INT64_MAX;
    const struct message *message = hand_first_lease(&consumer->hand);
    if (message == NULL) {
        return INT64_MAX;
    }
    next_boot_ms = message->lease.deadline_ms;
    if (consumer->phase == CONSUMER_RUNNING || consumer->phase == CONSUMER_DRAINING) {
        for (; message != NULL && !is_beyond(consumer, message, next_boot_ms);
             message = hand_next_lease(&consumer->hand, message)) {
            if (is_renewable(message) && message->lease.renew_ms < next_boot_ms) {
                next_boot_ms = message->lease.renew_ms;
            }
        }
    }
    return now_ms + (next_boot_ms > boot_ms ? next_boot_ms - boot_ms : 0);
}

/* See sqs_activities.h. */
#include "sqs_activities.h"

#include <temporal/activity.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "sqs_request.h"
#include "sqs_thread.h"

#define SLICE_MS 3000 /* no wait is longer without saying that we are alive */
#define STALE_NOTE "the receipt handle is stale, or the message is not in flight or already gone"

/* RECEIPT_PENDING: cancelled; the call goes on unseen. */
static enum receipt_outcome await(struct temporal_activity *activity, struct receipt_ticket *ticket,
                                  const char **out_reason)
{
    for (;;) {
        enum receipt_outcome outcome = receipt_ticket_wait(ticket, clock_monotonic_ms() + SLICE_MS, out_reason);
        if (outcome != RECEIPT_PENDING || temporal_activity_is_cancelled(activity)) {
            return outcome;
        }
        temporal_activity_heartbeat(activity, NULL);
    }
}

static json_t *answer(struct temporal_activity *activity, enum receipt_outcome outcome, const char *done,
                      const char *reason)
{
    switch (outcome) {
    case RECEIPT_DONE:
        return json_pack("{s:b}", done, 1);
    case RECEIPT_STALE:
        return json_pack("{s:b, s:s}", done, 0, "note", STALE_NOTE);
    case RECEIPT_TRANSIENT:
        return temporal_activity_fail(activity, "Unavailable", "%s", reason);
    case RECEIPT_MISSING_QUEUE:
        return temporal_activity_fail(activity, "MissingQueue", "%s", reason);
    case RECEIPT_DENIED:
        return temporal_activity_fail(activity, "AccessDenied", "%s", reason);
    case RECEIPT_REFUSED:
        return temporal_activity_fail_for_good(activity, "Refused", "%s", reason);
    case RECEIPT_PENDING:
        break; /* cancelled */
    }
    return NULL;
}

/* NULL: the activity has failed. */
static struct receipt_queue *read_request(struct temporal_activity *activity, const json_t *input, bool has_visibility,
                                          struct sqs_activity_request *out_request)
{
    const struct sqs_activities *options = temporal_activity_user(activity);
    struct error error = {0};
    enum status status = sqs_activity_request_read(input, has_visibility, options->settings, out_request, &error);
    if (status != STATUS_OK) {
        (void)temporal_activity_fail_for_good(
            activity, status == STATUS_PERMISSION_DENIED ? "QueueNotAllowed" : "InvalidInput", "%s", error.text);
        return NULL;
    }
    return sqs_thread_find(options->sqs, out_request->queue_url);
}

static json_t *settle(struct temporal_activity *activity, struct receipt_ticket *ticket, const char *queue_url,
                      const char *done)
{
    const char *reason = "";
    enum receipt_outcome outcome = await(activity, ticket, &reason);
    json_t *result = answer(activity, outcome, done, reason);
    if (outcome == RECEIPT_STALE) {
        temporal_activity_log(activity, TEMPORAL_LOG_INFO, "message already gone, or its handle is stale",
                              json_pack("{s:s}", "queue_url", queue_url));
    }
    receipt_ticket_release(ticket);
    if (outcome == RECEIPT_DONE) {
        FAILPOINT("worker.deleted");
    }
    return result;
}

static json_t *delete_message(struct temporal_activity *activity, const json_t *input)
{
    struct sqs_activity_request request = {0};
    struct receipt_queue *queue = read_request(activity, input, false, &request);
    if (!queue) {
        return NULL;
    }
    return settle(activity, receipt_queue_delete(queue, request.receipt_handle), request.queue_url, "deleted");
}

static json_t *change_message_visibility(struct temporal_activity *activity, const json_t *input)
{
    struct sqs_activity_request request = {0};
    struct receipt_queue *queue = read_request(activity, input, true, &request);
    if (!queue) {
        return NULL;
    }
    struct receipt_ticket *ticket =
        receipt_queue_change_visibility(queue, request.receipt_handle, request.visibility_timeout);
    return settle(activity, ticket, request.queue_url, "changed");
}

void sqs_activities_register(struct temporal_worker *worker, struct sqs_activities *options)
{
    temporal_worker_register_activity(worker, "sqs.DeleteMessage", delete_message, options);
    temporal_worker_register_activity(worker, "sqs.ChangeMessageVisibility", change_message_visibility, options);
}

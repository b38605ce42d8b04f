/* See hello_world_activity.h. Every line carries correlation_id. An attempt that comes after one that had done the
 * work and could not delete only deletes: the heartbeat's details say so. */
#include "hello_world_activity.h"

#include <stdlib.h>
#include <string.h>

#include <temporal/activity.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/memory.h"
#include "delete_target.h"
#include "hello_request.h"
#include "sqs_thread.h"

#define SLICE_MS 3000            /* no wait is longer without saying that we are alive */
#define CONFIRM_TIMEOUT_MS 3000  /* then the server is away, and what it does not say cannot be known */
#define LOGGED_REQUEST_MAX 4096  /* bytes; a longer request is logged by its length */
#define WORK_DONE "work done"

static int64_t at_most(int64_t value, int64_t maximum)
{
    return value < maximum ? value : maximum;
}

/* false: cancelled. Asks the server after each full slice, so that a cancellation is seen within one. */
static bool work(struct temporal_activity *activity, int64_t duration_ms)
{
    for (int64_t left_ms = duration_ms; left_ms > 0; left_ms -= SLICE_MS) {
        if (!temporal_activity_wait(activity, at_most(left_ms, SLICE_MS))) {
            return false;
        }
        if (left_ms >= SLICE_MS && !temporal_activity_confirm(activity, NULL, CONFIRM_TIMEOUT_MS)) {
            return false;
        }
    }
    return !temporal_activity_is_cancelled(activity);
}

static void log_request(struct temporal_activity *activity, struct json_slice request)
{
    json_t *fields = json_object();
    if (request.length <= LOGGED_REQUEST_MAX) {
        json_t *value = json_loadb(request.data, request.length, 0, NULL);
        /* Numbers beyond 64 bits are JSON, but not jansson's. */
        json_object_set_new(fields, "request", value ? value : json_stringn(request.data, request.length));
    }
    json_object_set_new(fields, "request_bytes", json_integer((json_int_t)request.length));
    temporal_activity_log(activity, TEMPORAL_LOG_INFO, "helloWorldActivity request", fields);
}

/* The last line about a message, and the only one: lines cost. */
static json_t *finish(struct temporal_activity *activity, enum temporal_log_level level, const char *message,
                      const char *reason)
{
    temporal_activity_log(activity, level, message, reason ? json_pack("{s:s}", "reason", reason) : NULL);
    return json_string("finished!");
}

/* Also tells a next attempt that it need not work again. */
static void say_work_done(struct temporal_activity *activity)
{
    json_t *details = json_string(WORK_DONE);
    temporal_activity_heartbeat(activity, details);
    json_decref(details);
}

/* The same as a question. A workflow that was cancelled keeps its message. */
static bool may_delete(struct temporal_activity *activity)
{
    json_t *details = json_string(WORK_DONE);
    bool is_wanted = temporal_activity_confirm(activity, details, CONFIRM_TIMEOUT_MS);
    json_decref(details);
    return is_wanted;
}

/* RECEIPT_PENDING: cancelled. The reason is for people, in out_error. */
static enum receipt_outcome delete_from(struct temporal_activity *activity, struct receipt_queue *queue,
                                        const char *handle, struct error *out_error)
{
    struct receipt_ticket *ticket = receipt_queue_delete(queue, handle);
    enum receipt_outcome outcome = RECEIPT_PENDING;
    const char *reason = "";
    for (;;) {
        outcome = receipt_ticket_wait(ticket, clock_monotonic_ms() + SLICE_MS, &reason);
        if (outcome != RECEIPT_PENDING || temporal_activity_is_cancelled(activity)) {
            break;
        }
        say_work_done(activity);
    }
    error_set(out_error, STATUS_FAILED_PRECONDITION, "%s", reason);
    receipt_ticket_release(ticket);
    return outcome;
}

/* One queue, as a rule. Where nobody says which of several it was, they are asked in turn: another queue refuses the
 * handle. (A server that deletes nothing and says that it has leaves the message to the poller.) */
static enum receipt_outcome delete_from_one_of(struct temporal_activity *activity, const struct delete_target *target,
                                               const char *handle, struct error *out_error)
{
    const struct hello_world_activity *options = temporal_activity_user(activity);
    enum receipt_outcome outcome = RECEIPT_STALE;
    for (size_t i = 0; i < target->count; i++) {
        struct error error = {0};
        struct receipt_queue *queue = sqs_thread_find(options->sqs, target->queue_urls[i]);
        enum receipt_outcome answer = delete_from(activity, queue, handle, &error);
        if (answer == RECEIPT_DONE || answer == RECEIPT_PENDING) {
            return answer;
        }
        if (i == 0 || answer != RECEIPT_STALE) { /* what is not just a refused handle is what people need to know */
            outcome = answer;
            *out_error = error;
        }
    }
    return outcome;
}

static json_t *delete_message(struct temporal_activity *activity, const struct delete_target *target,
                              const char *handle)
{
    struct error error = {0};
    switch (delete_from_one_of(activity, target, handle, &error)) {
    case RECEIPT_DONE:
        FAILPOINT("worker.deleted");
        return finish(activity, TEMPORAL_LOG_INFO, "message deleted", NULL);
    case RECEIPT_STALE:
        /* Given out again meanwhile, or gone: whoever holds it now settles it. */
        return finish(activity, TEMPORAL_LOG_WARN, "message already gone, or its handle is stale", error.text);
    case RECEIPT_TRANSIENT:
    case RECEIPT_MISSING_QUEUE:
    case RECEIPT_DENIED:
        say_work_done(activity);
        return temporal_activity_fail(activity, "DeleteFailed", "deleting the message failed: %s", error.text);
    case RECEIPT_REFUSED:
        return temporal_activity_fail_for_good(activity, "DeleteRefused", "deleting the message was refused: %s",
                                               error.text);
    case RECEIPT_PENDING:
        break; /* cancelled */
    }
    return NULL;
}

static bool has_worked_before(const struct temporal_activity *activity)
{
    const char *details = json_string_value(temporal_activity_heartbeat_details(activity));
    return details && strcmp(details, WORK_DONE) == 0;
}

static json_t *run(struct temporal_activity *activity, const struct hello_request *request)
{
    const struct hello_world_activity *options = temporal_activity_user(activity);
    if (!has_worked_before(activity)) {
        if (!work(activity, options->work_ms)) {
            return NULL;
        }
        FAILPOINT("worker.activity_running");
        log_request(activity, request->request);
        if (!work(activity, options->work_ms)) {
            return NULL;
        }
    }
    FAILPOINT("worker.activity_done");
    if (!request->receipt_handle) {
        return finish(activity, TEMPORAL_LOG_INFO, "helloWorldActivity finished", "no receipt, nothing to delete");
    }
    struct delete_target target;
    delete_target_find(options->settings, request->route, request->queue_url, &target);
    if (target.leaves_message) {
        return finish(activity, TEMPORAL_LOG_INFO, "helloWorldActivity finished", "the poller deletes the message");
    }
    if (target.count == 0) {
        return temporal_activity_fail_for_good(
            activity, "NoQueue",
            "the work is done, but the message cannot be deleted: no queue of ferry-worker's configuration has a "
            "route that runs helloWorld on this task queue with ack: worker (or set FERRY_QUEUE_URL)");
    }
    /* Without work there was no time for a cancellation, and the question costs a call. */
    if (options->work_ms > 0 && !may_delete(activity)) {
        return NULL;
    }
    return delete_message(activity, &target, request->receipt_handle);
}

static json_t *hello_world_activity(struct temporal_activity *activity, const json_t *input)
{
    struct temporal_payload payload = {.data = "", .length = 0};
    struct hello_request request = {0};
    struct error error = {0};
    json_t *result = NULL;
    (void)input; /* read from its bytes */
    (void)temporal_activity_input_payload(activity, 0, &payload);
    enum status status = hello_request_read(payload.data, payload.length, &request, &error);
    temporal_activity_log_bind(activity, "correlation_id", request.correlation_id ? request.correlation_id : "");
    temporal_activity_log(activity, TEMPORAL_LOG_INFO, "helloWorldActivity started", NULL);
    if (status == STATUS_OK) {
        result = run(activity, &request);
    } else {
        temporal_activity_log(activity, TEMPORAL_LOG_WARN, "helloWorldActivity refuses the body",
                              json_pack("{s:s}", "reason", error.text));
        result = temporal_activity_fail_for_good(activity, "InvalidBody", "%s", error.text);
    }
    hello_request_deinit(&request);
    return result;
}

void hello_world_activity_register(struct temporal_worker *worker, struct hello_world_activity *options)
{
    temporal_worker_register_activity(worker, "helloWorldActivity", hello_world_activity, options);
}

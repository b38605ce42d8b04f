/* Calls: their attempts, the waits between them, cancellation, and the one result.
 *
 * A call goes ATTEMPT -> (BACKOFF -> ATTEMPT)* -> done, or PAUSE -> done, or REFUSED -> done.
 * All but its start happens on the rpc thread. */
#include <grpc/byte_buffer_reader.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "internal.h"

#define ATTEMPT_TIMEOUT_MS 10000

static const struct rpc_reply canceled = {.code = RPC_CANCELLED, .message = "canceled by us"};

static void finish(struct rpc_call *call, const struct rpc_reply *reply);

static bool is_canceled(struct rpc_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool result = call->is_canceled;
    pthread_mutex_unlock(&call->lock);
    return result;
}

static gpr_timespec to_timespec(int64_t monotonic_ms)
{
    if (monotonic_ms == INT64_MAX) {
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    }
    gpr_timespec time = {.tv_sec = monotonic_ms / 1000,
                         .tv_nsec = (int32_t)(monotonic_ms % 1000) * 1000000,
                         .clock_type = GPR_CLOCK_MONOTONIC};
    return time;
}

static int64_t attempt_deadline(const struct rpc_call *call)
{
    int64_t now_ms = clock_monotonic_ms();
    bool whole = call->attempt_timeout_ms == 0 || call->deadline_ms - now_ms < call->attempt_timeout_ms;
    return whole ? call->deadline_ms : now_ms + call->attempt_timeout_ms;
}

/* ---- attempts ---- */

static void start_attempt(struct rpc_call *call)
{
    call->phase = RPC_CALL_ATTEMPT;
    call->sent = grpc_byte_buffer_copy(call->request);
    grpc_metadata_array_init(&call->initial_metadata);
    grpc_metadata_array_init(&call->trailing_metadata);
    call->response = NULL;
    call->code = GRPC_STATUS_UNKNOWN;
    call->message = grpc_empty_slice();
    grpc_call *grpc =
        grpc_channel_create_registered_call(call->channel->grpc, NULL, GRPC_PROPAGATE_DEFAULTS,
                                            call->channel->runtime->queue, call->method,
                                            to_timespec(attempt_deadline(call)), NULL);
    grpc_op operations[6];
    memset(operations, 0, sizeof operations);
    operations[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    operations[0].flags = call->wait_for_ready ? GRPC_INITIAL_METADATA_WAIT_FOR_READY : 0;
    operations[0].data.send_initial_metadata.metadata = call->metadata->entries;
    operations[0].data.send_initial_metadata.count = call->metadata->count;
    operations[1].op = GRPC_OP_SEND_MESSAGE;
    operations[1].data.send_message.send_message = call->sent;
    operations[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    operations[3].op = GRPC_OP_RECV_INITIAL_METADATA;
    operations[3].data.recv_initial_metadata.recv_initial_metadata = &call->initial_metadata;
    operations[4].op = GRPC_OP_RECV_MESSAGE;
    operations[4].data.recv_message.recv_message = &call->response;
    operations[5].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    operations[5].data.recv_status_on_client.trailing_metadata = &call->trailing_metadata;
    operations[5].data.recv_status_on_client.status = &call->code;
    operations[5].data.recv_status_on_client.status_details = &call->message;

    /* As soon as grpc is set, another thread may cancel it, even before the batch starts. */
    pthread_mutex_lock(&call->lock);
    call->grpc = grpc;
    bool is_canceled_already = call->is_canceled;
    pthread_mutex_unlock(&call->lock);
    if (is_canceled_already) {
        grpc_call_cancel(grpc, NULL);
    }
    HANDED_TO_GRPC(call);
    /* The last touch: the rpc thread may finish the call before this returns. */
    CHECK(grpc_call_start_batch(grpc, operations, 6, call, NULL) == GRPC_CALL_OK);
}

static void end_attempt(struct rpc_call *call)
{
    grpc_call_unref(call->answered);
    grpc_byte_buffer_destroy(call->sent);
    grpc_metadata_array_destroy(&call->initial_metadata);
    grpc_metadata_array_destroy(&call->trailing_metadata);
    if (call->response != NULL) {
        grpc_byte_buffer_destroy(call->response);
        call->response = NULL;
    }
    grpc_slice_unref(call->message);
    call->message = grpc_empty_slice();
}

/* ---- waits ---- */

static void start_next_attempt(void *argument)
{
    struct rpc_call *call = argument;
    if (is_canceled(call)) {
        finish(call, &canceled);
    } else {
        start_attempt(call);
    }
}

/* Posted by rpc_call_cancel, with a reference. */
static void end_wait(void *argument)
{
    struct rpc_call *call = argument;
    if (loop_timer_is_running(&call->timer)) {
        loop_timer_stop(call->channel->runtime->loop, &call->timer);
        finish(call, &canceled);
    }
    rpc_call_release(call); /* NOLINT(clang-analyzer-unix.Malloc): finish gave back a reference of its own */
}

static void end_pause(void *argument)
{
    static const struct rpc_reply over = {.code = RPC_OK, .message = ""};
    finish(argument, &over);
}

static void start_pause(void *argument)
{
    struct rpc_call *call = argument;
    if (is_canceled(call)) {
        finish(call, &canceled);
    } else {
        loop_timer_start(call->channel->runtime->loop, &call->timer, call->deadline_ms, end_pause, call);
    }
}

static void finish_refused(void *argument)
{
    struct rpc_call *call = argument;
    struct rpc_reply reply = {.code = (enum rpc_code)call->code, .message = call->refusal};
    finish(call, &reply);
}

/* ---- results ---- */

/* Starts the wait for another attempt if there is a point in one; false: the result stands. */
static bool retry(struct rpc_call *call, const struct rpc_reply *reply)
{
    if (call->retry == RPC_RETRY_NONE || !rpc_code_is_transient(reply->code, reply->message) || is_canceled(call)) {
        return false;
    }
    struct backoff *backoff =
        reply->code == RPC_RESOURCE_EXHAUSTED ? &call->exhausted_backoff : &call->backoff;
    int64_t due_ms = clock_monotonic_ms() + backoff_next_ms(backoff);
    if (due_ms >= call->deadline_ms) {
        return false;
    }
    if (call->channel->retries != NULL) {
        metric_counter_add(call->channel->retries, 1);
    }
    if (reply->code != RPC_DEADLINE_EXCEEDED) {
        free(call->cause);
        call->cause = memory_format("%s: %s", rpc_code_name(reply->code), reply->message);
    }
    end_attempt(call);
    call->phase = RPC_CALL_BACKOFF;
    loop_timer_start(call->channel->runtime->loop, &call->timer, due_ms, start_next_attempt, call);
    return true;
}

/* What a status says; when time ran out, with what kept the attempts before from success. */
static void find_message(const struct rpc_call *call, char out[RPC_MESSAGE_MAX])
{
    int length = (int)GRPC_SLICE_LENGTH(call->message); /* gRPC limits headers to far less than an int */
    const char *text = (const char *)GRPC_SLICE_START_PTR(call->message);
    bool has_cause = call->code == GRPC_STATUS_DEADLINE_EXCEEDED && call->cause != NULL;
    (void)snprintf(out, RPC_MESSAGE_MAX, "%.*s%s%s", length, text, has_cause ? ", and before that " : "",
                   has_cause ? call->cause : "");
}

static void find_details(const grpc_metadata_array *trailers, struct rpc_reply *reply)
{
    for (size_t i = 0; i < trailers->count; i++) {
        if (grpc_slice_str_cmp(trailers->metadata[i].key, "grpc-status-details-bin") == 0) {
            reply->details = GRPC_SLICE_START_PTR(trailers->metadata[i].value);
            reply->details_length = GRPC_SLICE_LENGTH(trailers->metadata[i].value);
        }
    }
}

void rpc_call_attempted(struct rpc_call *call)
{
    TAKEN_FROM_GRPC(call);
    pthread_mutex_lock(&call->lock);
    call->answered = call->grpc;
    call->grpc = NULL;
    pthread_mutex_unlock(&call->lock);

    char message[RPC_MESSAGE_MAX];
    find_message(call, message);
    struct rpc_reply reply = {.message = message};
    bool is_known = (int)call->code >= RPC_OK && (int)call->code <= RPC_UNAUTHENTICATED;
    reply.code = is_known ? (enum rpc_code)call->code : RPC_UNKNOWN;
    find_details(&call->trailing_metadata, &reply);

    grpc_slice copied = grpc_empty_slice();
    if (reply.code == RPC_OK && call->response == NULL) {
        reply.code = RPC_INTERNAL;
        reply.message = "the server sent no message";
    } else if (reply.code == RPC_OK) {
        const grpc_slice_buffer *slices = &call->response->data.raw.slice_buffer;
        const grpc_slice *body = &slices->slices[0];
        if (slices->count != 1 || call->response->data.raw.compression != GRPC_COMPRESS_NONE) {
            grpc_byte_buffer_reader reader;
            CHECK(grpc_byte_buffer_reader_init(&reader, call->response) != 0);
            copied = grpc_byte_buffer_reader_readall(&reader);
            grpc_byte_buffer_reader_destroy(&reader);
            body = &copied;
        }
        reply.body = GRPC_SLICE_START_PTR(*body);
        reply.body_length = GRPC_SLICE_LENGTH(*body);
    }
    if (!retry(call, &reply)) {
        finish(call, &reply);
    }
    grpc_slice_unref(copied);
}

static void count_call(struct rpc_channel *channel, enum rpc_code code)
{
    if (channel->metrics == NULL) {
        return;
    }
    if (channel->calls[code] == NULL) {
        channel->calls[code] = metrics_counter(channel->metrics, "ferry_rpc_calls", "gRPC calls that ended, by code.",
                                               METRIC_LABELS({"code", rpc_code_name(code)}));
    }
    metric_counter_add(channel->calls[code], 1);
}

/* The call's end: done, then everything that belongs to it. */
static void finish(struct rpc_call *call, const struct rpc_reply *reply)
{
    struct rpc_channel *channel = call->channel;
    call->done(call->user, reply);
    if (call->phase == RPC_CALL_ATTEMPT) {
        end_attempt(call);
    }
    free(call->cause);
    if (call->request != NULL) {
        count_call(channel, reply->code);
        grpc_byte_buffer_destroy(call->request);
    }
    pthread_mutex_lock(&call->lock);
    call->is_ended = true;
    pthread_mutex_unlock(&call->lock);
    pthread_mutex_lock(&channel->lock);
    rpc_metadata_release(call->metadata);
    list_remove(&call->link);
    if (list_is_empty(&channel->live)) {
        pthread_cond_broadcast(&channel->is_idle);
    }
    pthread_mutex_unlock(&channel->lock);
    rpc_call_release(call);
}

/* ---- the public side ---- */

static struct rpc_call *call_new(struct rpc_channel *channel, rpc_done_fn *done, void *user, bool has_handle)
{
    struct rpc_call *call = memory_alloc(sizeof *call);
    call->channel = channel;
    call->done = done;
    call->user = user;
    call->message = grpc_empty_slice();
    atomic_init(&call->references, has_handle ? 2 : 1);
    CHECK(pthread_mutex_init(&call->lock, NULL) == 0);
    return call;
}

/* Makes the call one that the channel's end waits for. false: that end has come. */
static bool enlist(struct rpc_call *call, const char *method, const struct rpc_metadata *instead)
{
    struct rpc_channel *channel = call->channel;
    pthread_mutex_lock(&channel->lock);
    call->metadata = instead != NULL ? rpc_metadata_replace(channel, instead) : rpc_metadata_acquire(channel);
    if (method != NULL) {
        call->method = rpc_channel_method(channel, method);
    }
    list_append(&channel->live, &call->link);
    bool is_closing = channel->is_closing;
    pthread_mutex_unlock(&channel->lock);
    return !is_closing;
}

static void refuse(struct rpc_call *call, enum rpc_code code, const char *message)
{
    call->phase = RPC_CALL_REFUSED;
    call->code = (grpc_status_code)code;
    call->refusal = message;
    loop_post(call->channel->runtime->loop, finish_refused, call);
}

void rpc_call_start(struct rpc_channel *channel, const struct rpc_call_options *options, const uint8_t *request,
                    size_t request_length, rpc_done_fn *done, void *user, struct rpc_call **out_call)
{
    struct rpc_call *call = call_new(channel, done, user, out_call != NULL);
    call->deadline_ms = options->deadline_ms;
    call->attempt_timeout_ms = options->attempt_timeout_ms;
    if (call->attempt_timeout_ms == 0 && options->retry == RPC_RETRY_STANDARD) {
        call->attempt_timeout_ms = ATTEMPT_TIMEOUT_MS;
    }
    call->retry = options->retry;
    call->wait_for_ready = options->wait_for_ready;
    backoff_init(&call->backoff, 100, 5000, 1.7, 0.2);
    backoff_init(&call->exhausted_backoff, 1000, 10000, 2.0, 0.2);
    grpc_slice slice = grpc_slice_from_copied_buffer((const char *)request, request_length);
    call->request = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    if (out_call != NULL) {
        *out_call = call;
    }
    if (enlist(call, options->method, options->instead)) {
        start_attempt(call);
    } else {
        refuse(call, RPC_CANCELLED, canceled.message);
    }
}

void rpc_call_refuse(struct rpc_channel *channel, enum rpc_code code, const char *message, rpc_done_fn *done,
                     void *user)
{
    struct rpc_call *call = call_new(channel, done, user, false);
    (void)enlist(call, NULL, NULL); /* refused either way */
    refuse(call, code, message);
}

void rpc_call_pause(struct rpc_channel *channel, int64_t due_ms, rpc_done_fn *done, void *user,
                    struct rpc_call **out_call)
{
    struct rpc_call *call = call_new(channel, done, user, out_call != NULL);
    call->deadline_ms = due_ms;
    call->phase = RPC_CALL_PAUSE;
    if (out_call != NULL) {
        *out_call = call;
    }
    if (enlist(call, NULL, NULL)) {
        loop_post(channel->runtime->loop, start_pause, call);
    } else {
        refuse(call, RPC_CANCELLED, canceled.message);
    }
}

void rpc_call_cancel(struct rpc_call *call)
{
    if (call == NULL) {
        return;
    }
    pthread_mutex_lock(&call->lock);
    bool acts = !call->is_canceled && !call->is_ended;
    call->is_canceled = true;
    grpc_call *grpc = acts ? call->grpc : NULL;
    if (grpc != NULL) {
        grpc_call_ref(grpc);
    } else if (acts) {
        /* It waits, or is about to start an attempt and will look at is_canceled. */
        atomic_fetch_add(&call->references, 1);
        loop_post(call->channel->runtime->loop, end_wait, call);
    }
    pthread_mutex_unlock(&call->lock);
    if (grpc != NULL) {
        grpc_call_cancel(grpc, NULL);
        grpc_call_unref(grpc);
    }
}

/* gcc's analyser does not count references: it sees end_wait give back two and takes both for the last. */
#ifndef __clang__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-double-free"
#endif
void rpc_call_release(struct rpc_call *call)
{
    if (call != NULL && atomic_fetch_sub(&call->references, 1) == 1) {
        pthread_mutex_destroy(&call->lock);
        free(call);
    }
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

/* The server: awaits calls of each method ahead, answers each in one batch, holds the long polls. */
#include "frontend.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "held.h"

#define SERVICE "/temporal.api.workflowservice.v1.WorkflowService/"
#define AWAITED_PER_METHOD ((size_t)32)
/* A long poll ends so long before its caller's deadline, so that the answer still arrives. */
#define DEADLINE_MARGIN_MS ((int64_t)1000)
#define REQUEST_MAX (16 << 20)

struct call;

enum stage { STAGE_ARRIVED, STAGE_CLOSED, STAGE_ANSWERED, STAGE_COUNT };

struct tag {
    struct call *call;
    enum stage stage;
};

struct call {
    struct frontend *frontend;
    size_t method; /* METHOD_COUNT: one that we do not serve */
    grpc_call *grpc;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_call_details details; /* of a method that we do not serve */
    grpc_byte_buffer *request;
    grpc_slice body;
    grpc_slice message;
    int64_t until_ms;
    int was_cancelled;
    int references; /* batches under way, and a place among the held */
    bool is_held;   /* its end is being watched */
    bool is_gone;   /* the caller gave up */
    struct tag tags[STAGE_COUNT];
};

struct frontend {
    struct frontend_options options;
    struct answers *answers;
    grpc_server *grpc;
    grpc_completion_queue *queue;
    void *methods[METHOD_COUNT];
    struct held held;
    pthread_t thread;
    int port;
    atomic_bool is_stopping;
    _Atomic uint64_t calls[METHOD_COUNT + 1];
    _Atomic uint64_t open;
    _Atomic uint64_t runs;
};

static void await_call(struct frontend *frontend, size_t method)
{
    struct call *call = memory_alloc(sizeof *call);
    call->frontend = frontend;
    call->method = method;
    call->body = grpc_empty_slice();
    call->message = grpc_empty_slice();
    call->references = 1;
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        call->tags[i] = (struct tag){.call = call, .stage = (enum stage)i};
    }
    grpc_metadata_array_init(&call->metadata);
    grpc_call_details_init(&call->details);
    struct tag *tag = &call->tags[STAGE_ARRIVED];
    if (method < METHOD_COUNT) {
        CHECK(grpc_server_request_registered_call(frontend->grpc, frontend->methods[method], &call->grpc,
                                                  &call->deadline, &call->metadata, &call->request, frontend->queue,
                                                  frontend->queue, tag) == GRPC_CALL_OK);
    } else {
        CHECK(grpc_server_request_call(frontend->grpc, &call->grpc, &call->details, &call->metadata, frontend->queue,
                                       frontend->queue, tag) == GRPC_CALL_OK);
    }
}

static void release(struct call *call)
{
    if (--call->references > 0) {
        return;
    }
    if (call->grpc != NULL) {
        grpc_call_unref(call->grpc);
    }
    if (call->request != NULL) {
        grpc_byte_buffer_destroy(call->request);
    }
    grpc_slice_unref(call->body);
    grpc_slice_unref(call->message);
    grpc_call_details_destroy(&call->details);
    grpc_metadata_array_destroy(&call->metadata);
    free(call);
}

static void start_batch(struct call *call, const grpc_op *operations, size_t count, enum stage stage)
{
    call->references++;
    CHECK(grpc_call_start_batch(call->grpc, operations, count, &call->tags[stage], NULL) == GRPC_CALL_OK);
}

static grpc_op watch_end(struct call *call)
{
    grpc_op operation;
    memset(&operation, 0, sizeof operation);
    operation.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
    operation.data.recv_close_on_server.cancelled = &call->was_cancelled;
    return operation;
}

static void send_answer(struct call *call, const struct answer *answer)
{
    grpc_op operations[4];
    memset(operations, 0, sizeof operations);
    grpc_byte_buffer *body = NULL;
    grpc_metadata trailer;
    memset(&trailer, 0, sizeof trailer);
    grpc_slice bytes = grpc_empty_slice();
    if (answer->bytes != NULL) {
        bytes = grpc_slice_new(answer->bytes, answer->length, free);
    }
    size_t used = 0;
    operations[used++].op = GRPC_OP_SEND_INITIAL_METADATA;
    if (answer->code == GRPC_STATUS_OK) {
        body = grpc_raw_byte_buffer_create(&bytes, 1);
        operations[used].op = GRPC_OP_SEND_MESSAGE;
        operations[used++].data.send_message.send_message = body;
    }
    call->message = grpc_slice_from_static_string(answer->message);
    operations[used].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
    operations[used].data.send_status_from_server.status = answer->code;
    operations[used].data.send_status_from_server.status_details = &call->message;
    if (answer->code != GRPC_STATUS_OK && answer->bytes != NULL) {
        trailer.key = grpc_slice_from_static_string("grpc-status-details-bin");
        trailer.value = bytes;
        operations[used].data.send_status_from_server.trailing_metadata = &trailer;
        operations[used].data.send_status_from_server.trailing_metadata_count = 1;
    }
    used++;
    if (!call->is_held) {
        operations[used++] = watch_end(call);
    }
    start_batch(call, operations, used, STAGE_ANSWERED);
    if (body != NULL) {
        grpc_byte_buffer_destroy(body);
    }
    grpc_slice_unref(bytes);
}

static void hold(struct call *call, int64_t at_ms)
{
    if (!call->is_held) {
        call->is_held = true;
        grpc_op operation = watch_end(call);
        start_batch(call, &operation, 1, STAGE_CLOSED);
    }
    call->references++;
    held_add(&call->frontend->held, at_ms, call);
    atomic_store_explicit(&call->frontend->open, call->frontend->held.count, memory_order_relaxed);
}

static void handle(struct call *call, int64_t now_ms)
{
    struct frontend *frontend = call->frontend;
    struct answer answer = {.code = GRPC_STATUS_UNIMPLEMENTED, .message = "not served by the null frontend"};
    if (call->method < METHOD_COUNT) {
        answers_give(frontend->answers, (enum method)call->method, GRPC_SLICE_START_PTR(call->body),
                     GRPC_SLICE_LENGTH(call->body), now_ms, call->until_ms, &answer);
        atomic_store_explicit(&frontend->runs, answers_run_count(frontend->answers), memory_order_relaxed);
    }
    if (answer.again_ms > 0) {
        hold(call, answer.again_ms);
    } else {
        send_answer(call, &answer);
    }
}

/* When a long poll ends without news: after its time, but before the caller's deadline. */
static int64_t poll_end(const struct call *call, int64_t now_ms)
{
    const struct frontend_options *options = &call->frontend->options;
    int64_t poll_ms = call->method == METHOD_GetWorkflowExecutionHistory ? options->history_poll_ms
                                                                          : options->task_poll_ms;
    gpr_timespec left = gpr_time_sub(call->deadline, gpr_now(call->deadline.clock_type));
    int64_t left_ms = gpr_time_to_millis(left);
    left_ms -= left_ms > 2 * DEADLINE_MARGIN_MS ? DEADLINE_MARGIN_MS : left_ms / 2;
    return now_ms + (left_ms < poll_ms ? left_ms : poll_ms);
}

static void take_call(struct call *call, int64_t now_ms)
{
    struct frontend *frontend = call->frontend;
    atomic_fetch_add_explicit(&frontend->calls[call->method], 1, memory_order_relaxed);
    await_call(frontend, call->method);
    if (call->request != NULL) {
        grpc_byte_buffer_reader reader;
        CHECK(grpc_byte_buffer_reader_init(&reader, call->request) != 0);
        call->body = grpc_byte_buffer_reader_readall(&reader);
        grpc_byte_buffer_reader_destroy(&reader);
    }
    if (call->method < METHOD_COUNT) {
        call->until_ms = poll_end(call, now_ms);
    }
    handle(call, now_ms);
}

/* Those whose time has come; once the server stops, all of them are let go. */
static void answer_held(struct frontend *frontend, int64_t now_ms)
{
    bool is_stopping = atomic_load(&frontend->is_stopping);
    struct call *call = NULL;
    while ((call = held_take(&frontend->held, is_stopping ? INT64_MAX : now_ms)) != NULL) {
        if (!call->is_gone && !is_stopping) {
            handle(call, now_ms);
        }
        release(call);
    }
    atomic_store_explicit(&frontend->open, frontend->held.count, memory_order_relaxed);
}

static gpr_timespec next_deadline(const struct frontend *frontend)
{
    int64_t at_ms = held_next_ms(&frontend->held);
    if (at_ms == INT64_MAX) {
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    }
    int64_t wait_ms = at_ms - clock_monotonic_ms();
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(wait_ms > 0 ? wait_ms : 0, GPR_TIMESPAN));
}

static void serve(void *argument)
{
    struct frontend *frontend = argument;
    for (;;) {
        grpc_event event = grpc_completion_queue_next(frontend->queue, next_deadline(frontend), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN) {
            return;
        }
        int64_t now_ms = clock_monotonic_ms();
        if (event.type == GRPC_OP_COMPLETE && event.tag == frontend) {
            grpc_completion_queue_shutdown(frontend->queue);
        } else if (event.type == GRPC_OP_COMPLETE) {
            struct tag *tag = event.tag;
            if (tag->stage == STAGE_ARRIVED && event.success != 0 && !atomic_load(&frontend->is_stopping)) {
                take_call(tag->call, now_ms);
            } else if (tag->stage == STAGE_CLOSED) {
                tag->call->is_gone = true;
            }
            release(tag->call);
        }
        answer_held(frontend, now_ms);
    }
}

static void register_methods(struct frontend *frontend)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", SERVICE, method_names[i]);
        frontend->methods[i] = grpc_server_register_method(frontend->grpc, path, NULL,
                                                           GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
        CHECK(frontend->methods[i] != NULL);
    }
}

static void make_server(struct frontend *frontend)
{
    grpc_arg arguments[2];
    memset(arguments, 0, sizeof arguments);
    arguments[0].type = GRPC_ARG_INTEGER;
    arguments[0].key = (char *)(uintptr_t)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH;
    arguments[0].value.integer = REQUEST_MAX;
    arguments[1].type = GRPC_ARG_INTEGER;
    arguments[1].key = (char *)(uintptr_t)GRPC_ARG_ALLOW_REUSEPORT;
    arguments[1].value.integer = 0;
    const grpc_channel_args channel = {.num_args = 2, .args = arguments};
    frontend->grpc = grpc_server_create(&channel, NULL);
    grpc_server_register_completion_queue(frontend->grpc, frontend->queue, NULL);
    register_methods(frontend);
    char address[32];
    (void)snprintf(address, sizeof address, "127.0.0.1:%d", frontend->options.port);
    grpc_server_credentials *credentials = grpc_insecure_server_credentials_create();
    frontend->port = grpc_server_add_http2_port(frontend->grpc, address, credentials);
    grpc_server_credentials_release(credentials);
}

enum status frontend_start(const struct frontend_options *options, struct frontend **out_frontend, struct error *error)
{
    struct frontend *frontend = memory_alloc(sizeof *frontend);
    frontend->options = *options;
    frontend->answers = answers_new(&options->answers);
    grpc_init();
    frontend->queue = grpc_completion_queue_create_for_next(NULL);
    make_server(frontend);
    if (frontend->port <= 0) {
        enum status status = error_set(error, STATUS_UNAVAILABLE, "127.0.0.1:%d cannot be listened on", options->port);
        grpc_server_destroy(frontend->grpc);
        grpc_completion_queue_shutdown(frontend->queue);
        grpc_completion_queue_destroy(frontend->queue);
        grpc_shutdown();
        answers_destroy(frontend->answers);
        free(frontend);
        return status;
    }
    grpc_server_start(frontend->grpc);
    for (size_t i = 0; i < (METHOD_COUNT + 1) * AWAITED_PER_METHOD; i++) {
        await_call(frontend, i / AWAITED_PER_METHOD);
    }
    CHECK(thread_start(&frontend->thread, "frontend", 0, serve, frontend, NULL) == STATUS_OK);
    *out_frontend = frontend;
    return STATUS_OK;
}

int frontend_port(const struct frontend *frontend)
{
    return frontend->port;
}

void frontend_count(struct frontend *frontend, struct frontend_counts *out_counts)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        out_counts->calls[i] = atomic_load_explicit(&frontend->calls[i], memory_order_relaxed);
    }
    out_counts->unknown = atomic_load_explicit(&frontend->calls[METHOD_COUNT], memory_order_relaxed);
    out_counts->open = atomic_load_explicit(&frontend->open, memory_order_relaxed);
    out_counts->runs = atomic_load_explicit(&frontend->runs, memory_order_relaxed);
}

void frontend_stop(struct frontend *frontend)
{
    if (frontend == NULL) {
        return;
    }
    atomic_store(&frontend->is_stopping, true);
    grpc_server_shutdown_and_notify(frontend->grpc, frontend->queue, frontend);
    grpc_server_cancel_all_calls(frontend->grpc);
    thread_join(frontend->thread);
    grpc_server_destroy(frontend->grpc);
    grpc_completion_queue_destroy(frontend->queue);
    grpc_shutdown_blocking();
    held_deinit(&frontend->held);
    answers_destroy(frontend->answers);
    free(frontend);
}

/* The server of the tests. Its thread owns everything but the counters. */
#include "support_server.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

enum call_state { CALL_AWAITED, CALL_ARRIVED, CALL_ANSWERED };

struct test_call {
    struct test_server *server;
    enum call_state state;
    bool is_held;
    grpc_call *grpc;
    grpc_call_details details;
    grpc_metadata_array metadata;
    grpc_byte_buffer *request;
    grpc_slice body;
    char *method;
    int was_cancelled;
    grpc_slice message;
};

struct test_server {
    grpc_server *grpc;
    grpc_completion_queue *queue;
    pthread_t thread;
    int port;
    char address[32];
    test_handler_fn *handler;
    void *user;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int calls;    /* lock */
    int given_up; /* lock */
};

static void await_call(struct test_server *server)
{
    struct test_call *call = memory_alloc(sizeof *call);
    call->server = server;
    call->state = CALL_AWAITED;
    call->body = grpc_empty_slice();
    call->message = grpc_empty_slice();
    grpc_call_details_init(&call->details);
    grpc_metadata_array_init(&call->metadata);
    CHECK(grpc_server_request_call(server->grpc, &call->grpc, &call->details, &call->metadata, server->queue,
                                   server->queue, call) == GRPC_CALL_OK);
}

static void destroy_call(struct test_call *call)
{
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
    free(call->method);
    free(call);
}

static void receive_body(struct test_call *call)
{
    grpc_op operation;
    memset(&operation, 0, sizeof operation);
    operation.op = GRPC_OP_RECV_MESSAGE;
    operation.data.recv_message.recv_message = &call->request;
    call->state = CALL_ARRIVED;
    CHECK(grpc_call_start_batch(call->grpc, &operation, 1, call, NULL) == GRPC_CALL_OK);
}

static void handle(struct test_call *call)
{
    if (call->request != NULL) {
        grpc_byte_buffer_reader reader;
        CHECK(grpc_byte_buffer_reader_init(&reader, call->request) != 0);
        call->body = grpc_byte_buffer_reader_readall(&reader);
        grpc_byte_buffer_reader_destroy(&reader);
    }
    call->method = grpc_slice_to_c_string(call->details.method);
    struct test_server *server = call->server;
    pthread_mutex_lock(&server->lock);
    server->handler(server->user, call);
    server->calls++;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static void serve(struct test_server *server)
{
    for (;;) {
        grpc_event event = grpc_completion_queue_next(server->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN) {
            return;
        }
        if (event.tag == server) {
            grpc_completion_queue_shutdown(server->queue);
            continue;
        }
        struct test_call *call = event.tag;
        if (call->state == CALL_AWAITED && event.success != 0) {
            await_call(server);
            receive_body(call);
        } else if (call->state == CALL_ARRIVED) {
            handle(call);
        } else {
            if (call->is_held) {
                pthread_mutex_lock(&server->lock);
                server->given_up++;
                pthread_cond_broadcast(&server->changed);
                pthread_mutex_unlock(&server->lock);
            }
            destroy_call(call);
        }
    }
}

static void *thread_main(void *argument)
{
    serve(argument);
    return NULL;
}

struct test_server *test_server_start(int port, test_handler_fn *handler, void *user)
{
    struct test_server *server = memory_alloc(sizeof *server);
    server->handler = handler;
    server->user = user;
    CHECK(pthread_mutex_init(&server->lock, NULL) == 0);
    CHECK(pthread_cond_init(&server->changed, NULL) == 0);
    grpc_init();
    server->queue = grpc_completion_queue_create_for_next(NULL);
    server->grpc = grpc_server_create(NULL, NULL);
    grpc_server_register_completion_queue(server->grpc, server->queue, NULL);
    (void)snprintf(server->address, sizeof server->address, "127.0.0.1:%d", port);
    grpc_server_credentials *credentials = grpc_insecure_server_credentials_create();
    server->port = grpc_server_add_http2_port(server->grpc, server->address, credentials);
    CHECK(server->port > 0);
    grpc_server_credentials_release(credentials);
    (void)snprintf(server->address, sizeof server->address, "127.0.0.1:%d", server->port);
    grpc_server_start(server->grpc);
    await_call(server);
    CHECK(pthread_create(&server->thread, NULL, thread_main, server) == 0);
    return server;
}

int test_server_port(const struct test_server *server)
{
    return server->port;
}

const char *test_server_address(const struct test_server *server)
{
    return server->address;
}

void test_server_stop(struct test_server *server)
{
    if (server == NULL) {
        return;
    }
    grpc_server_shutdown_and_notify(server->grpc, server->queue, server);
    grpc_server_cancel_all_calls(server->grpc);
    CHECK(pthread_join(server->thread, NULL) == 0);
    grpc_server_destroy(server->grpc);
    grpc_completion_queue_destroy(server->queue);
    grpc_shutdown_blocking();
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

void test_server_lock(struct test_server *server)
{
    pthread_mutex_lock(&server->lock);
}

void test_server_unlock(struct test_server *server)
{
    pthread_mutex_unlock(&server->lock);
}

const char *test_call_method(const struct test_call *call)
{
    return call->method;
}

const uint8_t *test_call_body(const struct test_call *call, size_t *out_length)
{
    *out_length = GRPC_SLICE_LENGTH(call->body);
    return GRPC_SLICE_START_PTR(call->body);
}

char *test_call_metadata(const struct test_call *call, const char *key)
{
    for (size_t i = 0; i < call->metadata.count; i++) {
        if (grpc_slice_str_cmp(call->metadata.metadata[i].key, key) == 0) {
            grpc_slice value = call->metadata.metadata[i].value;
            return memory_copy(GRPC_SLICE_START_PTR(value), GRPC_SLICE_LENGTH(value));
        }
    }
    return NULL;
}

static void answer(struct test_call *call, grpc_status_code code, const char *message, grpc_byte_buffer *body,
                   const void *details, size_t details_length)
{
    grpc_op operations[4];
    memset(operations, 0, sizeof operations);
    size_t used = 0;
    grpc_metadata trailer;
    memset(&trailer, 0, sizeof trailer);
    operations[used++].op = GRPC_OP_SEND_INITIAL_METADATA;
    if (body != NULL) {
        operations[used].op = GRPC_OP_SEND_MESSAGE;
        operations[used++].data.send_message.send_message = body;
    }
    call->message = grpc_slice_from_copied_string(message);
    operations[used].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
    operations[used].data.send_status_from_server.status = code;
    operations[used].data.send_status_from_server.status_details = &call->message;
    if (details_length > 0) {
        trailer.key = grpc_slice_from_static_string("grpc-status-details-bin");
        trailer.value = grpc_slice_from_copied_buffer(details, details_length);
        operations[used].data.send_status_from_server.trailing_metadata = &trailer;
        operations[used].data.send_status_from_server.trailing_metadata_count = 1;
    }
    used++;
    operations[used].op = GRPC_OP_RECV_CLOSE_ON_SERVER;
    operations[used++].data.recv_close_on_server.cancelled = &call->was_cancelled;
    call->state = CALL_ANSWERED;
    CHECK(grpc_call_start_batch(call->grpc, operations, used, call, NULL) == GRPC_CALL_OK);
    if (details_length > 0) {
        grpc_slice_unref(trailer.value);
    }
}

void test_call_reply(struct test_call *call, const void *body, size_t length)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(body, length);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    answer(call, GRPC_STATUS_OK, "", buffer, NULL, 0);
    grpc_byte_buffer_destroy(buffer);
}

void test_call_fail(struct test_call *call, grpc_status_code code, const char *message, const void *details,
                    size_t length)
{
    answer(call, code, message, NULL, details, length);
}

void test_call_hold(struct test_call *call)
{
    grpc_op operation;
    memset(&operation, 0, sizeof operation);
    operation.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
    operation.data.recv_close_on_server.cancelled = &call->was_cancelled;
    call->state = CALL_ANSWERED;
    call->is_held = true;
    CHECK(grpc_call_start_batch(call->grpc, &operation, 1, call, NULL) == GRPC_CALL_OK);
}

static void await(struct test_server *server, const int *counter, int value)
{
    pthread_mutex_lock(&server->lock);
    while (*counter < value) {
        pthread_cond_wait(&server->changed, &server->lock);
    }
    pthread_mutex_unlock(&server->lock);
}

void test_server_await_calls(struct test_server *server, int value)
{
    await(server, &server->calls, value);
}

void test_server_await_given_up(struct test_server *server, int value)
{
    await(server, &server->given_up, value);
}

int test_server_call_count(struct test_server *server)
{
    pthread_mutex_lock(&server->lock);
    int value = server->calls;
    pthread_mutex_unlock(&server->lock);
    return value;
}

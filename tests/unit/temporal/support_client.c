/* See support_client.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_client.h"

#include <stdlib.h>
#include <string.h>

#include <google/rpc/status.pb-c.h>

#include "base/clock.h"
#include "base/memory.h"

static uint8_t *pack(const ProtobufCMessage *message, size_t *out_length)
{
    *out_length = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = memory_alloc(*out_length + 1);
    protobuf_c_message_pack(message, bytes);
    return bytes;
}

static void fail_with(struct test_call *call, const struct client_step *step)
{
    if (step->detail == NULL) {
        test_call_fail(call, step->code, step->message, NULL, 0);
        return;
    }
    char *url = memory_format("type.googleapis.com/%s", step->detail->descriptor->name);
    Google__Protobuf__Any any;
    google__protobuf__any__init(&any);
    any.type_url = url;
    any.value.data = pack(step->detail, &any.value.len);
    Google__Protobuf__Any *list[] = {&any};
    Pb__Status status = PB__STATUS__INIT;
    status.code = (int32_t)step->code;
    status.details = list;
    status.n_details = 1;
    size_t length = 0;
    uint8_t *bytes = pack(&status.base, &length);
    test_call_fail(call, step->code, step->message, bytes, length);
    free(bytes);
    free(any.value.data);
    free(url);
}

static void handle(void *user, struct test_call *call)
{
    struct client_fixture *fixture = user;
    size_t index = fixture->next < fixture->step_count ? fixture->next : fixture->step_count - 1;
    if (fixture->next < CLIENT_STEPS_MAX) {
        size_t length = 0;
        const uint8_t *body = test_call_body(call, &length);
        fixture->methods[fixture->next] = memory_copy_string(strrchr(test_call_method(call), '/') + 1);
        fixture->bodies[fixture->next] = memory_copy(body, length);
        fixture->body_lengths[fixture->next] = length;
        fixture->metadata[fixture->next] = test_call_metadata(call, "temporal-namespace");
    }
    fixture->next++;
    const struct client_step *step = &fixture->steps[index];
    if (step->is_held) {
        test_call_hold(call);
    } else if (step->code != GRPC_STATUS_OK) {
        fail_with(call, step);
    } else if (step->reply == NULL) {
        test_call_reply(call, "", 0);
    } else {
        size_t length = 0;
        uint8_t *bytes = pack(step->reply, &length);
        test_call_reply(call, bytes, length);
        free(bytes);
    }
}

const struct temporal_run client_some_run = {.workflow_id = "order-1", .run_id = "run-1"};

int client_set_up(void **state)
{
    struct client_fixture *fixture = memory_alloc(sizeof *fixture);
    fixture->step_count = 1;
    fixture->server = test_server_start(0, handle, fixture);
    struct temporal_connection_options options = {.address = test_server_address(fixture->server),
                                                  .namespace_name = "shop",
                                                  .identity = "me"};
    struct error error;
    assert_int_equal(temporal_connection_new(&options, &fixture->connection, &error), STATUS_OK);
    *state = fixture;
    return 0;
}

int client_tear_down(void **state)
{
    struct client_fixture *fixture = *state;
    temporal_connection_destroy(fixture->connection);
    test_server_stop(fixture->server);
    for (size_t i = 0; i < CLIENT_STEPS_MAX; i++) {
        free(fixture->methods[i]);
        free(fixture->bodies[i]);
        free(fixture->metadata[i]);
    }
    free(fixture);
    return 0;
}

int64_t client_ready(struct client_fixture *fixture)
{
    test_server_lock(fixture->server);
    test_server_unlock(fixture->server);
    return clock_monotonic_ms() + 60000;
}

void client_recorded(struct client_fixture *fixture, int calls)
{
    test_server_await_calls(fixture->server, calls);
    assert_int_equal(test_server_call_count(fixture->server), calls);
}

bool client_body_has(const struct client_fixture *fixture, size_t index, const char *text)
{
    return memmem(fixture->bodies[index], fixture->body_lengths[index], text, strlen(text)) != NULL;
}

void client_end_init(struct client_end *end)
{
    *end = (struct client_end){0};
    pthread_mutex_init(&end->lock, NULL);
    pthread_cond_init(&end->changed, NULL);
}

void client_end_record(struct client_end *end, enum status status)
{
    pthread_mutex_lock(&end->lock);
    end->ends++;
    end->status = status;
    pthread_cond_signal(&end->changed);
    pthread_mutex_unlock(&end->lock);
}

void client_end_record_history(void *user, enum status status, struct temporal_history_result *result,
                               const struct error *error)
{
    struct client_end *end = user;
    (void)error;
    end->history = *result;
    *result = (struct temporal_history_result){0};
    client_end_record(end, status);
}

enum status client_end_await(struct client_end *end)
{
    pthread_mutex_lock(&end->lock);
    while (end->ends == 0) {
        pthread_cond_wait(&end->changed, &end->lock);
    }
    enum status status = end->status;
    pthread_mutex_unlock(&end->lock);
    return status;
}

void client_end_deinit(struct client_end *end)
{
    temporal_start_result_deinit(&end->start);
    temporal_update_result_deinit(&end->update);
    temporal_history_result_deinit(&end->history);
    pthread_cond_destroy(&end->changed);
    pthread_mutex_destroy(&end->lock);
}

/* Service calls: what becomes of the answer, and of the handle. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <temporal/api/errordetails/v1/message.pb-c.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "../rpc/support_server.h"
#include "base/clock.h"
#include "base/memory.h"
#include "service_call.h"

struct fixture {
    struct test_server *server;
    struct temporal_connection *connection;
    const char *answer; /* test_server_lock */
    size_t answer_length;
    bool fails; /* with the answer as the status's details */
    bool is_held;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    int ends; /* lock, like all below */
    struct service_call_result result;
    struct error error;
    ProtobufCMessage *reply;
    ProtobufCMessage *detail;
};

static void handle(void *user, struct test_call *call)
{
    struct fixture *fixture = user;
    if (fixture->is_held) {
        test_call_hold(call);
    } else if (fixture->fails) {
        test_call_fail(call, GRPC_STATUS_NOT_FOUND, "gone", fixture->answer, fixture->answer_length);
    } else {
        test_call_reply(call, fixture->answer, fixture->answer_length);
    }
}

static int set_up(void **state)
{
    struct fixture *fixture = memory_alloc(sizeof *fixture);
    pthread_mutex_init(&fixture->lock, NULL);
    pthread_cond_init(&fixture->changed, NULL);
    fixture->server = test_server_start(0, handle, fixture);
    struct temporal_connection_options options = {.address = test_server_address(fixture->server)};
    assert_int_equal(temporal_connection_new(&options, &fixture->connection, NULL), STATUS_OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    temporal_connection_destroy(fixture->connection);
    test_server_stop(fixture->server);
    if (fixture->reply != NULL) {
        protobuf_c_message_free_unpacked(fixture->reply, NULL);
    }
    if (fixture->detail != NULL) {
        protobuf_c_message_free_unpacked(fixture->detail, NULL);
    }
    pthread_cond_destroy(&fixture->changed);
    pthread_mutex_destroy(&fixture->lock);
    free(fixture);
    return 0;
}

static void record(void *user, struct service_call_result *result)
{
    struct fixture *fixture = user;
    pthread_mutex_lock(&fixture->lock);
    fixture->ends++;
    fixture->result = *result;
    if (result->error != NULL) {
        fixture->error = *result->error;
    }
    fixture->detail = service_call_detail(result, &pb__namespace_not_found_failure__descriptor);
    fixture->reply = service_call_take_reply(result);
    pthread_cond_signal(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
}

static void answer_with(struct fixture *fixture, const char *bytes, size_t length, bool fails)
{
    test_server_lock(fixture->server);
    fixture->answer = bytes;
    fixture->answer_length = length;
    fixture->fails = fails;
    test_server_unlock(fixture->server);
}

static void start(struct fixture *fixture, struct service_call **out_call)
{
    Pb__GetSystemInfoRequest request = PB__GET_SYSTEM_INFO_REQUEST__INIT;
    struct service_call_options options = {.deadline_ms = clock_monotonic_ms() + 60000, .retry = RPC_RETRY_STANDARD};
    service_call_start(fixture->connection, &service_get_system_info, &request.base, &options, record, fixture,
                       out_call);
}

static void await_end(struct fixture *fixture)
{
    pthread_mutex_lock(&fixture->lock);
    while (fixture->ends == 0) {
        pthread_cond_wait(&fixture->changed, &fixture->lock);
    }
    pthread_mutex_unlock(&fixture->lock);
}

static void a_reply_can_be_taken(void **state)
{
    struct fixture *fixture = *state;
    answer_with(fixture, "\x0a\x03" "1.2", 5, false);
    start(fixture, NULL);
    await_end(fixture);
    assert_int_equal(fixture->result.status, STATUS_OK);
    assert_int_equal(fixture->result.reply_bytes, 5);
    assert_null(fixture->result.error);
    assert_string_equal(((Pb__GetSystemInfoResponse *)(void *)fixture->reply)->server_version, "1.2");
}

static void a_reply_that_does_not_parse_is_malformed_and_named(void **state)
{
    struct fixture *fixture = *state;
    answer_with(fixture, "\x0a\x09" "1.2", 5, false);
    start(fixture, NULL);
    await_end(fixture);
    assert_int_equal(fixture->result.status, STATUS_MALFORMED);
    assert_null(fixture->reply);
    assert_non_null(strstr(fixture->error.text, "GetSystemInfo: a GetSystemInfoResponse of 5 bytes"));
}

static void details_are_found_by_their_type(void **state)
{
    struct fixture *fixture = *state;
    /* Status{details: [Any{type_url, value: NamespaceNotFoundFailure{namespace: "x"}}]} */
    static const char url[] = "type.googleapis.com/temporal.api.errordetails.v1.NamespaceNotFoundFailure";
    char bytes[256];
    size_t length = 0;
    bytes[length++] = 0x1a;
    bytes[length++] = (char)(2 + sizeof url - 1 + 5);
    bytes[length++] = 0x0a;
    bytes[length++] = (char)(sizeof url - 1);
    memcpy(bytes + length, url, sizeof url - 1);
    length += sizeof url - 1;
    memcpy(bytes + length, "\x12\x03\x0a\x01x", 5);
    length += 5;
    answer_with(fixture, bytes, length, true);
    start(fixture, NULL);
    await_end(fixture);
    assert_int_equal(fixture->result.status, STATUS_NOT_FOUND);
    assert_non_null(fixture->detail);
    assert_string_equal(((Pb__NamespaceNotFoundFailure *)(void *)fixture->detail)->namespace_, "x");
    test_server_await_calls(fixture->server, 1); /* bytes are on this stack */
}

static void details_that_do_not_parse_are_left_out(void **state)
{
    struct fixture *fixture = *state;
    answer_with(fixture, "\x1a\x7f", 2, true);
    start(fixture, NULL);
    await_end(fixture);
    assert_int_equal(fixture->result.status, STATUS_NOT_FOUND);
    assert_string_equal(fixture->error.text, "GetSystemInfo: NOT_FOUND: gone");
    assert_null(fixture->detail);
}

static void a_call_can_be_cancelled_and_its_handle_dropped_late(void **state)
{
    struct fixture *fixture = *state;
    test_server_lock(fixture->server);
    fixture->is_held = true;
    test_server_unlock(fixture->server);
    struct service_call *call = NULL;
    start(fixture, &call);
    test_server_await_calls(fixture->server, 1);
    service_call_cancel(call);
    await_end(fixture);
    assert_int_equal(fixture->result.status, STATUS_CANCELED);
    assert_false(fixture->error.retryable);
    service_call_cancel(call);
    service_call_release(call);
    service_call_cancel(NULL);
    service_call_release(NULL);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_reply_can_be_taken),
        CASE(a_reply_that_does_not_parse_is_malformed_and_named),
        CASE(details_are_found_by_their_type),
        CASE(details_that_do_not_parse_are_left_out),
        CASE(a_call_can_be_cancelled_and_its_handle_dropped_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

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
#include "codec_message.h"
#include "error_details.h"
#include "payload.h"
#include "service_call.h"
#include "support_codec.h"

struct fixture {
    struct test_server *server;
    struct temporal_connection *connection;
    const char *answer; /* test_server_lock */
    size_t answer_length;
    bool fails; /* with the answer as the status's details */
    bool is_held;
    bool saw_encoded;
    bool echoes; /* a query is answered with its arguments as they came */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    int ends; /* lock, like all below */
    struct service_call_result result;
    struct error error;
    ProtobufCMessage *reply;
    ProtobufCMessage *detail;
};

static void echo(struct fixture *fixture, struct test_call *call)
{
    size_t length = 0;
    const uint8_t *body = test_call_body(call, &length);
    Pb__QueryWorkflowRequest *request = pb__query_workflow_request__unpack(NULL, length, body);
    Pb__QueryWorkflowResponse response = PB__QUERY_WORKFLOW_RESPONSE__INIT;
    response.query_result = request->query->query_args;
    length = pb__query_workflow_response__get_packed_size(&response);
    uint8_t *bytes = memory_alloc(length + 1);
    pb__query_workflow_response__pack(&response, bytes);
    fixture->saw_encoded = payload_has_encoding(request->query->query_args->payloads[0], SUPPORT_ENCODING);
    test_call_reply(call, bytes, length);
    free(bytes);
    pb__query_workflow_request__free_unpacked(request, NULL);
}

static void handle(void *user, struct test_call *call)
{
    struct fixture *fixture = user;
    if (fixture->is_held) {
        test_call_hold(call);
    } else if (fixture->echoes) {
        echo(fixture, call);
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
    const struct temporal_connection_options options = {.address = test_server_address(fixture->server),
                                                        .codec = &support_codec};
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

static void query(struct fixture *fixture, struct temporal_connection *connection, bool keeps_encoded)
{
    static char s_default[] = "default";
    static char s_type[] = "state";
    Pb__QueryWorkflowRequest request = PB__QUERY_WORKFLOW_REQUEST__INIT;
    Pb__WorkflowQuery one = PB__WORKFLOW_QUERY__INIT;
    const struct temporal_payload argument = {.data = "[1.00]", .length = 6};
    Pb__Payloads *arguments = payloads_from_view(&argument, 1);
    request.namespace_ = s_default;
    request.query = &one;
    one.query_type = s_type;
    one.query_args = arguments;
    struct service_call_options options = {.deadline_ms = clock_monotonic_ms() + 60000,
                                           .retry = RPC_RETRY_STANDARD,
                                           .keeps_encoded = keeps_encoded};
    service_call_start(connection, &service_query_workflow, &request.base, &options, record, fixture, NULL);
    assert_true(payload_has_encoding(arguments->payloads[0], "json/plain")); /* the request is only read */
    pb__payloads__free_unpacked(arguments, NULL);
    await_end(fixture);
}

static void make_echo(struct fixture *fixture)
{
    test_server_lock(fixture->server);
    fixture->echoes = true;
    test_server_unlock(fixture->server);
}

static void payloads_pass_the_codec_both_ways(void **state)
{
    struct fixture *fixture = *state;
    make_echo(fixture);
    query(fixture, fixture->connection, false);
    assert_int_equal(fixture->result.status, STATUS_OK);
    test_server_lock(fixture->server);
    assert_true(fixture->saw_encoded);
    test_server_unlock(fixture->server);
    const Pb__Payload *result = ((Pb__QueryWorkflowResponse *)(void *)fixture->reply)->query_result->payloads[0];
    assert_true(payload_has_encoding(result, "json/plain"));
    assert_int_equal(result->n_metadata, 1);
    assert_memory_equal(result->data.data, "[1.00]", 6);
}

static void a_reply_can_be_kept_as_it_came(void **state)
{
    struct fixture *fixture = *state;
    make_echo(fixture);
    query(fixture, fixture->connection, true);
    const Pb__Payload *result = ((Pb__QueryWorkflowResponse *)(void *)fixture->reply)->query_result->payloads[0];
    assert_true(payload_has_encoding(result, SUPPORT_ENCODING));
}

static void what_cannot_be_encoded_is_not_sent(void **state)
{
    struct fixture *fixture = *state;
    struct temporal_connection *connection = NULL;
    const struct temporal_connection_options options = {.address = test_server_address(fixture->server),
                                                        .codec = &support_dry_codec};
    assert_int_equal(temporal_connection_new(&options, &connection, NULL), STATUS_OK);
    query(fixture, connection, false);
    assert_int_equal(fixture->result.status, STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(fixture->error.text, "QueryWorkflow: a payload cannot be encoded: no ink");
    assert_int_equal(test_server_call_count(fixture->server), 0);
    temporal_connection_destroy(connection);
}

static void a_query_s_failure_is_decoded_where_its_details_are_asked_for(void **state)
{
    (void)state;
    Pb__Failure failure = PB__FAILURE__INIT;
    Pb__QueryFailedFailure detail = PB__QUERY_FAILED_FAILURE__INIT;
    Pb__Status status = PB__STATUS__INIT;
    Google__Protobuf__Any any;
    google__protobuf__any__init(&any);
    Google__Protobuf__Any *list[] = {&any};
    static char s_type[] = "type.googleapis.com/temporal.api.errordetails.v1.QueryFailedFailure";
    const struct temporal_payload argument = {.data = "7", .length = 1};
    Pb__ApplicationFailureInfo info = PB__APPLICATION_FAILURE_INFO__INIT;
    info.details = payloads_from_view(&argument, 1);
    assert_int_equal(codec_encode_message(&support_codec, &info.details->base, NULL), STATUS_OK);
    failure.failure_info_case = PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO;
    failure.application_failure_info = &info;
    detail.failure = &failure;
    any.type_url = s_type;
    any.value.len = pb__query_failed_failure__get_packed_size(&detail);
    any.value.data = memory_alloc(any.value.len);
    pb__query_failed_failure__pack(&detail, any.value.data);
    status.n_details = 1;
    status.details = list;
    const struct service_call_result result = {.details = &status, .codec = &support_codec};
    ProtobufCMessage *found = service_call_detail(&result, &pb__query_failed_failure__descriptor);
    assert_non_null(found);
    const Pb__QueryFailedFailure *read = (const Pb__QueryFailedFailure *)(const void *)found;
    const Pb__Payload *seven = read->failure->application_failure_info->details->payloads[0];
    assert_true(payload_has_encoding(seven, "json/plain"));
    char *json = error_details_json(&status, &support_codec);
    assert_non_null(strstr(json, "\"details\":[7]"));
    free(json);
    protobuf_c_message_free_unpacked(found, NULL);
    pb__payloads__free_unpacked(info.details, NULL);
    free(any.value.data);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_reply_can_be_taken),
        CASE(a_reply_that_does_not_parse_is_malformed_and_named),
        CASE(details_are_found_by_their_type),
        CASE(details_that_do_not_parse_are_left_out),
        CASE(payloads_pass_the_codec_both_ways),
        CASE(a_reply_can_be_kept_as_it_came),
        CASE(what_cannot_be_encoded_is_not_sent),
        CASE(a_query_s_failure_is_decoded_where_its_details_are_asked_for),
        CASE(a_call_can_be_cancelled_and_its_handle_dropped_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

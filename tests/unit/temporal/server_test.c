/* What tools ask the server about itself: namespaces, pollers, search attributes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <temporal/api/operatorservice/v1/request_response.pb-c.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "../rpc/support_server.h"
#include "base/clock.h"
#include "base/memory.h"
#include "temporal/connection.h"
#include "temporal/server.h"

#define CALLS_MAX 4

/* One server that answers every call with the same reply, or fails it. */
struct fixture {
    struct test_server *server;
    struct temporal_connection *connection;
    /* test_server_lock */
    const ProtobufCMessage *reply; /* NULL: UNIMPLEMENTED */
    char *methods[CALLS_MAX];
    uint8_t *bodies[CALLS_MAX];
    size_t body_lengths[CALLS_MAX];
    size_t count;
};

static void handle(void *user, struct test_call *call)
{
    struct fixture *fixture = user;
    if (fixture->count < CALLS_MAX) {
        size_t length = 0;
        const uint8_t *body = test_call_body(call, &length);
        fixture->methods[fixture->count] = memory_copy_string(test_call_method(call));
        fixture->bodies[fixture->count] = memory_copy(body, length);
        fixture->body_lengths[fixture->count++] = length;
    }
    if (fixture->reply == NULL) {
        test_call_fail(call, GRPC_STATUS_UNIMPLEMENTED, "not here", NULL, 0);
        return;
    }
    size_t length = protobuf_c_message_get_packed_size(fixture->reply);
    uint8_t *bytes = memory_alloc(length + 1);
    protobuf_c_message_pack(fixture->reply, bytes);
    test_call_reply(call, bytes, length);
    free(bytes);
}

static int set_up(void **state)
{
    struct fixture *fixture = memory_alloc(sizeof *fixture);
    fixture->server = test_server_start(0, handle, fixture);
    const struct temporal_connection_options options = {.address = test_server_address(fixture->server),
                                                        .namespace_name = "shop"};
    assert_int_equal(temporal_connection_new(&options, &fixture->connection, NULL), STATUS_OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    temporal_connection_destroy(fixture->connection);
    test_server_stop(fixture->server);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        free(fixture->methods[i]);
        free(fixture->bodies[i]);
    }
    free(fixture);
    return 0;
}

/* The server's thread sees the reply from here on. Returns a deadline far enough away. */
static int64_t answer_with(struct fixture *fixture, const ProtobufCMessage *reply)
{
    test_server_lock(fixture->server);
    fixture->reply = reply;
    test_server_unlock(fixture->server);
    return clock_monotonic_ms() + 60000;
}

static void a_namespace_tells_its_retention_and_limits(void **state)
{
    struct fixture *fixture = *state;
    Pb__DescribeNamespaceResponse reply = PB__DESCRIBE_NAMESPACE_RESPONSE__INIT;
    Pb__NamespaceConfig config = PB__NAMESPACE_CONFIG__INIT;
    Pb__NamespaceInfo info = PB__NAMESPACE_INFO__INIT;
    Pb__NamespaceInfo__Limits limits = PB__NAMESPACE_INFO__LIMITS__INIT;
    Google__Protobuf__Duration retention = GOOGLE__PROTOBUF__DURATION__INIT;
    struct temporal_namespace about = {0};
    retention.seconds = 86400;
    config.workflow_execution_retention_ttl = &retention;
    limits.blob_size_limit_error = 2097152;
    info.limits = &limits;
    reply.config = &config;
    reply.namespace_info = &info;
    int64_t deadline_ms = answer_with(fixture, &reply.base);
    assert_int_equal(temporal_server_describe_namespace(fixture->connection, "other", deadline_ms, &about, NULL),
                     STATUS_OK);
    assert_int_equal(about.retention_ms, 86400000);
    assert_int_equal(about.blob_bytes_max, 2097152);
    test_server_lock(fixture->server);
    Pb__DescribeNamespaceRequest *request =
        pb__describe_namespace_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    test_server_unlock(fixture->server);
    assert_string_equal(request->namespace_, "other");
    pb__describe_namespace_request__free_unpacked(request, NULL);
}

static void a_server_may_say_nothing_of_it(void **state)
{
    struct fixture *fixture = *state;
    Pb__DescribeNamespaceResponse reply = PB__DESCRIBE_NAMESPACE_RESPONSE__INIT;
    struct temporal_namespace about = {.retention_ms = 7, .blob_bytes_max = 7};
    int64_t deadline_ms = answer_with(fixture, &reply.base);
    assert_int_equal(temporal_server_describe_namespace(fixture->connection, NULL, deadline_ms, &about, NULL),
                     STATUS_OK);
    assert_int_equal(about.retention_ms, 0);
    assert_int_equal(about.blob_bytes_max, 0);
}

static void pollers_are_counted_for_workflows_and_for_activities(void **state)
{
    struct fixture *fixture = *state;
    Pb__DescribeTaskQueueResponse reply = PB__DESCRIBE_TASK_QUEUE_RESPONSE__INIT;
    Pb__PollerInfo one = PB__POLLER_INFO__INIT;
    Pb__PollerInfo *list[] = {&one, &one};
    struct temporal_pollers pollers = {0};
    reply.pollers = list;
    reply.n_pollers = 2;
    int64_t deadline_ms = answer_with(fixture, &reply.base);
    assert_int_equal(
        temporal_server_count_pollers(fixture->connection, NULL, "orders", deadline_ms, &pollers, NULL), STATUS_OK);
    assert_int_equal(pollers.workflow, 2);
    assert_int_equal(pollers.activity, 2);
    test_server_lock(fixture->server);
    for (size_t i = 0; i < 2; i++) {
        Pb__DescribeTaskQueueRequest *request =
            pb__describe_task_queue_request__unpack(NULL, fixture->body_lengths[i], fixture->bodies[i]);
        assert_string_equal(request->namespace_, "shop");
        assert_string_equal(request->task_queue->name, "orders");
        assert_int_equal(request->task_queue_type, i == 0 ? PB__TASK_QUEUE_TYPE__TASK_QUEUE_TYPE_WORKFLOW
                                                          : PB__TASK_QUEUE_TYPE__TASK_QUEUE_TYPE_ACTIVITY);
        pb__describe_task_queue_request__free_unpacked(request, NULL);
    }
    test_server_unlock(fixture->server);
}

static void search_attributes_have_types_also_ones_that_are_newer_than_we(void **state)
{
    struct fixture *fixture = *state;
    Pb__ListSearchAttributesResponse reply = PB__LIST_SEARCH_ATTRIBUTES_RESPONSE__INIT;
    Pb__ListSearchAttributesResponse__CustomAttributesEntry region =
        PB__LIST_SEARCH_ATTRIBUTES_RESPONSE__CUSTOM_ATTRIBUTES_ENTRY__INIT;
    Pb__ListSearchAttributesResponse__CustomAttributesEntry strange = region;
    Pb__ListSearchAttributesResponse__CustomAttributesEntry *custom[] = {&region, &strange};
    Pb__ListSearchAttributesResponse__SystemAttributesEntry start =
        PB__LIST_SEARCH_ATTRIBUTES_RESPONSE__SYSTEM_ATTRIBUTES_ENTRY__INIT;
    Pb__ListSearchAttributesResponse__SystemAttributesEntry *system[] = {&start};
    struct temporal_search_attributes known = {0};
    static char names[][10] = {"Region", "Strange", "StartTime"};
    region.key = names[0];
    region.value = PB__INDEXED_VALUE_TYPE__INDEXED_VALUE_TYPE_KEYWORD;
    strange.key = names[1];
    strange.value = (Pb__IndexedValueType)99;
    start.key = names[2];
    start.value = PB__INDEXED_VALUE_TYPE__INDEXED_VALUE_TYPE_DATETIME;
    reply.custom_attributes = custom;
    reply.n_custom_attributes = 2;
    reply.system_attributes = system;
    reply.n_system_attributes = 1;
    int64_t deadline_ms = answer_with(fixture, &reply.base);
    assert_int_equal(temporal_server_search_attributes(fixture->connection, NULL, deadline_ms, &known, NULL),
                     STATUS_OK);
    assert_int_equal(known.count, 3);
    assert_string_equal(known.attributes[0].name, "Region");
    assert_string_equal(known.attributes[0].type, "Keyword");
    assert_string_equal(known.attributes[1].type, "");
    assert_string_equal(known.attributes[2].type, "Datetime");
    temporal_search_attributes_deinit(&known);
    test_server_lock(fixture->server);
    assert_string_equal(fixture->methods[0],
                        "/temporal.api.operatorservice.v1.OperatorService/ListSearchAttributes");
    test_server_unlock(fixture->server);
}

static void a_server_without_the_call_is_an_error_and_nothing_is_set(void **state)
{
    struct fixture *fixture = *state;
    struct temporal_search_attributes known = {0};
    struct temporal_pollers pollers = {.workflow = 7};
    struct error error = {0};
    int64_t deadline_ms = answer_with(fixture, NULL);
    assert_int_not_equal(temporal_server_search_attributes(fixture->connection, NULL, deadline_ms, &known, &error),
                         STATUS_OK);
    assert_non_null(strstr(error.text, "not here"));
    assert_null(known.attributes);
    assert_int_not_equal(
        temporal_server_count_pollers(fixture->connection, NULL, "q", deadline_ms, &pollers, NULL), STATUS_OK);
    assert_int_equal(pollers.workflow, 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_namespace_tells_its_retention_and_limits),
        TEST(a_server_may_say_nothing_of_it),
        TEST(pollers_are_counted_for_workflows_and_for_activities),
        TEST(search_attributes_have_types_also_ones_that_are_newer_than_we),
        TEST(a_server_without_the_call_is_an_error_and_nothing_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The client against a server in this process that answers what each test tells it to. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <google/rpc/status.pb-c.h>
#include <temporal/api/errordetails/v1/message.pb-c.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "../rpc/support_server.h"
#include "base/clock.h"
#include "base/memory.h"
#include "payload.h"
#include "temporal/client.h"
#include "temporal/workflow.h"

#define STEPS_MAX 8

/* Each call takes the next step; the last one stays. */
struct step {
    grpc_status_code code;
    const char *message;
    const ProtobufCMessage *reply;  /* NULL: an empty message */
    const ProtobufCMessage *detail; /* with an error */
    bool is_held;
};

struct fixture {
    struct test_server *server;
    struct temporal_connection *connection;
    struct step steps[STEPS_MAX];
    size_t step_count;
    size_t next; /* server's thread */
    char *methods[STEPS_MAX];
    uint8_t *bodies[STEPS_MAX];
    size_t body_lengths[STEPS_MAX];
    char *metadata[STEPS_MAX];
};

static uint8_t *pack(const ProtobufCMessage *message, size_t *out_length)
{
    *out_length = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = memory_alloc(*out_length + 1);
    protobuf_c_message_pack(message, bytes);
    return bytes;
}

static void fail_with(struct test_call *call, const struct step *step)
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
    struct fixture *fixture = user;
    size_t index = fixture->next < fixture->step_count ? fixture->next : fixture->step_count - 1;
    if (fixture->next < STEPS_MAX) {
        size_t length = 0;
        const uint8_t *body = test_call_body(call, &length);
        fixture->methods[fixture->next] = memory_copy_string(strrchr(test_call_method(call), '/') + 1);
        fixture->bodies[fixture->next] = memory_copy(body, length);
        fixture->body_lengths[fixture->next] = length;
        fixture->metadata[fixture->next] = test_call_metadata(call, "temporal-namespace");
    }
    fixture->next++;
    const struct step *step = &fixture->steps[index];
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

static int set_up(void **state)
{
    struct fixture *fixture = memory_alloc(sizeof *fixture);
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

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    temporal_connection_destroy(fixture->connection);
    test_server_stop(fixture->server);
    for (size_t i = 0; i < STEPS_MAX; i++) {
        free(fixture->methods[i]);
        free(fixture->bodies[i]);
        free(fixture->metadata[i]);
    }
    free(fixture);
    return 0;
}

/* What was written into the steps is seen by the server's thread; returns a deadline far enough away. */
static int64_t ready(struct fixture *fixture)
{
    test_server_lock(fixture->server);
    test_server_unlock(fixture->server);
    return clock_monotonic_ms() + 60000;
}

/* The server's thread is done with that many calls, and what it recorded is seen here. */
static void recorded(struct fixture *fixture, int calls)
{
    test_server_await_calls(fixture->server, calls);
    assert_int_equal(test_server_call_count(fixture->server), calls);
}

static const struct temporal_run some_run = {.workflow_id = "order-1", .run_id = "run-1"};

/* ---- start ---- */

static enum status start(struct fixture *fixture, struct temporal_start_result *out_result, struct error *error)
{
    static const char *const types[] = {"Bad", "Worse", NULL};
    static const struct temporal_retry_options retry = {.initial_interval_ms = 1500, .maximum_attempts = 3,
                                                        .non_retryable_types = types};
    struct temporal_payload argument = {.data = "{\"a\": 1.00}", .length = 11};
    struct temporal_memo_entry memo = {.key = "attempt", .value = {.data = "1", .length = 1}};
    struct temporal_start_options options = {
        .workflow_id = "order-1",
        .workflow_type = "order",
        .task_queue = "orders",
        .arguments = &argument,
        .argument_count = 1,
        .request_id = "r-1",
        .id_reuse = TEMPORAL_REUSE_REJECT,
        .id_conflict = TEMPORAL_CONFLICT_USE_EXISTING,
        .run_timeout_ms = 61500,
        .retry = &retry,
        .memo = &memo,
        .memo_count = 1,
        .deadline_ms = ready(fixture),
    };
    return temporal_client_start(fixture->connection, &options, out_result, error);
}

static void start_sends_all_that_was_asked_for(void **state)
{
    struct fixture *fixture = *state;
    Pb__StartWorkflowExecutionResponse reply = PB__START_WORKFLOW_EXECUTION_RESPONSE__INIT;
    reply.run_id = "run-1";
    reply.first_execution_run_id = "run-0";
    reply.started = 1;
    reply.status = PB__WORKFLOW_EXECUTION_STATUS__WORKFLOW_EXECUTION_STATUS_RUNNING;
    fixture->steps[0].reply = &reply.base;
    struct temporal_start_result result;
    assert_int_equal(start(fixture, &result, NULL), STATUS_OK);
    assert_string_equal(result.workflow_id, "order-1");
    assert_string_equal(result.run_id, "run-1");
    assert_string_equal(result.first_run_id, "run-0");
    assert_true(result.started);
    assert_int_equal(result.status, TEMPORAL_RUN_RUNNING);
    temporal_start_result_deinit(&result);

    recorded(fixture, 1);
    assert_string_equal(fixture->methods[0], "StartWorkflowExecution");
    assert_string_equal(fixture->metadata[0], "shop");
    Pb__StartWorkflowExecutionRequest *request =
        pb__start_workflow_execution_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_string_equal(request->namespace_, "shop");
    assert_string_equal(request->identity, "me");
    assert_string_equal(request->workflow_type->name, "order");
    assert_string_equal(request->task_queue->name, "orders");
    assert_string_equal(request->request_id, "r-1");
    assert_memory_equal(request->input->payloads[0]->data.data, "{\"a\": 1.00}", 11);
    assert_int_equal(request->workflow_id_reuse_policy,
                     PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE);
    assert_int_equal(request->workflow_id_conflict_policy,
                     PB__WORKFLOW_ID_CONFLICT_POLICY__WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING);
    assert_int_equal(request->workflow_run_timeout->seconds, 61);
    assert_int_equal(request->workflow_run_timeout->nanos, 500000000);
    assert_null(request->workflow_execution_timeout);
    assert_int_equal(request->retry_policy->n_non_retryable_error_types, 2);
    assert_string_equal(request->retry_policy->non_retryable_error_types[1], "Worse");
    assert_string_equal(request->memo->fields[0]->key, "attempt");
    pb__start_workflow_execution_request__free_unpacked(request, NULL);
}

static void start_sends_namespace_attributes_priority_and_callbacks(void **state)
{
    struct fixture *fixture = *state;
    const struct temporal_memo_entry attribute = {.key = "FerryMessageId", .value = {.data = "\"m-1\"", .length = 5}};
    const struct temporal_header header = {.name = "x-key", .value = "17"};
    const struct temporal_callback callbacks[] = {{.url = "http://here/1", .headers = &header, .header_count = 1},
                                                  {.url = "http://here/2"}};
    struct temporal_start_options options = {
        .namespace_name = "other", .workflow_id = "a", .workflow_type = "b", .task_queue = "c",
        .id_conflict = TEMPORAL_CONFLICT_USE_EXISTING,
        .search_attributes = &attribute, .search_attribute_count = 1,
        .priority = {.key = 2, .fairness_key = "tenant", .fairness_weight = 1.5},
        .callbacks = callbacks, .callback_count = 2, .deadline_ms = ready(fixture)};
    struct temporal_start_result result;
    assert_int_equal(temporal_client_start(fixture->connection, &options, &result, NULL), STATUS_OK);
    temporal_start_result_deinit(&result);
    recorded(fixture, 1);
    Pb__StartWorkflowExecutionRequest *request =
        pb__start_workflow_execution_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_string_equal(request->namespace_, "other");
    assert_string_equal(fixture->metadata[0], "other");
    assert_int_equal(request->search_attributes->n_indexed_fields, 1);
    assert_string_equal(request->search_attributes->indexed_fields[0]->key, "FerryMessageId");
    assert_memory_equal(request->search_attributes->indexed_fields[0]->value->data.data, "\"m-1\"", 5);
    assert_int_equal(request->priority->priority_key, 2);
    assert_string_equal(request->priority->fairness_key, "tenant");
    assert_float_equal(request->priority->fairness_weight, 1.5, 0.001);
    assert_int_equal(request->n_completion_callbacks, 2);
    assert_string_equal(request->completion_callbacks[0]->nexus->url, "http://here/1");
    assert_int_equal(request->completion_callbacks[0]->nexus->n_header, 1);
    assert_string_equal(request->completion_callbacks[0]->nexus->header[0]->value, "17");
    assert_string_equal(request->completion_callbacks[1]->nexus->url, "http://here/2");
    assert_int_equal(request->completion_callbacks[1]->nexus->n_header, 0);
    assert_true(request->on_conflict_options->attach_completion_callbacks);
    assert_true(request->on_conflict_options->attach_request_id);
    pb__start_workflow_execution_request__free_unpacked(request, NULL);
}

static void a_start_with_a_signal_is_one_call(void **state)
{
    struct fixture *fixture = *state;
    Pb__SignalWithStartWorkflowExecutionResponse reply = PB__SIGNAL_WITH_START_WORKFLOW_EXECUTION_RESPONSE__INIT;
    reply.run_id = "run-2";
    reply.first_execution_run_id = "run-1";
    fixture->steps[0].reply = &reply.base;
    const struct temporal_payload argument = {.data = "{}", .length = 2};
    const struct temporal_start_signal signal = {.name = "message", .arguments = &argument, .argument_count = 1};
    struct temporal_start_options options = {.workflow_id = "a", .workflow_type = "b", .task_queue = "c",
                                             .request_id = "r-1", .id_conflict = TEMPORAL_CONFLICT_USE_EXISTING,
                                             .signal = &signal, .deadline_ms = ready(fixture)};
    struct temporal_start_result result;
    assert_int_equal(temporal_client_start(fixture->connection, &options, &result, NULL), STATUS_OK);
    assert_false(result.started);
    assert_string_equal(result.run_id, "run-2");
    assert_string_equal(result.first_run_id, "run-1");
    assert_int_equal(result.status, TEMPORAL_RUN_UNKNOWN);
    temporal_start_result_deinit(&result);
    recorded(fixture, 1);
    assert_string_equal(fixture->methods[0], "SignalWithStartWorkflowExecution");
    Pb__SignalWithStartWorkflowExecutionRequest *request =
        pb__signal_with_start_workflow_execution_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_string_equal(request->namespace_, "shop");
    assert_string_equal(request->request_id, "r-1");
    assert_string_equal(request->signal_name, "message");
    assert_memory_equal(request->signal_input->payloads[0]->data.data, "{}", 2);
    assert_null(request->input);
    pb__signal_with_start_workflow_execution_request__free_unpacked(request, NULL);
}

static void a_repeated_start_has_the_same_request_id(void **state)
{
    struct fixture *fixture = *state;
    fixture->steps[0] = (struct step){.code = GRPC_STATUS_UNAVAILABLE, .message = "later"};
    fixture->step_count = 2;
    struct temporal_start_options options = {.workflow_id = "a", .workflow_type = "b", .task_queue = "c",
                                             .deadline_ms = ready(fixture)};
    struct temporal_start_result result;
    assert_int_equal(temporal_client_start(fixture->connection, &options, &result, NULL), STATUS_OK);
    temporal_start_result_deinit(&result);
    recorded(fixture, 2);
    Pb__StartWorkflowExecutionRequest *request =
        pb__start_workflow_execution_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_int_equal(strlen(request->request_id), 36);
    pb__start_workflow_execution_request__free_unpacked(request, NULL);
    assert_int_equal(fixture->body_lengths[1], fixture->body_lengths[0]);
    assert_memory_equal(fixture->bodies[1], fixture->bodies[0], fixture->body_lengths[0]);
}

static void a_start_that_is_there_already_tells_its_run(void **state)
{
    struct fixture *fixture = *state;
    Pb__WorkflowExecutionAlreadyStartedFailure detail = PB__WORKFLOW_EXECUTION_ALREADY_STARTED_FAILURE__INIT;
    detail.run_id = "run-7";
    detail.first_execution_run_id = "run-5";
    fixture->steps[0] = (struct step){.code = GRPC_STATUS_ALREADY_EXISTS, .message = "is there",
                                      .detail = &detail.base};
    struct temporal_start_result result;
    struct error error;
    assert_int_equal(start(fixture, &result, &error), STATUS_ALREADY_EXISTS);
    assert_false(error.retryable);
    assert_string_equal(result.workflow_id, "order-1");
    assert_string_equal(result.run_id, "run-7");
    assert_string_equal(result.first_run_id, "run-5");
    assert_false(result.started);
    temporal_start_result_deinit(&result);
}

static void an_unknown_namespace_is_not_final(void **state)
{
    struct fixture *fixture = *state;
    Pb__NamespaceNotFoundFailure detail = PB__NAMESPACE_NOT_FOUND_FAILURE__INIT;
    fixture->steps[0] = (struct step){.code = GRPC_STATUS_NOT_FOUND, .message = "Namespace shop is not found.",
                                      .detail = &detail.base};
    struct temporal_start_result result;
    struct error error;
    assert_int_equal(start(fixture, &result, &error), STATUS_NOT_FOUND);
    assert_true(error.retryable);
}

static void a_payload_over_the_limit_is_too_large_and_final(void **state)
{
    struct fixture *fixture = *state;
    fixture->steps[0] = (struct step){.code = GRPC_STATUS_INVALID_ARGUMENT,
                                      .message = "Blob data size exceeds limit."};
    struct temporal_start_result result;
    struct error error;
    assert_int_equal(start(fixture, &result, &error), STATUS_TOO_LARGE);
    assert_int_equal(error.status, STATUS_TOO_LARGE);
    assert_false(error.retryable);
}

static void what_can_never_be_taken_is_not_sent(void **state)
{
    struct fixture *fixture = *state;
    size_t length = (size_t)5 << 20;
    char *large = memory_alloc(length);
    struct temporal_payload argument = {.data = large, .length = length};
    struct temporal_start_options options = {.workflow_id = "a", .workflow_type = "b", .task_queue = "c",
                                             .arguments = &argument, .argument_count = 1,
                                             .deadline_ms = ready(fixture)};
    struct temporal_start_result result;
    struct error error;
    assert_int_equal(temporal_client_start(fixture->connection, &options, &result, &error), STATUS_TOO_LARGE);
    options.argument_count = 0;
    options.workflow_id = "\xff";
    assert_int_equal(temporal_client_start(fixture->connection, &options, &result, &error), STATUS_INVALID_ARGUMENT);
    assert_false(error.retryable);
    assert_int_equal(test_server_call_count(fixture->server), 0);
    free(large);
}

/* ---- describe ---- */

static void describe_reads_what_a_run_is(void **state)
{
    struct fixture *fixture = *state;
    Pb__WorkflowExecution execution = PB__WORKFLOW_EXECUTION__INIT;
    execution.workflow_id = "order-1";
    execution.run_id = "run-3";
    Google__Protobuf__Timestamp close_time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    close_time.seconds = 1700000000;
    close_time.nanos = 123456789;
    Pb__Memo__FieldsEntry entry = PB__MEMO__FIELDS_ENTRY__INIT;
    entry.key = "attempt";
    entry.value = payload_new("json/plain", "2", 1);
    Pb__Memo__FieldsEntry *entries[] = {&entry};
    Pb__Memo memo = PB__MEMO__INIT;
    memo.fields = entries;
    memo.n_fields = 1;
    Pb__WorkflowExecutionInfo info = PB__WORKFLOW_EXECUTION_INFO__INIT;
    info.execution = &execution;
    info.status = PB__WORKFLOW_EXECUTION_STATUS__WORKFLOW_EXECUTION_STATUS_TIMED_OUT;
    info.close_time = &close_time;
    info.first_run_id = "run-1";
    info.history_length = 9;
    info.task_queue = "orders";
    info.memo = &memo;
    Pb__DescribeWorkflowExecutionResponse reply = PB__DESCRIBE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    reply.workflow_execution_info = &info;
    Pb__Callback__Nexus nexus = PB__CALLBACK__NEXUS__INIT;
    nexus.url = "http://here/1";
    Pb__Callback callback = PB__CALLBACK__INIT;
    callback.variant_case = PB__CALLBACK__VARIANT_NEXUS;
    callback.nexus = &nexus;
    Pb__CallbackInfo callback_info = PB__CALLBACK_INFO__INIT;
    callback_info.callback = &callback;
    Pb__CallbackInfo nobody = PB__CALLBACK_INFO__INIT;
    Pb__CallbackInfo *callbacks[] = {&nobody, &callback_info};
    reply.callbacks = callbacks;
    reply.n_callbacks = 2;
    fixture->steps[0].reply = &reply.base;
    struct temporal_describe_result result;
    assert_int_equal(temporal_client_describe(fixture->connection, &(struct temporal_run){.workflow_id = "order-1"},
                                              ready(fixture), &result, NULL),
                     STATUS_OK);
    assert_int_equal(result.status, TEMPORAL_RUN_TIMED_OUT);
    assert_string_equal(temporal_run_status_name(result.status), "TimedOut");
    assert_string_equal(result.run_id, "run-3");
    assert_string_equal(result.first_run_id, "run-1");
    assert_string_equal(result.workflow_type, "");
    assert_int_equal(result.close_wall_ms, 1700000000123);
    assert_int_equal(result.history_length, 9);
    assert_string_equal(temporal_describe_result_memo(&result, "attempt")->data, "2");
    assert_null(temporal_describe_result_memo(&result, "other"));
    assert_int_equal(result.callback_count, 1);
    assert_string_equal(result.callback_urls[0], "http://here/1");
    temporal_describe_result_deinit(&result);
    recorded(fixture, 1);
    pb__payload__free_unpacked(entry.value, NULL);
}

static void a_list_is_one_page_of_descriptions(void **state)
{
    struct fixture *fixture = *state;
    Pb__WorkflowExecution execution = PB__WORKFLOW_EXECUTION__INIT;
    execution.workflow_id = "order-1";
    Pb__SearchAttributes__IndexedFieldsEntry entry = PB__SEARCH_ATTRIBUTES__INDEXED_FIELDS_ENTRY__INIT;
    entry.key = "FerryMessageId";
    entry.value = payload_new("json/plain", "\"m\"", 3);
    Pb__SearchAttributes__IndexedFieldsEntry *entries[] = {&entry};
    Pb__SearchAttributes attributes = PB__SEARCH_ATTRIBUTES__INIT;
    attributes.indexed_fields = entries;
    attributes.n_indexed_fields = 1;
    Pb__WorkflowExecutionInfo info = PB__WORKFLOW_EXECUTION_INFO__INIT;
    info.execution = &execution;
    info.search_attributes = &attributes;
    Pb__WorkflowExecutionInfo *list[] = {&info, &info, &info};
    Pb__ListWorkflowExecutionsResponse reply = PB__LIST_WORKFLOW_EXECUTIONS_RESPONSE__INIT;
    reply.executions = list;
    reply.n_executions = 3; /* one more than was asked for */
    fixture->steps[0].reply = &reply.base;
    const struct temporal_list_options options = {.query = "a = 'b'", .maximum = 2, .deadline_ms = ready(fixture)};
    struct temporal_list_result result;
    assert_int_equal(temporal_client_list(fixture->connection, &options, &result, NULL), STATUS_OK);
    assert_int_equal(result.count, 2);
    assert_true(result.has_more);
    assert_string_equal(result.runs[1].workflow_id, "order-1");
    assert_string_equal(result.runs[1].search_attributes[0].key, "FerryMessageId");
    assert_string_equal(result.runs[1].search_attributes[0].value.data, "\"m\"");
    temporal_list_result_deinit(&result);
    recorded(fixture, 1);
    Pb__ListWorkflowExecutionsRequest *request =
        pb__list_workflow_executions_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_string_equal(request->query, "a = 'b'");
    assert_int_equal(request->page_size, 2);
    pb__list_workflow_executions_request__free_unpacked(request, NULL);
    pb__payload__free_unpacked(entry.value, NULL);
}

/* The server has UNKNOWN for it, which would be asked again until the deadline. */
static void a_page_token_of_somebody_else_is_refused_at_once(void **state)
{
    struct fixture *fixture = *state;
    fixture->steps[0] = (struct step){.code = GRPC_STATUS_UNKNOWN, .message = "something went wrong, please retry"};
    const struct temporal_list_options options = {.page_token = "AAAA", .deadline_ms = ready(fixture)};
    struct temporal_list_result result;
    struct error error;
    assert_int_equal(temporal_client_list(fixture->connection, &options, &result, &error), STATUS_INTERNAL);
    recorded(fixture, 1);
}

static bool body_has(const struct fixture *fixture, size_t index, const char *text)
{
    return memmem(fixture->bodies[index], fixture->body_lengths[index], text, strlen(text)) != NULL;
}

static void every_call_can_name_another_namespace(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    fixture->steps[0] = (struct step){.code = GRPC_STATUS_INVALID_ARGUMENT, .message = "whatever"};
    const struct temporal_run run = {.workflow_id = "a", .run_id = "b", .namespace_name = "elsewhere"};
    const struct temporal_signal_options signal = {.run = run, .name = "go", .deadline_ms = ready(fixture)};
    const struct temporal_query_options query = {.run = run, .type = "state", .deadline_ms = ready(fixture)};
    const struct temporal_list_options list = {.namespace_name = "elsewhere", .deadline_ms = ready(fixture)};
    struct temporal_describe_result described;
    struct temporal_close_result closed;
    struct temporal_query_result value;
    struct temporal_list_result listed;
    int64_t deadline_ms = ready(fixture);
    assert_int_not_equal(temporal_client_describe(fixture->connection, &run, deadline_ms, &described, &error), 0);
    assert_int_not_equal(temporal_client_wait(fixture->connection, &run, deadline_ms, &closed, &error), 0);
    assert_int_not_equal(temporal_client_signal(fixture->connection, &signal, &error), 0);
    assert_int_not_equal(temporal_client_query(fixture->connection, &query, &value, &error), 0);
    assert_int_not_equal(temporal_client_cancel(fixture->connection, &run, NULL, deadline_ms, &error), 0);
    assert_int_not_equal(temporal_client_terminate(fixture->connection, &run, NULL, deadline_ms, &error), 0);
    assert_int_not_equal(temporal_client_list(fixture->connection, &list, &listed, &error), 0);
    recorded(fixture, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_true(body_has(fixture, i, "elsewhere"));
        assert_false(body_has(fixture, i, "shop"));
        assert_string_equal(fixture->metadata[i], "elsewhere");
    }
}

static void an_empty_description_is_malformed(void **state)
{
    struct fixture *fixture = *state;
    struct temporal_describe_result result;
    struct error error;
    assert_int_equal(temporal_client_describe(fixture->connection, &some_run, ready(fixture), &result, &error),
                     STATUS_MALFORMED);
}

/* ---- wait ---- */

/* One page that holds one event. */
struct page {
    Pb__GetWorkflowExecutionHistoryResponse reply;
    Pb__History history;
    Pb__HistoryEvent event;
    Pb__HistoryEvent *events[1];
};

static void page_init(struct page *page)
{
    pb__get_workflow_execution_history_response__init(&page->reply);
    pb__history__init(&page->history);
    pb__history_event__init(&page->event);
    page->events[0] = &page->event;
    page->history.events = page->events;
    page->history.n_events = 1;
    page->reply.history = &page->history;
}

static void a_wait_follows_the_chain_to_its_last_run(void **state)
{
    struct fixture *fixture = *state;
    struct page continued;
    page_init(&continued);
    Pb__WorkflowExecutionContinuedAsNewEventAttributes onward =
        PB__WORKFLOW_EXECUTION_CONTINUED_AS_NEW_EVENT_ATTRIBUTES__INIT;
    onward.new_execution_run_id = "run-2";
    continued.event.attributes_case =
        PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_CONTINUED_AS_NEW_EVENT_ATTRIBUTES;
    continued.event.workflow_execution_continued_as_new_event_attributes = &onward;
    struct page retried;
    page_init(&retried);
    Pb__WorkflowExecutionFailedEventAttributes failed = PB__WORKFLOW_EXECUTION_FAILED_EVENT_ATTRIBUTES__INIT;
    failed.new_execution_run_id = "run-3";
    retried.event.attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_FAILED_EVENT_ATTRIBUTES;
    retried.event.workflow_execution_failed_event_attributes = &failed;
    struct page completed;
    page_init(&completed);
    json_t *value = json_string("finished!");
    Pb__WorkflowExecutionCompletedEventAttributes done = PB__WORKFLOW_EXECUTION_COMPLETED_EVENT_ATTRIBUTES__INIT;
    done.result = payloads_from_json(value);
    completed.event.attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_COMPLETED_EVENT_ATTRIBUTES;
    completed.event.workflow_execution_completed_event_attributes = &done;
    fixture->steps[0].reply = &continued.reply.base;
    fixture->steps[1].reply = &retried.reply.base;
    fixture->steps[2].reply = &completed.reply.base;
    fixture->step_count = 3;

    struct temporal_close_result result;
    assert_int_equal(temporal_client_wait(fixture->connection, &some_run, ready(fixture), &result, NULL), STATUS_OK);
    assert_int_equal(result.status, TEMPORAL_RUN_COMPLETED);
    assert_string_equal(result.run_id, "run-3");
    assert_string_equal(result.result.data, "\"finished!\"");
    assert_null(result.failure);
    temporal_close_result_deinit(&result);
    recorded(fixture, 3);
    static const char *const runs[] = {"run-1", "run-2", "run-3"};
    for (size_t i = 0; i < 3; i++) {
        Pb__GetWorkflowExecutionHistoryRequest *request =
            pb__get_workflow_execution_history_request__unpack(NULL, fixture->body_lengths[i], fixture->bodies[i]);
        assert_string_equal(request->execution->run_id, runs[i]);
        assert_true(request->wait_new_event);
        assert_int_equal(request->history_event_filter_type,
                         PB__HISTORY_EVENT_FILTER_TYPE__HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
        pb__get_workflow_execution_history_request__free_unpacked(request, NULL);
    }
    json_decref(value);
    pb__payloads__free_unpacked(done.result, NULL);
}

static void an_empty_page_is_asked_again_with_its_token(void **state)
{
    struct fixture *fixture = *state;
    Pb__GetWorkflowExecutionHistoryResponse empty = PB__GET_WORKFLOW_EXECUTION_HISTORY_RESPONSE__INIT;
    static uint8_t token[] = "go on";
    empty.next_page_token.data = token;
    empty.next_page_token.len = 5;
    struct page page;
    page_init(&page);
    Pb__WorkflowExecutionTerminatedEventAttributes end = PB__WORKFLOW_EXECUTION_TERMINATED_EVENT_ATTRIBUTES__INIT;
    end.reason = "enough";
    page.event.attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_TERMINATED_EVENT_ATTRIBUTES;
    page.event.workflow_execution_terminated_event_attributes = &end;
    fixture->steps[0].reply = &empty.base;
    fixture->steps[1].reply = &page.reply.base;
    fixture->step_count = 2;
    struct temporal_close_result result;
    (void)ready(fixture);
    assert_int_equal(temporal_client_wait(fixture->connection, &some_run, INT64_MAX, &result, NULL), STATUS_OK);
    assert_int_equal(result.status, TEMPORAL_RUN_TERMINATED);
    assert_string_equal(result.reason, "enough");
    assert_string_equal(result.run_id, "run-1");
    temporal_close_result_deinit(&result);
    recorded(fixture, 2);
    Pb__GetWorkflowExecutionHistoryRequest *request =
        pb__get_workflow_execution_history_request__unpack(NULL, fixture->body_lengths[1], fixture->bodies[1]);
    assert_int_equal(request->next_page_token.len, 5);
    assert_memory_equal(request->next_page_token.data, token, 5);
    pb__get_workflow_execution_history_request__free_unpacked(request, NULL);
}

static void a_wait_without_a_run_finds_the_current_one_first(void **state)
{
    struct fixture *fixture = *state;
    Pb__WorkflowExecution execution = PB__WORKFLOW_EXECUTION__INIT;
    execution.run_id = "run-9";
    Pb__WorkflowExecutionInfo info = PB__WORKFLOW_EXECUTION_INFO__INIT;
    info.execution = &execution;
    Pb__DescribeWorkflowExecutionResponse described = PB__DESCRIBE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    described.workflow_execution_info = &info;
    struct page page;
    page_init(&page);
    Pb__WorkflowExecutionCanceledEventAttributes end = PB__WORKFLOW_EXECUTION_CANCELED_EVENT_ATTRIBUTES__INIT;
    page.event.attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_CANCELED_EVENT_ATTRIBUTES;
    page.event.workflow_execution_canceled_event_attributes = &end;
    fixture->steps[0].reply = &described.base;
    fixture->steps[1].reply = &page.reply.base;
    fixture->step_count = 2;
    struct temporal_close_result result;
    assert_int_equal(temporal_client_wait(fixture->connection, &(struct temporal_run){.workflow_id = "order-1"},
                                          ready(fixture), &result, NULL),
                     STATUS_OK);
    assert_int_equal(result.status, TEMPORAL_RUN_CANCELED);
    assert_string_equal(result.run_id, "run-9");
    temporal_close_result_deinit(&result);
    recorded(fixture, 2);
    assert_string_equal(fixture->methods[0], "DescribeWorkflowExecution");
    assert_string_equal(fixture->methods[1], "GetWorkflowExecutionHistory");
}

static void a_wait_ends_at_its_deadline_with_one_call(void **state)
{
    struct fixture *fixture = *state;
    fixture->steps[0].is_held = true;
    struct temporal_close_result result;
    struct error error;
    (void)ready(fixture);
    assert_int_equal(temporal_client_wait(fixture->connection, &some_run, clock_monotonic_ms() + 50, &result, &error),
                     STATUS_DEADLINE_EXCEEDED);
    assert_string_equal(error.text, "the workflow is still open");
    recorded(fixture, 1);
}

struct wait_end {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int ends;
    enum status status;
};

static void record_wait(void *user, enum status status, struct temporal_close_result *result,
                        const struct error *error)
{
    (void)result;
    (void)error;
    struct wait_end *end = user;
    pthread_mutex_lock(&end->lock);
    end->ends++;
    end->status = status;
    pthread_cond_signal(&end->changed);
    pthread_mutex_unlock(&end->lock);
}

static void a_wait_can_be_cancelled(void **state)
{
    struct fixture *fixture = *state;
    fixture->steps[0].is_held = true;
    (void)ready(fixture);
    struct wait_end end = {.ends = 0};
    pthread_mutex_init(&end.lock, NULL);
    pthread_cond_init(&end.changed, NULL);
    struct temporal_wait *wait = NULL;
    temporal_client_wait_async(fixture->connection, &some_run, INT64_MAX, record_wait, &end, &wait);
    test_server_await_calls(fixture->server, 1);
    temporal_wait_cancel(wait);
    pthread_mutex_lock(&end.lock);
    while (end.ends == 0) {
        pthread_cond_wait(&end.changed, &end.lock);
    }
    pthread_mutex_unlock(&end.lock);
    assert_int_equal(end.status, STATUS_CANCELED);
    temporal_wait_cancel(wait);
    temporal_wait_release(wait);
    pthread_cond_destroy(&end.changed);
    pthread_mutex_destroy(&end.lock);
}

static void destroying_the_connection_ends_waits(void **state)
{
    struct fixture *fixture = *state;
    fixture->steps[0].is_held = true;
    (void)ready(fixture);
    struct wait_end end = {.ends = 0};
    pthread_mutex_init(&end.lock, NULL);
    pthread_cond_init(&end.changed, NULL);
    temporal_client_wait_async(fixture->connection, &some_run, INT64_MAX, record_wait, &end, NULL);
    temporal_client_wait_async(fixture->connection, &some_run, ready(fixture), record_wait, &end, NULL);
    temporal_connection_destroy(fixture->connection);
    fixture->connection = NULL;
    assert_int_equal(end.ends, 2);
    assert_int_equal(end.status, STATUS_CANCELED);
    pthread_cond_destroy(&end.changed);
    pthread_mutex_destroy(&end.lock);
}

/* ---- the rest ---- */

static void signals_carry_their_name_and_request_id(void **state)
{
    struct fixture *fixture = *state;
    struct temporal_payload argument = {.data = "1", .length = 1};
    struct temporal_signal_options options = {.run = some_run, .name = "approve", .arguments = &argument,
                                              .argument_count = 1, .deadline_ms = ready(fixture)};
    assert_int_equal(temporal_client_signal(fixture->connection, &options, NULL), STATUS_OK);
    recorded(fixture, 1);
    Pb__SignalWorkflowExecutionRequest *request =
        pb__signal_workflow_execution_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_string_equal(request->signal_name, "approve");
    assert_string_equal(request->workflow_execution->run_id, "run-1");
    assert_int_equal(strlen(request->request_id), 36);
    assert_int_equal(request->input->n_payloads, 1);
    pb__signal_workflow_execution_request__free_unpacked(request, NULL);
}

static void cancel_and_terminate_give_their_reason(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(temporal_client_cancel(fixture->connection, &some_run, "late", ready(fixture), NULL), STATUS_OK);
    assert_int_equal(temporal_client_terminate(fixture->connection, &some_run, NULL, ready(fixture), NULL), STATUS_OK);
    recorded(fixture, 2);
    Pb__RequestCancelWorkflowExecutionRequest *cancel =
        pb__request_cancel_workflow_execution_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_string_equal(cancel->reason, "late");
    assert_string_equal(cancel->workflow_execution->workflow_id, "order-1");
    pb__request_cancel_workflow_execution_request__free_unpacked(cancel, NULL);
    assert_string_equal(fixture->methods[1], "TerminateWorkflowExecution");
}

static void a_query_answers_its_value(void **state)
{
    struct fixture *fixture = *state;
    Pb__QueryWorkflowResponse reply = PB__QUERY_WORKFLOW_RESPONSE__INIT;
    json_t *value = json_integer(5);
    reply.query_result = payloads_from_json(value);
    fixture->steps[0].reply = &reply.base;
    struct temporal_query_options options = {.run = some_run, .type = "state", .deadline_ms = ready(fixture)};
    struct temporal_query_result answer;
    assert_int_equal(temporal_client_query(fixture->connection, &options, &answer, NULL), STATUS_OK);
    assert_string_equal(answer.value.data, "5");
    assert_int_equal(answer.rejected, TEMPORAL_RUN_UNKNOWN);
    temporal_query_result_deinit(&answer);
    recorded(fixture, 1);
    json_decref(value);
    pb__payloads__free_unpacked(reply.query_result, NULL);
}

static void a_query_can_be_rejected_by_the_runs_status(void **state)
{
    struct fixture *fixture = *state;
    Pb__QueryRejected rejected = PB__QUERY_REJECTED__INIT;
    Pb__QueryWorkflowResponse reply = PB__QUERY_WORKFLOW_RESPONSE__INIT;
    rejected.status = PB__WORKFLOW_EXECUTION_STATUS__WORKFLOW_EXECUTION_STATUS_COMPLETED;
    reply.query_rejected = &rejected;
    fixture->steps[0].reply = &reply.base;
    struct temporal_query_options options = {.run = some_run,
                                             .type = "state",
                                             .deadline_ms = ready(fixture),
                                             .reject_condition = TEMPORAL_QUERY_REJECT_NOT_OPEN};
    struct temporal_query_result answer;
    assert_int_equal(temporal_client_query(fixture->connection, &options, &answer, NULL), STATUS_OK);
    assert_int_equal(answer.rejected, TEMPORAL_RUN_COMPLETED);
    temporal_query_result_deinit(&answer);
    recorded(fixture, 1);
}

/* ---- update, reset, delete, count ---- */

static void an_update_that_is_only_accepted_is_asked_for_its_outcome(void **state)
{
    struct fixture *fixture = *state;
    json_t *value = json_integer(5);
    Pb__UpdateWorkflowExecutionResponse accepted = PB__UPDATE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    Pb__PollWorkflowExecutionUpdateResponse outcome = PB__POLL_WORKFLOW_EXECUTION_UPDATE_RESPONSE__INIT;
    Pb__Outcome success = PB__OUTCOME__INIT;
    accepted.stage =
        PB__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED;
    success.value_case = PB__OUTCOME__VALUE_SUCCESS;
    success.success = payloads_from_json(value);
    outcome.outcome = &success;
    fixture->step_count = 2;
    fixture->steps[0].reply = &accepted.base;
    fixture->steps[1].reply = &outcome.base;
    const struct temporal_update_options options = {.run = some_run,
                                                    .name = "put",
                                                    .update_id = "u-1",
                                                    .wait_stage = TEMPORAL_UPDATE_COMPLETED,
                                                    .deadline_ms = ready(fixture)};
    struct temporal_update_result result;
    assert_int_equal(temporal_client_update(fixture->connection, &options, &result, NULL), STATUS_OK);
    assert_int_equal(result.stage, TEMPORAL_UPDATE_COMPLETED);
    assert_string_equal(result.update_id, "u-1");
    assert_string_equal(result.value.data, "5");
    assert_null(result.failure);
    temporal_update_result_deinit(&result);
    recorded(fixture, 2);
    assert_string_equal(fixture->methods[0], "UpdateWorkflowExecution");
    assert_string_equal(fixture->methods[1], "PollWorkflowExecutionUpdate");
    assert_true(body_has(fixture, 1, "u-1"));
    json_decref(value);
    pb__payloads__free_unpacked(success.success, NULL);
}

/* The server keeps nothing of an update that its validator has refused. */
static void a_failed_update_that_the_server_does_not_know_was_refused(void **state)
{
    struct fixture *fixture = *state;
    Pb__Failure failure = PB__FAILURE__INIT;
    Pb__Outcome outcome = PB__OUTCOME__INIT;
    Pb__UpdateWorkflowExecutionResponse reply = PB__UPDATE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    failure.message = "no";
    outcome.value_case = PB__OUTCOME__VALUE_FAILURE;
    outcome.failure = &failure;
    reply.outcome = &outcome;
    fixture->step_count = 2;
    fixture->steps[0].reply = &reply.base;
    fixture->steps[1] = (struct step){.code = GRPC_STATUS_NOT_FOUND, .message = "update \"u\" not found"};
    const struct temporal_update_options options = {
        .run = some_run, .name = "put", .wait_stage = TEMPORAL_UPDATE_ACCEPTED, .deadline_ms = ready(fixture)};
    struct temporal_update_result result;
    assert_int_equal(temporal_client_update(fixture->connection, &options, &result, NULL), STATUS_OK);
    assert_true(result.is_rejected);
    assert_string_equal(result.failure->message, "no");
    temporal_update_result_deinit(&result);
    recorded(fixture, 2);
}

/* ---- update with start, history, cancel tokens ---- */

/* The end of one asynchronous call; what is kept of its result belongs to it. */
struct call_end {
    struct wait_end wait;
    struct temporal_start_result start;
    struct temporal_update_result update;
    struct temporal_history_result history;
};

static void call_end_init(struct call_end *end)
{
    *end = (struct call_end){0};
    pthread_mutex_init(&end->wait.lock, NULL);
    pthread_cond_init(&end->wait.changed, NULL);
}

static enum status call_end_await(struct call_end *end)
{
    pthread_mutex_lock(&end->wait.lock);
    while (end->wait.ends == 0) {
        pthread_cond_wait(&end->wait.changed, &end->wait.lock);
    }
    enum status status = end->wait.status;
    pthread_mutex_unlock(&end->wait.lock);
    return status;
}

static void call_end_deinit(struct call_end *end)
{
    temporal_start_result_deinit(&end->start);
    temporal_update_result_deinit(&end->update);
    temporal_history_result_deinit(&end->history);
    pthread_cond_destroy(&end->wait.changed);
    pthread_mutex_destroy(&end->wait.lock);
}

static void record_both(void *user, enum status status, struct temporal_start_result *start,
                        struct temporal_update_result *update, const struct error *error)
{
    struct call_end *end = user;
    (void)error;
    end->start = *start;
    end->update = *update;
    *start = (struct temporal_start_result){0};
    *update = (struct temporal_update_result){0};
    record_wait(&end->wait, status, NULL, NULL);
}

static void start_with_update(struct fixture *fixture, struct call_end *end)
{
    const struct temporal_start_options start = {.workflow_id = "order-1",
                                                 .workflow_type = "order",
                                                 .task_queue = "orders",
                                                 .id_conflict = TEMPORAL_CONFLICT_USE_EXISTING};
    const struct temporal_update_options update = {.name = "put",
                                                   .update_id = "u-1",
                                                   .wait_stage = TEMPORAL_UPDATE_COMPLETED,
                                                   .deadline_ms = ready(fixture)};
    temporal_client_update_with_start_async(fixture->connection, &start, &update, record_both, end);
}

static void an_update_with_start_sends_both_and_asks_for_the_outcome(void **state)
{
    struct fixture *fixture = *state;
    struct call_end end;
    json_t *value = json_integer(5);
    Pb__StartWorkflowExecutionResponse started = PB__START_WORKFLOW_EXECUTION_RESPONSE__INIT;
    Pb__UpdateWorkflowExecutionResponse accepted = PB__UPDATE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    Pb__ExecuteMultiOperationResponse__Response one = PB__EXECUTE_MULTI_OPERATION_RESPONSE__RESPONSE__INIT;
    Pb__ExecuteMultiOperationResponse__Response two = PB__EXECUTE_MULTI_OPERATION_RESPONSE__RESPONSE__INIT;
    Pb__ExecuteMultiOperationResponse__Response *list[] = {&one, &two};
    Pb__ExecuteMultiOperationResponse both = PB__EXECUTE_MULTI_OPERATION_RESPONSE__INIT;
    Pb__PollWorkflowExecutionUpdateResponse outcome = PB__POLL_WORKFLOW_EXECUTION_UPDATE_RESPONSE__INIT;
    Pb__Outcome success = PB__OUTCOME__INIT;
    started.run_id = "run-1";
    started.started = 1;
    accepted.stage =
        PB__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED;
    one.response_case = PB__EXECUTE_MULTI_OPERATION_RESPONSE__RESPONSE__RESPONSE_START_WORKFLOW;
    one.start_workflow = &started;
    two.response_case = PB__EXECUTE_MULTI_OPERATION_RESPONSE__RESPONSE__RESPONSE_UPDATE_WORKFLOW;
    two.update_workflow = &accepted;
    both.responses = list;
    both.n_responses = 2;
    success.value_case = PB__OUTCOME__VALUE_SUCCESS;
    success.success = payloads_from_json(value);
    outcome.outcome = &success;
    fixture->step_count = 2;
    fixture->steps[0].reply = &both.base;
    fixture->steps[1].reply = &outcome.base;
    call_end_init(&end);
    start_with_update(fixture, &end);
    assert_int_equal(call_end_await(&end), STATUS_OK);
    assert_true(end.start.started);
    assert_string_equal(end.start.run_id, "run-1");
    assert_int_equal(end.update.stage, TEMPORAL_UPDATE_COMPLETED);
    assert_string_equal(end.update.value.data, "5");
    recorded(fixture, 2);
    assert_string_equal(fixture->methods[0], "ExecuteMultiOperation");
    assert_true(body_has(fixture, 0, "orders") && body_has(fixture, 0, "u-1"));
    assert_string_equal(fixture->methods[1], "PollWorkflowExecutionUpdate");
    assert_true(body_has(fixture, 1, "run-1"));
    call_end_deinit(&end);
    json_decref(value);
    pb__payloads__free_unpacked(success.success, NULL);
}

static void record_history(void *user, enum status status, struct temporal_history_result *result,
                           const struct error *error)
{
    struct call_end *end = user;
    (void)error;
    end->history = *result;
    *result = (struct temporal_history_result){0};
    record_wait(&end->wait, status, NULL, NULL);
}

static void a_history_tells_its_events_and_how_the_run_closed(void **state)
{
    struct fixture *fixture = *state;
    struct call_end end;
    uint8_t token[] = {1, 2};
    Pb__HistoryEvent started = PB__HISTORY_EVENT__INIT;
    Pb__HistoryEvent closed = PB__HISTORY_EVENT__INIT;
    Pb__HistoryEvent newer = PB__HISTORY_EVENT__INIT;
    Pb__HistoryEvent *list[] = {&started, &closed, &newer};
    Pb__WorkflowExecutionContinuedAsNewEventAttributes attributes =
        PB__WORKFLOW_EXECUTION_CONTINUED_AS_NEW_EVENT_ATTRIBUTES__INIT;
    Pb__History history = PB__HISTORY__INIT;
    Pb__GetWorkflowExecutionHistoryResponse reply = PB__GET_WORKFLOW_EXECUTION_HISTORY_RESPONSE__INIT;
    uint8_t unknown_bytes[] = {1};
    ProtobufCMessageUnknownField unknown = {
        .tag = 9999, .wire_type = PROTOBUF_C_WIRE_TYPE_VARINT, .len = 1, .data = unknown_bytes};
    started.event_id = 1;
    started.event_type = PB__EVENT_TYPE__EVENT_TYPE_WORKFLOW_EXECUTION_STARTED;
    closed.event_id = 2;
    closed.event_type = PB__EVENT_TYPE__EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW;
    closed.attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_CONTINUED_AS_NEW_EVENT_ATTRIBUTES;
    closed.workflow_execution_continued_as_new_event_attributes = &attributes;
    attributes.new_execution_run_id = "run-2";
    newer.event_id = 3;
    newer.event_type = (Pb__EventType)9999;
    newer.base.n_unknown_fields = 1;
    newer.base.unknown_fields = &unknown;
    history.events = list;
    history.n_events = 3;
    reply.history = &history;
    reply.next_page_token.data = token;
    reply.next_page_token.len = sizeof token;
    fixture->steps[0].reply = &reply.base;
    call_end_init(&end);
    const struct temporal_history_options options = {.run = some_run, .deadline_ms = ready(fixture)};
    temporal_client_history_async(fixture->connection, &options, record_history, &end);
    assert_int_equal(call_end_await(&end), STATUS_OK);
    const struct temporal_history *page = end.history.history;
    const char *next_run_id = NULL;
    size_t length = 0;
    assert_int_equal(temporal_history_count(page), 3);
    assert_non_null(end.history.next_page_token);
    assert_string_equal(temporal_history_event_type_name(page, 0), "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED");
    assert_null(temporal_history_event_type_name(page, 2));
    assert_int_equal(temporal_history_event_closes(page, 0, &next_run_id), TEMPORAL_RUN_UNKNOWN);
    assert_string_equal(next_run_id, "");
    assert_int_equal(temporal_history_event_closes(page, 1, &next_run_id), TEMPORAL_RUN_CONTINUED_AS_NEW);
    assert_string_equal(next_run_id, "run-2");
    assert_false(temporal_history_event_is_incomplete(page, 1));
    assert_true(temporal_history_event_is_incomplete(page, 2));
    char *json = temporal_history_event_json(page, 0, TEMPORAL_PAYLOAD_ENCODED, &length);
    assert_string_equal(json, "{\"eventId\":\"1\",\"eventType\":\"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED\"}");
    assert_int_equal(length, strlen(json));
    free(json);
    call_end_deinit(&end);
}

static void a_call_is_taken_back_by_its_token(void **state)
{
    struct fixture *fixture = *state;
    struct call_end end;
    struct temporal_cancel_token *token = temporal_cancel_token_new();
    fixture->steps[0].is_held = true;
    struct temporal_history_options options = {
        .run = some_run, .is_wait = true, .deadline_ms = ready(fixture), .cancel_token = token};
    call_end_init(&end);
    temporal_client_history_async(fixture->connection, &options, record_history, &end);
    test_server_await_calls(fixture->server, 1);
    temporal_cancel_token_cancel(token);
    assert_int_equal(call_end_await(&end), STATUS_CANCELED);
    test_server_await_given_up(fixture->server, 1);
    call_end_deinit(&end);
    /* What begins with a token that was canceled ends, too. */
    call_end_init(&end);
    temporal_client_history_async(fixture->connection, &options, record_history, &end);
    temporal_cancel_token_release(token);
    assert_int_equal(call_end_await(&end), STATUS_CANCELED);
    call_end_deinit(&end);
}

/* Under an address sanitizer this shows a call that is freed before its starter has let go of it. */
static void calls_with_tokens_may_end_as_they_begin(void **state)
{
    struct fixture *fixture = *state;
    (void)ready(fixture);
    for (int i = 0; i < 500; i++) {
        struct call_end end;
        struct temporal_cancel_token *token = temporal_cancel_token_new();
        const struct temporal_history_options options = {.run = some_run, .cancel_token = token};
        call_end_init(&end);
        temporal_client_history_async(fixture->connection, &options, record_history, &end);
        temporal_cancel_token_release(token);
        assert_int_equal(call_end_await(&end), STATUS_OK);
        call_end_deinit(&end);
    }
}

static void record_update(void *user, enum status status, struct temporal_update_result *result,
                          const struct error *error)
{
    (void)result;
    (void)error;
    record_wait(&((struct call_end *)user)->wait, status, NULL, NULL);
}

static void a_token_ends_an_update_at_any_of_its_calls(void **state)
{
    struct fixture *fixture = *state;
    struct call_end end;
    struct temporal_cancel_token *token = temporal_cancel_token_new();
    Pb__UpdateWorkflowExecutionResponse accepted = PB__UPDATE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    accepted.stage =
        PB__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED;
    fixture->step_count = 2;
    fixture->steps[0].reply = &accepted.base;
    fixture->steps[1].is_held = true;
    const struct temporal_update_options options = {.run = some_run,
                                                    .name = "put",
                                                    .wait_stage = TEMPORAL_UPDATE_COMPLETED,
                                                    .deadline_ms = ready(fixture),
                                                    .cancel_token = token};
    call_end_init(&end);
    temporal_client_update_async(fixture->connection, &options, record_update, &end);
    test_server_await_calls(fixture->server, 2);
    temporal_cancel_token_cancel(token);
    temporal_cancel_token_cancel(token);
    assert_int_equal(call_end_await(&end), STATUS_CANCELED);
    test_server_await_given_up(fixture->server, 1);
    temporal_cancel_token_release(token);
    call_end_deinit(&end);
}

static void reset_delete_and_count_say_what_they_are_about(void **state)
{
    struct fixture *fixture = *state;
    Pb__ResetWorkflowExecutionResponse reset = PB__RESET_WORKFLOW_EXECUTION_RESPONSE__INIT;
    Pb__DeleteWorkflowExecutionResponse deleted = PB__DELETE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    Pb__CountWorkflowExecutionsResponse counted = PB__COUNT_WORKFLOW_EXECUTIONS_RESPONSE__INIT;
    reset.run_id = "new";
    counted.count = 3;
    fixture->step_count = 3;
    fixture->steps[0].reply = &reset.base;
    fixture->steps[1].reply = &deleted.base;
    fixture->steps[2].reply = &counted.base;
    const struct temporal_reset_options options = {
        .run = some_run, .event_id = 4, .reason = "bug", .deadline_ms = ready(fixture)};
    struct temporal_count_result result;
    char *run_id = NULL;
    assert_int_equal(temporal_client_reset(fixture->connection, &options, &run_id, NULL), STATUS_OK);
    assert_string_equal(run_id, "new");
    free(run_id);
    assert_int_equal(temporal_client_delete(fixture->connection, &some_run, ready(fixture), NULL), STATUS_OK);
    assert_int_equal(temporal_client_count(fixture->connection, NULL, "A = 1", ready(fixture), &result, NULL),
                     STATUS_OK);
    assert_int_equal(result.count, 3);
    temporal_count_result_deinit(&result);
    recorded(fixture, 3);
    assert_true(body_has(fixture, 0, "bug"));
    assert_string_equal(fixture->methods[1], "DeleteWorkflowExecution");
    assert_true(body_has(fixture, 2, "A = 1"));
}

static void the_check_asks_server_and_namespace(void **state)
{
    struct fixture *fixture = *state;
    Pb__GetSystemInfoResponse info = PB__GET_SYSTEM_INFO_RESPONSE__INIT;
    info.server_version = "1.32.0";
    fixture->steps[0].reply = &info.base;
    fixture->steps[2] = (struct step){.code = GRPC_STATUS_UNAVAILABLE, .message = "down"};
    fixture->step_count = 3;
    char *version = NULL;
    assert_int_equal(temporal_client_check(fixture->connection, ready(fixture), &version, NULL), STATUS_OK);
    assert_string_equal(version, "1.32.0");
    free(version);
    recorded(fixture, 2);
    assert_string_equal(fixture->methods[1], "DescribeNamespace");
    struct error error;
    assert_int_equal(temporal_client_check(fixture->connection, ready(fixture), NULL, &error), STATUS_UNAVAILABLE);
    assert_int_equal(test_server_call_count(fixture->server), 3);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(start_sends_all_that_was_asked_for),
        CASE(start_sends_namespace_attributes_priority_and_callbacks),
        CASE(a_start_with_a_signal_is_one_call),
        CASE(a_repeated_start_has_the_same_request_id),
        CASE(a_start_that_is_there_already_tells_its_run),
        CASE(an_unknown_namespace_is_not_final),
        CASE(a_payload_over_the_limit_is_too_large_and_final),
        CASE(what_can_never_be_taken_is_not_sent),
        CASE(describe_reads_what_a_run_is),
        CASE(an_empty_description_is_malformed),
        CASE(a_list_is_one_page_of_descriptions),
        CASE(a_page_token_of_somebody_else_is_refused_at_once),
        CASE(every_call_can_name_another_namespace),
        CASE(a_wait_follows_the_chain_to_its_last_run),
        CASE(an_empty_page_is_asked_again_with_its_token),
        CASE(a_wait_without_a_run_finds_the_current_one_first),
        CASE(a_wait_ends_at_its_deadline_with_one_call),
        CASE(a_wait_can_be_cancelled),
        CASE(destroying_the_connection_ends_waits),
        CASE(signals_carry_their_name_and_request_id),
        CASE(cancel_and_terminate_give_their_reason),
        CASE(a_query_answers_its_value),
        CASE(a_query_can_be_rejected_by_the_runs_status),
        CASE(an_update_that_is_only_accepted_is_asked_for_its_outcome),
        CASE(a_failed_update_that_the_server_does_not_know_was_refused),
        CASE(an_update_with_start_sends_both_and_asks_for_the_outcome),
        CASE(a_history_tells_its_events_and_how_the_run_closed),
        CASE(a_call_is_taken_back_by_its_token),
        CASE(calls_with_tokens_may_end_as_they_begin),
        CASE(a_token_ends_an_update_at_any_of_its_calls),
        CASE(reset_delete_and_count_say_what_they_are_about),
        CASE(the_check_asks_server_and_namespace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

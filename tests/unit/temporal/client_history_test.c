/* A page of a run's history. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "support_client.h"
#include "temporal/client.h"

static void a_history_tells_its_events_and_how_the_run_closed(void **state)
{
    struct client_fixture *fixture = *state;
    struct client_end end;
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
    client_end_init(&end);
    const struct temporal_history_options options = {.run = client_some_run, .deadline_ms = client_ready(fixture)};
    temporal_client_history_async(fixture->connection, &options, client_end_record_history, &end);
    assert_int_equal(client_end_await(&end), STATUS_OK);
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
    client_end_deinit(&end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_CASE(a_history_tells_its_events_and_how_the_run_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What would be done with a message: the route, the request, what is rejected, and what follows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"

static const char s_file[] =
    "queues:\n"
    "  - { url: 'http://localhost:1/0/orders.fifo', route: [eu, rest], unmatched: delete }\n"
    "  - { url: 'http://localhost:1/0/sns', route: hook, envelope: sns }\n"
    "  - { url: 'http://localhost:1/0/players.fifo', route: player }\n"
    "routes:\n"
    "  eu:\n"
    "    { workflow: order, task_queue: orders, input: body, execution_timeout: 1h, priority: '{body.p}',\n"
    "      filter: '{\"body\": {\"region\": [\"eu\"]}}', memo: { amount: '{body.n}' },\n"
    "      search_attributes: { Region: '{body.region}' } }\n"
    "  rest:\n"
    "    { workflow: other, task_queue: orders, dead_letter_queue: 'http://localhost:1/0/dead.fifo',\n"
    "      filter: '{\"body\": {\"region\": [{\"anything-but\": \"xx\"}]}}', fairness_key: '{attributes.a}' }\n"
    "  hook: { workflow: hook, task_queue: orders }\n"
    "  player: { workflow: player, task_queue: orders, target: signal, signal: played }\n"
    "  out: { target: sqs, queue: 'http://localhost:1/0/orders.fifo', group: '{body.region}' }\n";

static int load(void **state)
{
    char path[] = "/tmp/explain_test_XXXXXX";
    struct settings *settings = NULL;
    struct error error = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, s_file, sizeof s_file - 1), (ssize_t)(sizeof s_file - 1));
    assert_int_equal(close(fd), 0);
    assert_int_equal(clearenv(), 0);
    if (settings_load(path, &settings, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(unlink(path), 0);
    *state = settings;
    return 0;
}

static int unload(void **state)
{
    settings_destroy(*state);
    return 0;
}

static json_t *explain(const struct settings *settings, size_t queue, const char *json)
{
    struct sqs_message *message = sqs_message_from_json(json, strlen(json));
    assert_non_null(message);
    json_t *explanation = explain_message(settings, &settings->queues[queue], message);
    sqs_message_destroy(message);
    return explanation;
}

/* path: members, parted by dots. */
static const json_t *at(const json_t *value, const char *path)
{
    char name[64];
    while (*path != '\0' && value != NULL) {
        size_t length = strcspn(path, ".");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, path);
        value = json_object_get(value, name);
        path += length + (path[length] == '.' ? 1 : 0);
    }
    return value;
}

static void assert_text(const json_t *explanation, const char *path, const char *expected)
{
    const json_t *value = at(explanation, path);
    if (value == NULL || !json_is_string(value)) {
        char *all = json_dumps(explanation, 0);
        fail_msg("no text at %s: %s", path, all);
    }
    assert_string_equal(json_string_value(value), expected);
}

#define MESSAGE(body) "{\"MessageId\":\"m\",\"ReceiptHandle\":\"h\",\"Attributes\":{\"MessageGroupId\":\"g\"," \
                      "\"SequenceNumber\":\"18\"},\"Body\":\"" body "\"}"

static void a_start_is_told_with_all_that_goes_along(void **state)
{
    json_t *told = explain(*state, 0, MESSAGE("{\\\"region\\\":\\\"eu\\\",\\\"n\\\":7,\\\"p\\\":2}"));
    assert_text(told, "decision", "start");
    assert_text(told, "route", "eu");
    assert_text(told, "lane", "g");
    assert_text(told, "sequenceNumber", "18");
    assert_text(told, "start.workflowId", "eu-m");
    assert_text(told, "start.workflowType", "order");
    assert_text(told, "start.idReuse", "reject");
    assert_text(told, "start.input.kind", "body");
    assert_int_equal(json_integer_value(at(told, "start.input.bytes")), strlen("{\"region\":\"eu\",\"n\":7,\"p\":2}"));
    assert_text(told, "start.memo.FerryQueue", "http://localhost:1/0/orders.fifo");
    assert_int_equal(json_integer_value(at(told, "start.memo.FerryAttempt")), 1);
    assert_int_equal(json_integer_value(at(told, "start.memo.amount")), 7);
    assert_text(told, "start.searchAttributes.Region", "eu");
    assert_int_equal(json_integer_value(at(told, "start.priority")), 2);
    assert_int_equal(json_integer_value(at(told, "start.executionTimeoutMs")), 3600000);
    assert_false(json_is_true(at(told, "start.workflowIdIsHashed")));
    json_decref(told);
}

static void a_filter_that_refuses_says_why(void **state)
{
    json_t *told = explain(*state, 0, MESSAGE("{\\\"region\\\":\\\"us\\\"}"));
    assert_text(json_array_get(at(told, "refusedBy"), 0), "why", "body.region: no condition takes \"us\"");
    assert_text(told, "route", "rest");
    assert_text(told, "decision", "rejected");
    assert_text(told, "class", "template");
    assert_text(told, "then", "dead_letter");
    assert_text(told, "deadLetterQueue", "http://localhost:1/0/dead.fifo");
    assert_null(at(told, "start"));
    json_decref(told);
}

static void what_no_route_takes_goes_the_queues_way(void **state)
{
    json_t *told = explain(*state, 0, MESSAGE("no JSON"));
    assert_text(told, "decision", "unmatched");
    assert_text(told, "then", "delete");
    assert_null(at(told, "route"));
    assert_int_equal(json_array_size(at(told, "refusedBy")), 2);
    json_decref(told);
}

static void a_body_in_no_envelope_is_rejected_and_returned_without_a_queue_for_it(void **state)
{
    json_t *told = explain(*state, 1, MESSAGE("{}"));
    assert_text(told, "decision", "rejected");
    assert_text(told, "class", "envelope");
    assert_text(told, "then", "return");
    json_decref(told);
}

static void a_damaged_message_is_not_looked_at(void **state)
{
    json_t *told = explain(*state, 0,
                           "{\"MessageId\":\"m\",\"ReceiptHandle\":\"h\",\"Body\":\"x\",\"MD5OfBody\":\"00\"}");
    assert_text(told, "decision", "returned");
    json_decref(told);
}

static void a_signal_is_told_with_the_workflow_that_takes_it(void **state)
{
    json_t *told = explain(*state, 2, MESSAGE("{}"));
    assert_text(told, "decision", "signal");
    assert_text(told, "signal.signal", "played");
    assert_text(told, "signal.workflowId", "player-g");
    assert_text(told, "signal.idReuse", "allow");
    assert_null(at(told, "signal.memo.FerryMessageId"));
    json_decref(told);
}

static void a_replayed_message_is_a_further_attempt_under_the_originals_id(void **state)
{
    json_t *told = explain(*state, 0,
                           "{\"MessageId\":\"copy\",\"ReceiptHandle\":\"h\",\"Body\":\"{\\\"region\\\":\\\"eu\\\","
                           "\\\"n\\\":1,\\\"p\\\":1}\",\"MessageAttributes\":{\"FerryReplay\":{\"DataType\":\"String\","
                           "\"StringValue\":\"{\\\"messageId\\\":\\\"first\\\",\\\"runId\\\":\\\"r1\\\"}\"}}}");
    assert_text(told, "decision", "attempt");
    assert_text(told, "start.workflowId", "eu-first");
    assert_text(told, "start.after", "r1");
    assert_text(told, "start.idReuse", "failed_only");
    assert_true(json_is_true(at(told, "start.countsAnew")));
    assert_null(at(told, "start.memo.FerryAttempt"));
    json_decref(told);
}

static void an_event_for_a_queue_is_told_as_the_message_that_it_becomes(void **state)
{
    const struct settings *settings = *state;
    const struct event_headers headers = {.content_type = "application/json", .idempotency_key = "k1"};
    struct event_list list = {0};
    static const char body[] = "{\"region\":\"eu\"}";
    assert_int_equal(event_list_parse(EVENT_FORM_PLAIN, &headers, body, sizeof body - 1, &list, NULL), STATUS_OK);
    json_t *told = explain_event(settings, settings_find_route(settings, "out"), &list.events[0]);
    assert_text(told, "decision", "send");
    assert_text(told, "send.groupId", "eu");
    assert_text(told, "send.deduplicationId", "k1");
    assert_int_equal(json_integer_value(at(told, "send.bodyBytes")), sizeof body - 1);
    json_decref(told);
    event_list_deinit(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_is_told_with_all_that_goes_along),
        cmocka_unit_test(a_filter_that_refuses_says_why),
        cmocka_unit_test(what_no_route_takes_goes_the_queues_way),
        cmocka_unit_test(a_body_in_no_envelope_is_rejected_and_returned_without_a_queue_for_it),
        cmocka_unit_test(a_damaged_message_is_not_looked_at),
        cmocka_unit_test(a_signal_is_told_with_the_workflow_that_takes_it),
        cmocka_unit_test(a_replayed_message_is_a_further_attempt_under_the_originals_id),
        cmocka_unit_test(an_event_for_a_queue_is_told_as_the_message_that_it_becomes),
    };
    return cmocka_run_group_tests(tests, load, unload);
}

/* A message's way, from events and lanes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

static struct json_slice slice(const char *text)
{
    return (struct json_slice){text, strlen(text)};
}

static const char *step(const struct trace *trace, size_t index)
{
    return json_string_value(json_object_get(json_array_get(trace->steps, index), "step"));
}

static const char *const s_events[] = {
    "{\"eventId\": \"1\", \"eventTime\": \"2026-01-02T03:04:05Z\","
    " \"eventType\": \"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED\","
    " \"workflowExecutionStartedEventAttributes\": {\"workflowType\": {\"name\": \"pay\"},"
    " \"taskQueue\": {\"name\": \"q\"},"
    " \"memo\": {\"fields\": {\"FerryAttempt\": 2}}, \"input\": [{\"MessageId\": \"m\", \"Attributes\":"
    " {\"SentTimestamp\": \"1767323040000\", \"MessageGroupId\": \"A\", \"ApproximateReceiveCount\": \"3\"}}]}}",
    "{\"eventId\": \"2\", \"eventType\": \"EVENT_TYPE_WORKFLOW_TASK_SCHEDULED\", \"a\": 1e999}",
    "{\"eventId\": \"5\", \"eventType\": \"EVENT_TYPE_ACTIVITY_TASK_SCHEDULED\","
    " \"activityTaskScheduledEventAttributes\": {\"activityType\": {\"name\": \"charge\"}}}",
    "{\"eventId\": \"6\", \"eventType\": \"EVENT_TYPE_ACTIVITY_TASK_STARTED\","
    " \"activityTaskStartedEventAttributes\": {\"scheduledEventId\": \"5\", \"attempt\": 4}}",
    "{\"eventId\": \"7\", \"eventType\": \"EVENT_TYPE_ACTIVITY_TASK_FAILED\","
    " \"activityTaskFailedEventAttributes\": {\"scheduledEventId\": \"5\", \"failure\": {\"message\": \"no\","
    " \"applicationFailureInfo\": {\"type\": \"Declined\"}, \"cause\": {\"message\": \"limit\"}}}}",
    "{\"eventId\": \"8\", \"eventType\": \"EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED\","
    " \"workflowExecutionTerminatedEventAttributes\": {\"reason\": \"enough\"}}",
};

static void events_become_steps(void **state)
{
    (void)state;
    struct trace trace;
    trace_init(&trace);
    trace_begin_run(&trace, "r2");
    for (size_t i = 0; i < sizeof s_events / sizeof s_events[0]; i++) {
        trace_add_event(&trace, slice(s_events[i]));
    }
    assert_int_equal(json_array_size(trace.steps), 5);
    assert_string_equal(step(&trace, 0), "sent to SQS, group A");
    assert_string_equal(json_string_value(json_object_get(json_array_get(trace.steps, 0), "time")),
                        "2026-01-02T03:04:00.000Z");
    assert_null(json_object_get(json_array_get(trace.steps, 0), "runId"));
    assert_string_equal(step(&trace, 1), "attempt 2 started: pay on q, received 3 times");
    assert_string_equal(json_string_value(json_object_get(json_array_get(trace.steps, 1), "runId")), "r2");
    assert_string_equal(step(&trace, 2), "activity charge");
    assert_string_equal(step(&trace, 3), "activity charge failed at attempt 4: Declined: no <- limit");
    assert_string_equal(step(&trace, 4), "terminated: enough");
    trace_deinit(&trace);
}

static void a_message_is_sent_once_however_many_runs_it_has(void **state)
{
    (void)state;
    struct trace trace;
    trace_init(&trace);
    for (int run = 0; run < 2; run++) {
        trace_begin_run(&trace, "r");
        trace_add_event(&trace, slice(s_events[0]));
    }
    assert_int_equal(json_array_size(trace.steps), 3);
    trace_deinit(&trace);
}

static void events_that_say_little_do_no_harm(void **state)
{
    (void)state;
    static const char *const events[] = {
        "{}",
        "[]",
        "{\"eventType\": 7}",
        "{\"eventType\": \"EVENT_TYPE_ACTIVITY_TASK_COMPLETED\"}",
        "{\"eventType\": \"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED\", \"xAttributes\": {\"input\": [\"text\"]}}",
    };
    struct trace trace;
    trace_init(&trace);
    trace_begin_run(&trace, "r");
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        trace_add_event(&trace, slice(events[i]));
    }
    assert_int_equal(json_array_size(trace.steps), 2);
    assert_string_equal(step(&trace, 1), "started: a workflow on its task queue");
    trace_deinit(&trace);
}

static void assert_verdict(const char *workflow, const char *lanes, bool is_complete, const char *expected)
{
    struct trace trace;
    trace_init(&trace);
    if (workflow != NULL) {
        trace_add_workflow(&trace, slice(workflow));
    }
    json_t *list = json_loads(lanes, 0, NULL);
    assert_non_null(list);
    trace_add_lanes(&trace, list);
    char *verdict = trace_verdict(&trace, 1, is_complete);
    assert_non_null(strstr(verdict, expected));
    free(verdict);
    json_decref(list);
    trace_deinit(&trace);
}

static void the_verdict_says_where_it_is(void **state)
{
    (void)state;
    assert_verdict(NULL, "[]", true, "not started: it waits at SQS");
    assert_verdict(NULL, "[]", false, "not known");
    assert_verdict("{\"workflowId\": \"w\", \"status\": \"Running\"}", "[]", true, "its run is open");
    assert_verdict("{\"workflowId\": \"w\", \"status\": \"Completed\"}", "[]", true, "its run has completed");
    assert_verdict("{\"workflowId\": \"w\", \"status\": \"Completed\", \"memo\": {\"FerryMessageId\": \"m\"}}", "[]",
                   true, "done: its run has completed");
    assert_verdict("{\"workflowId\": \"w\", \"status\": \"Failed\", \"memo\": {\"FerryMessageId\": \"m\"}}", "[]", true,
                   "without success (Failed)");
    assert_verdict("{\"workflowId\": \"w\", \"status\": \"Failed\", \"memo\": {\"FerryMessageId\": \"m\"}}",
                   "[{\"head\": {\"messageId\": \"other\"}}, {\"poller\": \"p\", \"queue\": \"q\", \"head\":"
                   " {\"messageId\": \"m\", \"state\": \"resting\", \"reason\": \"failed\", \"next\": \"attempt\","
                   " \"attempt\": 1, \"nextTryMs\": 65000, \"failureType\": \"Declined\"}}]",
                   true, "in hand of the poller at p, queue q: resting: failed (Declined), attempt 2 in 1m05s");
}

static void assert_paused(const char *workflow, const char *queues, const char *expected_end)
{
    struct trace trace;
    trace_init(&trace);
    if (workflow != NULL) {
        trace_add_workflow(&trace, slice(workflow));
    }
    json_t *list = json_loads(queues, 0, NULL);
    assert_non_null(list);
    trace_add_queues(&trace, list);
    char *verdict = trace_verdict(&trace, 1, true);
    const char *found = strstr(verdict, expected_end);
    assert_non_null(found);
    assert_string_equal(found, expected_end);
    free(verdict);
    json_decref(list);
    trace_deinit(&trace);
}

static void queues_that_are_paused_are_named_where_they_may_be_why(void **state)
{
    (void)state;
    static const char queues[] = "[{\"name\": \"a\", \"url\": \"http://q/a\", \"paused\": true},"
                                 " {\"name\": \"a\", \"url\": \"http://q/a\", \"paused\": true},"
                                 " {\"name\": \"b\", \"url\": \"http://q/b\", \"paused\": false},"
                                 " {\"name\": \"c\", \"url\": \"http://q/c\", \"paused\": true}]";
    static const char failed[] = "{\"workflowId\": \"w\", \"status\": \"Failed\", \"memo\": {\"FerryMessageId\": \"m\","
                                 " \"FerryQueue\": \"http://q/%c\"}}";
    char workflow[sizeof failed];
    assert_paused(NULL, queues, "is forgotten; paused by an operator: a, c");
    assert_paused(NULL, "[]", "is forgotten");
    (void)snprintf(workflow, sizeof workflow, failed, 'c');
    assert_paused(workflow, queues, "as the route says; paused by an operator: c");
    (void)snprintf(workflow, sizeof workflow, failed, 'b');
    assert_paused(workflow, queues, "as the route says");
}

static void what_the_gateway_says_of_a_message_is_kept(void **state)
{
    (void)state;
    struct trace trace;
    trace_init(&trace);
    trace_add_message(&trace, slice("{\"messageId\": \"m\", \"route\": \"r\", \"workflowId\": \"w\", \"runId\": \"x\","
                                    " \"attempt\": 3, \"status\": \"Failed\"}"));
    assert_string_equal(trace.message_id, "m");
    assert_string_equal(trace.route, "r");
    assert_string_equal(trace.workflow_id, "w");
    assert_string_equal(trace.run_id, "x");
    assert_int_equal(trace.attempts, 3);
    trace_deinit(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_become_steps),
        cmocka_unit_test(a_message_is_sent_once_however_many_runs_it_has),
        cmocka_unit_test(events_that_say_little_do_no_harm),
        cmocka_unit_test(the_verdict_says_where_it_is),
        cmocka_unit_test(queues_that_are_paused_are_named_where_they_may_be_why),
        cmocka_unit_test(what_the_gateway_says_of_a_message_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

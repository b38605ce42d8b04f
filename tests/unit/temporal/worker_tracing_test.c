/* Tests of worker_tracing.h, and that the engine decides the same with and without headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "command_build.h"
#include "payload.h"
#include "support_history_builder.h"
#include "worker_tracing.h"

#define TRACE_ID "0af7651916cd43dd8448eb211c80319c"
#define CARRIER(flags) "{\"traceparent\":\"00-" TRACE_ID "-b7ad6b7169203331-" flags "\",\"baggage\":\"k=v\"}"
#define HEARD_MAX 8

/* What was said, copied. */
struct heard {
    char name[64];
    char traceparent[TRACE_PARENT_SIZE];
    char parent[TRACE_SPAN_ID_SIZE];
    char failure[64];
    bool has_failed;
    int64_t length_us;
};

static struct heard s_heard[HEARD_MAX];
static size_t s_count;

static void hear(const void *user, const struct temporal_span *span)
{
    struct heard *heard = &s_heard[s_count++];
    (void)user;
    assert_true(s_count <= HEARD_MAX);
    *heard = (struct heard){.has_failed = span->has_failed, .length_us = span->end_wall_us - span->start_wall_us};
    (void)snprintf(heard->name, sizeof heard->name, "%s", span->name);
    (void)snprintf(heard->traceparent, sizeof heard->traceparent, "%s", span->traceparent);
    (void)snprintf(heard->parent, sizeof heard->parent, "%s", span->parent_span_id);
    (void)snprintf(heard->failure, sizeof heard->failure, "%s",
                   span->failure_message != NULL ? span->failure_message : "");
}

static const struct temporal_tracing s_tracing = {.record = hear};

static int forget(void **state)
{
    (void)state;
    s_count = 0;
    return 0;
}

/* The span ID in a traceparent. */
static const char *span_id(const char *traceparent)
{
    static char text[TRACE_SPAN_ID_SIZE];
    (void)snprintf(text, sizeof text, "%.16s", traceparent + 3 + 32 + 1);
    return text;
}

static Pb__Command *schedule(const char *id)
{
    return command_build_schedule_activity(
        id, "charge", "queue", NULL, &(struct temporal_activity_options){.start_to_close_ms = 1000});
}

/* The text of the header that the command carries; NULL: none. free() it. */
static char *carried(const Pb__Command *command)
{
    const Pb__Payload *payload =
        tracing_header_find(command->schedule_activity_task_command_attributes->header);
    return payload != NULL ? memory_copy(payload->data.data, payload->data.len) : NULL;
}

static void answer(const struct temporal_tracing *tracing, const char *carrier, bool is_first_task,
                   Pb__Command *const *commands, size_t count)
{
    Pb__Payload *header =
        carrier != NULL ? payload_new(TEMPORAL_ENCODING_JSON, carrier, strlen(carrier)) : NULL;
    const struct tracing_run run = {.header = header,
                                    .workflow_type = "order",
                                    .workflow_id = "w",
                                    .run_id = "r",
                                    .is_first_task = is_first_task};
    tracing_run_commands(tracing, &run, commands, count);
    pb__payload__free_unpacked(header, NULL);
}

static void a_runs_activities_are_below_it_on_every_worker(void **state)
{
    Pb__Command *first = schedule("1");
    Pb__Command *second = schedule("2");
    (void)state;
    answer(&s_tracing, CARRIER("01"), true, &first, 1);
    assert_int_equal(s_count, 2);
    assert_string_equal(s_heard[0].name, "RunWorkflow:order");
    assert_string_equal(s_heard[0].parent, "b7ad6b7169203331");
    assert_string_equal(s_heard[1].name, "StartActivity:charge");
    assert_string_equal(s_heard[1].parent, span_id(s_heard[0].traceparent));
    assert_int_equal(s_heard[1].length_us, 0);
    char *text = carried(first);
    assert_non_null(strstr(text, s_heard[1].traceparent));
    assert_non_null(strstr(text, "\"baggage\":\"k=v\""));
    free(text);
    answer(&s_tracing, CARRIER("01"), false, &second, 1); /* elsewhere, after a replay */
    assert_int_equal(s_count, 3);
    assert_string_equal(s_heard[2].parent, span_id(s_heard[0].traceparent));
    assert_string_not_equal(s_heard[2].traceparent, s_heard[1].traceparent);
    pb__command__free_unpacked(first, NULL);
    pb__command__free_unpacked(second, NULL);
}

static void the_end_of_a_run_is_said(void **state)
{
    Pb__Failure *failure = memory_alloc(sizeof *failure);
    pb__failure__init(failure);
    failure->message = memory_copy_string("no stock");
    Pb__Command *commands[] = {command_build_complete(NULL), command_build_fail(failure), command_build_cancel()};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        answer(&s_tracing, CARRIER("01"), false, &commands[i], 1);
        assert_string_equal(s_heard[i].name, "CompleteWorkflow:order");
        assert_int_equal(s_heard[i].has_failed, i == 1);
        pb__command__free_unpacked(commands[i], NULL);
    }
    assert_string_equal(s_heard[1].failure, "no stock");
}

static void the_header_goes_on_as_it_is_where_nobody_listens(void **state)
{
    static const char *const carriers[] = {CARRIER("01"), CARRIER("00"), "{\"uber-trace-id\":\"x\"}", "no JSON"};
    (void)state;
    for (size_t i = 0; i < sizeof carriers / sizeof carriers[0]; i++) {
        Pb__Command *command = schedule("1");
        answer(i == 0 ? NULL : &s_tracing, carriers[i], true, &command, 1);
        char *text = carried(command);
        assert_string_equal(text, carriers[i]);
        free(text);
        pb__command__free_unpacked(command, NULL);
    }
    assert_int_equal(s_count, 0);
}

static void without_a_header_there_is_none(void **state)
{
    Pb__Command *command = schedule("1");
    (void)state;
    answer(&s_tracing, NULL, true, &command, 1);
    assert_null(command->schedule_activity_task_command_attributes->header);
    assert_int_equal(s_count, 0);
    pb__command__free_unpacked(command, NULL);
}

/* The header of an activity's task, through the command that would have made it. */
static void begin_attempt(struct tracing_attempt *attempt, const struct temporal_tracing *tracing, const char *carrier)
{
    Pb__Command *command = schedule("1");
    *attempt = (struct tracing_attempt){0};
    answer(NULL, carrier, true, &command, 1);
    tracing_attempt_init(attempt, tracing, command->schedule_activity_task_command_attributes->header);
    pb__command__free_unpacked(command, NULL);
}

static void each_attempt_is_a_span_below_its_start(void **state)
{
    struct tracing_attempt attempt;
    struct tracing_attempt again;
    struct temporal_span span = {.name = "RunActivity:charge"};
    (void)state;
    begin_attempt(&attempt, &s_tracing, CARRIER("01"));
    begin_attempt(&again, &s_tracing, CARRIER("01"));
    assert_string_equal(attempt.trace_id, TRACE_ID);
    assert_string_equal(attempt.span_id, span_id(attempt.traceparent));
    assert_string_not_equal(attempt.span_id, again.span_id);
    tracing_attempt_end(&attempt, &s_tracing, &span);
    assert_int_equal(s_count, 1);
    assert_string_equal(s_heard[0].traceparent, attempt.traceparent);
    assert_string_equal(s_heard[0].parent, "b7ad6b7169203331");
}

static void an_attempt_that_is_not_recorded_has_the_context_that_came(void **state)
{
    struct tracing_attempt attempt;
    struct temporal_span span = {.name = "RunActivity:charge"};
    (void)state;
    begin_attempt(&attempt, NULL, CARRIER("01"));
    assert_string_equal(attempt.traceparent, "00-" TRACE_ID "-b7ad6b7169203331-01");
    tracing_attempt_end(&attempt, NULL, &span);
    begin_attempt(&attempt, &s_tracing, CARRIER("00"));
    assert_string_equal(attempt.traceparent, "00-" TRACE_ID "-b7ad6b7169203331-00");
    tracing_attempt_end(&attempt, &s_tracing, &span);
    begin_attempt(&attempt, &s_tracing, NULL);
    assert_false(attempt.has_context);
    assert_int_equal(s_count, 0);
}

/* ---- the engine ---- */

static json_t *charges(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    return temporal_workflow_execute_activity(workflow, "charge", json_null(),
                                              &(struct temporal_activity_options){.start_to_close_ms = 60000});
}

static Pb__Header *new_header(const char *carrier)
{
    Pb__Header *header = memory_alloc(sizeof *header);
    Pb__Header__FieldsEntry *entry = memory_alloc(sizeof *entry);
    pb__header__init(header);
    pb__header__fields_entry__init(entry);
    entry->key = memory_copy_string(TEMPORAL_TRACE_HEADER);
    entry->value = payload_new(TEMPORAL_ENCODING_JSON, carrier, strlen(carrier));
    header->fields = memory_alloc_array(1, sizeof *header->fields);
    header->fields[0] = entry;
    header->n_fields = 1;
    return header;
}

static void headers_change_nothing_that_replay_decides(void **state)
{
    const struct temporal_workflow_definition definition = {.name = "wf", .function = charges};
    struct history_builder history;
    (void)state;
    history_init(&history);
    (void)history_add_execution_started(&history, NULL);
    (void)history_add_task(&history);
    (void)history_add_task_completed(&history);
    int64_t scheduled = history_add_activity_scheduled(&history, "1", "charge");
    (void)history_add_activity_started(&history, scheduled);
    (void)history_add_activity_completed(&history, scheduled, "1");
    (void)history_add_task(&history);
    char *without = history_replay(&history, &definition);
    history.events[0]->workflow_execution_started_event_attributes->header = new_header(CARRIER("01"));
    char *with = history_replay(&history, &definition);
    assert_string_equal(with, without);
    assert_non_null(strstr(with, "COMPLETE_WORKFLOW_EXECUTION"));
    /* Scheduled by a worker that traced, replayed by one that does not. */
    history.events[scheduled - 1]->activity_task_scheduled_event_attributes->header = new_header(CARRIER("01"));
    char *with_both = history_replay(&history, &definition);
    assert_string_equal(with_both, without);
    free(without);
    free(with);
    free(with_both);
    history_deinit(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_runs_activities_are_below_it_on_every_worker, forget),
        cmocka_unit_test_teardown(the_end_of_a_run_is_said, forget),
        cmocka_unit_test_teardown(the_header_goes_on_as_it_is_where_nobody_listens, forget),
        cmocka_unit_test_teardown(without_a_header_there_is_none, forget),
        cmocka_unit_test_teardown(each_attempt_is_a_span_below_its_start, forget),
        cmocka_unit_test_teardown(an_attempt_that_is_not_recorded_has_the_context_that_came, forget),
        cmocka_unit_test(headers_change_nothing_that_replay_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

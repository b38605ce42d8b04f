/* The words that tell what became of an event. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "entry.h"

static void assert_written(void (*write)(struct buffer *, const struct entry *), const struct entry *entry,
                           const char *expected)
{
    struct buffer out;
    buffer_init(&out, 4096);
    write(&out, entry);
    assert_string_equal(out.data, expected);
    buffer_deinit(&out);
}

static void a_start_names_its_run(void **state)
{
    (void)state;
    struct entry entry = {.outcome = ENTRY_STARTED, .workflow_id = "a:\"1\"", .run_id = "r", .first_run_id = "r",
                          .attempt = 1};
    assert_written(entry_write, &entry,
                   "{\"outcome\":\"started\",\"workflowId\":\"a:\\\"1\\\"\",\"runId\":\"r\",\"firstRunId\":\"r\","
                   "\"attempt\":1}");
    assert_written(entry_write_single, &entry,
                   "{\"workflowId\":\"a:\\\"1\\\"\",\"runId\":\"r\",\"firstRunId\":\"r\",\"attempt\":1,"
                   "\"started\":true}");
    assert_int_equal(entry_single_status(&entry), 201);
}

static void a_closed_run_says_how(void **state)
{
    (void)state;
    struct entry entry = {.outcome = ENTRY_CLOSED, .workflow_id = "w", .run_id = "r2", .first_run_id = "r1",
                          .attempt = 2, .status = "Failed", .failure_type = "BadBody", .failure_message = "no",
                          .non_retryable = true};
    assert_written(entry_write, &entry,
                   "{\"outcome\":\"closed\",\"workflowId\":\"w\",\"runId\":\"r2\",\"firstRunId\":\"r1\",\"attempt\":2,"
                   "\"status\":\"Failed\","
                   "\"failureType\":\"BadBody\",\"failureMessage\":\"no\",\"nonRetryable\":true}");
    assert_written(entry_write_single, &entry,
                   "{\"workflowId\":\"w\",\"runId\":\"r2\",\"firstRunId\":\"r1\",\"attempt\":2,\"started\":false,"
                   "\"status\":\"Failed\","
                   "\"failureType\":\"BadBody\",\"failureMessage\":\"no\",\"nonRetryable\":true}");
    assert_int_equal(entry_single_status(&entry), 200);
}

static void refusals_say_why(void **state)
{
    (void)state;
    struct entry rejected = {.outcome = ENTRY_REJECTED, .reason = "no Body", .class = ENTRY_CLASS_NOT_JSON};
    struct entry retry = {.outcome = ENTRY_RETRY, .retry_after_ms = 2000, .reason = "down"};
    assert_written(entry_write, &rejected, "{\"outcome\":\"rejected\",\"reason\":\"no Body\",\"class\":\"not_json\"}");
    assert_written(entry_write, &retry, "{\"outcome\":\"retry\",\"retryAfterMs\":2000,\"reason\":\"down\"}");
}

static void a_signal_says_so(void **state)
{
    (void)state;
    struct entry entry = {.outcome = ENTRY_ATTACHED, .workflow_id = "w", .run_id = "r", .is_signaled = true};
    assert_written(entry_write, &entry,
                   "{\"outcome\":\"attached\",\"workflowId\":\"w\",\"runId\":\"r\",\"signaled\":true}");
}

static void a_queued_event_names_its_message(void **state)
{
    (void)state;
    struct entry entry = {.outcome = ENTRY_QUEUED, .queue = "https://q", .message_id = "m", .sequence_number = "7"};
    assert_written(entry_write, &entry,
                   "{\"outcome\":\"queued\",\"queue\":\"https://q\",\"messageId\":\"m\",\"sequenceNumber\":\"7\"}");
    assert_written(entry_write_single, &entry,
                   "{\"queue\":\"https://q\",\"messageId\":\"m\",\"sequenceNumber\":\"7\"}");
    assert_int_equal(entry_single_status(&entry), 202);
}

static void every_class_has_its_word(void **state)
{
    (void)state;
    assert_string_equal(entry_class_name(ENTRY_CLASS_BAD_EVENT), "bad_event");
    assert_string_equal(entry_class_name(ENTRY_CLASS_TEMPLATE), "template");
    assert_string_equal(entry_class_name(ENTRY_CLASS_NOT_JSON), "not_json");
    assert_string_equal(entry_class_name(ENTRY_CLASS_SCHEMA), "schema");
    assert_string_equal(entry_class_name(ENTRY_CLASS_TOO_LARGE), "too_large");
    assert_string_equal(entry_class_name(ENTRY_CLASS_KEY_REUSED), "key_reused");
}

static void every_outcome_has_its_word(void **state)
{
    (void)state;
    assert_string_equal(entry_outcome_name(ENTRY_STARTED), "started");
    assert_string_equal(entry_outcome_name(ENTRY_ATTACHED), "attached");
    assert_string_equal(entry_outcome_name(ENTRY_CLOSED), "closed");
    assert_string_equal(entry_outcome_name(ENTRY_REJECTED), "rejected");
    assert_string_equal(entry_outcome_name(ENTRY_RETRY), "retry");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_names_its_run),
        cmocka_unit_test(a_closed_run_says_how),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(a_signal_says_so),
        cmocka_unit_test(a_queued_event_names_its_message),
        cmocka_unit_test(every_class_has_its_word),
        cmocka_unit_test(every_outcome_has_its_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

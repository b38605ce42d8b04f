/* The answer to an events request. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "event_results.h"

static enum status parse(const char *text, size_t count, struct event_results *out)
{
    return event_results_parse(text, strlen(text), count, out, NULL);
}

static void results_are_read_in_order(void **state)
{
    (void)state;
    struct event_results results = {0};
    assert_int_equal(
        parse("{\"results\":[{\"outcome\":\"started\",\"workflowId\":\"w\",\"runId\":\"r\",\"attempt\":1},"
              "{\"outcome\":\"closed\",\"workflowId\":\"w2\",\"runId\":\"r3\",\"firstRunId\":\"r2\","
              "\"status\":\"Failed\",\"failureType\":\"T\"},{\"outcome\":\"retry\",\"retryAfterMs\":1500,"
              "\"reason\":\"busy\"},"
              "{\"outcome\":\"rejected\",\"reason\":\"no\"}]}",
              4, &results),
        STATUS_OK);
    assert_int_equal(results.entries[0].outcome, EVENT_STARTED);
    assert_string_equal(results.entries[0].first_run_id, "r"); /* not said: the run itself */
    assert_int_equal(results.entries[1].status, RUN_FAILED);
    assert_string_equal(results.entries[1].first_run_id, "r2");
    assert_int_equal(results.entries[2].retry_after_ms, 1500);
    assert_string_equal(results.entries[3].reason, "no");
    event_results_deinit(&results);
}

static void answers_that_are_not_one_entry_for_each_event_are_malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "<html>", "[]", "{}", "{\"results\":{}}", "{\"results\":[]}", "{\"results\":[{}]}",
        "{\"results\":[{\"outcome\":7}]}", "{\"results\":[{\"outcome\":\"started\"}]}",
        "{\"results\":[{\"outcome\":\"closed\",\"workflowId\":\"w\"}]}",
        "{\"results\":[{\"outcome\":\"retry\"},{\"outcome\":\"retry\"}]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct event_results results = {0};
        assert_int_equal(parse(bad[i], 1, &results), STATUS_MALFORMED);
        assert_null(results.texts.memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_read_in_order),
        cmocka_unit_test(answers_that_are_not_one_entry_for_each_event_are_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a lane's head does, in words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "lanes.h"

static void assert_state(const char *head, const char *expected)
{
    json_t *parsed = json_loads(head, 0, NULL);
    assert_non_null(parsed);
    char *text = lanes_state_text(parsed);
    assert_string_equal(text, expected);
    free(text);
    json_decref(parsed);
}

static void a_head_says_what_why_and_what_next(void **state)
{
    (void)state;
    assert_state("{\"state\": \"running\", \"reason\": \"running\"}", "running");
    assert_state("{\"state\": \"held\", \"reason\": \"circuit_open\"}", "held: circuit_open");
    assert_state("{\"state\": \"resting\", \"reason\": \"failed\", \"failureType\": \"T\", \"next\": \"attempt\", "
                 "\"attempt\": 1, \"nextTryMs\": 400}",
                 "resting: failed (T), attempt 2 in 0.4s");
    assert_state("{\"state\": \"resting\", \"reason\": \"timed_out\", \"next\": \"dead_letter\", \"trouble\": "
                 "\"missing_queue\", \"nextTryMs\": 0}",
                 "resting: timed_out, dead letter, trouble: missing_queue");
    assert_state("{\"state\": \"returned\", \"reason\": \"failed\", \"nextTryMs\": 90000}",
                 "returned: failed, again in 1m30s");
    assert_state("{}", "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_says_what_why_and_what_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

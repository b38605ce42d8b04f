/* A run as describe and list tell it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run_json.h"

static void what_the_server_does_not_tell_is_left_out(void **state)
{
    (void)state;
    char id[] = "a/b";
    char empty[] = "";
    char type[] = "order";
    const struct temporal_describe_result run = {.status = TEMPORAL_RUN_RUNNING,
                                                 .workflow_id = id,
                                                 .run_id = empty,
                                                 .first_run_id = empty,
                                                 .workflow_type = type,
                                                 .task_queue = empty,
                                                 .start_wall_ms = 1000,
                                                 .history_length = 3};
    struct buffer out;
    buffer_init(&out, 1024);
    run_json_append(&out, &run);
    assert_string_equal(out.data, "{\"workflowId\":\"a/b\",\"workflowType\":\"order\",\"status\":\"Running\","
                                  "\"startTime\":\"1970-01-01T00:00:01.000Z\",\"historyLength\":3,\"memo\":{},"
                                  "\"searchAttributes\":{}}");
    buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_the_server_does_not_tell_is_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

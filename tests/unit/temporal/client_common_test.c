/* What all calls have in common: the namespace that a call names instead of its connection's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_client.h"
#include "temporal/client.h"

static void every_call_can_name_another_namespace(void **state)
{
    struct client_fixture *fixture = *state;
    struct error error;
    fixture->steps[0] = (struct client_step){.code = GRPC_STATUS_INVALID_ARGUMENT, .message = "whatever"};
    const struct temporal_run run = {.workflow_id = "a", .run_id = "b", .namespace_name = "elsewhere"};
    const struct temporal_signal_options signal = {.run = run, .name = "go", .deadline_ms = client_ready(fixture)};
    const struct temporal_query_options query = {.run = run, .type = "state", .deadline_ms = client_ready(fixture)};
    const struct temporal_list_options list = {.namespace_name = "elsewhere", .deadline_ms = client_ready(fixture)};
    struct temporal_describe_result described;
    struct temporal_close_result closed;
    struct temporal_query_result value;
    struct temporal_list_result listed;
    int64_t deadline_ms = client_ready(fixture);
    assert_int_not_equal(temporal_client_describe(fixture->connection, &run, deadline_ms, &described, &error), 0);
    assert_int_not_equal(temporal_client_wait(fixture->connection, &run, deadline_ms, &closed, &error), 0);
    assert_int_not_equal(temporal_client_signal(fixture->connection, &signal, &error), 0);
    assert_int_not_equal(temporal_client_query(fixture->connection, &query, &value, &error), 0);
    assert_int_not_equal(temporal_client_cancel(fixture->connection, &run, NULL, deadline_ms, &error), 0);
    assert_int_not_equal(temporal_client_terminate(fixture->connection, &run, NULL, deadline_ms, &error), 0);
    assert_int_not_equal(temporal_client_list(fixture->connection, &list, &listed, &error), 0);
    client_recorded(fixture, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_true(client_body_has(fixture, i, "elsewhere"));
        assert_false(client_body_has(fixture, i, "shop"));
        assert_string_equal(fixture->metadata[i], "elsewhere");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_CASE(every_call_can_name_another_namespace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

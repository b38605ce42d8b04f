/* The check of a connection. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "support_client.h"
#include "temporal/client.h"

static void the_check_asks_server_and_namespace(void **state)
{
    struct client_fixture *fixture = *state;
    Pb__GetSystemInfoResponse info = PB__GET_SYSTEM_INFO_RESPONSE__INIT;
    info.server_version = "1.32.0";
    fixture->steps[0].reply = &info.base;
    fixture->steps[2] = (struct client_step){.code = GRPC_STATUS_UNAVAILABLE, .message = "down"};
    fixture->step_count = 3;
    char *version = NULL;
    assert_int_equal(temporal_client_check(fixture->connection, client_ready(fixture), &version, NULL), STATUS_OK);
    assert_string_equal(version, "1.32.0");
    free(version);
    client_recorded(fixture, 2);
    assert_string_equal(fixture->methods[1], "DescribeNamespace");
    struct error error;
    assert_int_equal(temporal_client_check(fixture->connection, client_ready(fixture), NULL, &error),
                     STATUS_UNAVAILABLE);
    assert_int_equal(test_server_call_count(fixture->server), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_CASE(the_check_asks_server_and_namespace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

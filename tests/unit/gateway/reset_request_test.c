/* The body of a reset. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "reset_request.h"

static void a_reset_names_its_point(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum reset_point point;
        int64_t event_id;
    } cases[] = {{"{\"eventId\":7}", RESET_TO_EVENT, 7},
                 {"{\"to\":\"firstWorkflowTask\"}", RESET_TO_FIRST_WORKFLOW_TASK, 0},
                 {"{\"to\":\"lastWorkflowTask\",\"reason\":\"bug\"}", RESET_TO_LAST_WORKFLOW_TASK, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reset_request request = {0};
        assert_int_equal(reset_request_parse(cases[i].body, strlen(cases[i].body), &request, NULL), STATUS_OK);
        assert_int_equal(request.point, cases[i].point);
        assert_int_equal(request.event_id, cases[i].event_id);
        if (i == 2) {
            assert_string_equal(request.reason, "bug");
        }
        reset_request_deinit(&request);
    }
}

static void refuses_what_is_no_reset(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{}",
                                         "[]",
                                         "{\"reason\":\"x\"}",
                                         "{\"eventId\":7,\"to\":\"lastWorkflowTask\"}",
                                         "{\"eventId\":0}",
                                         "{\"eventId\":1.5}",
                                         "{\"eventId\":\"7\"}",
                                         "{\"to\":\"middle\",\"reason\":\"x\"}",
                                         "{\"reason\":\"x\",\"event\":7}"};
    struct reset_request request = {0};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(reset_request_parse(bodies[i], strlen(bodies[i]), &request, NULL), STATUS_INVALID_ARGUMENT);
    }
    assert_int_equal(reset_request_parse("", 0, &request, NULL), STATUS_MALFORMED);
    assert_null(request.reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reset_names_its_point),
        cmocka_unit_test(refuses_what_is_no_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a server packs into the details of a failed call, as JSON. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <temporal/api/errordetails/v1/message.pb-c.h>

#include "error_details.h"

static void each_detail_is_told_with_its_type(void **state)
{
    (void)state;
    uint8_t packed[64];
    Pb__WorkflowExecutionAlreadyStartedFailure taken = PB__WORKFLOW_EXECUTION_ALREADY_STARTED_FAILURE__INIT;
    taken.run_id = "r\"1";
    Google__Protobuf__Any details[3];
    Google__Protobuf__Any *list[] = {&details[0], &details[1], &details[2]};
    Pb__Status status = PB__STATUS__INIT;
    char known[] = "type.googleapis.com/temporal.api.errordetails.v1.WorkflowExecutionAlreadyStartedFailure";
    char empty[] = "type.googleapis.com/temporal.api.errordetails.v1.NotFoundFailure";
    char unknown[] = "type.googleapis.com/x.Y";
    for (size_t i = 0; i < 3; i++) {
        google__protobuf__any__init(&details[i]);
    }
    details[0].type_url = known;
    details[0].value.data = packed;
    details[0].value.len = protobuf_c_message_pack(&taken.base, packed);
    details[1].type_url = empty;
    details[2].type_url = unknown;
    details[2].value = details[0].value;
    details[2].value.len = 1;
    status.details = list;
    status.n_details = 3;
    char *json = error_details_json(&status);
    char expected[512] = "[{\"@type\":\"";
    strcat(strcat(expected, known), "\",\"runId\":\"r\\\"1\"},{\"@type\":\"");
    strcat(strcat(expected, empty), "\"},{\"@type\":\"");
    strcat(strcat(expected, unknown), "\",\"value\":\"Eg==\"}]");
    assert_string_equal(json, expected);
    free(json);
}

static void none_is_none(void **state)
{
    (void)state;
    const Pb__Status status = PB__STATUS__INIT;
    assert_null(error_details_json(NULL));
    assert_null(error_details_json(&status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_detail_is_told_with_its_type),
        cmocka_unit_test(none_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

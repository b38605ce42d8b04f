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
    char *json = error_details_json(&status, NULL);
    char expected[512] = "[{\"@type\":\"";
    strcat(strcat(expected, known), "\",\"runId\":\"r\\\"1\"},{\"@type\":\"");
    strcat(strcat(expected, empty), "\"},{\"@type\":\"");
    strcat(strcat(expected, unknown), "\",\"value\":\"Eg==\"}]");
    assert_string_equal(json, expected);
    free(json);
}

/* ExecuteMultiOperation: what failed is packed within its details. */
static void operations_are_told_with_their_own_details(void **state)
{
    uint8_t packed[64];
    uint8_t outer[256];
    char inner_type[] = "type.googleapis.com/temporal.api.errordetails.v1.WorkflowExecutionAlreadyStartedFailure";
    char outer_type[] = "type.googleapis.com/temporal.api.errordetails.v1.MultiOperationExecutionFailure";
    (void)state;
    Pb__WorkflowExecutionAlreadyStartedFailure taken = PB__WORKFLOW_EXECUTION_ALREADY_STARTED_FAILURE__INIT;
    taken.run_id = "r";
    Google__Protobuf__Any inner;
    Google__Protobuf__Any *inner_list[] = {&inner};
    google__protobuf__any__init(&inner);
    inner.type_url = inner_type;
    inner.value.data = packed;
    inner.value.len = protobuf_c_message_pack(&taken.base, packed);
    Pb__MultiOperationExecutionFailure__OperationStatus start =
        PB__MULTI_OPERATION_EXECUTION_FAILURE__OPERATION_STATUS__INIT;
    Pb__MultiOperationExecutionFailure__OperationStatus update =
        PB__MULTI_OPERATION_EXECUTION_FAILURE__OPERATION_STATUS__INIT;
    Pb__MultiOperationExecutionFailure__OperationStatus *list[] = {&start, &update};
    start.code = 6;
    start.message = "taken";
    start.details = inner_list;
    start.n_details = 1;
    update.code = 10;
    update.message = "aborted";
    Pb__MultiOperationExecutionFailure failure = PB__MULTI_OPERATION_EXECUTION_FAILURE__INIT;
    failure.statuses = list;
    failure.n_statuses = 2;
    Google__Protobuf__Any detail;
    Google__Protobuf__Any *details[] = {&detail};
    google__protobuf__any__init(&detail);
    detail.type_url = outer_type;
    detail.value.data = outer;
    detail.value.len = protobuf_c_message_pack(&failure.base, outer);
    Pb__Status status = PB__STATUS__INIT;
    status.details = details;
    status.n_details = 1;
    char *json = error_details_json(&status, NULL);
    char expected[512] = "[{\"@type\":\"";
    strcat(strcat(expected, outer_type), "\",\"statuses\":[{\"code\":6,\"message\":\"taken\",\"details\":"
                                         "[{\"@type\":\"");
    strcat(strcat(expected, inner_type), "\",\"runId\":\"r\"}]},{\"code\":10,\"message\":\"aborted\"}]}]");
    assert_string_equal(json, expected);
    free(json);
}

static void none_is_none(void **state)
{
    (void)state;
    const Pb__Status status = PB__STATUS__INIT;
    assert_null(error_details_json(NULL, NULL));
    assert_null(error_details_json(&status, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_detail_is_told_with_its_type),
        cmocka_unit_test(operations_are_told_with_their_own_details),
        cmocka_unit_test(none_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

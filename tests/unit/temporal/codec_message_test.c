/* Which payloads of a message a codec sees. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <temporal/api/command/v1/message.pb-c.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/memory.h"
#include "codec_message.h"
#include "payload.h"
#include "support_codec.h"

#define NEW(type, prefix) ((type *)(void *)new_message(&prefix##__descriptor))

static ProtobufCMessage *new_message(const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *made = memory_alloc(descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, made);
    return made;
}

static Pb__Payloads *two(void)
{
    const struct temporal_payload views[] = {{.data = "1", .length = 1}, {.data = "2", .length = 1}};
    return payloads_from_view(views, 2);
}

static void assert_turned(const Pb__Payload *payload, bool is_turned)
{
    assert_true(payload_has_encoding(payload, is_turned ? SUPPORT_ENCODING : "json/plain"));
}

static Pb__StartWorkflowExecutionRequest *start_request(void)
{
    Pb__StartWorkflowExecutionRequest *request =
        NEW(Pb__StartWorkflowExecutionRequest, pb__start_workflow_execution_request);
    request->input = two();
    request->memo = NEW(Pb__Memo, pb__memo);
    request->memo->n_fields = 1;
    request->memo->fields = memory_alloc(sizeof *request->memo->fields);
    request->memo->fields[0] = NEW(Pb__Memo__FieldsEntry, pb__memo__fields_entry);
    request->memo->fields[0]->key = memory_copy_string("note");
    request->memo->fields[0]->value = payload_new("json/plain", "3", 1);
    request->search_attributes = NEW(Pb__SearchAttributes, pb__search_attributes);
    request->search_attributes->n_indexed_fields = 1;
    request->search_attributes->indexed_fields = memory_alloc(sizeof(void *));
    request->search_attributes->indexed_fields[0] =
        NEW(Pb__SearchAttributes__IndexedFieldsEntry, pb__search_attributes__indexed_fields_entry);
    request->search_attributes->indexed_fields[0]->key = memory_copy_string("Kind");
    request->search_attributes->indexed_fields[0]->value = payload_new("json/plain", "4", 1);
    return request;
}

static void arguments_and_memo_are_encoded_and_search_attributes_are_not(void **state)
{
    (void)state;
    Pb__StartWorkflowExecutionRequest *request = start_request();
    assert_int_equal(codec_encode_message(&support_codec, &request->base, NULL), STATUS_OK);
    assert_turned(request->input->payloads[0], true);
    assert_turned(request->input->payloads[1], true);
    assert_turned(request->memo->fields[0]->value, true);
    assert_turned(request->search_attributes->indexed_fields[0]->value, false);
    assert_int_equal(codec_decode_message(&support_codec, &request->base, NULL), STATUS_OK);
    assert_turned(request->input->payloads[1], false);
    assert_memory_equal(request->input->payloads[1]->data.data, "2", 1);
    assert_turned(request->memo->fields[0]->value, false);
    protobuf_c_message_free_unpacked(&request->base, NULL);
}

static void a_failure_s_details_are_encoded_its_causes_too_and_its_attributes_are_not(void **state)
{
    (void)state;
    Pb__Failure *failure = NEW(Pb__Failure, pb__failure);
    failure->message = memory_copy_string("no stock");
    failure->encoded_attributes = payload_new("json/plain", "5", 1);
    failure->cause = NEW(Pb__Failure, pb__failure);
    failure->cause->failure_info_case = PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO;
    failure->cause->application_failure_info = NEW(Pb__ApplicationFailureInfo, pb__application_failure_info);
    failure->cause->application_failure_info->details = two();
    assert_int_equal(codec_encode_message(&support_codec, &failure->base, NULL), STATUS_OK);
    assert_turned(failure->encoded_attributes, false);
    assert_turned(failure->cause->application_failure_info->details->payloads[1], true);
    assert_string_equal(failure->message, "no stock");
    protobuf_c_message_free_unpacked(&failure->base, NULL);
}

static void headers_are_left_and_only_the_set_member_of_a_choice_is_looked_at(void **state)
{
    (void)state;
    Pb__Command *command = NEW(Pb__Command, pb__command);
    Pb__ScheduleActivityTaskCommandAttributes *activity =
        NEW(Pb__ScheduleActivityTaskCommandAttributes, pb__schedule_activity_task_command_attributes);
    command->attributes_case = PB__COMMAND__ATTRIBUTES_SCHEDULE_ACTIVITY_TASK_COMMAND_ATTRIBUTES;
    command->schedule_activity_task_command_attributes = activity;
    activity->input = two();
    activity->header = NEW(Pb__Header, pb__header);
    activity->header->n_fields = 1;
    activity->header->fields = memory_alloc(sizeof(void *));
    activity->header->fields[0] = NEW(Pb__Header__FieldsEntry, pb__header__fields_entry);
    activity->header->fields[0]->key = memory_copy_string("trace");
    activity->header->fields[0]->value = payload_new("json/plain", "6", 1);
    assert_int_equal(codec_encode_message(&support_codec, &command->base, NULL), STATUS_OK);
    assert_turned(activity->input->payloads[0], true);
    assert_turned(activity->header->fields[0]->value, false);
    protobuf_c_message_free_unpacked(&command->base, NULL);
}

static void what_cannot_be_decoded_stays_and_the_rest_is_decoded(void **state)
{
    (void)state;
    struct error error = {0};
    Pb__StartWorkflowExecutionRequest *request = start_request();
    assert_int_equal(codec_encode_message(&support_codec, &request->base, NULL), STATUS_OK);
    pb__payload__free_unpacked(request->input->payloads[0], NULL);
    request->input->payloads[0] = support_codec_broken();
    assert_int_equal(codec_decode_message(&support_codec, &request->base, &error), STATUS_MALFORMED);
    assert_string_equal(error.text, "not turned");
    assert_memory_equal(request->input->payloads[0]->data.data, "plain", 5);
    assert_turned(request->input->payloads[0], true);
    assert_turned(request->input->payloads[1], false);
    assert_turned(request->memo->fields[0]->value, false);
    assert_int_equal(codec_decode_message(NULL, &request->base, NULL), STATUS_OK);
    protobuf_c_message_free_unpacked(&request->base, NULL);
}

static void the_first_error_of_an_encoder_is_told(void **state)
{
    (void)state;
    struct error error = {0};
    Pb__Payloads *payloads = two();
    assert_int_equal(codec_encode_message(&support_dry_codec, &payloads->base, &error), STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(error.text, "no ink");
    pb__payloads__free_unpacked(payloads, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_and_memo_are_encoded_and_search_attributes_are_not),
        cmocka_unit_test(a_failure_s_details_are_encoded_its_causes_too_and_its_attributes_are_not),
        cmocka_unit_test(headers_are_left_and_only_the_set_member_of_a_choice_is_looked_at),
        cmocka_unit_test(what_cannot_be_decoded_stays_and_the_rest_is_decoded),
        cmocka_unit_test(the_first_error_of_an_encoder_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Failures as plain data and back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "payload.h"

/* What the server shows when an activity has failed: the activity's envelope, the application's failure in it. */
struct chain {
    Pb__Failure envelope;
    Pb__ActivityFailureInfo activity;
    Pb__ActivityType type;
    Pb__Failure cause;
    Pb__ApplicationFailureInfo application;
    Google__Protobuf__Duration delay;
};

static void chain_init(struct chain *chain)
{
    pb__failure__init(&chain->envelope);
    pb__activity_failure_info__init(&chain->activity);
    pb__activity_type__init(&chain->type);
    pb__failure__init(&chain->cause);
    pb__application_failure_info__init(&chain->application);
    google__protobuf__duration__init(&chain->delay);
    chain->type.name = "charge";
    chain->activity.activity_type = &chain->type;
    chain->envelope.message = "activity error";
    chain->envelope.failure_info_case = PB__FAILURE__FAILURE_INFO_ACTIVITY_FAILURE_INFO;
    chain->envelope.activity_failure_info = &chain->activity;
    chain->envelope.cause = &chain->cause;
    chain->delay.seconds = 2;
    chain->delay.nanos = 500000000;
    chain->application.type = "Declined";
    chain->application.non_retryable = 1;
    chain->application.next_retry_delay = &chain->delay;
    json_t *details = json_pack("{s:i}", "code", 7);
    chain->application.details = payloads_from_json(details);
    json_decref(details);
    chain->cause.message = "the card was declined";
    chain->cause.source = "GoSDK";
    chain->cause.failure_info_case = PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO;
    chain->cause.application_failure_info = &chain->application;
}

static void chain_deinit(struct chain *chain)
{
    pb__payloads__free_unpacked(chain->application.details, NULL);
}

static void a_chain_is_read_from_the_outside_in(void **state)
{
    (void)state;
    struct chain chain;
    chain_init(&chain);
    struct temporal_failure *failure = failure_from_message(&chain.envelope);
    assert_string_equal(failure->kind, "activity");
    assert_string_equal(failure->type, "charge");
    assert_string_equal(failure->message, "activity error");
    const struct temporal_failure *cause = failure->cause;
    assert_string_equal(cause->kind, "application");
    assert_string_equal(cause->source, "GoSDK");
    assert_int_equal(cause->next_retry_delay_ms, 2500);
    assert_int_equal(cause->detail_count, 1);
    assert_null(cause->cause);
    temporal_failure_destroy(failure);
    chain_deinit(&chain);
}

static void the_application_failure_is_found_below_its_envelopes(void **state)
{
    (void)state;
    struct chain chain;
    chain_init(&chain);
    struct temporal_failure *failure = failure_from_message(&chain.envelope);
    const struct temporal_failure *application = temporal_failure_application(failure);
    assert_string_equal(application->type, "Declined");
    assert_true(application->non_retryable);
    assert_ptr_equal(application, temporal_failure_root(failure));
    assert_null(temporal_failure_application(NULL));
    assert_null(temporal_failure_root(NULL));
    temporal_failure_destroy(failure);
    chain_deinit(&chain);
}

static void json_leaves_out_what_is_empty(void **state)
{
    (void)state;
    struct chain chain;
    chain_init(&chain);
    struct temporal_failure *failure = failure_from_message(&chain.envelope);
    json_t *json = temporal_failure_json(failure);
    char *text = json_dumps(json, JSON_COMPACT);
    assert_string_equal(text, "{\"kind\":\"activity\",\"type\":\"charge\",\"message\":\"activity error\",\"cause\":"
                              "{\"kind\":\"application\",\"type\":\"Declined\",\"message\":\"the card was declined\","
                              "\"source\":\"GoSDK\",\"nonRetryable\":true,\"nextRetryDelayMs\":2500,"
                              "\"details\":[{\"code\":7}]}}");
    free(text);
    json_decref(json);
    temporal_failure_destroy(failure);
    chain_deinit(&chain);
}

static void an_application_failure_comes_back_as_it_was(void **state)
{
    (void)state;
    struct chain chain;
    chain_init(&chain);
    struct temporal_failure *failure = failure_from_message(&chain.cause);
    Pb__Failure *message = failure_to_message(failure);
    uint8_t given[512];
    uint8_t made[512];
    size_t length = pb__failure__pack(&chain.cause, given);
    assert_int_equal(pb__failure__pack(message, made), length);
    assert_memory_equal(given, made, length);
    pb__failure__free_unpacked(message, NULL);
    temporal_failure_destroy(failure);
    chain_deinit(&chain);
}

static void a_timeout_names_its_kind(void **state)
{
    (void)state;
    Pb__TimeoutFailureInfo info = PB__TIMEOUT_FAILURE_INFO__INIT;
    info.timeout_type = PB__TIMEOUT_TYPE__TIMEOUT_TYPE_HEARTBEAT;
    Pb__Failure message = PB__FAILURE__INIT;
    message.failure_info_case = PB__FAILURE__FAILURE_INFO_TIMEOUT_FAILURE_INFO;
    message.timeout_failure_info = &info;
    struct temporal_failure *failure = failure_from_message(&message);
    assert_string_equal(failure->kind, "timeout");
    assert_string_equal(failure->type, "Heartbeat");
    temporal_failure_destroy(failure);
    info.timeout_type = (Pb__TimeoutType)99;
    failure = failure_from_message(&message);
    assert_string_equal(failure->type, "");
    temporal_failure_destroy(failure);
}

static void details_that_are_not_json_are_named_by_encoding_and_length(void **state)
{
    (void)state;
    struct temporal_payload view = {.encoding = "binary/plain", .data = "\1\2", .length = 2};
    Pb__CanceledFailureInfo info = PB__CANCELED_FAILURE_INFO__INIT;
    info.details = payloads_from_view(&view, 1);
    Pb__Failure message = PB__FAILURE__INIT;
    message.failure_info_case = PB__FAILURE__FAILURE_INFO_CANCELED_FAILURE_INFO;
    message.canceled_failure_info = &info;
    struct temporal_failure *failure = failure_from_message(&message);
    json_t *json = temporal_failure_json(failure);
    char *text = json_dumps(json_object_get(json, "details"), JSON_COMPACT);
    assert_string_equal(text, "[{\"encoding\":\"binary/plain\",\"length\":2}]");
    free(text);
    json_decref(json);
    Pb__Failure *back = failure_to_message(failure);
    assert_int_equal(back->failure_info_case, PB__FAILURE__FAILURE_INFO_CANCELED_FAILURE_INFO);
    assert_int_equal(back->canceled_failure_info->details->n_payloads, 1);
    pb__failure__free_unpacked(back, NULL);
    temporal_failure_destroy(failure);
    pb__payloads__free_unpacked(info.details, NULL);
}

static void a_failure_without_information_is_unknown(void **state)
{
    (void)state;
    Pb__Failure message = PB__FAILURE__INIT;
    message.message = "who knows";
    struct temporal_failure *failure = failure_from_message(&message);
    assert_string_equal(failure->kind, "unknown");
    assert_null(temporal_failure_application(failure));
    temporal_failure_destroy(failure);
    assert_null(failure_from_message(NULL));
    assert_null(failure_to_message(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_is_read_from_the_outside_in),
        cmocka_unit_test(the_application_failure_is_found_below_its_envelopes),
        cmocka_unit_test(json_leaves_out_what_is_empty),
        cmocka_unit_test(an_application_failure_comes_back_as_it_was),
        cmocka_unit_test(a_timeout_names_its_kind),
        cmocka_unit_test(details_that_are_not_json_are_named_by_encoding_and_length),
        cmocka_unit_test(a_failure_without_information_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

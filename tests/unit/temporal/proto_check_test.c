/* The checks around protobuf-c: depth and number of messages before unpacking, UTF-8 before sending. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <temporal/api/failure/v1/message.pb-c.h>
#include <temporal/api/history/v1/message.pb-c.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/memory.h"
#include "proto_check.h"

/* A Failure whose chain of causes is `depth` messages long in all; on the wire. */
static uint8_t *nested_failure(size_t depth, size_t *out_length)
{
    size_t capacity = depth * 6 + 16;
    uint8_t *bytes = memory_alloc(capacity);
    size_t start = capacity;
    for (size_t i = 1; i < depth; i++) {
        size_t length = capacity - start;
        uint8_t header[8];
        size_t used = 0;
        header[used++] = 4 << 3 | 2; /* cause */
        do {
            header[used++] = (uint8_t)((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
            length >>= 7;
        } while (length > 0);
        start -= used;
        memcpy(bytes + start, header, used);
    }
    *out_length = capacity - start;
    memmove(bytes, bytes + start, *out_length);
    return bytes;
}

static enum status unpack_failure(const uint8_t *bytes, size_t length, struct error *error)
{
    ProtobufCMessage *message = NULL;
    enum status status = proto_unpack(&pb__failure__descriptor, bytes, length, &message, error);
    assert_true((status == STATUS_OK) == (message != NULL));
    if (message != NULL) {
        protobuf_c_message_free_unpacked(message, NULL);
    }
    return status;
}

static void nesting_up_to_the_limit_is_read(void **state)
{
    (void)state;
    size_t length = 0;
    uint8_t *bytes = nested_failure(PROTO_DEPTH_MAX, &length);
    assert_int_equal(unpack_failure(bytes, length, NULL), STATUS_OK);
    free(bytes);
}

static void deeper_nesting_is_refused_before_anything_recurses(void **state)
{
    (void)state;
    static const size_t depths[] = {PROTO_DEPTH_MAX + 1, 200000};
    for (size_t i = 0; i < 2; i++) {
        size_t length = 0;
        uint8_t *bytes = nested_failure(depths[i], &length);
        struct error error;
        assert_int_equal(unpack_failure(bytes, length, &error), STATUS_MALFORMED);
        assert_non_null(strstr(error.text, "Failure"));
        assert_non_null(strstr(error.text, "nested too deeply"));
        free(bytes);
    }
}

static void more_messages_than_the_limit_are_refused(void **state)
{
    (void)state;
    size_t count = PROTO_MESSAGES_MAX + 1;
    uint8_t *bytes = memory_alloc(count * 2); /* History: an empty event is two bytes */
    for (size_t i = 0; i < count; i++) {
        bytes[i * 2] = 1 << 3 | 2;
    }
    ProtobufCMessage *message = NULL;
    struct error error;
    assert_int_equal(proto_unpack(&pb__history__descriptor, bytes, count * 2, &message, &error), STATUS_MALFORMED);
    assert_non_null(strstr(error.text, "too many"));
    free(bytes);
}

static void broken_bytes_are_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {
        {"\x22\x05\x22", 3},                         /* a cause longer than what is there */
        {"\x0a", 1},                                 /* no length */
        {"\x22\x02\x0a\x05", 4},                     /* the text in the cause goes beyond it */
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 11}, /* a tag without end */
        {"\x00\x01", 2},                             /* field number 0 */
        {"\x0b\x0c", 2},                             /* a group */
        {"\x09\x01\x02", 3},                         /* 64 bits cut off */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(unpack_failure((const uint8_t *)cases[i].bytes, cases[i].length, NULL), STATUS_MALFORMED);
    }
}

static void unknown_fields_are_passed_over(void **state)
{
    (void)state;
    /* 1000: varint; 1001: bytes; then message = "hi" */
    static const char bytes[] = "\xc0\x3e\x05\xca\x3e\x02\xff\xff\x0a\x02hi";
    ProtobufCMessage *message = NULL;
    assert_int_equal(proto_unpack(&pb__failure__descriptor, (const uint8_t *)bytes, sizeof bytes - 1, &message, NULL),
                     STATUS_OK);
    assert_string_equal(((Pb__Failure *)(void *)message)->message, "hi");
    protobuf_c_message_free_unpacked(message, NULL);
}

static enum status check_text(const char *text, struct error *error)
{
    Pb__WorkflowType type = PB__WORKFLOW_TYPE__INIT;
    type.name = text;
    Pb__StartWorkflowExecutionRequest request = PB__START_WORKFLOW_EXECUTION_REQUEST__INIT;
    request.workflow_type = &type;
    return proto_check_outgoing(&request.base, error);
}

static void texts_must_be_utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"", "plain", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x9a\xa2", "\xed\x9f\xbf",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\xff", "\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x80\x80\x80", "a\xe2\x82z"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(check_text(good[i], NULL), STATUS_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error error;
        assert_int_equal(check_text(bad[i], &error), STATUS_INVALID_ARGUMENT);
        assert_string_equal(error.text, "WorkflowType.name is not UTF-8");
    }
}

static void only_the_chosen_member_of_a_oneof_is_looked_at(void **state)
{
    (void)state;
    Pb__CanceledFailureInfo info = PB__CANCELED_FAILURE_INFO__INIT;
    info.identity = "\xff";
    Pb__Failure failure = PB__FAILURE__INIT;
    assert_int_equal(proto_check_outgoing(&failure.base, NULL), STATUS_OK);
    failure.failure_info_case = PB__FAILURE__FAILURE_INFO_CANCELED_FAILURE_INFO;
    failure.canceled_failure_info = &info;
    assert_int_equal(proto_check_outgoing(&failure.base, NULL), STATUS_INVALID_ARGUMENT);
}

static void texts_in_lists_are_looked_at(void **state)
{
    (void)state;
    const char *types[] = {"good", "b\xff" "d"};
    Pb__RetryPolicy policy = PB__RETRY_POLICY__INIT;
    policy.non_retryable_error_types = types;
    policy.n_non_retryable_error_types = 1;
    assert_int_equal(proto_check_outgoing(&policy.base, NULL), STATUS_OK);
    policy.n_non_retryable_error_types = 2;
    assert_int_equal(proto_check_outgoing(&policy.base, NULL), STATUS_INVALID_ARGUMENT);
}

static void what_is_nested_too_deeply_is_not_sent(void **state)
{
    (void)state;
    Pb__Failure chain[PROTO_DEPTH_MAX + 1];
    for (size_t i = 0; i <= PROTO_DEPTH_MAX; i++) {
        pb__failure__init(&chain[i]);
        chain[i].cause = i < PROTO_DEPTH_MAX ? &chain[i + 1] : NULL;
    }
    assert_int_equal(proto_check_outgoing(&chain[0].base, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(proto_check_outgoing(&chain[1].base, NULL), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nesting_up_to_the_limit_is_read),
        cmocka_unit_test(deeper_nesting_is_refused_before_anything_recurses),
        cmocka_unit_test(more_messages_than_the_limit_are_refused),
        cmocka_unit_test(broken_bytes_are_malformed),
        cmocka_unit_test(unknown_fields_are_passed_over),
        cmocka_unit_test(texts_must_be_utf8),
        cmocka_unit_test(only_the_chosen_member_of_a_oneof_is_looked_at),
        cmocka_unit_test(texts_in_lists_are_looked_at),
        cmocka_unit_test(what_is_nested_too_deeply_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

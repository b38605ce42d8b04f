/* Temporal's values in answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "json_text.h"
#include "value_json.h"

static char s_json[] = TEMPORAL_ENCODING_JSON;
static char s_null[] = TEMPORAL_ENCODING_NULL;
static char s_binary[] = TEMPORAL_ENCODING_BINARY;
static char s_empty[] = "";

static struct temporal_value value_of(char *encoding, char *data)
{
    return (struct temporal_value){.encoding = encoding, .data = data, .length = strlen(data)};
}

static void assert_member(const struct temporal_value *value, const char *expected)
{
    struct buffer out;
    buffer_init(&out, 1024);
    json_object_begin(&out);
    value_json_member(&out, "result", value);
    json_object_end(&out);
    assert_string_equal(out.data, expected);
    buffer_deinit(&out);
}

static void json_is_its_own_bytes(void **state)
{
    (void)state;
    char text[] = "{\"b\":1.00,\"a\":12345678901234567890,\"b\": [ ]}";
    const struct temporal_value value = value_of(s_json, text);
    assert_member(&value, "{\"result\":{\"b\":1.00,\"a\":12345678901234567890,\"b\": [ ]}}");
}

static void no_value_is_null(void **state)
{
    (void)state;
    const struct temporal_value nothing = {0};
    const struct temporal_value null = value_of(s_null, s_empty);
    assert_member(&nothing, "{\"result\":null}");
    assert_member(&null, "{\"result\":null}");
}

static void another_encoding_is_shown_with_its_metadata(void **state)
{
    (void)state;
    char bytes[] = "\xFF\x01";
    char broken[] = "{";
    const struct temporal_value binary = value_of(s_binary, bytes);
    char kind[] = "kind";
    char picture[] = "picture";
    struct temporal_metadata metadata = {.name = kind, .data = picture, .length = strlen(picture)};
    struct temporal_value described = binary;
    described.metadata = &metadata;
    described.metadata_count = 1;
    assert_member(&described, "{\"result\":{\"metadata\":{\"encoding\":\"binary/plain\",\"kind\":\"picture\"},"
                              "\"data\":\"/wE=\"}}");
    const struct temporal_value no_json = value_of(s_json, broken);
    assert_member(&binary, "{\"result\":{\"metadata\":{\"encoding\":\"binary/plain\"},\"data\":\"/wE=\"}}");
    assert_member(&no_json, "{\"result\":{\"metadata\":{\"encoding\":\"json/plain\"},\"data\":\"ew==\"}}");
}

static void names_of_a_memo_are_escaped(void **state)
{
    (void)state;
    char one[] = "1";
    char quote[] = "a\"b";
    char plain[] = "c";
    const struct temporal_memo_value memo[] = {{.key = quote, .value = value_of(s_json, one)},
                                               {.key = plain, .value = value_of(s_null, s_empty)}};
    struct buffer out;
    buffer_init(&out, 1024);
    json_object_begin(&out);
    value_json_entries(&out, "memo", memo, 2);
    value_json_entries(&out, "empty", NULL, 0);
    json_object_end(&out);
    assert_string_equal(out.data, "{\"memo\":{\"a\\\"b\":1,\"c\":null},\"empty\":{}}");
    buffer_deinit(&out);
}

static void a_failure_is_told_with_its_causes_and_their_details(void **state)
{
    (void)state;
    char message[] = "activity failed";
    char why[] = "no \"stock\"";
    char type[] = "Sold";
    char detail[] = "1.00";
    struct temporal_value details[] = {value_of(s_json, detail), value_of(s_null, s_empty)};
    struct temporal_failure cause = {.kind = "application", .message = why, .source = s_empty, .stack_trace = s_empty,
                                     .type = type, .non_retryable = true, .details = details, .detail_count = 2};
    const struct temporal_close_result close = {
        .status = TEMPORAL_RUN_FAILED,
        .failure = &(struct temporal_failure){.kind = "activity", .message = message, .source = s_empty,
                                              .stack_trace = s_empty, .type = s_empty, .cause = &cause}};
    struct buffer out;
    buffer_init(&out, 1024);
    json_object_begin(&out);
    value_json_close(&out, &close);
    json_object_end(&out);
    assert_string_equal(out.data,
                        "{\"status\":\"Failed\",\"failure\":{\"kind\":\"activity\",\"message\":\"activity failed\","
                        "\"cause\":{\"kind\":\"application\",\"type\":\"Sold\",\"message\":\"no \\\"stock\\\"\","
                        "\"nonRetryable\":true,\"details\":[1.00,null]}}}");
    buffer_deinit(&out);
}

static void the_end_of_a_run_is_its_status_and_what_goes_with_it(void **state)
{
    (void)state;
    char reason[] = "enough";
    const struct temporal_close_result completed = {.status = TEMPORAL_RUN_COMPLETED};
    const struct temporal_close_result terminated = {.status = TEMPORAL_RUN_TERMINATED, .reason = reason};
    struct buffer out;
    buffer_init(&out, 1024);
    json_object_begin(&out);
    value_json_close(&out, &completed);
    json_object_end(&out);
    assert_string_equal(out.data, "{\"status\":\"Completed\",\"result\":null}");
    buffer_clear(&out);
    json_object_begin(&out);
    value_json_close(&out, &terminated);
    json_object_end(&out);
    assert_string_equal(out.data, "{\"status\":\"Terminated\",\"reason\":\"enough\"}");
    buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_its_own_bytes),
        cmocka_unit_test(no_value_is_null),
        cmocka_unit_test(another_encoding_is_shown_with_its_metadata),
        cmocka_unit_test(names_of_a_memo_are_escaped),
        cmocka_unit_test(a_failure_is_told_with_its_causes_and_their_details),
        cmocka_unit_test(the_end_of_a_run_is_its_status_and_what_goes_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

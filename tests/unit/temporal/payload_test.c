/* Payloads: bytes pass as they are; JSON is json/plain. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "payload.h"

static void bytes_are_never_changed(void **state)
{
    (void)state;
    static const char text[] = "{\"a\": 1.00, \"a\":12345678901234567890,\"b\":[] }";
    struct temporal_payload view = {.data = text, .length = sizeof text - 1};
    Pb__Payloads *payloads = payloads_from_view(&view, 1);
    assert_true(payload_has_encoding(payloads->payloads[0], "json/plain"));
    struct temporal_value value;
    payload_to_value(payloads->payloads[0], &value);
    assert_int_equal(value.length, sizeof text - 1);
    assert_string_equal(value.data, text);
    assert_string_equal(value.encoding, "json/plain");
    temporal_value_deinit(&value);
    assert_null(value.encoding);
    pb__payloads__free_unpacked(payloads, NULL);
}

static void json_is_written_compactly_and_read_back(void **state)
{
    (void)state;
    json_t *given = json_pack("{s:i, s:[b, n, s]}", "a", 1, "b", 1, "x");
    Pb__Payload *payload = payload_from_json(given);
    assert_int_equal(payload->data.len, strlen("{\"a\":1,\"b\":[true,null,\"x\"]}"));
    assert_memory_equal(payload->data.data, "{\"a\":1,\"b\":[true,null,\"x\"]}", payload->data.len);
    json_t *read = payload_to_json(payload);
    assert_true(json_equal(read, given));
    json_decref(read);
    json_decref(given);
    pb__payload__free_unpacked(payload, NULL);
}

static void scalars_are_json_too(void **state)
{
    (void)state;
    json_t *given = json_string("oops!");
    Pb__Payload *payload = payload_from_json(given);
    assert_memory_equal(payload->data.data, "\"oops!\"", 7);
    json_t *read = payload_to_json(payload);
    assert_string_equal(json_string_value(read), "oops!");
    json_decref(read);
    json_decref(given);
    pb__payload__free_unpacked(payload, NULL);
}

static void no_value_is_binary_null(void **state)
{
    (void)state;
    Pb__Payload *payload = payload_from_json(NULL);
    assert_true(payload_has_encoding(payload, "binary/null"));
    json_t *read = payload_to_json(payload);
    assert_true(json_is_null(read));
    pb__payload__free_unpacked(payload, NULL);
}

static void what_is_not_json_is_not_read_as_json(void **state)
{
    (void)state;
    static const struct {
        const char *encoding;
        const char *data;
    } cases[] = {{"binary/plain", "1"}, {"json/plain", "{"}, {"json/plain", ""}, {"json/plain2", "1"}, {"", "1"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Pb__Payload *payload = payload_new(cases[i].encoding, cases[i].data, strlen(cases[i].data));
        assert_null(payload_to_json(payload));
        struct temporal_value value;
        payload_to_value(payload, &value);
        assert_null(temporal_value_json(&value));
        temporal_value_deinit(&value);
        pb__payload__free_unpacked(payload, NULL);
    }
    Pb__Payload bare = PB__PAYLOAD__INIT;
    assert_null(payload_to_json(&bare));
    struct temporal_value value;
    payload_to_value(&bare, &value);
    assert_string_equal(value.encoding, "");
    temporal_value_deinit(&value);
}

static void an_absent_payload_is_an_empty_value(void **state)
{
    (void)state;
    struct temporal_value value;
    payload_to_value(NULL, &value);
    assert_null(value.encoding);
    assert_null(temporal_value_json(&value));
    assert_null(payloads_to_json(NULL, 0));
    assert_null(payloads_copy(NULL));
    assert_null(payload_copy(NULL));
}

static void copies_are_independent_and_equal(void **state)
{
    (void)state;
    struct temporal_payload views[] = {{.encoding = "binary/plain", .data = "\0\1\2", .length = 3},
                                       {.data = "7", .length = 1}};
    Pb__Payloads *payloads = payloads_from_view(views, 2);
    Pb__Payloads *copy = payloads_copy(payloads);
    uint8_t first[128];
    uint8_t second[128];
    size_t length = pb__payloads__pack(payloads, first);
    pb__payloads__free_unpacked(payloads, NULL);
    assert_int_equal(pb__payloads__pack(copy, second), length);
    assert_memory_equal(first, second, length);
    json_t *seven = payloads_to_json(copy, 1);
    assert_int_equal(json_integer_value(seven), 7);
    json_decref(seven);
    assert_null(payloads_to_json(copy, 2));
    pb__payloads__free_unpacked(copy, NULL);
}

static void metadata_go_out_beside_the_encoding(void **state)
{
    (void)state;
    static const struct temporal_metadata metadata = {.name = "messageType", .data = "a.B", .length = 3};
    const struct temporal_payload view = {
        .encoding = "json/protobuf", .data = "{}", .length = 2, .metadata = &metadata, .metadata_count = 1};
    Pb__Payloads *payloads = payloads_from_view(&view, 1);
    struct temporal_value value = {0};
    assert_int_equal(payloads->payloads[0]->n_metadata, 2);
    assert_string_equal(payloads->payloads[0]->metadata[1]->key, "messageType");
    payload_to_value(payloads->payloads[0], &value);
    pb__payloads__free_unpacked(payloads, NULL);
    assert_string_equal(value.encoding, "json/protobuf");
    assert_int_equal(value.metadata_count, 1);
    assert_string_equal(value.metadata[0].name, "messageType");
    assert_string_equal(value.metadata[0].data, "a.B");
    temporal_value_deinit(&value);
}

static void the_encoding_is_cut_to_the_storage(void **state)
{
    (void)state;
    Pb__Payload *payload = payload_new("json/plain", "1", 1);
    char text[5];
    payload_encoding(payload, text, sizeof text);
    assert_string_equal(text, "json");
    pb__payload__free_unpacked(payload, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_never_changed),
        cmocka_unit_test(json_is_written_compactly_and_read_back),
        cmocka_unit_test(scalars_are_json_too),
        cmocka_unit_test(no_value_is_binary_null),
        cmocka_unit_test(what_is_not_json_is_not_read_as_json),
        cmocka_unit_test(an_absent_payload_is_an_empty_value),
        cmocka_unit_test(copies_are_independent_and_equal),
        cmocka_unit_test(metadata_go_out_beside_the_encoding),
        cmocka_unit_test(the_encoding_is_cut_to_the_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

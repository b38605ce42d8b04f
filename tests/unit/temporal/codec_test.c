/* Payloads as the bytes that codecs wrap. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "temporal/codec.h"

static void a_payload_with_its_metadata_comes_back(void **state)
{
    (void)state;
    static const struct temporal_metadata metadata[] = {{.name = "messageType", .data = "a.B", .length = 3},
                                                        {.name = "raw", .data = "\0\xff", .length = 2},
                                                        {.name = "empty", .data = NULL, .length = 0}};
    const struct temporal_payload given = {
        .data = "[1.00]", .length = 6, .metadata = metadata, .metadata_count = 3};
    struct temporal_value value = {0};
    size_t length = 0;
    uint8_t *bytes = temporal_payload_pack(&given, &length);
    assert_int_equal(temporal_payload_unpack(bytes, length, &value, NULL), STATUS_OK);
    assert_string_equal(value.encoding, "json/plain");
    assert_string_equal(value.data, "[1.00]");
    assert_int_equal(value.metadata_count, 3);
    assert_string_equal(value.metadata[0].name, "messageType");
    assert_string_equal(value.metadata[0].data, "a.B");
    assert_memory_equal(value.metadata[1].data, "\0\xff", 3);
    assert_int_equal(value.metadata[2].length, 0);
    assert_string_equal(value.metadata[2].data, "");
    free(bytes);
    /* And is the same bytes again. */
    const struct temporal_payload view = temporal_value_payload(&value);
    size_t again_length = 0;
    bytes = temporal_payload_pack(&view, &again_length);
    assert_int_equal(again_length, length);
    free(bytes);
    temporal_value_deinit(&value);
}

static void a_payload_without_an_encoding_keeps_none(void **state)
{
    (void)state;
    struct temporal_value value = {0};
    size_t length = 9;
    assert_int_equal(temporal_payload_unpack(NULL, 0, &value, NULL), STATUS_OK);
    assert_string_equal(value.encoding, "");
    const struct temporal_payload view = temporal_value_payload(&value);
    uint8_t *bytes = temporal_payload_pack(&view, &length);
    assert_int_equal(length, 0);
    free(bytes);
    temporal_value_deinit(&value);
}

static void what_is_no_payload_is_malformed(void **state)
{
    (void)state;
    struct temporal_value value = {0};
    struct error error = {0};
    assert_int_equal(temporal_payload_unpack((const uint8_t *)"\x0a\x7f", 2, &value, &error), STATUS_MALFORMED);
    assert_null(value.encoding);
    assert_true(error.text[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_with_its_metadata_comes_back),
        cmocka_unit_test(a_payload_without_an_encoding_keeps_none),
        cmocka_unit_test(what_is_no_payload_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

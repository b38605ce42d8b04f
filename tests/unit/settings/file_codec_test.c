/* temporal.codec. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "settings/settings.h"
#include "support.h"

static void keys_are_in_the_order_of_the_file_and_not_read(void **state)
{
    (void)state;
    struct settings *settings = support_load("temporal:\n"
                                             "  codec:\n"
                                             "    kind: aes_gcm\n"
                                             "    keys:\n"
                                             "      - { id: 2026-11, key_file: no/such/file }\n"
                                             "      - { id: 2026-10, key_file: old }\n");
    const struct settings_temporal *temporal = &settings->temporal;
    assert_int_equal(temporal->codec_key_count, 2);
    assert_string_equal(temporal->codec_keys[0].id, "2026-11");
    assert_string_equal(temporal->codec_keys[0].file, "no/such/file");
    assert_string_equal(temporal->codec_keys[1].id, "2026-10");
    settings_destroy(settings);
    settings = support_load("temporal: { namespace: default }\n");
    assert_int_equal(settings->temporal.codec_key_count, 0);
    settings_destroy(settings);
}

static void what_is_missing_or_out_of_place_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *codec;
        const char *refusal;
    } cases[] = {
        {"[]", "ferry.yaml:2: temporal.codec: expected a mapping of keys to values"},
        {"{ keys: [] }", "ferry.yaml:2: temporal.codec: expected the key \"kind\": aes_gcm"},
        {"{ kind: rot13 }", "ferry.yaml:2: temporal.codec.kind: expected one of aes_gcm, not \"rot13\""},
        {"{ kind: aes_gcm }",
         "ferry.yaml:2: temporal.codec: expected \"keys\", a list of 1 to 32; the first one encrypts"},
        {"{ kind: aes_gcm, keys: [] }",
         "ferry.yaml:2: temporal.codec.keys: expected \"keys\", a list of 1 to 32; the first one encrypts"},
        {"{ kind: aes_gcm, keys: [a] }",
         "ferry.yaml:2: temporal.codec.keys[0]: expected a mapping with the keys \"id\" and \"key_file\""},
        {"{ kind: aes_gcm, keys: [{ key_file: k }] }",
         "ferry.yaml:2: temporal.codec.keys[0]: expected the key \"id\": the name that payloads give of their key"},
        {"{ kind: aes_gcm, keys: [{ id: a }] }",
         "ferry.yaml:2: temporal.codec.keys[0]: expected the key \"key_file\": the file with the 32 bytes"},
        {"{ kind: aes_gcm, keys: [{ id: 'a b', key_file: k }] }",
         "ferry.yaml:2: temporal.codec.keys[0].id: expected a key's name of 1 to 100 visible ASCII characters"},
        {"{ kind: aes_gcm, keys: [{ id: a, key_file: k }, { id: a, key_file: l }] }",
         "ferry.yaml:2: temporal.codec.keys[1].id: expected each once, found \"a\" again"},
        {"{ kind: aes_gcm, keys: [{ id: a, key_file: k, key: secret }] }",
         "ferry.yaml:2: temporal.codec.keys[0].key: unknown key; known here: id, key_file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "temporal:\n  codec: %s\n", cases[i].codec);
        support_assert_refused(text, cases[i].refusal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_in_the_order_of_the_file_and_not_read, support_setup,
                                        support_teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_or_out_of_place_is_refused, support_setup, support_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

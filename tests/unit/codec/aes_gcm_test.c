/* The codec that encrypts: its form, its keys, and what it refuses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/aes_gcm.h"

static char s_folder[] = "/tmp/aes-gcm-test-XXXXXX";
static char s_old[64];
static char s_new[64];

static void write_key(const char *path, uint8_t first)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    for (int i = 0; i < 32; i++) {
        assert_int_not_equal(fputc(first + i, file), EOF);
    }
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(s_folder));
    (void)snprintf(s_old, sizeof s_old, "%s/old", s_folder);
    (void)snprintf(s_new, sizeof s_new, "%s/new", s_folder);
    write_key(s_old, 0);
    write_key(s_new, 100);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(s_old) == 0 && unlink(s_new) == 0 ? rmdir(s_folder) : -1;
}

static struct codec_aes_gcm *make(const char *first, const char *second)
{
    const struct codec_key_file keys[] = {{.id = first, .path = *first == 'o' ? s_old : s_new},
                                          {.id = second, .path = second != NULL && *second == 'o' ? s_old : s_new}};
    struct codec_aes_gcm *codec = NULL;
    assert_int_equal(codec_aes_gcm_new(keys, second != NULL ? 2 : 1, &codec, NULL), STATUS_OK);
    return codec;
}

static enum status decode(const struct codec_aes_gcm *codec, const struct temporal_payload *payload,
                          struct temporal_value *out_value, struct error *error)
{
    const struct temporal_codec *interface = codec_aes_gcm_codec(codec);
    return interface->decode(interface->user, payload, out_value, error);
}

static void encode(const struct codec_aes_gcm *codec, struct temporal_value *out_value)
{
    static const struct temporal_metadata type = {.name = "messageType", .data = "a.B", .length = 3};
    const struct temporal_payload payload = {.data = "[1.00]", .length = 6, .metadata = &type, .metadata_count = 1};
    const struct temporal_codec *interface = codec_aes_gcm_codec(codec);
    assert_int_equal(interface->encode(interface->user, &payload, out_value, NULL), STATUS_OK);
}

static const struct temporal_metadata s_old_id = {.name = "encryption-key-id", .data = "old", .length = 3};

/* Made with Python's cryptography and the official SDK's Payload: key 0 to 31, nonce 100 to 111. */
static void what_python_encrypts_is_read(void **state)
{
    (void)state;
    static const char data[] = "\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f\x42\x0d\xd4\x6e\x1c\x87\x35\xf1"
                               "\x5a\x0b\x31\x8f\xc8\x6f\x00\x8e\x2d\xac\x29\x7a\xe7\x0d\x9a\x1c\xb5\xd7\xf7\x79"
                               "\xd5\x93\x95\x15\xfc\xb2\x56\x1f\xa9\x34\xf5\xc6\xe0\xe7\x02\xcf\xc8\xa1\x1c\xfa";
    const struct temporal_payload payload = {.encoding = "binary/encrypted",
                                             .data = data,
                                             .length = sizeof data - 1,
                                             .metadata = &s_old_id,
                                             .metadata_count = 1};
    struct codec_aes_gcm *codec = make("new", "old");
    struct temporal_value value = {0};
    assert_int_equal(decode(codec, &payload, &value, NULL), STATUS_OK);
    assert_string_equal(value.encoding, "json/plain");
    assert_string_equal(value.data, "[1.00]");
    temporal_value_deinit(&value);
    codec_aes_gcm_destroy(codec);
}

static void the_first_key_encrypts_and_each_decrypts(void **state)
{
    (void)state;
    struct codec_aes_gcm *older = make("old", NULL);
    struct codec_aes_gcm *newer = make("new", "old");
    struct temporal_value sealed = {0};
    struct temporal_value value = {0};
    encode(older, &sealed);
    assert_string_equal(sealed.encoding, "binary/encrypted");
    assert_int_equal(sealed.metadata_count, 1);
    assert_string_equal(sealed.metadata[0].name, "encryption-key-id");
    assert_string_equal(sealed.metadata[0].data, "old");
    assert_null(memmem(sealed.data, sealed.length, "[1.00]", 6));
    struct temporal_payload payload = temporal_value_payload(&sealed);
    assert_int_equal(decode(newer, &payload, &value, NULL), STATUS_OK);
    assert_string_equal(value.data, "[1.00]");
    assert_string_equal(value.metadata[0].data, "a.B");
    temporal_value_deinit(&value);
    temporal_value_deinit(&sealed);
    encode(newer, &sealed);
    assert_string_equal(sealed.metadata[0].data, "new");
    payload = temporal_value_payload(&sealed);
    struct error error = {0};
    assert_int_equal(decode(older, &payload, &value, &error), STATUS_FAILED_PRECONDITION);
    assert_string_equal(error.text, "encrypted with the key \"new\", which is not configured; configured: \"old\"");
    assert_null(value.encoding);
    temporal_value_deinit(&sealed);
    codec_aes_gcm_destroy(older);
    codec_aes_gcm_destroy(newer);
}

static void what_is_not_encrypted_passes(void **state)
{
    (void)state;
    struct codec_aes_gcm *codec = make("old", NULL);
    struct temporal_value value = {0};
    const struct temporal_payload payload = {.encoding = "json/plain", .data = "1", .length = 1};
    assert_int_equal(decode(codec, &payload, &value, NULL), STATUS_OK);
    assert_null(value.encoding);
    codec_aes_gcm_destroy(codec);
}

static void what_was_changed_or_names_no_key_is_refused(void **state)
{
    (void)state;
    struct codec_aes_gcm *codec = make("old", NULL);
    struct temporal_value sealed = {0};
    struct temporal_value value = {0};
    struct error error = {0};
    encode(codec, &sealed);
    struct temporal_payload payload = temporal_value_payload(&sealed);
    payload.metadata_count = 0;
    assert_int_equal(decode(codec, &payload, &value, &error), STATUS_MALFORMED);
    assert_string_equal(error.text, "encrypted, but its metadata name no key (encryption-key-id)");
    payload.metadata_count = 1;
    sealed.data[20] ^= 1;
    assert_int_equal(decode(codec, &payload, &value, &error), STATUS_MALFORMED);
    assert_string_equal(error.text,
                        "encrypted with the key \"old\": the bytes were encrypted with another key, or were changed");
    payload.length = 0;
    assert_int_equal(decode(codec, &payload, &value, &error), STATUS_MALFORMED);
    assert_null(value.encoding);
    temporal_value_deinit(&sealed);
    codec_aes_gcm_destroy(codec);
}

static void a_key_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    const struct codec_key_file keys[] = {{.id = "old", .path = s_old}, {.id = "gone", .path = "no/such/key"}};
    struct codec_aes_gcm *codec = NULL;
    struct error error = {0};
    assert_int_equal(codec_aes_gcm_new(keys, 2, &codec, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text,
                        "temporal.codec: the key \"gone\": no/such/key cannot be read: No such file or directory");
    assert_null(codec);
    assert_null(codec_aes_gcm_codec(NULL));
    codec_aes_gcm_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_python_encrypts_is_read),
        cmocka_unit_test(the_first_key_encrypts_and_each_decrypts),
        cmocka_unit_test(what_is_not_encrypted_passes),
        cmocka_unit_test(what_was_changed_or_names_no_key_is_refused),
        cmocka_unit_test(a_key_that_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

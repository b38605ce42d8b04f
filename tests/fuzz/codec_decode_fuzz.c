/* Fuzzes what a codec is given: a payload off the wire, which is refused, passed or decrypted; and what somebody with
 * the key has encrypted, whatever it is. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/memory.h"
#include "codec/aes_gcm.h"
#include "crypto/seal.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const uint8_t s_key[CRYPTO_SEAL_KEY_SIZE] = {1, 2, 3};

static struct codec_aes_gcm *make_codec(void)
{
    char path[] = "/tmp/codec-decode-fuzz-XXXXXX";
    struct codec_aes_gcm *codec = NULL;
    int file = mkstemp(path);
    CHECK(file >= 0 && write(file, s_key, sizeof s_key) == (ssize_t)sizeof s_key && close(file) == 0);
    const struct codec_key_file key = {.id = "k", .path = path};
    CHECK(codec_aes_gcm_new(&key, 1, &codec, NULL) == STATUS_OK);
    CHECK(unlink(path) == 0);
    return codec;
}

static void decode(const struct codec_aes_gcm *codec, const struct temporal_payload *payload)
{
    struct temporal_value value = {0};
    struct error error = {0};
    const struct temporal_codec *interface = codec_aes_gcm_codec(codec);
    enum status status = interface->decode(interface->user, payload, &value, &error);
    CHECK(status == STATUS_OK || (value.encoding == NULL && error.text[0] != '\0'));
    if (value.encoding != NULL) { /* it can be sent again, and is the same */
        size_t length = 0;
        struct temporal_value again = {0};
        const struct temporal_payload view = temporal_value_payload(&value);
        uint8_t *bytes = temporal_payload_pack(&view, &length);
        CHECK(temporal_payload_unpack(bytes, length, &again, NULL) == STATUS_OK);
        CHECK(again.length == value.length);
        temporal_value_deinit(&again);
        free(bytes);
    }
    temporal_value_deinit(&value);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static struct codec_aes_gcm *s_codec;
    static const struct temporal_metadata id = {.name = "encryption-key-id", .data = "k", .length = 1};
    struct temporal_value value = {0};
    s_codec = s_codec != NULL ? s_codec : make_codec();
    if (temporal_payload_unpack(data, size, &value, NULL) == STATUS_OK) {
        const struct temporal_payload payload = temporal_value_payload(&value);
        decode(s_codec, &payload);
        temporal_value_deinit(&value);
    }
    uint8_t *sealed = memory_alloc(size + CRYPTO_SEAL_EXTRA);
    CHECK(crypto_seal(s_key, data, size, sealed, NULL) == STATUS_OK);
    decode(s_codec, &(struct temporal_payload){.encoding = "binary/encrypted",
                                               .data = sealed,
                                               .length = size + CRYPTO_SEAL_EXTRA,
                                               .metadata = &id,
                                               .metadata_count = 1});
    free(sealed);
    return 0;
}

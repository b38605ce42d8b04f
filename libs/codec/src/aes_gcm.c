/* See codec/aes_gcm.h. */
#include "codec/aes_gcm.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"
#include "crypto/key_file.h"
#include "crypto/seal.h"

#define ENCODING "binary/encrypted"
#define KEY_ID "encryption-key-id"
#define ID_SHOWN 100 /* bytes of a key ID that a peer chose */

struct key {
    char *id;
    uint8_t bytes[CRYPTO_SEAL_KEY_SIZE];
};

struct codec_aes_gcm {
    struct temporal_codec codec;
    struct key *keys;
    size_t count;
};

static enum status encode(void *user, const struct temporal_payload *payload, struct temporal_value *out_value,
                          struct error *error)
{
    const struct key *key = &((const struct codec_aes_gcm *)user)->keys[0];
    size_t length = 0;
    uint8_t *plain = temporal_payload_pack(payload, &length);
    char *sealed = memory_alloc(length + CRYPTO_SEAL_EXTRA + 1);
    enum status status = crypto_seal(key->bytes, plain, length, (uint8_t *)sealed, error);
    free(plain);
    if (status != STATUS_OK) {
        free(sealed);
        return status;
    }
    const struct temporal_metadata metadata = {.name = KEY_ID, .data = key->id, .length = strlen(key->id)};
    *out_value = (struct temporal_value){.encoding = memory_copy_string(ENCODING),
                                         .data = sealed,
                                         .length = length + CRYPTO_SEAL_EXTRA,
                                         .metadata = temporal_metadata_copy(&metadata, 1),
                                         .metadata_count = 1};
    return STATUS_OK;
}

static enum status unknown_key(const struct codec_aes_gcm *codec, const struct temporal_metadata *id,
                               struct error *error)
{
    struct buffer known;
    buffer_init(&known, (size_t)1 << 20);
    for (size_t i = 0; i < codec->count; i++) {
        CHECK(buffer_append_format(&known, "%s\"%s\"", i == 0 ? "" : ", ", codec->keys[i].id));
    }
    char *text = buffer_take(&known, NULL);
    enum status status = error_set(error, STATUS_FAILED_PRECONDITION,
                                   "encrypted with the key \"%.*s\", which is not configured; configured: %s",
                                   (int)(id->length < ID_SHOWN ? id->length : ID_SHOWN), id->data,
                                   text);
    free(text);
    return status;
}

static enum status find_key(const struct codec_aes_gcm *codec, const struct temporal_payload *payload,
                            const struct key **out_key, struct error *error)
{
    for (size_t i = 0; i < payload->metadata_count; i++) {
        const struct temporal_metadata *id = &payload->metadata[i];
        if (strcmp(id->name, KEY_ID) != 0) {
            continue;
        }
        for (size_t k = 0; k < codec->count; k++) {
            if (strlen(codec->keys[k].id) == id->length && memcmp(codec->keys[k].id, id->data, id->length) == 0) {
                *out_key = &codec->keys[k];
                return STATUS_OK;
            }
        }
        return unknown_key(codec, id, error);
    }
    return error_set(error, STATUS_MALFORMED, "encrypted, but its metadata name no key (" KEY_ID ")");
}

static enum status decode(void *user, const struct temporal_payload *payload, struct temporal_value *out_value,
                          struct error *error)
{
    const struct key *key = NULL;
    if (strcmp(payload->encoding, ENCODING) != 0) {
        return STATUS_OK;
    }
    enum status status = find_key(user, payload, &key, error);
    if (status != STATUS_OK || key == NULL) {
        return status;
    }
    uint8_t *plain = memory_alloc(payload->length + 1);
    status = crypto_open(key->bytes, payload->data, payload->length, plain, error);
    if (status == STATUS_OK) {
        status = temporal_payload_unpack(plain, payload->length - CRYPTO_SEAL_EXTRA, out_value, error);
    }
    free(plain);
    if (status != STATUS_OK) {
        error_prefix(error, "encrypted with the key \"%s\": ", key->id);
    }
    return status;
}

enum status codec_aes_gcm_new(const struct codec_key_file *keys, size_t count, struct codec_aes_gcm **out_codec,
                              struct error *error)
{
    CHECK(count > 0 && count <= CODEC_KEYS_MAX);
    struct codec_aes_gcm *codec = memory_alloc(sizeof *codec);
    codec->codec = (struct temporal_codec){.encode = encode, .decode = decode, .user = codec};
    codec->keys = memory_alloc_array(count, sizeof *codec->keys);
    for (size_t i = 0; i < count; i++) {
        codec->keys[i].id = memory_copy_string(keys[i].id);
        codec->count++;
        enum status status = crypto_key_file_read(keys[i].path, codec->keys[i].bytes, error);
        if (status != STATUS_OK) {
            error_prefix(error, "temporal.codec: the key \"%s\": ", keys[i].id);
            codec_aes_gcm_destroy(codec);
            return status;
        }
    }
    *out_codec = codec;
    return STATUS_OK;
}

void codec_aes_gcm_destroy(struct codec_aes_gcm *codec)
{
    if (codec == NULL) {
        return;
    }
    for (size_t i = 0; i < codec->count; i++) {
        memory_wipe(codec->keys[i].bytes, sizeof codec->keys[i].bytes);
        free(codec->keys[i].id);
    }
    free(codec->keys);
    free(codec);
}

const struct temporal_codec *codec_aes_gcm_codec(const struct codec_aes_gcm *codec)
{
    return codec != NULL ? &codec->codec : NULL;
}

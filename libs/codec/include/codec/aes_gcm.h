/* The codec that encrypts (temporal/codec.h): AES-256-GCM in the form of the official SDKs' encryption samples, so that
 * workers and clients of those SDKs with the same key read what we write, and we what they write.
 *
 * An encrypted payload has the metadata encoding "binary/encrypted" and "encryption-key-id", the name of its key; its
 * data is a nonce of 12 random bytes, the ciphertext and the tag of 16 bytes over the serialised Payload with all of
 * its metadata. (samples-python encryption/codec.py, samples-go encryption/data_converter.go and crypt.go.) */
#ifndef CODEC_AES_GCM_H
#define CODEC_AES_GCM_H

#include <stddef.h>

#include "base/error.h"
#include "temporal/codec.h"

#define CODEC_KEYS_MAX 32

struct codec_aes_gcm;

/* A key by its name, in a file as crypto/key_file.h reads it. */
struct codec_key_file {
    const char *id;
    const char *path;
};

/* The first key encrypts, each decrypts what names it. At least 1, at most CODEC_KEYS_MAX, each with an ID of its own.
 * INVALID_ARGUMENT: a file that cannot be read or holds no key (the text names both key and file). */
MUST_CHECK enum status codec_aes_gcm_new(const struct codec_key_file *keys, size_t count,
                                         struct codec_aes_gcm **out_codec, struct error *error);
void codec_aes_gcm_destroy(struct codec_aes_gcm *codec); /* wipes the keys; NULL is fine */

/* For a connection's options. It lives as long as the codec; NULL for NULL. decode refuses with MALFORMED what was
 * changed or is no payload inside, and with FAILED_PRECONDITION what names another key. */
const struct temporal_codec *codec_aes_gcm_codec(const struct codec_aes_gcm *codec);

#endif

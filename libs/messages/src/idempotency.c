/* See idempotency.h. */
#include "messages/idempotency.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

enum status idempotency_check_key(const char *key, struct error *error)
{
    size_t length = strnlen(key, IDEMPOTENCY_KEY_MAX + 1);
    bool is_visible = length > 0 && length <= IDEMPOTENCY_KEY_MAX;
    for (size_t i = 0; i < length && is_visible; i++) {
        is_visible = key[i] >= 0x20 && key[i] < 0x7F;
    }
    return is_visible ? STATUS_OK
                      : error_set(error, STATUS_INVALID_ARGUMENT,
                                  "Idempotency-Key: expected 1 to %zu visible ASCII characters", IDEMPOTENCY_KEY_MAX);
}

char *idempotency_workflow_id(const char *workflow_type, const char *key)
{
    char uuid[CRYPTO_UUID_SIZE];
    _Static_assert(CRYPTO_UUID_SIZE >= RANDOM_UUID_SIZE, "both are UUIDs");
    if (key == NULL) {
        random_uuid(uuid);
    } else {
        char *name = memory_format("workflow:%s:%s", workflow_type, key);
        crypto_stable_uuid(name, uuid);
        free(name);
    }
    return memory_format("%s-%s", workflow_type, uuid);
}

/* Lengths stand before the texts: "a:b" and "c" are not "a" and "b:c". */
void idempotency_request_id(const char *what, const char *workflow_id, const char *key, char out[CRYPTO_UUID_SIZE])
{
    char *name = memory_format("%zu:%s:%zu:%s:%s", strlen(what), what, strlen(workflow_id), workflow_id, key);
    crypto_stable_uuid(name, out);
    free(name);
}

static void hash_json(const void *bytes, size_t length, char out[CRYPTO_SHA256_HEX_SIZE + 2])
{
    char hex[CRYPTO_SHA256_HEX_SIZE];
    crypto_sha256_hex(bytes, length, hex);
    (void)snprintf(out, CRYPTO_SHA256_HEX_SIZE + 2, "\"%s\"", hex);
}

void idempotency_init(struct idempotency *idempotency, const char *workflow_id, const char *key, const void *body,
                      size_t length)
{
    hash_json(key, strlen(key), idempotency->key_json);
    hash_json(body, length, idempotency->hash_json);
    char *what = memory_format("start:%s", idempotency->hash_json);
    idempotency_request_id(what, workflow_id, key, idempotency->request_id);
    free(what);
}

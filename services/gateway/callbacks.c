/* See callbacks.h. */
#include "callbacks.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "crypto/encode.h"

#define REFUSED_MS ((int64_t)5 * 60 * 1000)

struct callbacks {
    char *base;            /* the URL without a slash at its end */
    char *namespace_name;  /* the connection's */
    uint8_t key[CRYPTO_SHA256_SIZE];
    size_t free_runs;      /* so many runs need none */
    _Atomic int64_t refused_until_ms;
};

struct callbacks *callbacks_new(const struct settings *settings)
{
    static const char purpose[] = "ferry completion callbacks";
    const char *token = settings->gateway.token != NULL ? settings->gateway.token : "";
    if (settings->gateway.callback_url == NULL) {
        return NULL;
    }
    struct callbacks *callbacks = memory_alloc(sizeof *callbacks);
    callbacks->base = memory_copy_string(settings->gateway.callback_url);
    size_t length = strlen(callbacks->base);
    while (length > 0 && callbacks->base[length - 1] == '/') {
        callbacks->base[--length] = '\0';
    }
    callbacks->namespace_name = memory_copy_string(settings->temporal.namespace_);
    callbacks->free_runs = (size_t)settings->gateway.long_polls;
    crypto_hmac_sha256(token, strlen(token), purpose, sizeof purpose - 1, callbacks->key);
    atomic_init(&callbacks->refused_until_ms, INT64_MIN);
    return callbacks;
}

void callbacks_destroy(struct callbacks *callbacks)
{
    if (callbacks == NULL) {
        return;
    }
    memory_wipe(callbacks->key, sizeof callbacks->key);
    free(callbacks->base);
    free(callbacks->namespace_name);
    free(callbacks);
}

bool callbacks_token(const struct callbacks *callbacks, const char *namespace_name, const char *workflow_id,
                     char out_token[WATCH_TOKEN_SIZE])
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    if (callbacks == NULL) {
        return false;
    }
    const char *space = namespace_name != NULL ? namespace_name : callbacks->namespace_name;
    char *text = memory_format("%zu:%s:%s", strlen(space), space, workflow_id);
    crypto_hmac_sha256(callbacks->key, sizeof callbacks->key, text, strlen(text), digest);
    crypto_hex_encode(digest, (WATCH_TOKEN_SIZE - 1) / 2, out_token);
    free(text);
    return true;
}

bool callbacks_is_token(const char *text)
{
    return strlen(text) == WATCH_TOKEN_SIZE - 1 && strspn(text, "0123456789abcdef") == WATCH_TOKEN_SIZE - 1;
}

char *callbacks_url(const struct callbacks *callbacks, const char *token)
{
    return memory_format("%s" CALLBACKS_PATH "%s", callbacks->base, token);
}

bool callbacks_are_wanted(struct callbacks *callbacks, size_t open_runs, int64_t now_ms)
{
    return callbacks != NULL && open_runs >= callbacks->free_runs &&
           now_ms >= atomic_load(&callbacks->refused_until_ms);
}

bool callbacks_note_refusal(struct callbacks *callbacks, const struct error *error, int64_t now_ms)
{
    bool is_refusal = error->status == STATUS_INVALID_ARGUMENT || error->status == STATUS_FAILED_PRECONDITION ||
                      error->status == STATUS_PERMISSION_DENIED || error->status == STATUS_UNIMPLEMENTED;
    if (!is_refusal || (strstr(error->text, "callback") == NULL && strstr(error->text, "invalid url") == NULL)) {
        return false;
    }
    /* One thread writes the line; many starts may have been refused at once. */
    if (atomic_exchange(&callbacks->refused_until_ms, now_ms + REFUSED_MS) < now_ms) {
        log_event(LOG_LEVEL_WARN,
                  "Temporal refuses completion callbacks to this gateway: runs beyond gateway.long_polls are looked at "
                  "one after another; set callback.allowedAddresses (component.callbacks.allowedAddresses on older "
                  "servers) to take gateway.callback_url (docs/waiting.md)",
                  LOG_STRING("callback_url", callbacks->base), LOG_ERROR(error));
    }
    return true;
}

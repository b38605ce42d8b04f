/* temporal.codec: what payloads are encrypted with. The files are read by who connects to Temporal, not here: the
 * poller has the same configuration and no use for the keys. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "loader.h"

#define KEY_ID_MAX ((size_t)100)

static enum status check_key_id(const char *value, struct error *error)
{
    size_t length = strlen(value);
    bool is_visible = length > 0 && length <= KEY_ID_MAX;
    for (size_t i = 0; is_visible && i < length; i++) {
        is_visible = value[i] > ' ' && value[i] <= '~';
    }
    return is_visible ? STATUS_OK
                      : error_set(error, STATUS_INVALID_ARGUMENT,
                                  "expected a key's name of 1 to %zu visible ASCII characters", KEY_ID_MAX);
}

static enum status read_key(struct settings_temporal *temporal, const struct config_node *node, struct error *error)
{
    struct settings_codec_key *key = &temporal->codec_keys[temporal->codec_key_count];
    if (!config_is_mapping(node)) {
        return config_error(node, error, "expected a mapping with the keys \"id\" and \"key_file\"");
    }
    temporal->codec_key_count++;
    SETTINGS_TRY(settings_read_text(node, "id", check_key_id, &key->id, error));
    SETTINGS_TRY(settings_read_text(node, "key_file", settings_check_name, &key->file, error));
    if (key->id == NULL) {
        return config_error(node, error, "expected the key \"id\": the name that payloads give of their key");
    }
    if (key->file == NULL) {
        return config_error(node, error, "expected the key \"key_file\": the file with the 32 bytes");
    }
    for (size_t i = 0; i + 1 < temporal->codec_key_count; i++) {
        if (strcmp(temporal->codec_keys[i].id, key->id) == 0) {
            return config_error(config_get(node, "id"), error, "expected each once, found \"%s\" again", key->id);
        }
    }
    return STATUS_OK;
}

static enum status read_keys(struct settings_temporal *temporal, const struct config_node *node, struct error *error)
{
    const struct config_node *list = config_get(node, "keys");
    size_t count = list != NULL && config_is_list(list) ? config_count(list) : 0;
    if (count == 0 || count > SETTINGS_CODEC_KEYS_MAX) {
        return config_error(list != NULL ? list : node, error,
                            "expected \"keys\", a list of 1 to %d; the first one encrypts", SETTINGS_CODEC_KEYS_MAX);
    }
    temporal->codec_keys = memory_alloc_array(count, sizeof *temporal->codec_keys);
    for (size_t i = 0; i < count; i++) {
        SETTINGS_TRY(read_key(temporal, config_item(list, i), error));
    }
    return STATUS_OK;
}

enum status settings_read_codec(struct settings_temporal *temporal, const struct config_node *node,
                                struct error *error)
{
    static const char *const kinds[] = {"aes_gcm", NULL};
    int kind = -1;
    if (node == NULL) {
        return STATUS_OK;
    }
    SETTINGS_TRY(settings_expect_mapping(node, error));
    SETTINGS_TRY(config_read_choice(node, "kind", kinds, &kind, error));
    if (kind < 0) {
        return config_error(node, error, "expected the key \"kind\": aes_gcm");
    }
    return read_keys(temporal, node, error);
}

void settings_codec_deinit(struct settings_temporal *temporal)
{
    for (size_t i = 0; i < temporal->codec_key_count; i++) {
        free(temporal->codec_keys[i].id);
        free(temporal->codec_keys[i].file);
    }
    free(temporal->codec_keys);
}

/* See uplink/uplink.h. */
#include "uplink/uplink.h"

#include <stdlib.h>

#include "base/memory.h"
#include "codec/aes_gcm.h"
#include "temporal/connection.h"

_Static_assert(SETTINGS_CODEC_KEYS_MAX <= CODEC_KEYS_MAX, "the settings allow more keys than the codec");

struct uplink {
    struct codec_aes_gcm *codec; /* NULL: payloads are not encrypted. Outlives the connection */
    struct temporal_connection *connection;
};

static enum status make_codec(struct uplink *uplink, const struct settings_temporal *settings, struct error *error)
{
    struct codec_key_file keys[SETTINGS_CODEC_KEYS_MAX];
    if (settings->codec_key_count == 0) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < settings->codec_key_count; i++) {
        keys[i] = (struct codec_key_file){.id = settings->codec_keys[i].id, .path = settings->codec_keys[i].file};
    }
    return codec_aes_gcm_new(keys, settings->codec_key_count, &uplink->codec, error);
}

static enum status make_connection(struct uplink *uplink, const struct settings_temporal *settings,
                                   struct metrics *metrics, struct error *error)
{
    const struct temporal_connection_options options = {
        .address = settings->address,
        .namespace_name = settings->namespace_,
        .api_key = settings->api_key,
        .api_key_file = settings->api_key_file,
        .tls = settings->tls,
        .tls_ca_file = settings->tls_ca,
        .tls_certificate_file = settings->tls_certificate,
        .tls_key_file = settings->tls_key,
        .tls_server_name = settings->tls_server_name,
        .metrics = metrics,
        .codec = codec_aes_gcm_codec(uplink->codec),
    };
    return temporal_connection_new(&options, &uplink->connection, error);
}

enum status uplink_new(const struct settings_temporal *settings, struct metrics *metrics, struct uplink **out_uplink,
                       struct error *error)
{
    struct uplink *uplink = memory_alloc(sizeof *uplink);
    enum status status = make_codec(uplink, settings, error);
    if (status == STATUS_OK) {
        status = make_connection(uplink, settings, metrics, error);
    }
    if (status == STATUS_OK) {
        *out_uplink = uplink;
        uplink = NULL;
    }
    uplink_destroy(uplink);
    return status;
}

void uplink_destroy(struct uplink *uplink)
{
    if (uplink == NULL) {
        return;
    }
    temporal_connection_destroy(uplink->connection);
    codec_aes_gcm_destroy(uplink->codec);
    free(uplink);
}

struct temporal_connection *uplink_connection(const struct uplink *uplink)
{
    return uplink->connection;
}

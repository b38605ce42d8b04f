/* See support_codec.h. */
#include "support_codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "payload.h"

static enum status encode(void *user, const struct temporal_payload *payload, struct temporal_value *out_value,
                          struct error *error)
{
    (void)user;
    (void)error;
    static const struct temporal_metadata by = {.name = "turned-by", .data = "test", .length = 4};
    size_t length = 0;
    uint8_t *bytes = temporal_payload_pack(payload, &length);
    out_value->encoding = memory_copy_string(SUPPORT_ENCODING);
    out_value->data = memory_alloc(length + 2);
    out_value->data[0] = 'T';
    for (size_t i = 0; i < length; i++) {
        out_value->data[i + 1] = (char)~bytes[i];
    }
    out_value->length = length + 1;
    out_value->metadata = temporal_metadata_copy(&by, 1);
    out_value->metadata_count = 1;
    free(bytes);
    return STATUS_OK;
}

static enum status decode(void *user, const struct temporal_payload *payload, struct temporal_value *out_value,
                          struct error *error)
{
    (void)user;
    const uint8_t *turned = payload->data;
    if (strcmp(payload->encoding, SUPPORT_ENCODING) != 0) {
        return STATUS_OK;
    }
    if (payload->length == 0 || turned[0] != 'T') {
        return error_set(error, STATUS_MALFORMED, "not turned");
    }
    uint8_t *bytes = memory_alloc(payload->length);
    for (size_t i = 1; i < payload->length; i++) {
        bytes[i - 1] = (uint8_t)~turned[i];
    }
    enum status status = temporal_payload_unpack(bytes, payload->length - 1, out_value, error);
    free(bytes);
    return status;
}

static enum status refuse(void *user, const struct temporal_payload *payload, struct temporal_value *out_value,
                          struct error *error)
{
    (void)user;
    (void)payload;
    (void)out_value;
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "no ink");
}

const struct temporal_codec support_codec = {.encode = encode, .decode = decode};
const struct temporal_codec support_dry_codec = {.encode = refuse, .decode = decode};

Pb__Payload *support_codec_broken(void)
{
    return payload_new(SUPPORT_ENCODING, "plain", 5);
}

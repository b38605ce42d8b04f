/* Payloads: the values that cross Temporal. Ours are "json/plain" unless said otherwise, so that every other SDK, the
 * CLI and the Web UI read them. The bytes are never re-encoded. */
#ifndef TEMPORAL_PAYLOAD_H
#define TEMPORAL_PAYLOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define TEMPORAL_ENCODING_JSON "json/plain"
#define TEMPORAL_ENCODING_NULL "binary/null"
#define TEMPORAL_ENCODING_BINARY "binary/plain"

/* A borrowed value. */
struct temporal_payload {
    const char *encoding; /* NULL: "json/plain" */
    const void *data;
    size_t length;
};

/* What else a payload says of itself: "messageType", "encryption-key-id" ... Owned; data may hold any bytes. */
struct temporal_metadata {
    char *name;
    char *data; /* a zero byte that length does not count follows */
    size_t length;
};

/* An owned value, malloc()ed. */
struct temporal_value {
    char *encoding; /* NULL: there is no value */
    char *data;     /* a zero byte that length does not count follows */
    size_t length;
    struct temporal_metadata *metadata; /* beside the encoding */
    size_t metadata_count;
};

void temporal_value_deinit(struct temporal_value *value); /* the value is empty afterwards */
/* New reference: the value as JSON. NULL: there is none, or it is not JSON. "binary/null" is JSON null. */
json_t *temporal_value_json(const struct temporal_value *value);

#endif

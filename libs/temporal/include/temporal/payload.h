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

/* What a payload says of itself beside its encoding: "messageType", "encryption-key-id" ... */
struct temporal_metadata {
    const char *name;
    const char *data; /* any bytes, by custom UTF-8; in a value a zero byte that length does not count follows */
    size_t length;
};

/* A borrowed value. */
struct temporal_payload {
    const char *encoding; /* NULL: "json/plain"; "": it has none */
    const void *data;
    size_t length;
    const struct temporal_metadata *metadata; /* beside the encoding */
    size_t metadata_count;
};

/* An owned value, malloc()ed. */
struct temporal_value {
    char *encoding; /* NULL: there is no value; "": the value has none */
    char *data;     /* a zero byte that length does not count follows */
    size_t length;
    struct temporal_metadata *metadata; /* beside the encoding; one block with its names and data */
    size_t metadata_count;
};

void temporal_value_deinit(struct temporal_value *value); /* the value is empty afterwards */
/* A value that is not empty, to be given to a call again. Borrows from it. */
struct temporal_payload temporal_value_payload(const struct temporal_value *value);
/* A list of metadata as a value has it, copied into one block; free() it. NULL: count is 0. */
struct temporal_metadata *temporal_metadata_copy(const struct temporal_metadata *metadata, size_t count);
/* New reference: the value as JSON. NULL: there is none, or it is not JSON. "binary/null" is JSON null. */
json_t *temporal_value_json(const struct temporal_value *value);

#endif

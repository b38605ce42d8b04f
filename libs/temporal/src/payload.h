/* Payload messages: made from and read as JSON and bytes. Everything made here is freed with
 * pb__payload__free_unpacked(payload, NULL) and its like, also as a part of a larger message. */
#ifndef TEMPORAL_SRC_PAYLOAD_H
#define TEMPORAL_SRC_PAYLOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include <temporal/api/common/v1/message.pb-c.h>

#include "temporal/payload.h"

/* Copies the bytes as they are. */
Pb__Payload *payload_new(const char *encoding, const void *data, size_t length);
Pb__Payload *payload_from_view(const struct temporal_payload *view); /* copies */
/* Without a copy of the data. The value is empty afterwards. */
Pb__Payload *payload_take_value(struct temporal_value *value);
/* "json/plain", compact; NULL gives "binary/null". Borrowed. */
Pb__Payload *payload_from_json(const json_t *value);
bool payload_has_encoding(const Pb__Payload *payload, const char *encoding);
/* New reference. NULL: not JSON ("json/plain" or "json/protobuf" whose bytes parse; "binary/null" is JSON null). */
json_t *payload_to_json(const Pb__Payload *payload);
/* The metadata value "encoding" as text, at most size - 1 bytes; "" if there is none. */
void payload_encoding(const Pb__Payload *payload, char *out_text, size_t size);

/* One element. NULL gives a list with one "binary/null". */
Pb__Payloads *payloads_from_json(const json_t *value);
Pb__Payloads *payloads_from_view(const struct temporal_payload *payloads, size_t count);
/* The element as JSON; NULL: no such element or not JSON. payloads may be NULL. */
json_t *payloads_to_json(const Pb__Payloads *payloads, size_t index);

Pb__Payload *payload_copy(const Pb__Payload *payload);    /* NULL gives NULL */
Pb__Payloads *payloads_copy(const Pb__Payloads *payloads); /* NULL gives NULL */
Pb__Memo *memo_copy(const Pb__Memo *memo);                 /* NULL gives NULL */

/* The payload as a view, which borrows from it, from *out_metadata and from the text that is returned (its encoding);
 * free() both. */
char *payload_view(const Pb__Payload *payload, struct temporal_payload *out_view,
                   struct temporal_metadata **out_metadata);
/* out_value is overwritten. An absent payload gives an empty value. */
void payload_to_value(const Pb__Payload *payload, struct temporal_value *out_value);

#endif

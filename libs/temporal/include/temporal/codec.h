/* Payload codecs: what every payload passes on its way to the server and back, below its conversion to and from JSON,
 * as PayloadCodec of the other SDKs: encryption, compression.
 *
 * A connection that has one (struct temporal_connection_options) puts every payload through it that its client and its
 * workers send or receive: arguments, inputs of signals, queries and updates, results, memos, heartbeats, markers,
 * details of failures. As with the other SDKs, search attributes never are, since the server reads them, and headers
 * are not; a failure's encodedAttributes stay as they are. Workflow code and its replay see decoded payloads only: what
 * a codec does is no part of what a history means. */
#ifndef TEMPORAL_CODEC_H
#define TEMPORAL_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "temporal/payload.h"

/* Both functions are called from any thread, also from several at a time, and must not block. out_value is empty
 * before; an error leaves it so. */
struct temporal_codec {
    /* Fills out_value. An error is the end of the call that the payload was for: nothing is sent. */
    enum status (*encode)(void *user, const struct temporal_payload *payload, struct temporal_value *out_value,
                          struct error *error);
    /* The reverse. A payload that is not the codec's own, which its encoding says, passes as it is: out_value is left
     * empty. After an error a client shows the payload as it came; a worker fails the workflow task, which the server
     * brings again, or the activity's attempt. */
    enum status (*decode)(void *user, const struct temporal_payload *payload, struct temporal_value *out_value,
                          struct error *error);
    void *user;
};

/* A payload as the bytes of its message (temporal.api.common.v1.Payload), which is what codecs wrap. free() them. */
uint8_t *temporal_payload_pack(const struct temporal_payload *payload, size_t *out_length);
/* The reverse; the caller deinits out_value after STATUS_OK. MALFORMED: the bytes are no such message. */
MUST_CHECK enum status temporal_payload_unpack(const uint8_t *bytes, size_t length, struct temporal_value *out_value,
                                               struct error *error);

#endif

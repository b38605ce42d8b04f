/* A codec over whole messages: every payload in them, at any depth, but for those of search attributes and headers and
 * for a failure's encodedAttributes (temporal/codec.h). The message must be of the heap, as proto_unpack makes it. */
#ifndef TEMPORAL_CODEC_MESSAGE_H
#define TEMPORAL_CODEC_MESSAGE_H

#include <protobuf-c/protobuf-c.h>

#include "base/error.h"
#include "temporal/codec.h"

/* How a worker begins to tell of what it cannot decode. */
#define CODEC_REFUSES "a payload cannot be decoded: "

/* In place. The codec's error: some payloads are encoded, others not; the message is of no use. */
MUST_CHECK enum status codec_encode_message(const struct temporal_codec *codec, ProtobufCMessage *message,
                                            struct error *error);
/* In place. codec NULL: nothing to do. The codec's first error, which who only shows the message may ignore: the
 * payloads that it cannot decode are as they came, the others are decoded. */
enum status codec_decode_message(const struct temporal_codec *codec, ProtobufCMessage *message, struct error *error);

#endif

/* A codec for tests: a payload becomes the bytes of its message, each turned, behind a "T". */
#ifndef SUPPORT_CODEC_H
#define SUPPORT_CODEC_H

#include <temporal/api/common/v1/message.pb-c.h>

#include "temporal/codec.h"

#define SUPPORT_ENCODING "binary/turned"

extern const struct temporal_codec support_codec;
/* The same, but that encode always fails: with RESOURCE_EXHAUSTED, "no ink". */
extern const struct temporal_codec support_dry_codec;

/* The codec's own payload that it cannot decode: MALFORMED, "not turned". Freed with its message. */
Pb__Payload *support_codec_broken(void);

#endif

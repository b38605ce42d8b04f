/* What a server packs into the details of a failed call, as JSON. Pure. */
#ifndef TEMPORAL_ERROR_DETAILS_H
#define TEMPORAL_ERROR_DETAILS_H

#include <google/rpc/status.pb-c.h>

#include "temporal/codec.h"

/* An array of objects with "@type"; a type that proto/ does not have is told with its bytes ("value", base64). free()
 * it. NULL for NULL, or for none. codec: what payloads in them pass; NULL: none. */
char *error_details_json(const Pb__Status *status, const struct temporal_codec *codec);

#endif

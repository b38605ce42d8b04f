/* Failure messages: made from and turned into plain data. */
#ifndef TEMPORAL_SRC_FAILURE_H
#define TEMPORAL_SRC_FAILURE_H

#include <temporal/api/failure/v1/message.pb-c.h>

#include "temporal/failure.h"

/* Never NULL for a message; NULL gives NULL. */
struct temporal_failure *failure_from_message(const Pb__Failure *message);
/* The reverse, for the kinds that user code may raise: application (with details), canceled; others become an
 * application failure of the same type and message. Free with pb__failure__free_unpacked(message, NULL). */
Pb__Failure *failure_to_message(const struct temporal_failure *failure);

#endif

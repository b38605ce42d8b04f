/* What a worker's options may be, and what is taken where nothing was said. Pure. */
#ifndef TEMPORAL_WORKER_OPTIONS_H
#define TEMPORAL_WORKER_OPTIONS_H

#include "base/attributes.h"
#include "base/error.h"
#include "temporal/worker.h"

/* Puts defaults in the place of zeros. INVALID_ARGUMENT: the text names the option, and its range. */
MUST_CHECK enum status worker_options_complete(struct temporal_worker_options *options, struct error *error);

#endif

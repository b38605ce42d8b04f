/* Which attempt at a message a run is, and whether another may follow: rule 1 of the delivery contract for `after`
 * (docs/adr/0017). Pure. */
#ifndef GATEWAY_ATTEMPT_H
#define GATEWAY_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "temporal/client.h"

/* From the run's memo; 0: it does not say. */
int64_t attempt_of_run(const struct temporal_describe_result *run);

enum attempt_verdict {
    ATTEMPT_START,  /* the next attempt may be started */
    ATTEMPT_ANSWER, /* the current run is the answer, whatever it is */
    ATTEMPT_UNKNOWN /* the server knows no run under the ID, and nobody says what its number would be */
};

/* current NULL: there is no such workflow. after: the run that was seen to fail. */
enum attempt_verdict attempt_decide(const struct temporal_describe_result *current, const char *after, bool is_anew);

#endif

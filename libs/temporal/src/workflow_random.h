/* The run's random numbers: SipHash-1-3 of a counter, keyed by the run's original ID. The algorithm is part of every
 * history's contract and must never change. Pure. */
#ifndef TEMPORAL_WORKFLOW_RANDOM_H
#define TEMPORAL_WORKFLOW_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct workflow_random {
    uint64_t key[2];
    uint64_t counter;
};

uint64_t workflow_random_siphash13(const uint64_t key[2], const void *bytes, size_t length);

void workflow_random_seed(struct workflow_random *random, const char *run_id);
uint64_t workflow_random_next(struct workflow_random *random);
uint64_t workflow_random_below(struct workflow_random *random, uint64_t limit); /* 0 .. limit - 1; limit > 0 */

#endif

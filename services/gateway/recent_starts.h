/* Remembers which runs this process has started lately. Temporal answers a repeated start of an open run with the same
 * request ID as it answered the first one, so that only memory can tell a duplicate from the start itself. What was
 * forgotten, or started by another gateway, is called started once more: harmless, and said in docs/adr/0011.
 * One owner: the rpc thread. */
#ifndef GATEWAY_RECENT_STARTS_H
#define GATEWAY_RECENT_STARTS_H

#include <stdbool.h>
#include <stdint.h>

#define RECENT_STARTS_SLOTS 8192

/* Zeroed before its first use. A run's hash has one slot; the newer run takes it over. */
struct recent_starts {
    uint64_t slots[RECENT_STARTS_SLOTS];
};

/* true: this run is new here, and is remembered now. */
bool recent_starts_add(struct recent_starts *recent, const char *run_id);

#endif

/* By how much a service's clock differs from ours, learnt from its answers. Pure. Private to libs/aws.
 *
 * Every answer's Date is compared with the middle of its way there and back, and what comes out holds for all later
 * signatures of the client: AWS's rule of 2026 for its SDKs. */
#ifndef AWS_SRC_SERVICE_CLOCK_H
#define AWS_SRC_SERVICE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct service_clock {
    int64_t offset_ms; /* the service's clock minus ours; added to our time when signing */
};

/* The headers, NULL where there is none, and our clock (ms since 1970) before and after. false: the answer says
 * nothing: without a readable date, out of a cache (it has an age), or longer than 15 minutes under way. */
bool service_clock_learn(struct service_clock *clock, const char *date, const char *age, int64_t sent_ms,
                         int64_t received_ms);

/* An answer that was learnt from refused a signature made with signed_offset_ms: was our clock off by more than the 4
 * minutes that make another try worth while? */
bool service_clock_is_to_blame(const struct service_clock *clock, int64_t signed_offset_ms);

/* "Thu, 01 Jan 2026 00:05:01 GMT" in ms since 1970; -1: it is none. */
int64_t service_clock_parse_date(const char *date);

#endif

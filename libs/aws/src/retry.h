/* AWS's standard retries: how long to pause, and a budget that keeps a client from hammering a service that is down.
 * Private to libs/aws. */
#ifndef AWS_SRC_RETRY_H
#define AWS_SRC_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define RETRY_ATTEMPTS_MAX 3
#define RETRY_QUOTA_TOKENS 500
#define RETRY_COST 5
#define RETRY_COST_TIMEOUT 10 /* after an attempt without an answer in time */

/* One for each client. */
struct retry_quota {
    int tokens;
};
void retry_quota_init(struct retry_quota *quota);
/* What another attempt costs; 0: the budget is spent, do without. */
int retry_quota_take(struct retry_quota *quota, bool is_after_timeout);
/* A call succeeded; taken: what its last attempt had cost, 0 where the first one succeeded. */
void retry_quota_succeed(struct retry_quota *quota, int taken);

/* A random part of 1, 2, 4 … at most 20 s after 1, 2, 3 … failures, but what the service asks for (0: nothing), as long
 * as that is no more than 5 s longer. */
int64_t retry_pause_ms(int failures, int64_t retry_after_ms);

#endif

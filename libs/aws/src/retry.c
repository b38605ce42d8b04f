/* Pauses and budget of retries. */
#include "retry.h"

#include "base/random.h"

#define FIRST_MS INT64_C(1000)
#define MAX_MS INT64_C(20000)
#define RETRY_AFTER_EXTRA_MS INT64_C(5000)
#define DOUBLINGS_MAX 5 /* 32 s: beyond MAX_MS */

void retry_quota_init(struct retry_quota *quota)
{
    quota->tokens = RETRY_QUOTA_TOKENS;
}

int retry_quota_take(struct retry_quota *quota, bool is_after_timeout)
{
    int cost = is_after_timeout ? RETRY_COST_TIMEOUT : RETRY_COST;
    if (quota->tokens < cost) {
        return 0;
    }
    quota->tokens -= cost;
    return cost;
}

void retry_quota_succeed(struct retry_quota *quota, int taken)
{
    quota->tokens += taken > 0 ? taken : 1;
    if (quota->tokens > RETRY_QUOTA_TOKENS) {
        quota->tokens = RETRY_QUOTA_TOKENS;
    }
}

int64_t retry_pause_ms(int failures, int64_t retry_after_ms)
{
    int doublings = failures < 1 ? 0 : failures - 1;
    int64_t limit_ms = FIRST_MS << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
    limit_ms = limit_ms < MAX_MS ? limit_ms : MAX_MS;
    int64_t pause_ms = (int64_t)random_below((uint64_t)limit_ms + 1);
    if (retry_after_ms > pause_ms) {
        int64_t longest_ms = pause_ms + RETRY_AFTER_EXTRA_MS;
        pause_ms = retry_after_ms < longest_ms ? retry_after_ms : longest_ms;
    }
    return pause_ms;
}

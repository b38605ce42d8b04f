/* See lease.h. */
#include "lease.h"

#include "base/check.h"

#define RETURN_SECONDS_FIRST 10
#define RETURN_SECONDS_MAX 900
#define MARGIN_MIN_MS 100
#define MARGIN_MAX_MS 2000

static void grant(struct lease *lease, int64_t call_start_ms, int visibility_seconds, unsigned jitter)
{
    CHECK(visibility_seconds >= 0 && jitter <= LEASE_JITTER_MAX);
    lease->visibility_ms = (int64_t)visibility_seconds * 1000;
    lease->deadline_ms = call_start_ms + lease->visibility_ms;
    int64_t early_ms = lease->visibility_ms / 10 * (int64_t)jitter / (int64_t)LEASE_JITTER_MAX;
    lease->renew_ms = call_start_ms + lease->visibility_ms / 2 - early_ms;
}

void lease_begin(struct lease *lease, int64_t call_start_ms, int visibility_seconds, unsigned jitter)
{
    lease->received_ms = call_start_ms;
    grant(lease, call_start_ms, visibility_seconds, jitter);
}

void lease_renewed(struct lease *lease, int64_t call_start_ms, int visibility_seconds, unsigned jitter)
{
    grant(lease, call_start_ms, visibility_seconds, jitter);
}

void lease_postpone(struct lease *lease, int64_t retry_ms)
{
    lease->renew_ms = retry_ms;
}

bool lease_has_lapsed(const struct lease *lease, int64_t now_ms)
{
    return now_ms >= lease->deadline_ms;
}

bool lease_wants_renewal(const struct lease *lease, int64_t now_ms, int64_t slack_ms)
{
    return now_ms >= lease->renew_ms - slack_ms;
}

int lease_visibility_to_ask(const struct lease *lease, int wanted_seconds, int64_t now_ms)
{
    /* SQS's clock of the 12 h may have started with our call, and the request still has to travel: one second less. */
    int64_t left_seconds = (lease->received_ms + LEASE_TOTAL_MS - now_ms) / 1000 - 1;
    if (left_seconds <= 0) {
        return 0;
    }
    return left_seconds < wanted_seconds ? (int)left_seconds : wanted_seconds;
}

int64_t lease_call_budget_ms(const struct lease *lease, int64_t now_ms)
{
    int64_t margin_ms = lease->visibility_ms / 10;
    if (margin_ms < MARGIN_MIN_MS) {
        margin_ms = MARGIN_MIN_MS;
    }
    if (margin_ms > MARGIN_MAX_MS) {
        margin_ms = MARGIN_MAX_MS;
    }
    return lease->deadline_ms - margin_ms - now_ms;
}

int lease_wait_seconds(int wanted_seconds, int visibility_seconds)
{
    int most = visibility_seconds / 3;
    if (most < 1) {
        most = 1;
    }
    return wanted_seconds < most ? wanted_seconds : most;
}

int lease_return_seconds(int64_t receive_count)
{
    int seconds = RETURN_SECONDS_FIRST;
    for (int64_t count = 1; count < receive_count && seconds < RETURN_SECONDS_MAX; count++) {
        seconds *= 2;
    }
    return seconds < RETURN_SECONDS_MAX ? seconds : RETURN_SECONDS_MAX;
}

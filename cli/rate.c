/* See rate.h. In thousandths, a bucket with N tokens a second fills by N in each millisecond. */
#include "rate.h"

#define TOKEN INT64_C(1000)

void rate_init(struct rate *rate, int64_t per_second, int64_t now_ms)
{
    *rate = (struct rate){.per_second = per_second, .level = per_second * TOKEN, .filled_ms = now_ms};
}

static int64_t level_at(const struct rate *rate, int64_t now_ms)
{
    int64_t passed_ms = now_ms - rate->filled_ms;
    if (passed_ms >= 1000) { /* full, whatever was taken */
        return rate->per_second * TOKEN;
    }
    int64_t level = rate->level + (passed_ms > 0 ? passed_ms * rate->per_second : 0);
    return level < rate->per_second * TOKEN ? level : rate->per_second * TOKEN;
}

size_t rate_take(struct rate *rate, size_t most, int64_t now_ms)
{
    if (rate->per_second == 0) {
        return most;
    }
    rate->level = level_at(rate, now_ms);
    rate->filled_ms = now_ms;
    size_t there = (size_t)(rate->level / TOKEN);
    size_t count = there < most ? there : most;
    rate->level -= (int64_t)count * TOKEN;
    return count;
}

int64_t rate_wait_ms(const struct rate *rate, int64_t now_ms)
{
    int64_t level = rate->per_second == 0 ? TOKEN : level_at(rate, now_ms);
    return level >= TOKEN ? 0 : (TOKEN - level + rate->per_second - 1) / rate->per_second;
}

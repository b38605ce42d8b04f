/* The clock of a service. */
#include "service_clock.h"

#include <stddef.h>
#include <time.h>

#define WAY_MAX_MS (INT64_C(15) * 60 * 1000)
#define SKEW_MS (INT64_C(4) * 60 * 1000)

int64_t service_clock_parse_date(const char *date)
{
    struct tm parts = {0};
    const char *end = strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &parts); /* the services stay in the C locale */
    if (end == NULL || *end != '\0' || parts.tm_year < 70) {
        return -1;
    }
    time_t seconds = timegm(&parts);
    return seconds < 0 ? -1 : (int64_t)seconds * 1000;
}

bool service_clock_learn(struct service_clock *clock, const char *date, const char *age, int64_t sent_ms,
                         int64_t received_ms)
{
    int64_t date_ms = date == NULL ? -1 : service_clock_parse_date(date);
    int64_t way_ms = received_ms - sent_ms;
    if (date_ms < 0 || age != NULL || way_ms < 0 || way_ms > WAY_MAX_MS) {
        return false;
    }
    clock->offset_ms = date_ms - (sent_ms + way_ms / 2);
    return true;
}

bool service_clock_is_to_blame(const struct service_clock *clock, int64_t signed_offset_ms)
{
    int64_t wrong_by_ms = clock->offset_ms - signed_offset_ms;
    return wrong_by_ms > SKEW_MS || wrong_by_ms < -SKEW_MS;
}

/* The only reader of the system's clocks, and the two forms of a timestamp that peers and people read. */
#include "base/clock.h"

#include <time.h>

#include "base/check.h"

static int64_t read_us(clockid_t clock)
{
    struct timespec now;
    CHECK(clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_boottime_ms(void)
{
    return read_us(CLOCK_BOOTTIME) / 1000;
}

int64_t clock_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_wall_us(void)
{
    return read_us(CLOCK_REALTIME);
}

static char *put_digits(char *out, int value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + width;
}

static char *put_char(char *out, char character)
{
    *out = character;
    return out + 1;
}

#define WALL_LAST_MS INT64_C(253402300799999) /* the end of the year 9999: more does not fit four digits */

/* Times outside 1970 to 9999 are moved to the nearest end. */
static struct tm split(int64_t wall_ms, int *out_ms)
{
    int64_t clamped = wall_ms < 0 ? 0 : wall_ms > WALL_LAST_MS ? WALL_LAST_MS : wall_ms;
    time_t seconds = (time_t)(clamped / 1000);
    struct tm parts;
    CHECK(gmtime_r(&seconds, &parts) != NULL);
    *out_ms = (int)(clamped % 1000);
    return parts;
}

void clock_format_rfc3339(int64_t wall_ms, char out[CLOCK_RFC3339_SIZE])
{
    int ms = 0;
    struct tm parts = split(wall_ms, &ms);
    out = put_char(put_digits(out, parts.tm_year + 1900, 4), '-');
    out = put_char(put_digits(out, parts.tm_mon + 1, 2), '-');
    out = put_char(put_digits(out, parts.tm_mday, 2), 'T');
    out = put_char(put_digits(out, parts.tm_hour, 2), ':');
    out = put_char(put_digits(out, parts.tm_min, 2), ':');
    out = put_char(put_digits(out, parts.tm_sec, 2), '.');
    out = put_char(put_digits(out, ms, 3), 'Z');
    *out = '\0';
}

void clock_format_basic(int64_t wall_ms, char out[CLOCK_BASIC_SIZE])
{
    int ms = 0;
    struct tm parts = split(wall_ms, &ms);
    out = put_digits(out, parts.tm_year + 1900, 4);
    out = put_digits(out, parts.tm_mon + 1, 2);
    out = put_char(put_digits(out, parts.tm_mday, 2), 'T');
    out = put_digits(out, parts.tm_hour, 2);
    out = put_digits(out, parts.tm_min, 2);
    out = put_char(put_digits(out, parts.tm_sec, 2), 'Z');
    *out = '\0';
}

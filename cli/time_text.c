/* See time_text.h. */
#include "time_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/check.h"

int64_t time_text_read(const char *text)
{
    struct tm parts = {0};
    const char *rest = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;
    int64_t ms = 0;
    if (rest == NULL) {
        return -1;
    }
    if (*rest == '.') {
        rest++;
        for (int factor = 100; *rest >= '0' && *rest <= '9'; rest++, factor /= 10) {
            ms += (int64_t)(*rest - '0') * factor;
        }
    }
    return strcmp(rest, "Z") == 0 ? (int64_t)timegm(&parts) * 1000 + ms : -1;
}

void time_text_span(int64_t ms, char out[TIME_TEXT_SIZE])
{
    int64_t seconds = ms / 1000;
    int length = 0;
    if (ms < 10000) {
        length = snprintf(out, TIME_TEXT_SIZE, "%" PRId64 ".%" PRId64 "s", seconds, ms % 1000 / 100);
    } else if (seconds < 60) {
        length = snprintf(out, TIME_TEXT_SIZE, "%" PRId64 "s", seconds);
    } else if (seconds < 3600) {
        length = snprintf(out, TIME_TEXT_SIZE, "%" PRId64 "m%02" PRId64 "s", seconds / 60, seconds % 60);
    } else if (seconds < 86400) {
        length = snprintf(out, TIME_TEXT_SIZE, "%" PRId64 "h%02" PRId64 "m", seconds / 3600, seconds / 60 % 60);
    } else {
        length = snprintf(out, TIME_TEXT_SIZE, "%" PRId64 "d%02" PRId64 "h", seconds / 86400, seconds / 3600 % 24);
    }
    CHECK(length > 0 && length < TIME_TEXT_SIZE);
}

void time_text_duration(int64_t ms, char out[TIME_TEXT_SIZE])
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
    size_t i = 0;
    while (ms % units[i].ms != 0 || (ms == 0 && units[i].ms > 1000)) {
        i++;
    }
    int length = snprintf(out, TIME_TEXT_SIZE, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
    CHECK(length > 0 && length < TIME_TEXT_SIZE);
}

void time_text_moment(int64_t ms, bool with_ms, char out[TIME_TEXT_SIZE])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts = {0};
    (void)gmtime_r(&seconds, &parts); /* any time that was read has its parts */
    size_t length = strftime(out, TIME_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &parts);
    if (with_ms) {
        (void)snprintf(out + length, TIME_TEXT_SIZE - length, ".%03d", (int)(ms % 1000)); /* fits: 4 more */
    }
}

void time_text_write(int64_t ms, char out[TIME_TEXT_SIZE])
{
    time_text_moment(ms, true, out);
    out[strcspn(out, " ")] = 'T';
    size_t length = strlen(out);
    CHECK(length + 1 < TIME_TEXT_SIZE);
    out[length] = 'Z';
    out[length + 1] = '\0';
}

void time_text_add_span(json_t *object, const char *begin, const char *end, const char *span)
{
    char text[TIME_TEXT_SIZE];
    int64_t from_ms = time_text_read(json_string_value(json_object_get(object, begin)));
    int64_t to_ms = time_text_read(json_string_value(json_object_get(object, end)));
    if (from_ms >= 0 && to_ms >= from_ms) {
        time_text_span(to_ms - from_ms, text);
        CHECK(json_object_set_new(object, span, json_string(text)) == 0);
    }
}

void time_text_shorten(json_t *object, const char *member)
{
    char text[TIME_TEXT_SIZE];
    int64_t ms = time_text_read(json_string_value(json_object_get(object, member)));
    if (ms >= 0) {
        time_text_moment(ms, false, text);
        CHECK(json_object_set_new(object, member, json_string(text)) == 0);
    }
}

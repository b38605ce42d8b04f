/* Reading a time. */
#include "iso_time.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

int64_t iso_time_parse(const char *text)
{
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == NULL || parts.tm_year < 70 || parts.tm_year > 8099) {
        return -1;
    }
    int64_t ms = 0;
    if (*rest == '.') {
        rest++;
        for (int64_t unit = 100; *rest >= '0' && *rest <= '9'; rest++, unit /= 10) {
            ms += (*rest - '0') * unit;
        }
    }
    if (strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0) {
        return -1;
    }
    time_t seconds = timegm(&parts);
    return seconds < 0 ? -1 : (int64_t)seconds * 1000 + ms;
}

/* See delivery.h; the rules are those of the OTLP specification. */
#include "delivery.h"

#include <stddef.h>

#define RETRY_AFTER_MAX_S 3600

enum delivery delivery_of_status(int status)
{
    if (status >= 200 && status < 300) {
        return DELIVERY_DONE;
    }
    switch (status) {
    case 0:
    case 429:
    case 502:
    case 503:
    case 504:
        return DELIVERY_AGAIN;
    default:
        return DELIVERY_REFUSED;
    }
}

int64_t delivery_retry_after_ms(const char *header)
{
    int64_t seconds = 0;
    if (header == NULL || *header == '\0') {
        return 0;
    }
    for (; *header != '\0'; header++) {
        if (*header < '0' || *header > '9') {
            return 0;
        }
        seconds = seconds * 10 + (*header - '0');
        if (seconds > RETRY_AFTER_MAX_S) {
            seconds = RETRY_AFTER_MAX_S;
        }
    }
    return seconds * 1000;
}

/* See cors.h. */
#include "cors.h"

#include <string.h>

#define HEADERS_MAX ((size_t)2000) /* bytes of a list of headers */

bool cors_allows(const struct settings_cors *cors, const char *origin)
{
    for (size_t i = 0; cors != NULL && origin != NULL && i < cors->origin_count; i++) {
        if (strcmp(cors->origins[i], origin) == 0) {
            return true;
        }
    }
    return false;
}

const char *cors_allowed_headers(const char *requested)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_, ";
    size_t length = requested != NULL ? strlen(requested) : 0;
    return length > 0 && length <= HEADERS_MAX && strspn(requested, plain) == length ? requested : NULL;
}

/* The header Accept-Encoding (RFC 9110, section 12.5.3), as far as gzip is concerned. Pure. */
#ifndef HTTP_ACCEPT_ENCODING_H
#define HTTP_ACCEPT_ENCODING_H

#include <stdbool.h>

/* true: gzip ("x-gzip") is named with a weight above 0, or "*" is and gzip is not named. */
bool accept_encoding_takes_gzip(const char *value);

#endif

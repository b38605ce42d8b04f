/* Times as AWS writes them. Pure. Private to libs/aws. */
#ifndef AWS_SRC_ISO_TIME_H
#define AWS_SRC_ISO_TIME_H

#include <stdint.h>

/* "2026-11-23T14:45:00Z", also with a fraction of the second, or "+00:00" for Z; ms since 1970. -1: it is none. */
int64_t iso_time_parse(const char *text);

#endif

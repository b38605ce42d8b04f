/* What an answer to an export means. Pure. */
#ifndef OTLP_DELIVERY_H
#define OTLP_DELIVERY_H

#include <stdint.h>

enum delivery { DELIVERY_DONE, DELIVERY_AGAIN, DELIVERY_REFUSED };

/* status 0: there was no answer. */
enum delivery delivery_of_status(int status);
/* Retry-After in seconds as milliseconds, bounded; 0: none, or a date. NULL is fine. */
int64_t delivery_retry_after_ms(const char *header);

#endif

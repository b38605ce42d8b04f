/* Time. Deadlines in Ferry are clock_monotonic_ms() values; SQS leases count on clock_boottime_ms(), which also runs
 * while the machine sleeps. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);
int64_t clock_boottime_ms(void);
int64_t clock_wall_ms(void); /* since 1970-01-01T00:00:00Z */
int64_t clock_wall_us(void); /* the same, finer */

#define CLOCK_RFC3339_SIZE 32
/* "2026-11-23T14:45:00.123Z" */
void clock_format_rfc3339(int64_t wall_ms, char out[CLOCK_RFC3339_SIZE]);
#define CLOCK_BASIC_SIZE 17
/* "20261123T144500Z", the form of SigV4's X-Amz-Date */
void clock_format_basic(int64_t wall_ms, char out[CLOCK_BASIC_SIZE]);

#endif

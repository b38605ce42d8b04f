/* Times as people read them, from those that the API writes: "2026-01-02T03:04:05.123456Z". Pure. */
#ifndef CLI_TIME_TEXT_H
#define CLI_TIME_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIME_TEXT_SIZE 32

/* Milliseconds since 1970. -1: no such time. */
int64_t time_text_read(const char *text);
/* "0.3s", "12s", "5m10s", "2h05m", "3d04h". */
void time_text_span(int64_t ms, char out[TIME_TEXT_SIZE]);
/* As an option or the configuration has it, in the largest unit without a rest: "500ms", "90s", "15m", "1h", "7d". */
void time_text_duration(int64_t ms, char out[TIME_TEXT_SIZE]);
/* The other way: "2026-01-02T03:04:05.123Z". */
void time_text_write(int64_t ms, char out[TIME_TEXT_SIZE]);
/* "2026-01-02 03:04:05" (UTC), with milliseconds where they are asked for. */
void time_text_moment(int64_t ms, bool with_ms, char out[TIME_TEXT_SIZE]);

/* For rows of tables. Sets the member `span` to the time from begin to end, where both are there and times. */
void time_text_add_span(json_t *object, const char *begin, const char *end, const char *span);
/* A time becomes "2026-01-02 03:04:05"; what is none stays. */
void time_text_shorten(json_t *object, const char *member);

#endif

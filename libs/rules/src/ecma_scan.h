/* A position in a regular expression that is being translated, and what is emitted for it. Private to rules. */
#ifndef RULES_SRC_ECMA_SCAN_H
#define RULES_SRC_ECMA_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

struct ecma_scan {
    const char *pattern; /* valid UTF-8; may hold zero bytes */
    size_t length;
    size_t position;
    struct buffer *out;
    struct error *error;
};

/* Sets the error, with the position; returns false so that one can `return ecma_scan_fail(...)`. */
bool ecma_scan_fail(struct ecma_scan *scan, const char *format, ...) PRINTF_LIKE(2, 3);

char ecma_scan_next(const struct ecma_scan *scan); /* the byte at the position; 0 at the end */
bool ecma_scan_is_at_end(const struct ecma_scan *scan);
bool ecma_scan_starts_with(const struct ecma_scan *scan, const char *text);
bool ecma_scan_take(struct ecma_scan *scan, char expected); /* moves behind it if it is there */
uint32_t ecma_scan_code_point(struct ecma_scan *scan);      /* not at the end; moves behind it */
bool ecma_scan_number(struct ecma_scan *scan, size_t most, size_t *out); /* digits, at most `most` */
bool ecma_scan_hex(struct ecma_scan *scan, size_t digits, uint32_t *out); /* exactly as many digits */
bool ecma_scan_group_name(struct ecma_scan *scan);                        /* a name and the ">" behind it */

/* false: over the buffer's maximum, and the error is set. */
bool ecma_scan_emit(struct ecma_scan *scan, const char *text);
bool ecma_scan_emit_slice(struct ecma_scan *scan, const char *text, size_t length);
bool ecma_scan_emit_code_point(struct ecma_scan *scan, uint32_t code_point);

#endif

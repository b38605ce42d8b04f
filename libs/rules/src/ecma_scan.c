/* Reading a pattern's characters and writing PCRE2's. */
#include "ecma_scan.h"

#include <stdarg.h>
#include <string.h>

bool ecma_scan_fail(struct ecma_scan *scan, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)error_set_v(scan->error, STATUS_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    error_prefix(scan->error, "regular expression, at byte %zu: ", scan->position);
    return false;
}

bool ecma_scan_is_at_end(const struct ecma_scan *scan)
{
    return scan->position >= scan->length;
}

char ecma_scan_next(const struct ecma_scan *scan)
{
    return ecma_scan_is_at_end(scan) ? '\0' : scan->pattern[scan->position];
}

bool ecma_scan_starts_with(const struct ecma_scan *scan, const char *text)
{
    size_t length = strlen(text);
    return scan->length - scan->position >= length && memcmp(scan->pattern + scan->position, text, length) == 0;
}

bool ecma_scan_take(struct ecma_scan *scan, char expected)
{
    if (ecma_scan_is_at_end(scan) || scan->pattern[scan->position] != expected) {
        return false;
    }
    scan->position++;
    return true;
}

uint32_t ecma_scan_code_point(struct ecma_scan *scan)
{
    unsigned char first = (unsigned char)scan->pattern[scan->position++];
    uint32_t code_point = first;
    if (first >= 0xF0U) {
        code_point = first & 0x07U;
    } else if (first >= 0xE0U) {
        code_point = first & 0x0FU;
    } else if (first >= 0xC0U) {
        code_point = first & 0x1FU;
    }
    while (!ecma_scan_is_at_end(scan) && ((unsigned char)scan->pattern[scan->position] & 0xC0U) == 0x80U) {
        code_point = code_point << 6 | ((unsigned char)scan->pattern[scan->position++] & 0x3FU);
    }
    return code_point;
}

bool ecma_scan_number(struct ecma_scan *scan, size_t most, size_t *out)
{
    size_t number = 0;
    size_t start = scan->position;
    while (ecma_scan_next(scan) >= '0' && ecma_scan_next(scan) <= '9') {
        number = number * 10 + (size_t)(ecma_scan_next(scan) - '0');
        if (number > most) {
            return false;
        }
        scan->position++;
    }
    *out = number;
    return scan->position > start;
}

bool ecma_scan_hex(struct ecma_scan *scan, size_t digits, uint32_t *out)
{
    uint32_t number = 0;
    for (size_t i = 0; i < digits; i++) {
        char digit = ecma_scan_next(scan);
        const char *found = digit == '\0' ? NULL : strchr("0123456789abcdef", digit | (digit >= 'A' ? 0x20 : 0));
        if (found == NULL) {
            return false;
        }
        number = number * 16 + (uint32_t)(found - "0123456789abcdef");
        scan->position++;
    }
    *out = number;
    return true;
}

bool ecma_scan_group_name(struct ecma_scan *scan)
{
    size_t start = scan->position;
    while (!ecma_scan_is_at_end(scan) && ecma_scan_next(scan) != '>') {
        char next = ecma_scan_next(scan);
        bool is_letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '_' || next == '$';
        bool is_digit = next >= '0' && next <= '9' && scan->position > start;
        if (!is_letter && !is_digit) {
            return false;
        }
        scan->position++;
    }
    return scan->position > start && ecma_scan_take(scan, '>');
}

bool ecma_scan_emit_slice(struct ecma_scan *scan, const char *text, size_t length)
{
    if (!buffer_append(scan->out, text, length)) {
        (void)error_set(scan->error, STATUS_TOO_LARGE, "regular expression: it is too large, once translated");
        return false;
    }
    return true;
}

bool ecma_scan_emit(struct ecma_scan *scan, const char *text)
{
    return ecma_scan_emit_slice(scan, text, strlen(text));
}

bool ecma_scan_emit_code_point(struct ecma_scan *scan, uint32_t code_point)
{
    bool is_plain = (code_point >= '0' && code_point <= '9') || (code_point >= 'A' && code_point <= 'Z') ||
                    (code_point >= 'a' && code_point <= 'z');
    char plain = (char)code_point;
    if (!(is_plain ? buffer_append(scan->out, &plain, 1) : buffer_append_format(scan->out, "\\x{%x}", code_point))) {
        (void)error_set(scan->error, STATUS_TOO_LARGE, "regular expression: it is too large, once translated");
        return false;
    }
    return true;
}

/* See duration.h. */
#include "duration.h"

#include <stdbool.h>
#include <string.h>

#define WHOLE_DIGITS_MAX 12
#define FRACTION_DIGITS_MAX 3

/* Moves *text over up to maximum digits; how many there were. */
static size_t read_digits(const char **text, const char *end, size_t maximum, int64_t *out_number)
{
    size_t count = 0;
    while (*text < end && **text >= '0' && **text <= '9' && count < maximum) {
        *out_number = *out_number * 10 + (**text - '0');
        (*text)++;
        count++;
    }
    return count;
}

/* The number in thousandths. */
static bool read_number(const char **text, const char *end, int64_t *out_thousandths)
{
    int64_t whole = 0;
    int64_t fraction = 0;
    if (read_digits(text, end, WHOLE_DIGITS_MAX, &whole) == 0) {
        return false;
    }
    if (*text < end && **text == '.') {
        (*text)++;
        size_t digits = read_digits(text, end, FRACTION_DIGITS_MAX, &fraction);
        if (digits == 0) {
            return false;
        }
        for (size_t i = digits; i < FRACTION_DIGITS_MAX; i++) {
            fraction *= 10;
        }
    }
    *out_thousandths = whole * 1000 + fraction;
    return true;
}

static int64_t unit_ms(const char *text, size_t length)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].name) == length && memcmp(units[i].name, text, length) == 0) {
            return units[i].ms;
        }
    }
    return 0;
}

enum status duration_parse(const char *name, const char *text, size_t length, int64_t maximum_ms, int64_t *out_ms,
                           struct error *error)
{
    const char *next = text;
    const char *end = text + length;
    int64_t thousandths = 0;
    int64_t unit = 0;
    if (read_number(&next, end, &thousandths)) {
        unit = unit_ms(next, (size_t)(end - next));
    }
    if (unit == 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "%s: expected a duration (500ms, 30s, 1.5m, 2h, 7d, or seconds)", name);
    }
    if (thousandths / 1000 > maximum_ms / unit || thousandths * unit / 1000 > maximum_ms) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s: at most %lld s are possible", name,
                         (long long)(maximum_ms / 1000));
    }
    *out_ms = thousandths * unit / 1000;
    return STATUS_OK;
}

/* Numbers: 64-bit integers and doubles, compared exactly. */
#include "value.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

#define INTEGERS_END 9223372036854775808.0 /* 2^63: the first double beyond them */
#define DIGITS_MAX 17                      /* decimal digits that tell every double from every other one */

static int compare_integers(json_int_t left, json_int_t right)
{
    return (left > right) - (left < right);
}

static int compare_reals(double left, double right)
{
    return (left > right) - (left < right);
}

static int compare_integer_with_real(json_int_t integer, double real)
{
    if (real >= INTEGERS_END) {
        return -1;
    }
    if (real < -INTEGERS_END) {
        return 1;
    }
    json_int_t whole = (json_int_t)real; /* towards 0; within the integers, a double has no more than their digits */
    int order = compare_integers(integer, whole);
    return order != 0 ? order : compare_reals((double)whole, real);
}

int value_compare_numbers(const json_t *left, const json_t *right)
{
    if (json_is_integer(left)) {
        return json_is_integer(right)
                   ? compare_integers(json_integer_value(left), json_integer_value(right))
                   : compare_integer_with_real(json_integer_value(left), json_real_value(right));
    }
    return json_is_integer(right) ? -compare_integer_with_real(json_integer_value(right), json_real_value(left))
                                  : compare_reals(json_real_value(left), json_real_value(right));
}

bool value_is_integer(const json_t *value)
{
    if (!json_is_real(value)) {
        return json_is_integer(value);
    }
    double real = json_real_value(value);
    bool is_large = real >= INTEGERS_END || real < -INTEGERS_END; /* then it has no fraction */
    return is_large || compare_reals((double)(json_int_t)real, real) == 0;
}

/* digits * 10^exponent, the sign left out. */
struct decimal {
    uint64_t digits;
    int exponent;
};

static void format_shortest(double real, int *out_precision, char *out, size_t size)
{
    int precision = 0;
    do {
        (void)snprintf(out, size, "%.*e", precision, real);
        precision++;
    } while (precision < DIGITS_MAX && compare_reals(strtod(out, NULL), real) != 0);
    *out_precision = precision;
}

static struct decimal decimal_of(const json_t *number)
{
    struct decimal decimal = {0};
    if (json_is_integer(number)) {
        json_int_t integer = json_integer_value(number);
        decimal.digits = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
        return decimal;
    }
    char text[VALUE_NUMBER_SIZE];
    int precision = 0;
    format_shortest(json_real_value(number), &precision, text, sizeof text);
    const char *cursor = text;
    for (; *cursor != 'e'; cursor++) {
        if (*cursor >= '0' && *cursor <= '9') { /* all but the sign and the locale's point */
            decimal.digits = decimal.digits * 10 + (uint64_t)(*cursor - '0');
        }
    }
    decimal.exponent = (int)strtol(cursor + 1, NULL, 10) - (precision - 1);
    return decimal;
}

bool value_is_multiple(const json_t *number, const json_t *divisor)
{
    struct decimal value = decimal_of(number);
    struct decimal unit = decimal_of(divisor);
    CHECK(unit.digits != 0);
    if (value.digits == 0) {
        return true;
    }
    int shift = value.exponent - unit.exponent; /* value / unit = value.digits * 10^shift / unit.digits */
    for (; shift < 0; shift++) { /* divisible by both: by the tens first */
        if (value.digits % 10 != 0) {
            return false;
        }
        value.digits /= 10;
    }
    uint64_t rest = value.digits % unit.digits;
    for (; shift > 0 && rest != 0; shift--) {
        rest = (uint64_t)((__extension__(unsigned __int128)rest * 10U) % unit.digits);
    }
    return rest == 0;
}

void value_format_number(const json_t *number, char out[VALUE_NUMBER_SIZE])
{
    if (json_is_integer(number)) {
        (void)snprintf(out, VALUE_NUMBER_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
        return;
    }
    int precision = 1;
    do {
        (void)snprintf(out, VALUE_NUMBER_SIZE, "%.*g", precision, json_real_value(number));
        precision++;
    } while (precision <= DIGITS_MAX && compare_reals(strtod(out, NULL), json_real_value(number)) != 0);
}

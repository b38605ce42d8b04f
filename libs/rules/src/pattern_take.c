/* Whether a matcher takes a value. */
#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "pattern.h"
#include "rules/json_value.h"
#include "value.h"

static bool takes_edge(const struct pattern_matcher *matcher, const char *text, size_t length)
{
    size_t wanted = json_string_length(matcher->value);
    if (wanted > length) {
        return false;
    }
    const char *from = matcher->operation == PATTERN_PREFIX ? text : text + length - wanted;
    return memcmp(from, json_string_value(matcher->value), wanted) == 0;
}

static bool takes_wildcard(const struct pattern_matcher *matcher, const char *text, size_t length)
{
    const struct pattern_part *first = &matcher->parts[0];
    const struct pattern_part *last = &matcher->parts[matcher->part_count - 1];
    if (matcher->part_count == 1) {
        return first->length == length && memcmp(first->text, text, length) == 0;
    }
    if (first->length + last->length > length || memcmp(first->text, text, first->length) != 0 ||
        memcmp(last->text, text + length - last->length, last->length) != 0) {
        return false;
    }
    const char *next = text + first->length;
    const char *end = text + length - last->length;
    for (size_t i = 1; i + 1 < matcher->part_count; i++) { /* the earliest place of each part is as good as any other */
        const char *found = memmem(next, (size_t)(end - next), matcher->parts[i].text, matcher->parts[i].length);
        if (found == NULL) {
            return false;
        }
        next = found + matcher->parts[i].length;
    }
    return true;
}

static bool is_within(const struct pattern_matcher *matcher, const json_t *number)
{
    if (matcher->lower.number != NULL) {
        int order = value_compare_numbers(number, matcher->lower.number);
        if (order < 0 || (order == 0 && !matcher->lower.is_included)) {
            return false;
        }
    }
    if (matcher->upper.number != NULL) {
        int order = value_compare_numbers(number, matcher->upper.number);
        if (order > 0 || (order == 0 && !matcher->upper.is_included)) {
            return false;
        }
    }
    return true;
}

static bool takes_number(const struct pattern_matcher *matcher, const json_t *value)
{
    if (json_is_number(value)) {
        return is_within(matcher, value);
    }
    json_t *number = NULL;
    if (!matcher->takes_texts || !json_is_string(value) ||
        json_value_parse(json_string_value(value), json_string_length(value), &number, NULL) != STATUS_OK) {
        return false;
    }
    bool is_taken = json_is_number(number) && is_within(matcher, number);
    json_decref(number);
    return is_taken;
}

static bool takes_address(const struct pattern_cidr *cidr, const char *text)
{
    unsigned char address[sizeof cidr->address];
    if (inet_pton(cidr->family, text, address) != 1) {
        return false;
    }
    unsigned whole = cidr->bits / 8;
    unsigned rest = cidr->bits % 8;
    return memcmp(address, cidr->address, whole) == 0 &&
           (rest == 0 || ((unsigned)(address[whole] ^ cidr->address[whole]) >> (8U - rest)) == 0);
}

static bool takes_text(const struct pattern_matcher *matcher, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    size_t work = SIZE_MAX;
    switch (matcher->operation) {
    case PATTERN_PREFIX:
    case PATTERN_SUFFIX:
        return takes_edge(matcher, text, length);
    case PATTERN_CASELESS:
        return ecma_regex_match(matcher->caseless, text, length, &work) == ECMA_REGEX_MATCHES;
    case PATTERN_WILDCARD:
        return takes_wildcard(matcher, text, length);
    case PATTERN_CIDR:
        return strlen(text) == length && takes_address(&matcher->cidr, text);
    case PATTERN_EQUALS:
    case PATTERN_NUMERIC:
    case PATTERN_EXISTS:
    case PATTERN_ANYTHING_BUT:
    default:
        return false;
    }
}

bool pattern_matcher_takes(const struct pattern_matcher *matcher, const json_t *value)
{
    size_t work = SIZE_MAX;
    switch (matcher->operation) {
    case PATTERN_EQUALS:
        return value_equals(matcher->value, value, &work);
    case PATTERN_NUMERIC:
        return takes_number(matcher, value);
    case PATTERN_ANYTHING_BUT:
        for (size_t i = 0; i < matcher->excluded_count; i++) {
            if (pattern_matcher_takes(&matcher->excluded[i], value)) {
                return false;
            }
        }
        return true;
    case PATTERN_PREFIX:
    case PATTERN_SUFFIX:
    case PATTERN_CASELESS:
    case PATTERN_WILDCARD:
    case PATTERN_CIDR:
    case PATTERN_EXISTS:
    default:
        return json_is_string(value) && takes_text(matcher, value);
    }
}

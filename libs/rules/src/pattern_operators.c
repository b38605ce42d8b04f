/* Reads wildcards, numeric ranges and address blocks. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "pattern.h"
#include "value.h"

static void add_part(struct pattern_matcher *matcher, const char *text, size_t length)
{
    struct pattern_part *part = &matcher->parts[matcher->part_count++];
    part->text = memory_copy(text, length);
    part->length = length;
}

bool pattern_compile_wildcard(struct pattern_compiler *compiler, const json_t *value, const char *place,
                              struct pattern_matcher *out)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    char part[EVENT_PATTERN_WILDCARD_MAX];
    size_t part_length = 0;
    out->operation = PATTERN_WILDCARD;
    if (text == NULL || length > EVENT_PATTERN_WILDCARD_MAX) {
        return pattern_fail(compiler, place, "expected a text of at most %u bytes", EVENT_PATTERN_WILDCARD_MAX);
    }
    out->parts = memory_alloc_array(length + 1, sizeof *out->parts);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '*') {
            if (i + 1 < length && text[i + 1] == '*') {
                return pattern_fail(compiler, place, "\"**\" is not allowed: one \"*\" takes any text");
            }
            add_part(out, part, part_length);
            part_length = 0;
            continue;
        }
        if (text[i] == '\\') {
            i++;
            if (i == length || (text[i] != '*' && text[i] != '\\')) {
                return pattern_fail(compiler, place, "\"\\\" stands before \"*\" or \"\\\" only");
            }
        }
        part[part_length++] = text[i];
    }
    add_part(out, part, part_length);
    return true;
}

/* One operator and its number. */
static bool read_bound(struct pattern_compiler *compiler, const json_t *list, size_t index, const char *place,
                       struct pattern_matcher *out)
{
    const char *sign = json_string_value(json_array_get(list, index));
    const json_t *number = json_array_get(list, index + 1);
    if (sign == NULL || !json_is_number(number)) {
        return pattern_fail(compiler, place, "expected one of =, <, <=, > and >=, then a number");
    }
    const struct pattern_bound bound = {.number = number, .is_included = strchr(sign, '=') != NULL};
    bool is_lower = strcmp(sign, ">") == 0 || strcmp(sign, ">=") == 0;
    bool is_upper = strcmp(sign, "<") == 0 || strcmp(sign, "<=") == 0;
    bool is_both = strcmp(sign, "=") == 0;
    if (!is_lower && !is_upper && !is_both) {
        return pattern_fail(compiler, place, "expected one of =, <, <=, > and >=, then a number");
    }
    bool is_repeated = (is_lower && out->lower.number != NULL) || (is_upper && out->upper.number != NULL);
    if (is_repeated || (is_both && json_array_size(list) != 2)) {
        return pattern_fail(compiler, place, "expected \"=\" and a number alone, or one lower and one upper bound");
    }
    if (is_lower || is_both) {
        out->lower = bound;
    }
    if (is_upper || is_both) {
        out->upper = bound;
    }
    return true;
}

bool pattern_compile_numeric(struct pattern_compiler *compiler, const json_t *value, const char *place,
                             struct pattern_matcher *out)
{
    size_t count = json_array_size(value);
    out->operation = PATTERN_NUMERIC;
    out->takes_texts = compiler->is_outside_body;
    if (count != 2 && count != 4) {
        return pattern_fail(compiler, place, "expected a list such as [\"=\", 5] or [\">\", 0, \"<=\", 5]");
    }
    for (size_t i = 0; i < count; i += 2) {
        if (!read_bound(compiler, value, i, place, out)) {
            return false;
        }
    }
    if (count == 4) {
        int order = value_compare_numbers(out->lower.number, out->upper.number);
        if (order > 0 || (order == 0 && !(out->lower.is_included && out->upper.is_included))) {
            return pattern_fail(compiler, place, "no number is within these bounds");
        }
    }
    return true;
}

bool pattern_compile_cidr(struct pattern_compiler *compiler, const json_t *value, const char *place,
                          struct pattern_matcher *out)
{
    const char *text = json_string_value(value);
    const char *slash = text == NULL ? NULL : strchr(text, '/');
    char address[INET6_ADDRSTRLEN + 1] = "";
    bool is_fine = slash != NULL && (size_t)(slash - text) < sizeof address && slash[1] >= '0' && slash[1] <= '9' &&
                   strlen(slash + 1) <= 3;
    out->operation = PATTERN_CIDR;
    if (is_fine) {
        memcpy(address, text, (size_t)(slash - text));
        char *end = NULL;
        unsigned long bits = strtoul(slash + 1, &end, 10);
        out->cidr.family = strchr(address, ':') == NULL ? AF_INET : AF_INET6;
        out->cidr.bits = (unsigned)bits;
        is_fine = *end == '\0' && bits <= (out->cidr.family == AF_INET ? 32U : 128U) &&
                  inet_pton(out->cidr.family, address, out->cidr.address) == 1;
    }
    return is_fine || pattern_fail(compiler, place, "expected a block such as \"10.0.0.0/8\" or \"2001:db8::/32\"");
}

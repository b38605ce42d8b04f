/* Typed readers of the configuration: texts, numbers, durations, sizes, choices. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/config.h"
#include "base/memory.h"
#include "config_tree.h"

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit s_duration_units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"", 1000}};
static const struct unit s_byte_units[] = {
    {"KiB", INT64_C(1) << 10}, {"MiB", INT64_C(1) << 20}, {"GiB", INT64_C(1) << 30}, {"B", 1}, {"", 1}};

/* "expected WHAT, not "text"": without the text where it is a variable's, which may be a secret. */
static enum status wrong_value(const struct config_node *node, struct error *error, const char *what)
{
    if (!config_is_scalar(node)) {
        return config_error(node, error, "expected %s, not %s", what,
                            node->kind == CONFIG_KIND_EMPTY     ? "nothing"
                            : node->kind == CONFIG_KIND_MAPPING ? "a mapping"
                                                                : "a list");
    }
    if (node->is_substituted) {
        return config_error(node, error, "expected %s, not what the environment variable holds", what);
    }
    return config_error(node, error, "expected %s, not \"%.60s\"", what, node->text);
}

/* Digits with an optional minus, then one of the units (the last one has the empty name). false: not that, or more
 * than 64 bits. */
static bool parse_number(const char *text, const struct unit *units, size_t unit_count, int64_t *out)
{
    bool is_negative = *text == '-';
    const char *digit = text + (is_negative ? 1 : 0);
    int64_t number = 0;
    if (*digit < '0' || *digit > '9') {
        return false;
    }
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        int64_t value = is_negative ? -(*digit - '0') : *digit - '0';
        if (__builtin_mul_overflow(number, INT64_C(10), &number) || __builtin_add_overflow(number, value, &number)) {
            return false;
        }
    }
    for (size_t i = 0; i < unit_count; i++) {
        if (strcmp(digit, units[i].name) == 0) {
            return !__builtin_mul_overflow(number, units[i].factor, out);
        }
    }
    return false;
}

/* Writes number in the largest unit that takes it whole, as one would write it in the file. */
static char *format_number(int64_t number, const struct unit *units, size_t unit_count)
{
    const struct unit *best = NULL;
    for (size_t i = 0; i < unit_count; i++) {
        if (units[i].name[0] != '\0' && number % units[i].factor == 0 &&
            (best == NULL || units[i].factor > best->factor)) {
            best = &units[i];
        }
    }
    if (best == NULL || number == 0) {
        return memory_format("%lld", (long long)number);
    }
    return memory_format("%lld%s", (long long)(number / best->factor), best->name);
}

static const struct unit s_no_units[] = {{"", 1}};

static enum status read_number(const struct config_node *mapping, const char *key, const struct unit *units,
                               size_t unit_count, const char *what, int64_t minimum, int64_t maximum, int64_t *out,
                               struct error *error)
{
    const struct config_node *node = config_get(mapping, key);
    if (node == NULL) {
        return STATUS_OK;
    }
    int64_t number = 0;
    if (config_is_scalar(node) && parse_number(node->text, units, unit_count, &number) && number >= minimum &&
        number <= maximum) {
        *out = number;
        return STATUS_OK;
    }
    char *from = format_number(minimum, units, unit_count);
    char *to = format_number(maximum, units, unit_count);
    char *expected = NULL;
    if (minimum == INT64_MIN && maximum == INT64_MAX) {
        expected = memory_copy_string(what);
    } else if (maximum == INT64_MAX) {
        expected = memory_format("%s, at least %s", what, from);
    } else if (minimum == INT64_MIN) {
        expected = memory_format("%s, at most %s", what, to);
    } else {
        expected = memory_format("%s from %s to %s", what, from, to);
    }
    enum status status = wrong_value(node, error, expected);
    free(expected);
    free(to);
    free(from);
    return status;
}

enum status config_read_integer(const struct config_node *mapping, const char *key, int64_t minimum, int64_t maximum,
                                int64_t *out, struct error *error)
{
    return read_number(mapping, key, s_no_units, 1, "a whole number", minimum, maximum, out, error);
}

enum status config_read_duration_ms(const struct config_node *mapping, const char *key, int64_t minimum_ms,
                                    int64_t maximum_ms, int64_t *out_ms, struct error *error)
{
    return read_number(mapping, key, s_duration_units, sizeof s_duration_units / sizeof s_duration_units[0],
                       "a duration (500ms, 60s, 10m, 12h)", minimum_ms, maximum_ms, out_ms, error);
}

enum status config_read_bytes(const struct config_node *mapping, const char *key, int64_t minimum, int64_t maximum,
                              int64_t *out, struct error *error)
{
    return read_number(mapping, key, s_byte_units, sizeof s_byte_units / sizeof s_byte_units[0],
                       "a size (1048576, 10KiB, 64MiB)", minimum, maximum, out, error);
}

enum status config_read_string(const struct config_node *mapping, const char *key, char **out, struct error *error)
{
    const struct config_node *node = config_get(mapping, key);
    if (node == NULL) {
        return STATUS_OK;
    }
    if (!config_is_scalar(node)) {
        return wrong_value(node, error, "a text");
    }
    char *copy = memory_copy_string(node->text);
    free(*out);
    *out = copy;
    return STATUS_OK;
}

enum status config_read_boolean(const struct config_node *mapping, const char *key, bool *out, struct error *error)
{
    const struct config_node *node = config_get(mapping, key);
    if (node == NULL) {
        return STATUS_OK;
    }
    const char *text = config_scalar(node);
    if (text == NULL || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)) {
        return wrong_value(node, error, "true or false");
    }
    *out = text[0] == 't';
    return STATUS_OK;
}

enum status config_read_choice(const struct config_node *mapping, const char *key, const char *const *names, int *out,
                               struct error *error)
{
    const struct config_node *node = config_get(mapping, key);
    if (node == NULL) {
        return STATUS_OK;
    }
    const char *text = config_scalar(node);
    for (int i = 0; text != NULL && names[i] != NULL; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = i;
            return STATUS_OK;
        }
    }
    struct buffer expected;
    buffer_init(&expected, ERROR_TEXT_SIZE);
    bool has_room = buffer_append_string(&expected, "one of ");
    for (size_t i = 0; has_room && names[i] != NULL; i++) {
        has_room = buffer_append_format(&expected, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    enum status status = wrong_value(node, error, expected.data);
    buffer_deinit(&expected);
    return status;
}

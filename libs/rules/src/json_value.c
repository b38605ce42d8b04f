/* Parsing with jansson, whose own error texts repeat what they stumble over. */
#include "rules/json_value.h"

#include <stdbool.h>

enum status json_value_parse(const char *text, size_t length, json_t **out_value, struct error *error)
{
    const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_error_t problem;
    json_t *value = json_loadb(text, length, flags, &problem);
    if (value == NULL && json_error_code(&problem) == json_error_numeric_overflow) {
        value = json_loadb(text, length, flags | JSON_DECODE_INT_AS_REAL, &problem);
    }
    if (value == NULL) {
        bool is_overflow = json_error_code(&problem) == json_error_numeric_overflow;
        return error_set(error, STATUS_MALFORMED, "%s at line %d, column %d",
                         is_overflow ? "a number beyond what a double holds"
                                     : "expected a JSON value, found something else",
                         problem.line, problem.column);
    }
    *out_value = value;
    return STATUS_OK;
}

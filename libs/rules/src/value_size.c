/* How large a value is: asked before anything recurses into it. */
#include "value.h"

static enum status check_size(const json_t *value, const struct value_limits *limits, size_t depth, size_t *count,
                              struct error *error)
{
    if (depth > limits->nesting) {
        return error_set(error, STATUS_TOO_LARGE, "(root): nested deeper than %u levels", limits->nesting);
    }
    if (++*count > limits->values) {
        return error_set(error, STATUS_TOO_LARGE, "(root): more than %u JSON values", limits->values);
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; i < json_array_size(value) && status == STATUS_OK; i++) {
        status = check_size(json_array_get(value, i), limits, depth + 1, count, error);
    }
    if (json_is_object(value)) {
        const char *name = NULL;
        const json_t *member = NULL;
        VALUE_FOR_EACH_MEMBER(value, name, member)
        {
            status = check_size(member, limits, depth + 1, count, error);
            if (status != STATUS_OK) {
                break;
            }
        }
    }
    return status;
}

enum status value_check_size(const json_t *value, const struct value_limits *limits, struct error *error)
{
    size_t count = 0;
    return check_size(value, limits, 0, &count, error);
}

/* See arguments.h. */
#include "arguments.h"

#include <stdlib.h>

#include "base/memory.h"

static struct temporal_payload payload_of(struct json_slice value)
{
    return (struct temporal_payload){.data = value.data, .length = value.length};
}

void arguments_set_one(struct arguments *arguments, struct json_slice value)
{
    arguments_deinit(arguments);
    arguments->payloads = memory_alloc(sizeof *arguments->payloads);
    arguments->payloads[0] = payload_of(value);
    arguments->count = 1;
}

enum status arguments_set_list(struct arguments *arguments, const char *name, struct json_slice value,
                               struct error *error)
{
    struct json_slice element;
    size_t position = 0;
    size_t count = 0;
    if (value.length == 0 || value.data[0] != '[') {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected a list of arguments", name);
    }
    while (json_scan_element(value.data, value.length, &position, &element)) {
        count++;
    }
    if (count > ARGUMENTS_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s: %zu arguments, at most %zu are possible", name, count,
                         ARGUMENTS_MAX);
    }
    arguments_deinit(arguments);
    arguments->payloads = memory_alloc_array(count, sizeof *arguments->payloads);
    position = 0;
    while (json_scan_element(value.data, value.length, &position, &element)) {
        arguments->payloads[arguments->count++] = payload_of(element);
    }
    return STATUS_OK;
}

enum status arguments_of_body(const char *body, size_t length, bool is_list, struct arguments *out_arguments,
                              struct error *error)
{
    struct arguments arguments = {0};
    struct json_slice value = {0};
    enum status status = STATUS_OK;
    if (length > 0 && !json_scan_value(body, length, &value)) {
        return error_set(error, STATUS_MALFORMED, "the body is not valid JSON in UTF-8");
    }
    if (length > 0 && is_list) {
        status = arguments_set_list(&arguments, "the body", value, error);
    } else if (length > 0) {
        arguments_set_one(&arguments, value);
    }
    if (status == STATUS_OK) {
        *out_arguments = arguments;
    }
    return status;
}

void arguments_deinit(struct arguments *arguments)
{
    free(arguments->payloads);
    *arguments = (struct arguments){0};
}

/* See json_input.h. */
#include "json_input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"

#define SHOWN_MAX 40 /* bytes of what is no JSON */

static enum status read_standard_input(char **out_text, size_t *out_length, struct error *error)
{
    struct buffer buffer;
    char bytes[8192];
    size_t count = 0;
    buffer_init(&buffer, JSON_INPUT_MAX);
    while ((count = fread(bytes, 1, sizeof bytes, stdin)) > 0) {
        if (!buffer_append(&buffer, bytes, count)) {
            buffer_deinit(&buffer);
            return error_set(error, STATUS_INVALID_ARGUMENT, "the standard input is longer than %zu MiB",
                             JSON_INPUT_MAX >> 20);
        }
    }
    if (ferror(stdin)) {
        buffer_deinit(&buffer);
        char text[128];
        return error_set(error, STATUS_INVALID_ARGUMENT, "the standard input cannot be read: %s",
                         strerror_r(errno, text, sizeof text));
    }
    *out_text = buffer_take(&buffer, out_length);
    return STATUS_OK;
}

enum status json_input_read(const char *given, const char *what, struct json_input *out_input, struct error *error)
{
    struct json_input input = {0};
    size_t length = 0;
    enum status status = STATUS_OK;
    if (given == NULL) {
        *out_input = input;
        return STATUS_OK;
    }
    if (strcmp(given, "-") == 0) {
        status = read_standard_input(&input.text, &length, error);
    } else if (given[0] == '@') {
        status = file_read(given + 1, JSON_INPUT_MAX, &input.text, &length, NULL, error);
    } else {
        input.text = memory_copy_string(given);
        length = strlen(given);
    }
    if (status != STATUS_OK) {
        error_prefix(error, "%s: ", what);
        return status;
    }
    if (!json_scan_value(input.text, length, &input.value)) {
        status = error_set(error, STATUS_INVALID_ARGUMENT,
                           "%s: expected JSON (a text has quotes: '\"tea\"'), @FILE or -; found %.*s%s", what,
                           length > SHOWN_MAX ? SHOWN_MAX : (int)length, input.text, length > SHOWN_MAX ? "..." : "");
        free(input.text);
        return status;
    }
    *out_input = input;
    return STATUS_OK;
}

void json_input_deinit(struct json_input *input)
{
    free(input->text);
    *input = (struct json_input){0};
}

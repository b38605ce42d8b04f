/* See send_attribute.h. */
#include "send_attribute.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

#define NAME_MAX_LENGTH 256U
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."

static bool is_type(const char *type)
{
    return strcmp(type, "String") == 0 || strcmp(type, "Number") == 0 || strncmp(type, "String.", 7) == 0 ||
           strncmp(type, "Number.", 7) == 0;
}

enum status send_attribute_parse(const char *text, struct sqs_message_attribute *out_attribute, struct error *error)
{
    size_t name_length = strspn(text, NAME_CHARACTERS);
    const char *rest = text + name_length;
    const char *value = strchr(rest, '=');
    bool has_type = *rest == ':';
    if (name_length == 0 || name_length > NAME_MAX_LENGTH || value == NULL || (!has_type && value != rest)) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "--attribute: expected NAME=VALUE or NAME:TYPE=VALUE, the name of at most %u letters, digits, "
                         "_, - and ., found \"%s\"",
                         NAME_MAX_LENGTH, text);
    }
    if (value[1] == '\0' || !utf8_is_valid(value, strlen(value))) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--attribute: expected a value in UTF-8 behind \"%.*s\"",
                         (int)(value + 1 - text), text);
    }
    char *type = has_type ? memory_copy(rest + 1, (size_t)(value - rest - 1)) : memory_copy_string("String");
    if (!is_type(type)) {
        enum status status = error_set(error, STATUS_INVALID_ARGUMENT,
                                       "--attribute: expected the type String or Number, found \"%s\"", type);
        free(type);
        return status;
    }
    *out_attribute = (struct sqs_message_attribute){
        .name = memory_copy(text, name_length),
        .type = type,
        .value = memory_copy_string(value + 1),
        .value_length = strlen(value + 1),
    };
    return STATUS_OK;
}

void send_attribute_deinit(struct sqs_message_attribute *attribute)
{
    free((char *)(uintptr_t)attribute->name);
    free((char *)(uintptr_t)attribute->type);
    free((void *)(uintptr_t)attribute->value);
    *attribute = (struct sqs_message_attribute){0};
}

/* Growing bytes with a mandatory maximum. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

#define CAPACITY_FIRST ((size_t)256)

void buffer_init(struct buffer *buffer, size_t maximum)
{
    CHECK(maximum < SIZE_MAX / 2);
    *buffer = (struct buffer){.maximum = maximum};
}

void buffer_deinit(struct buffer *buffer)
{
    free(buffer->data);
    buffer_init(buffer, buffer->maximum);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    if (buffer->data != NULL) {
        buffer->data[0] = '\0';
    }
}

/* Makes room for additional bytes and the terminator. */
static bool reserve(struct buffer *buffer, size_t additional)
{
    if (additional > buffer->maximum - buffer->length) {
        return false;
    }
    size_t needed = buffer->length + additional + 1;
    if (needed > buffer->capacity) {
        size_t capacity = buffer->capacity < CAPACITY_FIRST ? CAPACITY_FIRST : buffer->capacity * 2;
        if (capacity > buffer->maximum + 1) {
            capacity = buffer->maximum + 1;
        }
        if (capacity < needed) {
            capacity = needed;
        }
        buffer->data = memory_resize_array(buffer->data, capacity, 1);
        buffer->capacity = capacity;
    }
    return true;
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    if (length == 0) {
        return true;
    }
    if (!reserve(buffer, length)) {
        return false;
    }
    memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
    return true;
}

char *buffer_extend(struct buffer *buffer, size_t length)
{
    if (!reserve(buffer, length)) {
        return NULL;
    }
    char *added = buffer->data + buffer->length;
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
    return added;
}

bool buffer_append_string(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

bool buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    char small[256];
    va_list arguments;
    va_start(arguments, format);
    int formatted = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    CHECK(formatted >= 0);
    size_t length = (size_t)formatted;
    if (length < sizeof small) {
        return buffer_append(buffer, small, length);
    }
    if (!reserve(buffer, length)) {
        return false;
    }
    va_start(arguments, format);
    formatted = vsnprintf(buffer->data + buffer->length, length + 1, format, arguments);
    va_end(arguments);
    CHECK(formatted >= 0 && (size_t)formatted == length);
    buffer->length += length;
    return true;
}

char *buffer_take(struct buffer *buffer, size_t *out_length)
{
    char *data = buffer->data != NULL ? buffer->data : memory_alloc(1);
    if (out_length != NULL) {
        *out_length = buffer->length;
    }
    buffer_init(buffer, buffer->maximum);
    return data;
}

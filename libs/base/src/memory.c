/* Allocation that aborts on exhaustion, in one place. */
#include "base/memory.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

NORETURN static void exhausted(size_t count, size_t size)
{
    dprintf(STDERR_FILENO, "memory exhausted: %zu elements of %zu bytes asked for\n", count, size);
    abort();
}

void *memory_alloc(size_t size)
{
    return memory_alloc_array(1, size);
}

void *memory_alloc_array(size_t count, size_t size)
{
    size_t total = 0;
    bool is_too_large = __builtin_mul_overflow(count, size, &total);
    void *memory = is_too_large ? NULL : calloc(1, total == 0 ? 1 : total);
    if (memory == NULL) {
        exhausted(count, size);
    }
    return memory;
}

void *memory_resize_array(void *old, size_t count, size_t size)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total)) {
        exhausted(count, size);
    }
    void *memory = realloc(old, total == 0 ? 1 : total);
    if (memory == NULL) {
        exhausted(count, size);
    }
    return memory;
}

char *memory_copy_string(const char *text)
{
    return text == NULL ? NULL : memory_copy(text, strlen(text));
}

void *memory_copy(const void *bytes, size_t size)
{
    CHECK(bytes != NULL || size == 0);
    if (size == SIZE_MAX) {
        exhausted(1, size);
    }
    char *copy = malloc(size + 1);
    if (copy == NULL) {
        exhausted(1, size);
    }
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    copy[size] = '\0';
    return copy;
}

char *memory_format(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        exhausted(1, 0);
    }
    return text;
}

void memory_wipe(void *bytes, size_t size)
{
    if (bytes != NULL) {
        explicit_bzero(bytes, size);
    }
}

void memory_wipe_string(char *text)
{
    if (text != NULL) {
        memory_wipe(text, strlen(text));
    }
}

/* The journal of what the fakes have seen, and how a test waits for it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_fakes_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

#define PATIENCE_MS 20000

void fakes_lock(struct fakes *fakes)
{
    assert_int_equal(pthread_mutex_lock(&fakes->mutex), 0);
}

void fakes_unlock(struct fakes *fakes)
{
    assert_int_equal(pthread_mutex_unlock(&fakes->mutex), 0);
}

void fakes_note(struct fakes *fakes, const char *format, ...)
{
    char line[TEXT_MAX_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    assert_true(fakes->line_count < LINES_MAX);
    fakes->lines[fakes->line_count++] = memory_copy_string(line);
}

size_t fakes_count(struct fakes *fakes, const char *line)
{
    size_t count = 0;
    fakes_lock(fakes);
    for (size_t i = 0; i < fakes->line_count; i++) {
        count += strcmp(fakes->lines[i], line) == 0;
    }
    fakes_unlock(fakes);
    return count;
}

size_t fakes_count_prefix(struct fakes *fakes, const char *prefix)
{
    size_t count = 0;
    fakes_lock(fakes);
    for (size_t i = 0; i < fakes->line_count; i++) {
        count += strncmp(fakes->lines[i], prefix, strlen(prefix)) == 0;
    }
    fakes_unlock(fakes);
    return count;
}

size_t fakes_index(struct fakes *fakes, const char *line)
{
    size_t index = SIZE_MAX;
    fakes_lock(fakes);
    for (size_t i = 0; i < fakes->line_count && index == SIZE_MAX; i++) {
        if (strcmp(fakes->lines[i], line) == 0) {
            index = i;
        }
    }
    fakes_unlock(fakes);
    return index;
}

void fakes_print(struct fakes *fakes)
{
    fakes_lock(fakes);
    for (size_t i = 0; i < fakes->line_count; i++) {
        print_message("  %zu %s\n", i, fakes->lines[i]);
    }
    fakes_unlock(fakes);
}

void fakes_expect(struct fakes *fakes, const char *line, size_t times)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (fakes_count(fakes, line) < times) {
        if (clock_monotonic_ms() > until_ms) {
            fakes_print(fakes);
            fail_msg("not seen %zu times: %s", times, line);
        }
        loop_run_once(fakes->loop, 20);
    }
}

void fakes_run_until(struct fakes *fakes, bool (*is_true)(struct fakes *fakes), const char *what)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (!is_true(fakes)) {
        if (clock_monotonic_ms() > until_ms) {
            fakes_print(fakes);
            fail_msg("never true: %s", what);
        }
        loop_run_once(fakes->loop, 20);
    }
}

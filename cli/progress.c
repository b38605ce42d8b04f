/* See progress.h. A closed terminal is nothing to act on: results of fprintf are not looked at here. */
#include "progress.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "terminal.h"

#define BAR_MAX 40U
#define BAR_MIN 10U
#define RATE_AFTER_MS 500 /* a rate of less time says nothing */
#define CLEAR_LINE "\r\033[K"

bool progress_is_wanted(bool is_for_programs)
{
    return !is_for_programs && terminal_can_draw(stderr);
}

void progress_init(struct progress *progress, bool is_wanted, const char *label, int64_t total)
{
    *progress = (struct progress){.out = is_wanted ? stderr : NULL};
    progress_restart(progress, label, total);
}

void progress_restart(struct progress *progress, const char *label, int64_t total)
{
    progress->label = label;
    progress->total = total;
    progress->done = 0;
    progress->began_ms = clock_monotonic_ms();
}

static void draw(struct progress *progress, int64_t now_ms)
{
    char line[PROGRESS_COLUMNS_MAX + 1];
    progress_format(line, sizeof line, terminal_size(progress->out).columns, progress, now_ms);
    (void)fflush(stdout); /* what is printed there stands above the line */
    (void)fprintf(progress->out, CLEAR_LINE "%s", line);
    (void)fflush(progress->out);
    progress->is_visible = true;
    progress->drawn_ms = now_ms;
}

void progress_set(struct progress *progress, int64_t done)
{
    int64_t now_ms = clock_monotonic_ms();
    progress->done = done;
    if (progress->out != NULL && (!progress->is_visible || now_ms - progress->drawn_ms >= PROGRESS_EVERY_MS)) {
        draw(progress, now_ms);
    }
}

void progress_hide(struct progress *progress)
{
    if (progress->is_visible) {
        (void)fputs(CLEAR_LINE, progress->out);
        (void)fflush(progress->out);
        progress->is_visible = false;
    }
}

/* "87/s 6 s left"; "" as long as nothing can be said. */
static void format_speed(char *out, size_t size, const struct progress *progress, int64_t now_ms)
{
    int64_t passed_ms = now_ms - progress->began_ms;
    out[0] = '\0';
    if (passed_ms < RATE_AFTER_MS || progress->done <= 0) {
        return;
    }
    int64_t left = progress->total - progress->done;
    int64_t left_s = left > 0 ? (left * passed_ms / progress->done + 999) / 1000 : 0;
    int length = snprintf(out, size, " %" PRId64 "/s", progress->done * 1000 / passed_ms);
    if (left_s > 0 && length > 0 && (size_t)length < size) {
        bool is_long = left_s >= 120;
        (void)snprintf(out + length, size - (size_t)length, " %" PRId64 " %s left",
                       is_long ? (left_s + 59) / 60 : left_s, is_long ? "min" : "s");
    }
}

/* "[####----] ", or "" where there is no room for it or no total. */
static void format_bar(char *out, size_t room, const struct progress *progress)
{
    size_t width = room > BAR_MAX + 3 ? BAR_MAX : room - (room < 3 ? room : 3);
    out[0] = '\0';
    if (progress->total <= 0 || width < BAR_MIN) {
        return;
    }
    int64_t done = progress->done < progress->total ? progress->done : progress->total;
    size_t full = (size_t)((uint64_t)done * width / (uint64_t)progress->total);
    out[0] = '[';
    memset(out + 1, '#', full);
    memset(out + 1 + full, '-', width - full);
    memcpy(out + 1 + width, "] ", 3);
}

void progress_format(char *out, size_t size, size_t columns, const struct progress *progress, int64_t now_ms)
{
    char speed[80];
    char count[64];
    char bar[BAR_MAX + 4];
    size_t room = columns > 1 ? columns - 1 : 1; /* the last column would break the line on some terminals */
    format_speed(speed, sizeof speed, progress, now_ms);
    if (progress->total > 0) {
        int64_t total = progress->total > progress->done ? progress->total : progress->done;
        (void)snprintf(count, sizeof count, "%" PRId64 "/%" PRId64, progress->done, total);
    } else {
        (void)snprintf(count, sizeof count, "%" PRId64, progress->done);
    }
    size_t taken = strlen(progress->label) + 1 + strlen(count) + strlen(speed);
    format_bar(bar, taken < room ? room - taken : 0, progress);
    (void)snprintf(out, room + 1 < size ? room + 1 : size, "%s %s%s%s", progress->label, bar, count, speed);
}

/* See lanes_watch.h. A closed output is looked at once a round: results of fprintf are not looked at here. */
#include "lanes_watch.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "exit_code.h"
#include "interrupt.h"
#include "redraw.h"
#include "time_text.h"

/* On a terminal all stands in one picture: when it is from, who has failed, the table. */
static void print_picture(const struct lanes_view *view, int64_t every_ms, FILE *out)
{
    char moment[TIME_TEXT_SIZE];
    char span[TIME_TEXT_SIZE];
    time_text_moment(clock_wall_ms(), false, moment);
    time_text_span(every_ms, span);
    (void)fprintf(out, "%s UTC, every %s\n", moment, span);
    pollers_print_failures(&view->pollers, out);
    lanes_view_print(view, out);
    if (json_array_size(view->lanes) == 0 && json_array_size(view->pollers.failed) == 0) {
        (void)fputs("no lanes\n", out);
    }
}

static void show(const struct lanes_view *view, int64_t every_ms, struct redraw *redraw)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    CHECK(out != NULL);
    if (redraw->is_in_place) {
        print_picture(view, every_ms, out);
    } else {
        lanes_view_print(view, out);
        pollers_print_failures(&view->pollers, stderr);
    }
    CHECK(fclose(out) == 0);
    redraw_show(redraw, text);
    free(text);
}

/* One document a line. */
static void show_json(const struct lanes_view *view)
{
    json_t *all = lanes_view_json(view);
    (void)json_dumpf(all, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
    json_decref(all);
    pollers_print_failures(&view->pollers, stderr);
}

int lanes_watch_run(struct lanes_view *view, int64_t every_ms)
{
    bool is_json = command_line_wants_json(view->pollers.line);
    struct redraw redraw;
    interrupt_watch();
    redraw_init(&redraw, stdout, !is_json && terminal_can_draw(stdout));
    lanes_view_fetch(view);
    if (lanes_view_is_of_nobody(view)) {
        return pollers_finish(&view->pollers);
    }
    for (;;) {
        if (is_json) {
            show_json(view);
        } else {
            show(view, every_ms, &redraw);
        }
        if (ferror(stdout) != 0 || interrupt_wait(every_ms)) {
            break;
        }
        lanes_view_fetch(view);
    }
    redraw_end(&redraw);
    return EXIT_DONE;
}

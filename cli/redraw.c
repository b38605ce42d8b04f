/* See redraw.h. A closed terminal is nothing to act on: results of fprintf are not looked at here. */
#include "redraw.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/check.h"
#include "text_width.h"

#define FRAME_MAX ((size_t)64 << 20)
#define WRAP_OFF "\033[?7l" /* lines are broken here */
#define WRAP_ON "\033[?7h"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

void redraw_init(struct redraw *redraw, FILE *out, bool is_in_place)
{
    *redraw = (struct redraw){.out = out, .is_in_place = is_in_place};
}

/* Behind a piece of that length, and behind the line where it ends with it. */
static const char *behind_piece(const char *text, size_t length)
{
    return text + length + (text[length] == '\n');
}

char *redraw_frame(const char *text, struct terminal_size size, size_t over_lines, size_t *out_lines)
{
    struct buffer frame;
    size_t length = 0;
    size_t count = 0;
    size_t columns = size.columns > 1 ? size.columns - 1 : 1; /* CLEAR_LINE would take the last one's character away */
    size_t most = size.rows > 2 ? size.rows - 1 : 1;          /* the cursor stands below them */
    size_t over = over_lines < size.rows ? over_lines : size.rows - 1;
    for (const char *at = text; *at != '\0'; at = behind_piece(at, text_width_fit(at, columns))) {
        count++;
    }
    size_t shown = count > most ? most - 1 : count;
    buffer_init(&frame, FRAME_MAX);
    CHECK(buffer_append_string(&frame, WRAP_OFF "\r"));
    if (over > 0) {
        CHECK(buffer_append_format(&frame, "\033[%zuA", over));
    }
    for (size_t i = 0; i < shown; i++) {
        size_t piece = text_width_fit(text, columns);
        CHECK(buffer_append(&frame, text, piece));
        CHECK(buffer_append_string(&frame, CLEAR_LINE "\n"));
        text = behind_piece(text, piece);
    }
    if (shown < count) {
        CHECK(buffer_append_format(&frame, "%zu more lines" CLEAR_LINE "\n", count - shown));
    }
    CHECK(buffer_append_string(&frame, CLEAR_BELOW WRAP_ON));
    *out_lines = shown + (shown < count);
    return buffer_take(&frame, &length);
}

void redraw_show(struct redraw *redraw, const char *text)
{
    if (!redraw->is_in_place) {
        (void)fprintf(redraw->out, "%s%s", redraw->is_begun ? "\n" : "", text);
    } else {
        struct terminal_size size = terminal_size(redraw->out);
        /* Lines that were wider than the terminal is now may be two: nobody knows how far above they begin. */
        size_t over = size.columns < redraw->columns ? 0 : redraw->lines;
        char *frame = redraw_frame(text, size, over, &redraw->lines);
        (void)fputs(frame, redraw->out);
        free(frame);
        redraw->columns = size.columns;
    }
    (void)fflush(redraw->out);
    redraw->is_begun = true;
}

void redraw_end(struct redraw *redraw)
{
    if (redraw->is_in_place && redraw->is_begun) {
        /* Ctrl-C makes a terminal drop what it has not shown yet: the end of the last frame, too. */
        (void)fputs("\r" CLEAR_BELOW WRAP_ON, redraw->out);
        (void)fflush(redraw->out);
    }
}

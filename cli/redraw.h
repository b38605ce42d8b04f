/* A text that is shown again and again: on a terminal over the one before, elsewhere behind it. One thread. */
#ifndef CLI_REDRAW_H
#define CLI_REDRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "terminal.h"

/* Caller's storage. */
struct redraw {
    FILE *out;
    bool is_in_place;
    bool is_begun;
    size_t columns; /* of the terminal, when it was drawn on last */
    size_t lines;   /* that were drawn there */
};

/* is_in_place: out is a terminal that can draw (terminal.h). Else texts are parted by an empty line. */
void redraw_init(struct redraw *redraw, FILE *out, bool is_in_place);
/* text: whole lines. On a terminal long ones are broken, and lines that do not fit are counted in the last one. */
void redraw_show(struct redraw *redraw, const char *text);
/* The last text stays; what was typed below it ("^C") goes. Long lines of others are wrapped again, whatever became of
 * the last frame. */
void redraw_end(struct redraw *redraw);

/* What draws the text over so many lines, which stand above the cursor; free() it. Sets how many lines it has. Pure. */
char *redraw_frame(const char *text, struct terminal_size size, size_t over_lines, size_t *out_lines);

#endif

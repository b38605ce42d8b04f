/* What is known of the terminal behind a stream. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct terminal_size {
    size_t columns; /* never 0, like the other */
    size_t rows;
};

/* Whether it is one on which lines can be drawn over: not $TERM=dumb. */
bool terminal_can_draw(FILE *stream);
/* 80 and 24 where it does not say. */
struct terminal_size terminal_size(FILE *stream);

#endif

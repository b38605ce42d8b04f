/* See terminal.h. */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_OTHERWISE 80
#define ROWS_OTHERWISE 24

bool terminal_can_draw(FILE *stream)
{
    const char *kind = getenv("TERM");
    return isatty(fileno(stream)) == 1 && (kind == NULL || strcmp(kind, "dumb") != 0);
}

struct terminal_size terminal_size(FILE *stream)
{
    struct winsize said = {0};
    if (ioctl(fileno(stream), TIOCGWINSZ, &said) != 0) {
        said = (struct winsize){0};
    }
    return (struct terminal_size){.columns = said.ws_col > 0 ? said.ws_col : COLUMNS_OTHERWISE,
                                  .rows = said.ws_row > 0 ? said.ws_row : ROWS_OTHERWISE};
}

/* See output.h. What could not be written is seen at the end: results of fprintf are not looked at before. */
#include "output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "text_width.h"

#define COLUMN_GAP 2

/* Control characters become "?", those of U+0080 to U+009F, too, which terminals obey as well. */
static void disarm(char *text)
{
    for (char *byte = text; *byte != '\0'; byte++) {
        unsigned char next = (unsigned char)byte[1];
        if ((unsigned char)*byte < ' ' || *byte == 0x7f) {
            *byte = '?';
        } else if ((unsigned char)*byte == 0xc2U && next >= 0x80U && next <= 0x9fU) {
            *byte++ = '?';
            *byte = '?';
        }
    }
}

/* The text of a cell; free() it. */
static char *cell_text(const json_t *row, const char *member)
{
    const json_t *value = json_object_get(row, member);
    char *text = NULL;
    switch (value == NULL ? JSON_NULL : json_typeof(value)) {
    case JSON_NULL:
        return memory_copy_string("-");
    case JSON_TRUE:
        return memory_copy_string("yes");
    case JSON_FALSE:
        return memory_copy_string("no");
    case JSON_STRING:
        text = memory_copy_string(json_string_value(value));
        break;
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_INTEGER:
    case JSON_REAL:
        text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
        break;
    }
    CHECK(text != NULL); /* a value of JSON can be printed */
    disarm(text);
    return text;
}

static void pad(FILE *out, size_t width)
{
    for (; width > 0; width--) {
        (void)fputc(' ', out);
    }
}

struct layout {
    size_t width;
    bool is_right;
};

static void print_cell(FILE *out, const char *text, const struct layout *layout, bool is_last)
{
    size_t blanks = layout->width - text_width(text);
    if (layout->is_right) {
        pad(out, blanks);
    }
    (void)fputs(text, out);
    if (!is_last) {
        pad(out, COLUMN_GAP + (layout->is_right ? 0 : blanks));
    }
}

/* Without blanks behind the last text; frees the cells. */
static void print_row(FILE *out, char **cells, const struct layout *layout, size_t column_count)
{
    size_t count = column_count;
    while (count > 1 && *cells[count - 1] == '\0') {
        count--;
    }
    for (size_t column = 0; column < column_count; column++) {
        if (column < count) {
            print_cell(out, cells[column], &layout[column], column + 1 == count);
        }
        free(cells[column]);
    }
}

/* Its cells are numbers, but for those that are not there. */
static bool is_of_numbers(const json_t *rows, const char *member)
{
    bool is_there = false;
    for (size_t row = 0; row < json_array_size(rows); row++) {
        const json_t *value = json_object_get(json_array_get(rows, row), member);
        if (json_is_number(value)) {
            is_there = true;
        } else if (value != NULL && !json_is_null(value)) {
            return false;
        }
    }
    return is_there;
}

void output_table(FILE *out, const json_t *rows, const struct output_column *columns, size_t column_count)
{
    size_t row_count = json_array_size(rows);
    if (row_count == 0) {
        return;
    }
    char **cells = memory_alloc_array(row_count * column_count, sizeof *cells);
    struct layout *layout = memory_alloc_array(column_count, sizeof *layout);
    for (size_t column = 0; column < column_count; column++) {
        layout[column].width = text_width(columns[column].title);
        layout[column].is_right = is_of_numbers(rows, columns[column].member);
        for (size_t row = 0; row < row_count; row++) {
            char *text = cell_text(json_array_get(rows, row), columns[column].member);
            size_t width = text_width(text);
            cells[row * column_count + column] = text;
            layout[column].width = width > layout[column].width ? width : layout[column].width;
        }
    }
    for (size_t column = 0; column < column_count; column++) {
        print_cell(out, columns[column].title, &layout[column], column + 1 == column_count);
    }
    for (size_t row = 0; row < row_count; row++) {
        (void)fputc('\n', out);
        print_row(out, cells + row * column_count, layout, column_count);
    }
    (void)fputc('\n', out);
    free(cells);
    free(layout);
}

void output_fields(FILE *out, const json_t *object, const struct output_column *columns, size_t column_count)
{
    struct layout layout = {0};
    for (size_t i = 0; i < column_count; i++) {
        size_t length = text_width(columns[i].title);
        if (json_object_get(object, columns[i].member) != NULL && length > layout.width) {
            layout.width = length;
        }
    }
    for (size_t i = 0; i < column_count; i++) {
        if (json_object_get(object, columns[i].member) == NULL) {
            continue;
        }
        char *text = cell_text(object, columns[i].member);
        print_cell(out, columns[i].title, &layout, false);
        (void)fprintf(out, "%s\n", text);
        free(text);
    }
}

void output_json(FILE *out, const json_t *value)
{
    (void)json_dumpf(value, out, JSON_INDENT(2) | JSON_ENCODE_ANY);
    (void)fputc('\n', out);
}

void output_text(FILE *out, const char *text)
{
    char *copy = memory_copy_string(text);
    disarm(copy);
    (void)fputs(copy, out);
    free(copy);
}

/* The stream writes into a pipe or socket whose other end is closed. */
static bool is_reader_gone(FILE *out)
{
    struct pollfd other_end = {.fd = fileno(out), .events = POLLOUT};
    return poll(&other_end, 1, 0) == 1 && (other_end.revents & POLLERR) != 0;
}

bool output_end(FILE *out)
{
    bool was_lost = ferror(out) != 0; /* before: why, nobody knows any more */
    errno = 0;
    bool is_lost = fflush(out) != 0;
    int reason = errno;
    if ((!was_lost && !is_lost) || is_reader_gone(out)) {
        return true;
    }
    (void)fprintf(stderr, "ferry: the output could not be written%s%s\n", reason == 0 ? "" : ": ",
                  reason == 0 ? "" : strerrordesc_np(reason));
    return false;
}

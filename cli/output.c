/* See output.h. A closed terminal is nothing to act on: results of fprintf are not looked at here. */
#include "output.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

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
        CHECK(text != NULL);
        break;
    }
    disarm(text);
    return text;
}

/* Characters of UTF-8 text: every byte but those that continue one. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0U) != 0x80U;
    }
    return width;
}

static void pad(FILE *out, size_t width)
{
    for (; width > 0; width--) {
        (void)fputc(' ', out);
    }
}

static void print_cell(FILE *out, const char *text, size_t width, bool is_right, bool is_last)
{
    size_t blanks = width - width_of(text);
    if (is_right) {
        pad(out, blanks);
    }
    (void)fputs(text, out);
    if (!is_last) {
        pad(out, COLUMN_GAP + (is_right ? 0 : blanks));
    }
}

void output_table(FILE *out, const json_t *rows, const struct output_column *columns, size_t column_count)
{
    size_t row_count = json_array_size(rows);
    if (row_count == 0) {
        return;
    }
    char **cells = memory_alloc_array(row_count * column_count, sizeof *cells);
    size_t *widths = memory_alloc_array(column_count, sizeof *widths);
    for (size_t column = 0; column < column_count; column++) {
        widths[column] = width_of(columns[column].title);
        for (size_t row = 0; row < row_count; row++) {
            char *text = cell_text(json_array_get(rows, row), columns[column].member);
            cells[row * column_count + column] = text;
            widths[column] = width_of(text) > widths[column] ? width_of(text) : widths[column];
        }
    }
    for (size_t column = 0; column < column_count; column++) {
        bool is_right = json_is_number(json_object_get(json_array_get(rows, 0), columns[column].member));
        print_cell(out, columns[column].title, widths[column], is_right, column + 1 == column_count);
    }
    (void)fputc('\n', out);
    for (size_t row = 0; row < row_count; row++) {
        for (size_t column = 0; column < column_count; column++) {
            char *text = cells[row * column_count + column];
            bool is_right = json_is_number(json_object_get(json_array_get(rows, row), columns[column].member));
            print_cell(out, text, widths[column], is_right, column + 1 == column_count);
            free(text);
        }
        (void)fputc('\n', out);
    }
    free(cells);
    free(widths);
}

void output_fields(FILE *out, const json_t *object, const struct output_column *columns, size_t column_count)
{
    size_t width = 0;
    for (size_t i = 0; i < column_count; i++) {
        size_t length = width_of(columns[i].title);
        width = json_object_get(object, columns[i].member) != NULL && length > width ? length : width;
    }
    for (size_t i = 0; i < column_count; i++) {
        if (json_object_get(object, columns[i].member) == NULL) {
            continue;
        }
        char *text = cell_text(object, columns[i].member);
        print_cell(out, columns[i].title, width, false, false);
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

/* What commands print: tables for people, JSON for programs (-o json), both from the same rows. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct output_column {
    const char *title;  /* "AGE" */
    const char *member; /* of the rows: "ageSeconds" */
};

/* A table of the rows, which are objects: texts left, columns of numbers right, "-" for what is not there or null, true
 * and false as yes and no, other JSON as it is. Without rows: nothing. Control characters, which a peer may have put
 * into a text for the terminal to obey, are shown as "?". */
void output_table(FILE *out, const json_t *rows, const struct output_column *columns, size_t column_count);
/* One object as lines "title  value", those alone whose member is there. */
void output_fields(FILE *out, const json_t *object, const struct output_column *columns, size_t column_count);
/* Any JSON in full, indented, and a line break. */
void output_json(FILE *out, const json_t *value);
/* A text without its control characters. */
void output_text(FILE *out, const char *text);
/* To be called last: everything that was printed is written. False: it could not be, the disk is full for example, and
 * stderr has been told so, in the tool's name. A reader who has gone ("| head") has what it wanted: that is true. */
bool output_end(FILE *out);

#endif

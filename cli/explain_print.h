/* An explanation for people: a line for each thing that is known. */
#ifndef CLI_EXPLAIN_PRINT_H
#define CLI_EXPLAIN_PRINT_H

#include <jansson.h>
#include <stdio.h>

void explain_print(const json_t *explanation, FILE *out);

#endif

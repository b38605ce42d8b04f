/* JSON pointers into schemas and patterns, for errors and for $ref. Private to rules. */
#ifndef RULES_SRC_PLACE_H
#define RULES_SRC_PLACE_H

#include <stddef.h>

/* The pointer to a member or an element of what is at place; free() it. */
char *place_member(const char *place, const char *name);
char *place_element(const char *place, size_t index);

/* As people read it: the root, whose pointer is empty, has a name. */
const char *place_shown(const char *place);

#endif

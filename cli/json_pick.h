/* Members of an answer that holds payloads, too: those alone are parsed that are asked for, since jansson refuses some
 * of the JSON that a payload may be (numbers of any size). Pure. */
#ifndef CLI_JSON_PICK_H
#define CLI_JSON_PICK_H

#include <jansson.h>

#include "base/json_scan.h"

/* An object with the members of these names that are there and can be parsed; the caller's. {} where object is none.
 * names: separated by blanks. */
json_t *json_pick(struct json_slice object, const char *names);
/* The text of a member; NULL: not there, or no text. free() it. */
char *json_pick_text(struct json_slice object, const char *name);
/* A member inside of members: "a.b.c". .data NULL: not there. */
struct json_slice json_pick_path(struct json_slice object, const char *path);

#endif

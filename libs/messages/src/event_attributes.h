/* The attributes of an event in binary form: ce-* headers as CloudEvents' HTTP binding has them (1.0.2, section 3.1.3)
 * → the JSON form. Pure. */
#ifndef MESSAGES_SRC_EVENT_ATTRIBUTES_H
#define MESSAGES_SRC_EVENT_ATTRIBUTES_H

#include <stddef.h>

#include "messages/event.h"

/* {"specversion":"1.0", …}: names in lower case, values unquoted and percent-decoded, all of them texts; the
 * Content-Type is datacontenttype. Headers whose names no attribute can have are left out, and so is ce-data. NULL: a
 * value is no UTF-8, or a name comes twice. free() it. */
char *event_attributes_json(const struct event_headers *headers, size_t *out_length);

#endif

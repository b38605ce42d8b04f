/* What authors of workflows and activities log, as lines of ours. */
#ifndef TEMPORAL_AUTHOR_LOG_H
#define TEMPORAL_AUTHOR_LOG_H

#include <jansson.h>

#include "base/log.h"
#include "temporal/workflow.h"

enum log_level log_level_of(enum temporal_log_level level);

/* Borrows key and value. *out_text: NULL, or the text that the field borrows, of jansson's allocator, to be freed after
 * the line is written. */
struct log_field log_field_from_json(const char *key, const json_t *value, char **out_text);

#endif

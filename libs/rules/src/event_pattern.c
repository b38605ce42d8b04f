/* Compiled patterns: for now only message IDs. */
#include "rules/event_pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct event_pattern {
    char *message_id;
};

enum status event_pattern_compile(const json_t *pattern, struct event_pattern **out_pattern, struct error *error)
{
    const char *id = json_string_value(json_array_get(json_object_get(pattern, "messageId"), 0));
    if (id == NULL || json_object_size(pattern) != 1 || json_array_size(json_object_get(pattern, "messageId")) != 1) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "/: only {\"messageId\": [text]} is supported");
    }
    struct event_pattern *compiled = memory_alloc(sizeof *compiled);
    compiled->message_id = memory_copy_string(id);
    *out_pattern = compiled;
    return STATUS_OK;
}

void event_pattern_destroy(struct event_pattern *pattern)
{
    if (pattern != NULL) {
        free(pattern->message_id);
        free(pattern);
    }
}

bool event_pattern_needs_body_json(const struct event_pattern *pattern)
{
    (void)pattern;
    return false;
}

bool event_pattern_matches(const struct event_pattern *pattern, struct event_subject *subject)
{
    return subject->message_id != NULL && strcmp(subject->message_id, pattern->message_id) == 0;
}

void event_subject_deinit(struct event_subject *subject)
{
    json_decref(subject->parsed_body);
    subject->parsed_body = NULL;
    subject->is_body_parsed = false;
}

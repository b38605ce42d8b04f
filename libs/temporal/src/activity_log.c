/* Log lines about an attempt: what each carries, and the function's own. */
#include "activity_attempt.h"

#include <stdlib.h>

#include "author_log.h"
#include "base/memory.h"

#define LOG_FIELDS_MAX 32

size_t attempt_log_fields(struct temporal_activity *activity, struct log_field *out)
{
    size_t count = 0;
    out[count++] = (struct log_field)LOG_STRING("activity_type", activity->info.activity_type);
    out[count++] = (struct log_field)LOG_STRING("activity_id", activity->info.activity_id);
    out[count++] = (struct log_field)LOG_STRING("workflow_id", activity->info.workflow_id);
    out[count++] = (struct log_field)LOG_STRING("run_id", activity->info.run_id);
    out[count++] = (struct log_field)LOG_INTEGER("attempt", activity->info.attempt);
    if (activity->tracing.has_context) {
        out[count++] = (struct log_field)LOG_STRING("trace_id", activity->tracing.trace_id);
        out[count++] = (struct log_field)LOG_STRING("span_id", activity->tracing.span_id);
    }
    pthread_mutex_lock(&activity->lock);
    for (size_t i = 0; i < activity->bound_count; i++) {
        out[count++] = (struct log_field)LOG_STRING(activity->bound_keys[i], activity->bound_values[i]);
    }
    pthread_mutex_unlock(&activity->lock);
    return count;
}

void temporal_activity_log_bind(struct temporal_activity *activity, const char *key, const char *value)
{
    pthread_mutex_lock(&activity->lock);
    if (activity->bound_count < ATTEMPT_BOUND_MAX) {
        activity->bound_keys[activity->bound_count] = memory_copy_string(key);
        activity->bound_values[activity->bound_count] = memory_copy_string(value);
        activity->bound_count++;
    }
    pthread_mutex_unlock(&activity->lock);
}

void temporal_activity_log(struct temporal_activity *activity, enum temporal_log_level level, const char *message,
                           json_t *fields)
{
    enum log_level line_level = log_level_of(level);
    struct log_field line[LOG_FIELDS_MAX];
    char *texts[LOG_FIELDS_MAX];
    size_t text_count = 0;
    if (log_is_enabled(line_level)) {
        size_t count = attempt_log_fields(activity, line);
        const char *key = NULL;
        json_t *value = NULL;
        json_object_foreach(fields, key, value) {
            if (count == LOG_FIELDS_MAX) {
                break;
            }
            line[count++] = log_field_from_json(key, value, &texts[text_count++]);
        }
        log_write(line_level, message, line, count);
    }
    for (size_t i = 0; i < text_count; i++) {
        free(texts[i]);
    }
    json_decref(fields);
}

/* Log lines about an attempt: what each carries, and the function's own. */
#include "activity_attempt.h"

#include <stdlib.h>

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

/* *out_text: to be freed after the line is written; NULL: nothing to free. */
static struct log_field field_from_json(const char *key, const json_t *value, char **out_text)
{
    *out_text = NULL;
    switch (json_typeof(value)) {
    case JSON_STRING:
        return (struct log_field)LOG_STRING(key, json_string_value(value));
    case JSON_INTEGER:
        return (struct log_field)LOG_INTEGER(key, json_integer_value(value));
    case JSON_REAL:
        return (struct log_field)LOG_DOUBLE(key, json_real_value(value));
    case JSON_TRUE:
    case JSON_FALSE:
        return (struct log_field)LOG_BOOLEAN(key, json_is_true(value));
    case JSON_NULL:
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    *out_text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    return (struct log_field)LOG_RAW_JSON(key, *out_text);
}

void temporal_activity_log(struct temporal_activity *activity, enum temporal_log_level level, const char *message,
                           json_t *fields)
{
    static const enum log_level levels[] = {
        [TEMPORAL_LOG_DEBUG] = LOG_LEVEL_DEBUG,
        [TEMPORAL_LOG_INFO] = LOG_LEVEL_INFO,
        [TEMPORAL_LOG_WARN] = LOG_LEVEL_WARN,
        [TEMPORAL_LOG_ERROR] = LOG_LEVEL_ERROR,
    };
    struct log_field line[LOG_FIELDS_MAX];
    char *texts[LOG_FIELDS_MAX];
    size_t text_count = 0;
    if (log_is_enabled(levels[level])) {
        size_t count = attempt_log_fields(activity, line);
        const char *key = NULL;
        json_t *value = NULL;
        json_object_foreach(fields, key, value) {
            if (count == LOG_FIELDS_MAX) {
                break;
            }
            line[count++] = field_from_json(key, value, &texts[text_count++]);
        }
        log_write(levels[level], message, line, count);
    }
    for (size_t i = 0; i < text_count; i++) {
        free(texts[i]);
    }
    json_decref(fields);
}

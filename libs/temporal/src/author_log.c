/* See author_log.h. */
#include "author_log.h"

enum log_level log_level_of(enum temporal_log_level level)
{
    static const enum log_level levels[] = {
        [TEMPORAL_LOG_DEBUG] = LOG_LEVEL_DEBUG,
        [TEMPORAL_LOG_INFO] = LOG_LEVEL_INFO,
        [TEMPORAL_LOG_WARN] = LOG_LEVEL_WARN,
        [TEMPORAL_LOG_ERROR] = LOG_LEVEL_ERROR,
    };
    return levels[level];
}

struct log_field log_field_from_json(const char *key, const json_t *value, char **out_text)
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
    return (struct log_field)LOG_RAW_JSON(key, *out_text != NULL ? *out_text : "null");
}

/* See idempotency_match.h. */
#include "idempotency_match.h"

#include <stdbool.h>
#include <string.h>

static bool has_value(const struct temporal_describe_result *run, const char *key, const char *json)
{
    const struct temporal_value *value = temporal_describe_result_memo(run, key);
    return value != NULL && value->data != NULL && value->length == strlen(json) &&
           memcmp(value->data, json, value->length) == 0;
}

enum idempotency_match idempotency_match(const struct idempotency *idempotency,
                                         const struct temporal_describe_result *run)
{
    if (!has_value(run, IDEMPOTENCY_MEMO_KEY, idempotency->key_json)) {
        return IDEMPOTENCY_OTHER;
    }
    return has_value(run, IDEMPOTENCY_MEMO_HASH, idempotency->hash_json) ? IDEMPOTENCY_SAME : IDEMPOTENCY_REUSED;
}

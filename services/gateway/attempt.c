/* See attempt.h. */
#include "attempt.h"

#include <jansson.h>
#include <string.h>

#include "messages/start_request.h"

#define ATTEMPT_MAX 1000000000 /* a memo is open to the workflow: no number near the end of int64_t is counted on */

int64_t attempt_of_run(const struct temporal_describe_result *run)
{
    const struct temporal_value *value = temporal_describe_result_memo(run, MEMO_ATTEMPT);
    json_t *json = value == NULL ? NULL : temporal_value_json(value);
    int64_t attempt = json_is_integer(json) ? (int64_t)json_integer_value(json) : 0;
    json_decref(json);
    return attempt > 0 && attempt < ATTEMPT_MAX ? attempt : 0;
}

static bool may_be_followed(enum temporal_run_status status)
{
    switch (status) {
    case TEMPORAL_RUN_FAILED:
    case TEMPORAL_RUN_CANCELED:
    case TEMPORAL_RUN_TERMINATED:
    case TEMPORAL_RUN_TIMED_OUT:
        return true;
    case TEMPORAL_RUN_UNKNOWN:
    case TEMPORAL_RUN_RUNNING:
    case TEMPORAL_RUN_COMPLETED:
    case TEMPORAL_RUN_CONTINUED_AS_NEW:
    case TEMPORAL_RUN_PAUSED:
        break;
    }
    return false;
}

enum attempt_verdict attempt_decide(const struct temporal_describe_result *current, const char *after, bool is_anew)
{
    if (current == NULL) { /* forgotten after its retention, or deleted: a replay still runs the message */
        return is_anew ? ATTEMPT_START : ATTEMPT_UNKNOWN;
    }
    return strcmp(current->run_id, after) == 0 && may_be_followed(current->status) ? ATTEMPT_START : ATTEMPT_ANSWER;
}

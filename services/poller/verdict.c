/* See verdict.h. */
#include "verdict.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define STATUS_WORD_MAX 48
static const char STATUS_PREFIX[] = "workflowexecutionstatus";

enum forward_result verdict_of_forward(int http_status, size_t event_count)
{
    switch (http_status) {
    case 200:
        return FORWARD_ANSWERED;
    case 413:
        return event_count > 1 ? FORWARD_SPLIT : FORWARD_REJECTED;
    case 429:
        return FORWARD_SLOWED;
    default:
        return FORWARD_TARGET_FAILED;
    }
}

static const struct {
    const char *word;
    enum event_outcome outcome;
} OUTCOMES[] = {
    {"started", EVENT_STARTED},   {"attached", EVENT_ATTACHED}, {"closed", EVENT_CLOSED},
    {"rejected", EVENT_REJECTED}, {"retry", EVENT_RETRY},
};

enum event_outcome event_outcome_parse(const char *word)
{
    for (size_t i = 0; word != NULL && i < sizeof OUTCOMES / sizeof OUTCOMES[0]; i++) {
        if (strcmp(word, OUTCOMES[i].word) == 0) {
            return OUTCOMES[i].outcome;
        }
    }
    return EVENT_UNKNOWN;
}

const char *event_outcome_name(enum event_outcome outcome)
{
    for (size_t i = 0; i < sizeof OUTCOMES / sizeof OUTCOMES[0]; i++) {
        if (OUTCOMES[i].outcome == outcome) {
            return OUTCOMES[i].word;
        }
    }
    return "unknown";
}

static const struct {
    const char *word; /* lower case, letters only */
    const char *name;
    enum run_status status;
} STATUSES[] = {
    {"running", "running", RUN_OPEN},          {"paused", "running", RUN_OPEN},
    {"continuedasnew", "running", RUN_OPEN},   {"completed", "completed", RUN_COMPLETED},
    {"failed", "failed", RUN_FAILED},          {"timedout", "timed_out", RUN_TIMED_OUT},
    {"canceled", "canceled", RUN_CANCELED},    {"cancelled", "canceled", RUN_CANCELED},
    {"terminated", "terminated", RUN_TERMINATED}, {"notfound", "not_found", RUN_NOT_FOUND},
};

enum run_status run_status_parse(const char *word)
{
    char letters[STATUS_WORD_MAX];
    size_t length = 0;
    if (word == NULL) {
        return RUN_UNKNOWN;
    }
    for (; *word != '\0'; word++) {
        if (!isalpha((unsigned char)*word)) {
            continue;
        }
        if (length + 1 >= sizeof letters) {
            return RUN_UNKNOWN;
        }
        letters[length++] = (char)tolower((unsigned char)*word);
    }
    letters[length] = '\0';
    const char *rest = letters;
    if (strncmp(rest, STATUS_PREFIX, sizeof STATUS_PREFIX - 1) == 0) {
        rest += sizeof STATUS_PREFIX - 1;
    }
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        if (strcmp(rest, STATUSES[i].word) == 0) {
            return STATUSES[i].status;
        }
    }
    return RUN_UNKNOWN;
}

const char *run_status_name(enum run_status status)
{
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        if (STATUSES[i].status == status) {
            return STATUSES[i].name;
        }
    }
    return "unknown";
}

static struct verdict by_setting(enum settings_closed_action action, const char *reason)
{
    switch (action) {
    case SETTINGS_CLOSED_DELETE:
        return (struct verdict){VERDICT_DELETE, reason};
    case SETTINGS_CLOSED_DEAD_LETTER:
        return (struct verdict){VERDICT_DEAD_LETTER, reason};
    case SETTINGS_CLOSED_RETURN:
        break;
    }
    return (struct verdict){VERDICT_RETURN, reason};
}

int64_t verdict_attempt_delay_ms(int64_t attempt, const struct settings_route *route)
{
    int64_t delay_ms = route->backoff_ms;
    for (int64_t i = 1; i < attempt && delay_ms < route->backoff_max_ms; i++) {
        delay_ms *= 2;
    }
    return delay_ms < route->backoff_max_ms ? delay_ms : route->backoff_max_ms;
}

struct verdict verdict_of_run(const struct run_end *end, const struct settings_route *route)
{
    const char *reason = run_status_name(end->status);
    switch (end->status) {
    case RUN_COMPLETED:
        return (struct verdict){VERDICT_DELETE, reason};
    case RUN_FAILED:
    case RUN_TIMED_OUT:
        if (!end->is_non_retryable && end->attempt < route->max_attempts) {
            return (struct verdict){VERDICT_ATTEMPT, reason};
        }
        return by_setting(route->on_failed, reason);
    case RUN_CANCELED:
    case RUN_TERMINATED:
        return by_setting(route->on_canceled, reason);
    case RUN_NOT_FOUND:
        return (struct verdict){VERDICT_RETURN, reason};
    case RUN_OPEN:
    case RUN_UNKNOWN:
        break;
    }
    return (struct verdict){VERDICT_WAIT, reason};
}

struct verdict verdict_of_event(enum event_outcome outcome, bool is_signaled, const struct run_end *end,
                                const struct settings_route *route)
{
    const char *name = event_outcome_name(outcome);
    bool is_acked = is_signaled || route->ack == SETTINGS_ACK_START;
    switch (outcome) {
    case EVENT_STARTED:
    case EVENT_ATTACHED:
        return (struct verdict){is_acked ? VERDICT_DELETE : VERDICT_WAIT, name};
    case EVENT_CLOSED:
        return is_acked ? (struct verdict){VERDICT_DELETE, name} : verdict_of_run(end, route);
    case EVENT_REJECTED:
        return (struct verdict){route->dead_letter_queue != NULL ? VERDICT_DEAD_LETTER : VERDICT_RETURN, name};
    case EVENT_RETRY:
    case EVENT_UNKNOWN:
        break;
    }
    return (struct verdict){VERDICT_RETRY, name};
}

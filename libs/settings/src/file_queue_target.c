/* Routes with target: sqs: what they have in place of a workflow. */
#include <string.h>

#include "base/memory.h"
#include "loader.h"
#include "settings/template.h"

#define DELAY_MAX_MS (900 * SETTINGS_SECOND_MS) /* SQS's own */

static const char *const s_own_keys[] = {"queue", "group", "deduplication_id", "delay"};

/* What only a run can have, or only a poller does. */
static const char *const s_run_keys[] = {
    "workflow",          "task_queue",  "namespace",    "signal",       "id",           "id_prefix",
    "same_id",           "ack",         "order",        "on_failed",    "on_canceled",  "dead_letter_queue",
    "max_attempts",      "backoff",     "backoff_max",  "run_timeout",  "task_timeout", "execution_timeout",
    "search_attributes", "memo",        "priority",     "fairness_key", "filter",
};

static enum status refuse_run_keys(const struct config_node *node, struct error *error)
{
    for (size_t i = 0; i < sizeof s_run_keys / sizeof s_run_keys[0]; i++) {
        const struct config_node *value = config_get(node, s_run_keys[i]);
        if (value != NULL) {
            return config_error(value, error, "a route with target: sqs starts no workflow and has no \"%s\"",
                                s_run_keys[i]);
        }
    }
    return STATUS_OK;
}

static enum status refuse_own_keys(const struct config_node *node, struct error *error)
{
    for (size_t i = 0; i < sizeof s_own_keys / sizeof s_own_keys[0]; i++) {
        const struct config_node *value = config_get(node, s_own_keys[i]);
        if (value != NULL) {
            return config_error(value, error, "expected target: sqs beside \"%s\"", s_own_keys[i]);
        }
    }
    return STATUS_OK;
}

enum status settings_read_queue_target(struct settings_route *route, const struct config_node *node,
                                       struct error *error)
{
    if (route->target != SETTINGS_TARGET_SQS) {
        return refuse_own_keys(node, error);
    }
    SETTINGS_TRY(refuse_run_keys(node, error));
    SETTINGS_TRY(settings_read_text(node, "queue", settings_check_queue_url, &route->queue, error));
    SETTINGS_TRY(settings_read_text(node, "group", settings_template_check, &route->group, error));
    SETTINGS_TRY(settings_read_text(node, "deduplication_id", settings_template_check, &route->deduplication_id,
                                    error));
    SETTINGS_TRY(config_read_duration_ms(node, "delay", 0, DELAY_MAX_MS, &route->delay_ms, error));
    if (route->queue == NULL) {
        return config_error(node, error, "expected the key \"queue\": the URL of the queue to send to");
    }
    if (!settings_url_is_fifo(route->queue)) {
        return route->deduplication_id == NULL
                   ? STATUS_OK
                   : config_error(config_get(node, "deduplication_id"), error,
                                  "a standard queue takes no deduplication_id: expected a queue whose name ends in "
                                  ".fifo");
    }
    if (route->group == NULL) {
        return config_error(node, error, "expected the key \"group\": what orders messages on a FIFO queue, for "
                                         "example \"{body.customer}\"");
    }
    if (route->delay_ms >= 0) {
        return config_error(config_get(node, "delay"), error,
                            "a FIFO queue takes no delay of a message: expected it at the queue");
    }
    if (route->deduplication_id == NULL) {
        settings_replace(&route->deduplication_id, "{MessageId}");
    }
    return STATUS_OK;
}

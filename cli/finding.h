/* What a check has found: kinds with stable ids, each with its level and its cure, and the list of what was found.
 * docs/check.md has a line for each kind; tools/check_documentation.py compares. */
#ifndef CLI_FINDING_H
#define CLI_FINDING_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#include "base/attributes.h"

enum finding_level { FINDING_OK, FINDING_INFO, FINDING_WARNING, FINDING_ERROR };

struct finding_kind {
    const char *id;
    enum finding_level level;
    const char *cure; /* what to do; NULL: nothing */
};

/* From the configuration alone. */
extern const struct finding_kind finding_no_execution_timeout, finding_runs_beyond_12h, finding_visibility_short,
    finding_beyond_long_polls, finding_dead_letter_type, finding_unmatched_returns, finding_token_in_clear,
    finding_gateway_no_token, finding_gateway_open;
/* Of SQS. */
extern const struct finding_kind finding_credentials, finding_no_credentials, finding_queue_reached,
    finding_queue_missing, finding_queue_refused, finding_queue_unreachable, finding_queue_type, finding_redrive,
    finding_redrive_low, finding_no_dead_letters, finding_dead_letter_retention, finding_beyond_retention,
    finding_message_over_body, finding_queue_settings, finding_visibility, finding_allowed, finding_refused,
    finding_unclear;
/* Of Temporal. */
extern const struct finding_kind finding_temporal_reached, finding_temporal_unreachable, finding_temporal_refused,
    finding_namespace, finding_namespace_missing, finding_search_attribute, finding_search_attribute_missing,
    finding_search_attribute_type, finding_search_attributes_unseen, finding_pollers, finding_no_workflow_pollers,
    finding_no_activity_pollers, finding_pollers_unseen;
/* Of the gateway. */
extern const struct finding_kind finding_gateway_ready, finding_gateway_unreachable, finding_gateway_not_ready,
    finding_gateway_token, finding_gateway_routes, finding_gateway_route_missing, finding_gateway_route_differs,
    finding_gateway_routes_unseen;

struct findings;

struct findings *findings_new(void);
void findings_destroy(struct findings *findings); /* NULL is fine */

/* subject: "queue orders.fifo", "route orders", "gateway"; the rest is what was found. */
void findings_add(struct findings *findings, const struct finding_kind *kind, const char *subject, const char *format,
                  ...) PRINTF_LIKE(4, 5);
size_t findings_count(const struct findings *findings, enum finding_level level);
/* [{"id", "level", "subject", "text", "cure"}], borrowed. */
const json_t *findings_json(const struct findings *findings);
/* A line for each, and what to do below those that something is to be done about. */
void findings_print(const struct findings *findings, FILE *out);

const char *finding_level_name(enum finding_level level); /* "ok", "info", "warning", "error" */

#endif

/* A dead letter as JSON, for tables and programs. Pure. */
#ifndef CLI_DLQ_ROWS_H
#define CLI_DLQ_ROWS_H

#include <jansson.h>
#include <stdint.h>

#include "dlq_scan.h"

/* "45s", "12m", "3h", "2d": of the two largest units the first; free() it. */
char *dlq_rows_age(int64_t age_ms);

/* What `dlq ls` tells of it: messageId, deadLetterId, route, reason, workflowId, runId, attempt, group, sentAt,
 * ageSeconds, and age for people. Members that are not known are left out. json_decref() it. */
json_t *dlq_rows_line(const struct dlq_item *item, int64_t now_wall_ms);
/* In full, as `dlq show -o json` has it: deadLetterId, sentAt, receiveCount, group, deduplicationId, deadLetter (all
 * that is said there), messageAttributes (but for that), body (a text). */
json_t *dlq_rows_full(const struct dlq_item *item);

#endif

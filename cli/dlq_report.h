/* What replay and drop say: a line for each message and two numbers, or JSON, an object a line (-o json). */
#ifndef CLI_DLQ_REPORT_H
#define CLI_DLQ_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "dlq_scan.h"
#include "progress.h"

/* Caller's storage. */
struct dlq_report {
    FILE *out;
    bool is_json;
    bool is_dry_run;
    const char *outcome; /* of a message with which all went well: "replayed" */
    struct progress *progress;
    int64_t done;
    int64_t left; /* in the dead-letter queue, although they were meant */
};

/* What more there is to say about one message; NULL: nothing. */
struct dlq_line {
    const char *to;      /* a queue */
    const char *sent_id; /* what SQS calls it there */
    const char *detail;  /* why not, or what else to know */
};

/* All went well with it: the report's outcome. */
void dlq_report_done(struct dlq_report *report, const struct dlq_item *item, const struct dlq_line *line);
/* It stays where it is, although it was meant. */
void dlq_report_left(struct dlq_report *report, const struct dlq_item *item, const char *why);

/* The sum of it, and what it leaves open. status: how the scan ended; its error is for the caller to tell. Returns the
 * exit code for the case that there is none. */
int dlq_report_end(const struct dlq_report *report, const struct dlq_scan_result *result, enum status status);

#endif

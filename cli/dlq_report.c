/* See dlq_report.h. A closed terminal is nothing to act on: results of fprintf are not looked at here. */
#include "dlq_report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"
#include "exit_code.h"
#include "output.h"

static const char *id_of(const struct dlq_item *item)
{
    return item->is_readable ? item->letter.message_id : item->message->message_id;
}

/* Does nothing with a value of NULL, or with one that is no UTF-8. */
static void set(json_t *object, const char *name, const char *value)
{
    (void)json_object_set_new(object, name, value != NULL ? json_string(value) : NULL);
}

static void print_json(const struct dlq_report *report, json_t *object)
{
    (void)json_dumpf(object, report->out, JSON_COMPACT);
    (void)fputc('\n', report->out);
    (void)fflush(report->out); /* whoever is killed has said what it did */
    json_decref(object);
}

static void say_json(const struct dlq_report *report, const struct dlq_item *item, const char *outcome,
                     const struct dlq_line *line)
{
    json_t *object = json_object();
    set(object, "outcome", outcome);
    set(object, "messageId", id_of(item));
    set(object, "deadLetterId", item->message->message_id);
    if (item->is_readable) {
        set(object, "route", item->letter.route);
        set(object, "reason", item->letter.reason);
        set(object, "runId", item->letter.run_id);
    }
    set(object, "to", line->to);
    set(object, "sentMessageId", line->sent_id);
    set(object, "detail", line->detail);
    print_json(report, object);
}

/* "would replay" is the outcome of a dry run: nothing else is said of messages then. */
static void say(const struct dlq_report *report, const struct dlq_item *item, const char *outcome,
                const struct dlq_line *line)
{
    progress_hide(report->progress);
    if (report->is_json) {
        say_json(report, item, outcome, line);
        return;
    }
    const char *reason = report->is_dry_run && item->is_readable ? item->letter.reason : NULL;
    char *text = memory_format("%-9s %s (dead letter %s%s%s)%s%s%s%s", outcome, id_of(item), item->message->message_id,
                               reason != NULL ? ", " : "", reason != NULL ? reason : "",
                               report->is_dry_run && line->to != NULL ? " to " : "",
                               report->is_dry_run && line->to != NULL ? line->to : "",
                               line->detail != NULL ? ": " : "", line->detail != NULL ? line->detail : "");
    output_text(report->out, text);
    (void)fputc('\n', report->out);
    (void)fflush(report->out);
    free(text);
}

void dlq_report_done(struct dlq_report *report, const struct dlq_item *item, const struct dlq_line *line)
{
    report->done++;
    say(report, item, report->outcome, line);
}

void dlq_report_left(struct dlq_report *report, const struct dlq_item *item, const char *why)
{
    report->left++;
    say(report, item, "left", &(struct dlq_line){.detail = why});
}

/* Whether all that was meant was looked at. */
static bool is_whole(const struct dlq_scan_result *result)
{
    return !result->is_interrupted && !result->is_hand_full && (result->groups_cut == 0 || result->is_limit_reached);
}

static void explain(const struct dlq_report *report, const struct dlq_scan_result *result)
{
    FILE *out = report->out;
    if (report->is_dry_run) {
        (void)fputs("nothing was changed\n", out);
    }
    if (result->is_interrupted) {
        (void)fputs("interrupted: what was not done is in the queue still\n", out);
    }
    if (result->is_hand_full) {
        (void)fputs("stopped: SQS lets nobody have more messages in hand; the rest was not looked at\n", out);
    }
    if (result->groups_cut > 0 && !result->is_limit_reached) {
        (void)fprintf(out,
                      "%" PRId64 " groups have ten messages or more that stay: SQS gives out nothing behind these, and "
                      "nothing there was looked at\n",
                      result->groups_cut);
    }
    if (result->kept_hidden > 0) {
        (void)fprintf(out, "%" PRId64 " messages could not be made visible: they are again in %d s at the latest\n",
                      result->kept_hidden, DLQ_SCAN_VISIBILITY_MAX_SECONDS);
    }
    if (result->looked_at == 0 && is_whole(result)) {
        (void)fprintf(out,
                      "no message was visible there; what a call before had in hand when it was killed is hidden for "
                      "up to %d s\n",
                      DLQ_SCAN_VISIBILITY_MAX_SECONDS);
    }
}

int dlq_report_end(const struct dlq_report *report, const struct dlq_scan_result *result, enum status status)
{
    bool is_done = is_whole(result) || (report->is_dry_run && !result->is_interrupted);
    if (report->is_json) {
        bool is_complete = status == STATUS_OK && is_whole(result);
        json_t *summary = json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:b, s:b}", "summary", 1, "outcome",
                                    report->outcome, "count", (json_int_t)report->done, "left",
                                    (json_int_t)report->left, "lookedAt", (json_int_t)result->looked_at, "groupsCut",
                                    (json_int_t)result->groups_cut, "interrupted", result->is_interrupted, "complete",
                                    is_complete);
        CHECK(summary != NULL);
        print_json(report, summary);
    } else {
        (void)fprintf(report->out, "%s %" PRId64 ", left %" PRId64, report->outcome, report->done, report->left);
        if (result->taken < result->looked_at) {
            (void)fprintf(report->out, "; %" PRId64 " others were not meant", result->looked_at - result->taken);
        }
        (void)fputc('\n', report->out);
        if (status == STATUS_OK) {
            explain(report, result);
        }
    }
    return is_done && report->left == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* See dlq_scan.h. */
#include "dlq_scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/memory.h"
#include "dlq_hand.h"
#include "interrupt.h"
#include "rate.h"
#include "settings/settings.h"

#define WAIT_SECONDS 1     /* the long poll; an empty one ends a pass */
#define FRUITLESS_MAX 10   /* receives in a row that bring nothing but what is known, or is newer, end it, too */
#define OVER_LIMIT "OverLimit" /* SQS's own limit of messages in flight */

struct scan {
    struct sqs_session *session;
    const struct dlq_scan_options *options;
    struct dlq_scan_result result;
    struct dlq_hand *hand;
    struct rate rate;
    struct map *groups_gone; /* FIFO: groups of which something went away in this pass */
    int64_t began_wall_ms;
    int64_t done;
    size_t in_hand_max;
    int visibility_seconds;
    int fruitless;
    bool is_over; /* no further receive, in no pass */
};

static void init_item(struct dlq_item *item, struct sqs_message *message)
{
    *item = (struct dlq_item){.message = message};
    item->is_readable = dead_letter_read(message, &item->letter, &item->problem) == STATUS_OK;
}

static void deinit_item(struct dlq_item *item)
{
    if (item->is_readable) {
        dead_letter_deinit(&item->letter);
    }
    sqs_message_destroy(item->message);
}

/* How many of the items may be acted on now; waits for the rate. 0: the scan is over. */
static size_t take_turn(struct scan *scan, size_t most)
{
    int64_t limit = scan->options->limit;
    if (limit > 0 && limit - scan->done < (int64_t)most) {
        most = (size_t)(limit - scan->done);
    }
    scan->result.is_limit_reached = scan->result.is_limit_reached || most == 0;
    while (!scan->is_over && most > 0) {
        if (interrupt_came()) {
            scan->result.is_interrupted = true;
            break;
        }
        int64_t now_ms = sqs_session_now_ms(scan->session);
        size_t count = rate_take(&scan->rate, most, now_ms);
        if (count > 0) {
            return count;
        }
        sqs_session_wait_until(scan->session, now_ms + rate_wait_ms(&scan->rate, now_ms));
        dlq_hand_renew(scan->hand);
    }
    scan->is_over = true;
    return 0;
}

/* Of items that were acted on: counts them, and keeps in hand what did not go away. */
static void note_acted(struct scan *scan, const struct dlq_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct sqs_message *message = items[i].message;
        scan->done += items[i].is_done;
        if (items[i].is_gone) {
            dlq_hand_drop(scan->hand, message->message_id);
        }
        if (items[i].is_gone && message->group_id != NULL) {
            (void)map_put(scan->groups_gone, message->group_id, scan);
        }
    }
}

/* Acts on the items, as many at a time as limit and rate allow. They are in hand meanwhile: their turn may come later
 * than their visibility ends. */
static void act(struct scan *scan, struct dlq_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        dlq_hand_keep(scan->hand, items[i].message);
    }
    for (size_t i = 0; i < count;) {
        size_t now = take_turn(scan, count - i);
        if (now == 0) {
            break;
        }
        scan->is_over = !scan->options->act(scan->options->user, items + i, now) || scan->is_over;
        note_acted(scan, items + i, now);
        i += now;
    }
}

/* A message that this scan has not looked at; false: it is known, or newer than the scan. */
static bool is_fresh(struct scan *scan, const struct sqs_message *message, bool *out_is_fruitless)
{
    enum dlq_hand_seen seen = dlq_hand_seen(scan->hand, message->message_id);
    bool is_newer = message->sent_timestamp_ms > scan->began_wall_ms;
    *out_is_fruitless = seen == DLQ_HAND_ALREADY || is_newer;
    return seen == DLQ_HAND_NEVER && !is_newer;
}

/* Takes the messages. */
static void look_at(struct scan *scan, struct sqs_message **messages, size_t count)
{
    struct dlq_item items[SQS_BATCH_MAX];
    size_t taken = 0;
    bool is_fruitful = false;
    for (size_t i = 0; i < count; i++) {
        bool is_fruitless = false;
        struct dlq_item item;
        if (!is_fresh(scan, messages[i], &is_fruitless)) {
            is_fruitful = is_fruitful || !is_fruitless;
            dlq_hand_keep(scan->hand, messages[i]);
            sqs_message_destroy(messages[i]);
            continue;
        }
        is_fruitful = true;
        scan->result.looked_at++;
        init_item(&item, messages[i]);
        if (where_takes(scan->options->where, item.message, item.is_readable ? &item.letter : NULL)) {
            items[taken++] = item;
        } else {
            dlq_hand_keep(scan->hand, item.message);
            deinit_item(&item);
        }
    }
    scan->result.taken += (int64_t)taken;
    scan->fruitless = is_fruitful ? 0 : scan->fruitless + 1;
    act(scan, items, taken);
    for (size_t i = 0; i < taken; i++) {
        deinit_item(&items[i]);
    }
}

/* Whether there may be another receive. */
static bool may_go_on(struct scan *scan)
{
    scan->result.is_interrupted = scan->result.is_interrupted || interrupt_came();
    scan->result.is_hand_full = dlq_hand_count(scan->hand) >= scan->in_hand_max;
    scan->is_over = scan->is_over || scan->result.is_interrupted || scan->result.is_hand_full;
    return !scan->is_over && scan->fruitless < FRUITLESS_MAX;
}

/* Until the queue gives nothing more. */
static enum status run_pass(struct scan *scan, struct error *error)
{
    struct sqs_message *messages[SQS_BATCH_MAX];
    size_t count = 1;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && count > 0 && may_go_on(scan)) {
        count = 0;
        dlq_hand_renew(scan->hand);
        progress_set(scan->options->progress, scan->result.looked_at);
        status = sqs_session_receive(scan->session, scan->options->queue_url, WAIT_SECONDS,
                                     scan->visibility_seconds, messages, &count, error);
        if (status != STATUS_OK && strcmp(sqs_session_error_code(scan->session), OVER_LIMIT) == 0) {
            scan->result.is_hand_full = true;
            scan->is_over = true;
            return STATUS_OK;
        }
        if (count > 0) {
            look_at(scan, messages, count);
        }
        if (scan->options->limit > 0 && scan->done >= scan->options->limit) {
            scan->result.is_limit_reached = true;
            scan->is_over = true;
        }
    }
    return status;
}

static void release(struct scan *scan)
{
    struct progress *progress = scan->options->progress;
    struct progress releasing = *progress;
    progress_restart(&releasing, "putting back", (int64_t)dlq_hand_count(scan->hand));
    scan->result.kept_hidden += (int64_t)dlq_hand_release(scan->hand, &releasing);
    progress->is_visible = releasing.is_visible;
}

enum status dlq_scan_run(struct sqs_session *session, const struct dlq_scan_options *options,
                         struct dlq_scan_result *out_result, struct error *error)
{
    bool is_fifo = settings_url_is_fifo(options->queue_url);
    int seconds = options->visibility_seconds > 0 ? options->visibility_seconds : DLQ_SCAN_VISIBILITY_SECONDS;
    struct scan scan = {
        .session = session,
        .options = options,
        .hand = dlq_hand_new(session, options->queue_url, seconds, DLQ_SCAN_VISIBILITY_MAX_SECONDS),
        .visibility_seconds = seconds,
        .began_wall_ms = clock_wall_ms(),
        .in_hand_max = is_fifo ? DLQ_SCAN_IN_HAND_MAX_FIFO : DLQ_SCAN_IN_HAND_MAX,
    };
    enum status status = STATUS_OK;
    bool again = true;
    rate_init(&scan.rate, options->per_second, sqs_session_now_ms(session));
    while (again && status == STATUS_OK) {
        scan.groups_gone = map_new();
        scan.fruitless = 0;
        status = run_pass(&scan, error);
        /* A group of which some went away and some are in hand may have more behind these. */
        again = is_fifo && !scan.is_over && dlq_hand_has_any_group(scan.hand, scan.groups_gone);
        scan.result.groups_cut = is_fifo ? (int64_t)dlq_hand_groups(scan.hand, SQS_BATCH_MAX) : 0;
        release(&scan);
        map_destroy(scan.groups_gone);
    }
    progress_hide(options->progress);
    dlq_hand_destroy(scan.hand);
    if (status != STATUS_OK) {
        error_prefix(error, "%s: ", options->queue_url);
    }
    *out_result = scan.result;
    return status;
}

/* See dlq_replay.h. */
#include "dlq_replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dead_letter.h"
#include "settings/settings.h"

#define WAIT_SECONDS 2 /* the long poll; an empty one ends the replay */

struct replay {
    struct sqs_session *session;
    const struct dlq_replay_options *options;
    int64_t began_wall_ms;
    struct dlq_replay_result result;
    bool is_done; /* the limit is reached, or only what came later is left */
};

/* Closed outputs are nothing to act on: results of fprintf are not looked at here. */
static void say_failed(struct replay *replay, const struct sqs_message *message, const char *why)
{
    replay->result.failed++;
    (void)fprintf(replay->options->out, "left      %s: %s\n", message->message_id, why);
}

/* Its deduplication ID is the dead letter's own MessageId, which is new for each dead letter: SQS would swallow the
 * original's for five minutes, and say that all is well. */
static enum status send(struct replay *replay, const struct sqs_message *message, const struct dead_letter *letter,
                        const char *to, struct error *error)
{
    char *attributes = dead_letter_replay_attributes(message, letter);
    const struct sqs_send_entry entry = {
        .body_json = message->body,
        .group_id = !settings_url_is_fifo(to) || message->group_id != NULL ? message->group_id : message->message_id,
        .deduplication_id = settings_url_is_fifo(to) ? message->message_id : NULL,
        .delay_seconds = -1,
        .attributes_json = {attributes, strlen(attributes)},
    };
    enum status status = sqs_session_send(replay->session, to, &entry, error);
    free(attributes);
    return status;
}

static void replay_letter(struct replay *replay, const struct sqs_message *message, const struct dead_letter *letter)
{
    const char *from = replay->options->from;
    const char *to = replay->options->to != NULL ? replay->options->to : letter->queue;
    struct error error = {0};
    if (to == NULL) {
        say_failed(replay, message, "it does not say which queue it came from; name one with --to URL");
        return;
    }
    if (strcmp(to, from) == 0) {
        say_failed(replay, message, "it would go to the queue that it is in; name another with --to URL");
        return;
    }
    if (message->body.data == NULL) {
        say_failed(replay, message, "it has no body");
        return;
    }
    if (replay->options->is_dry_run) {
        (void)fprintf(replay->options->out, "would send %s to %s (run %s, %s)\n", letter->message_id, to,
                      letter->run_id != NULL ? letter->run_id : "unknown",
                      letter->reason != NULL ? letter->reason : "reason unknown");
        replay->result.replayed++;
        return;
    }
    if (send(replay, message, letter, to, &error) != STATUS_OK) {
        say_failed(replay, message, error.text);
        return;
    }
    if (sqs_session_delete(replay->session, from, message->receipt_handle, &error) != STATUS_OK) {
        (void)fprintf(replay->options->out, "sent      %s, but its dead letter was not deleted: %s\n",
                      letter->message_id, error.text);
    } else {
        (void)fprintf(replay->options->out, "replayed  %s (dead letter %s)\n", letter->message_id,
                      message->message_id);
    }
    replay->result.replayed++;
}

/* Handed back when this command does nothing with it. */
static void put_back(struct replay *replay, const struct sqs_message *message)
{
    struct error error = {0};
    if (sqs_session_change_visibility(replay->session, replay->options->from, message->receipt_handle, 0, &error) !=
        STATUS_OK) {
        (void)fprintf(replay->options->out, "kept      %s is visible again in %d s: %s\n", message->message_id,
                      DLQ_REPLAY_VISIBILITY_SECONDS, error.text);
    }
}

static void handle(struct replay *replay, const struct sqs_message *message)
{
    struct dead_letter letter = {0};
    struct error error = {0};
    int64_t limit = replay->options->limit;
    if (replay->is_done || (limit > 0 && replay->result.replayed >= limit)) {
        replay->is_done = true;
        put_back(replay, message);
        return;
    }
    if (message->sent_timestamp_ms > replay->began_wall_ms) { /* failed again meanwhile: not in an endless circle */
        replay->is_done = true;
        put_back(replay, message);
        return;
    }
    if (dead_letter_read(message, &letter, &error) != STATUS_OK) {
        say_failed(replay, message, error.text);
        return;
    }
    replay_letter(replay, message, &letter);
    dead_letter_deinit(&letter);
}

enum status dlq_replay_run(struct sqs_session *session, const struct dlq_replay_options *options,
                           struct dlq_replay_result *out_result, struct error *error)
{
    struct replay replay = {.session = session, .options = options, .began_wall_ms = clock_wall_ms()};
    struct sqs_message *messages[SQS_BATCH_MAX];
    int visibility_seconds = options->is_dry_run ? DLQ_REPLAY_DRY_RUN_SECONDS : DLQ_REPLAY_VISIBILITY_SECONDS;
    size_t count = 1;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && count > 0 && !replay.is_done) {
        count = 0;
        status = sqs_session_receive(session, options->from, WAIT_SECONDS, visibility_seconds, messages, &count, error);
        for (size_t i = 0; i < count; i++) {
            handle(&replay, messages[i]);
            sqs_message_destroy(messages[i]);
        }
    }
    if (status != STATUS_OK) {
        error_prefix(error, "%s: ", options->from);
    }
    *out_result = replay.result;
    return status;
}

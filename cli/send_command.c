/* See send_command.h. */
#include "send_command.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "command_line.h"
#include "exit_code.h"
#include "interrupt.h"
#include "progress.h"
#include "queue_names.h"
#include "send_attribute.h"
#include "send_source.h"
#include "settings/settings.h"
#include "sqs_session.h"

#define COUNT_MAX 1000000
#define ATTRIBUTES_MAX 10                        /* SQS takes no more */
#define DELAY_MAX_MS INT64_C(900000)             /* 15 minutes: SQS's limit */
#define BATCH_BYTES_MAX ((size_t)200 * 1024)     /* of bodies; a longer one goes alone. Some servers take 256 KiB */

struct send {
    const struct command_line *line;
    char *url;
    struct send_source *source;
    struct sqs_send_entry entry; /* what all messages have in common */
    struct sqs_message_attribute attributes[ATTRIBUTES_MAX];
    size_t attribute_count;
    int64_t count;
    struct sqs_session *session;
    struct progress progress;
    int64_t sent;
};

/* Up to SQS_BATCH_MAX messages for one call. */
struct batch {
    struct sqs_send_entry entries[SQS_BATCH_MAX];
    char *bodies[SQS_BATCH_MAX];
    char ids[SQS_BATCH_MAX][RANDOM_UUID_SIZE]; /* deduplication IDs that were made here */
    size_t count;
    size_t bytes;
};

/* --- what is asked for -------------------------------------------------------------------------------------------- */

static enum status take_only_queue(const struct settings *settings, struct send *send, struct error *error)
{
    if (settings->queue_count != 1) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "expected QUEUE in front of the body: the configuration names %zu queues",
                         settings->queue_count);
    }
    send->url = memory_copy_string(settings->queues[0].url);
    return STATUS_OK;
}

/* One argument is the body; one that is a queue is a body that was forgotten. */
static enum status find_queue(struct send *send, struct error *error)
{
    const struct command_line *line = send->line;
    const char *word = line->arguments[0];
    struct settings *settings = NULL;
    struct error problem = {0};
    bool is_only = line->argument_count == 1;
    enum status status = STATUS_OK;
    if (is_only || !queue_names_is_url(word)) {
        status = settings_load(command_line_value(line, "config"), &settings, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!is_only) {
        status = queue_names_find(settings, word, &send->url, error);
    } else if (queue_names_find(settings, word, &send->url, &problem) == STATUS_OK) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "expected a body behind the queue %s", word);
    } else {
        status = take_only_queue(settings, send, error);
    }
    settings_destroy(settings);
    return status;
}

static enum status read_attributes(struct send *send, struct error *error)
{
    size_t place = 0;
    enum status status = STATUS_OK;
    const char *text = NULL;
    while (status == STATUS_OK && (text = command_line_next(send->line, "attribute", &place)) != NULL) {
        if (send->attribute_count == ATTRIBUTES_MAX) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "--attribute: SQS takes at most %d", ATTRIBUTES_MAX);
        }
        status = send_attribute_parse(text, &send->attributes[send->attribute_count], error);
        send->attribute_count += status == STATUS_OK;
    }
    send->entry.attributes = send->attributes;
    send->entry.attribute_count = send->attribute_count;
    return status;
}

static enum status check_fifo(const struct send *send, bool is_lines, struct error *error)
{
    bool is_fifo = settings_url_is_fifo(send->url);
    if (is_fifo && send->entry.group_id == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "expected --group: the queue is a FIFO queue");
    }
    if (is_fifo && send->entry.delay_seconds >= 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--delay: a FIFO queue delays all messages or none");
    }
    if (!is_fifo && send->entry.deduplication_id != NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--deduplication-id: only FIFO queues know duplicates");
    }
    if (send->entry.deduplication_id != NULL && (send->count > 1 || is_lines)) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--deduplication-id: all but the first would be duplicates");
    }
    return STATUS_OK;
}

static enum status read_options(struct send *send, struct error *error)
{
    const struct command_line *line = send->line;
    bool is_lines = command_line_has(line, "lines");
    int64_t delay_ms = -1;
    send->entry.group_id = command_line_value(line, "group");
    send->entry.deduplication_id = command_line_value(line, "deduplication-id");
    enum status status = command_line_number(line, "count", 1, COUNT_MAX, 1, &send->count, error);
    if (status == STATUS_OK) {
        status = command_line_duration(line, "delay", DELAY_MAX_MS, -1, &delay_ms, error);
    }
    send->entry.delay_seconds = delay_ms < 0 ? -1 : (int)((delay_ms + 999) / 1000);
    if (status == STATUS_OK && is_lines && command_line_has(line, "count")) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "expected --count or --lines, not both");
    }
    if (status == STATUS_OK) {
        status = read_attributes(send, error);
    }
    if (status == STATUS_OK) {
        status = find_queue(send, error);
    }
    if (status == STATUS_OK) {
        status = check_fifo(send, is_lines, error);
    }
    if (status == STATUS_OK) {
        status = send_source_new(line->arguments[line->argument_count - 1], is_lines, send->count, &send->source,
                                 error);
    }
    return status;
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static void add(const struct send *send, struct batch *batch, const char *body, size_t length)
{
    struct sqs_send_entry *entry = &batch->entries[batch->count];
    batch->bodies[batch->count] = memory_copy(body, length);
    *entry = send->entry;
    entry->body = batch->bodies[batch->count];
    entry->body_length = length;
    if (settings_url_is_fifo(send->url) && entry->deduplication_id == NULL) { /* each is a message of its own */
        random_uuid(batch->ids[batch->count]);
        entry->deduplication_id = batch->ids[batch->count];
    }
    batch->count++;
    batch->bytes += length;
}

static void clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->bodies[i]);
    }
    batch->count = 0;
    batch->bytes = 0;
}

/* A closed terminal is nothing to act on. */
static void print_sent(const struct send *send, const char *message_id)
{
    if (!command_line_wants_json(send->line)) {
        (void)printf("%s\n", message_id);
        return;
    }
    json_t *object = json_pack("{s:s, s:s}", "messageId", message_id, "queue", send->url);
    CHECK(object != NULL);
    (void)json_dumpf(object, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    json_decref(object);
}

/* Empties the batch. Ends with the first that is refused: those behind it may be of its group. */
static enum status flush(struct send *send, struct batch *batch, struct error *error)
{
    struct sqs_session_entry results[SQS_BATCH_MAX] = {{0}};
    enum status status = STATUS_OK;
    if (batch->count > 0) {
        status = sqs_session_send_batch(send->session, send->url, batch->entries, batch->count, results, error);
    }
    enum status first_failure = status;
    progress_hide(&send->progress);
    for (size_t i = 0; status == STATUS_OK && i < batch->count; i++) {
        if (results[i].is_ok) {
            send->sent++;
            print_sent(send, results[i].message_id);
        } else if (first_failure == STATUS_OK) {
            first_failure = error_set(error, STATUS_INTERNAL, "%s", results[i].text);
        }
    }
    (void)fflush(stdout);
    progress_set(&send->progress, send->sent);
    clear(batch);
    return first_failure;
}

static enum status send_all(struct send *send, struct error *error)
{
    struct batch batch = {.count = 0};
    const char *body = "";
    size_t length = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && body != NULL && !interrupt_came()) {
        status = send_source_next(send->source, &body, &length, error);
        bool is_full = batch.count == SQS_BATCH_MAX || (batch.count > 0 && batch.bytes + length > BATCH_BYTES_MAX);
        if (status == STATUS_OK && (body == NULL || is_full)) {
            status = flush(send, &batch, error);
        }
        if (status == STATUS_OK && body != NULL) {
            add(send, &batch, body, length);
        }
    }
    clear(&batch);
    progress_hide(&send->progress);
    if (interrupt_came() && (status != STATUS_OK || body != NULL)) { /* it may have ended a read */
        status = error_set(error, STATUS_CANCELED, "interrupted");
    }
    return status;
}

static enum status send_run(struct send *send, struct error *error)
{
    const struct log_options log = {.service = "ferry", .level = LOG_LEVEL_WARN, .format = LOG_FORMAT_TEXT,
                                    .file_descriptor = STDERR_FILENO};
    bool is_lines = command_line_has(send->line, "lines");
    enum status status = read_options(send, error);
    if (status != STATUS_OK) {
        return status;
    }
    log_configure(&log);
    status = sqs_session_new(&send->session, error);
    if (status != STATUS_OK) {
        return status;
    }
    interrupt_watch();
    progress_init(&send->progress,
                  (send->count > 1 || is_lines) && progress_is_wanted(command_line_wants_json(send->line)), "sending",
                  is_lines ? 0 : send->count);
    status = send_all(send, error);
    if (status != STATUS_OK && send->sent > 0) {
        error_prefix(error, "%" PRId64 " sent to %s, then: ", send->sent, send->url);
    } else if (status != STATUS_OK && status != STATUS_INVALID_ARGUMENT) { /* that is about the body */
        error_prefix(error, "nothing was sent to %s: ", send->url);
    }
    return status;
}

static int run(const struct command_line *line)
{
    struct send send = {.line = line};
    struct error error = {0};
    enum status status = send_run(&send, &error);
    for (size_t i = 0; i < send.attribute_count; i++) {
        send_attribute_deinit(&send.attributes[i]);
    }
    sqs_session_destroy(send.session);
    send_source_destroy(send.source);
    free(send.url);
    return status == STATUS_OK ? EXIT_DONE : command_line_fail(line, &error);
}

static const struct command_option s_options[] = {
    COMMAND_OPTION_CONFIG,
    {'g', "group", "ID", "the message group; needed for a FIFO queue", NULL},
    {'\0', "deduplication-id", "ID", "of a FIFO queue; without it each message is one of its own", NULL},
    {'a', "attribute", "NAME=VALUE", "a message attribute; NAME:Number=5 is a number; may be repeated", NULL},
    {'\0', "delay", "TIME", "hidden at first: 30s, 5m, at most 15m; not for a FIFO queue", NULL},
    {'n', "count", "N", "send it N times", NULL},
    {'\0', "lines", NULL, "each line of @FILE or - is a message", NULL},
    COMMAND_OPTION_OUTPUT,
    COMMAND_OPTIONS_END,
};

const struct command g_send_command = {
    .words = "send",
    .arguments = "[QUEUE] BODY",
    .arguments_min = 1,
    .arguments_max = 2,
    .summary = "send a message to a queue, and print its MessageId",
    .description = "QUEUE is a URL or the name of a configured queue; left out, it is the only one that the\n"
                   "configuration names. BODY is the text itself, @FILE for what stands in a file, or - for\n"
                   "what comes on stdin.\n\n"
                   "Credentials, region and endpoint come from the environment, as for the services\n"
                   "(docs/aws.md).",
    .options = s_options,
    .run = run,
};

/* See dlq_show_command.h. */
#include "dlq_show_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "command_line.h"
#include "dlq_command.h"
#include "dlq_rows.h"
#include "exit_code.h"
#include "json_indent.h"
#include "output.h"

struct show {
    const char *id;
    json_t *found;
};

static const struct output_column s_columns[] = {
    {"message", "messageId"}, {"dead letter", "deadLetterId"}, {"sent", "sentAt"}, {"receives", "receiveCount"},
    {"group", "group"}, {"deduplication", "deduplicationId"}, {"trace", "traceHeader"},
};

static const struct output_column s_letter_columns[] = {
    {"reason", "reason"}, {"detail", "detail"}, {"route", "route"}, {"queue", "queue"}, {"workflow", "workflowId"},
    {"run", "runId"}, {"first run", "firstRunId"}, {"attempt", "attempt"}, {"failure type", "failureType"},
    {"failure", "failureMessage"}, {"dead-lettered", "deadLetteredAt"},
};

static bool look(void *user, struct dlq_item *items, size_t count)
{
    struct show *show = user;
    for (size_t i = 0; i < count && show->found == NULL; i++) {
        const struct dlq_item *item = &items[i];
        if (strcmp(item->message->message_id, show->id) == 0 ||
            (item->is_readable && strcmp(item->letter.message_id, show->id) == 0)) {
            show->found = dlq_rows_full(item);
        }
    }
    return show->found == NULL;
}

/* A body that is no JSON, line by line. */
static void print_text(const char *text, size_t length)
{
    while (length > 0) {
        const char *end = memchr(text, '\n', length);
        size_t line_length = end != NULL ? (size_t)(end - text) : length;
        json_t *line = json_stringn(text, line_length);
        output_text(stdout, json_string_value(line));
        (void)fputc('\n', stdout); /* no one to tell of a closed terminal */
        json_decref(line);
        length -= end != NULL ? line_length + 1 : line_length;
        text += end != NULL ? line_length + 1 : line_length;
    }
}

static void print_for_people(const json_t *found)
{
    const json_t *letter = json_object_get(found, "deadLetter");
    const json_t *attributes = json_object_get(found, "messageAttributes");
    const json_t *body = json_object_get(found, "body");
    output_fields(stdout, found, s_columns, sizeof s_columns / sizeof s_columns[0]);
    if (letter != NULL) {
        output_fields(stdout, letter, s_letter_columns, sizeof s_letter_columns / sizeof s_letter_columns[0]);
    }
    if (attributes != NULL) {
        (void)puts("\nattributes");
        output_json(stdout, attributes);
    }
    (void)puts("\nbody");
    if (json_indent(stdout, json_string_value(body), json_string_length(body), 0)) {
        (void)fputc('\n', stdout);
    } else {
        print_text(json_string_value(body), json_string_length(body));
    }
}

static void print(const struct dlq_command *command, const json_t *found)
{
    const json_t *body = json_object_get(found, "body");
    if (command_line_has(command->line, "raw")) {
        (void)fwrite(json_string_value(body), 1, json_string_length(body), stdout);
    } else if (command->is_json) {
        output_json(stdout, found);
    } else {
        print_for_people(found);
    }
}

static enum status find(struct dlq_command *command, struct show *show, struct error *error)
{
    struct dlq_scan_result result = {0};
    enum status status = dlq_command_open(command, "looking", error);
    if (status != STATUS_OK) {
        return status;
    }
    const struct dlq_scan_options options = {
        .queue_url = command->url,
        .where = command->where,
        .act = look,
        .user = show,
        .progress = &command->progress,
    };
    status = dlq_scan_run(command->session, &options, &result, error);
    if (status == STATUS_OK && show->found == NULL) {
        const char *why = result.is_interrupted ? " so far: interrupted"
                          : result.groups_cut > 0 || result.is_hand_full
                              ? "; but not all could be looked at (see docs/dead-letters.md)"
                              : "";
        status = error_set(error, STATUS_NOT_FOUND, "%s: no visible message is or was %s%s", command->url, show->id,
                           why);
    }
    return status;
}

static int run(const struct command_line *line)
{
    struct dlq_command command;
    struct error error = {0};
    struct show show = {.id = line->arguments[1]};
    enum status status = dlq_command_init(&command, line, &error);
    if (status == STATUS_OK && command_line_has(line, "raw") && command.is_json) {
        status = error_set(&error, STATUS_INVALID_ARGUMENT, "expected --raw or -o json, not both");
    }
    if (status == STATUS_OK) {
        status = find(&command, &show, &error);
    }
    if (status == STATUS_OK) {
        print(&command, show.found);
    }
    json_decref(show.found);
    dlq_command_deinit(&command);
    return status == STATUS_OK ? EXIT_DONE : command_line_fail(line, &error);
}

static const struct command_option s_options[] = {
    COMMAND_OPTION_CONFIG,
    {'\0', "raw", NULL, "the body alone, byte for byte", NULL},
    COMMAND_OPTION_OUTPUT,
    COMMAND_OPTIONS_END,
};

const struct command g_dlq_show_command = {
    .words = "dlq show",
    .arguments = "QUEUE ID",
    .arguments_min = 2,
    .arguments_max = 2,
    .summary = "show one message of a dead-letter queue in full",
    .description = "ID is the MessageId of the dead letter, or that of the message that it was at first.\n"
                   "SQS has no way to look for a message: the queue is gone through until it is found.\n\n"
                   DLQ_QUEUE_TEXT "\n\n" DLQ_ENVIRONMENT_TEXT,
    .options = s_options,
    .run = run,
};

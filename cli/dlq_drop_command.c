/* See dlq_drop_command.h. */
#include "dlq_drop_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "command_line.h"
#include "confirm.h"
#include "dlq_command.h"
#include "dlq_report.h"
#include "exit_code.h"

struct drop {
    struct dlq_command *command;
    struct dlq_report report;
};

static void drop_items(struct drop *drop, struct dlq_item *items, size_t count)
{
    struct sqs_session_entry deleted[SQS_BATCH_MAX];
    const char *handles[SQS_BATCH_MAX] = {NULL};
    struct error error = {0};
    for (size_t i = 0; i < count; i++) {
        handles[i] = items[i].message->receipt_handle;
    }
    enum status status = sqs_session_delete_batch(drop->command->session, drop->command->url, handles, count, deleted,
                                                  &error);
    for (size_t i = 0; i < count; i++) {
        if (status == STATUS_OK && deleted[i].is_ok) {
            items[i].is_done = true;
            items[i].is_gone = true;
            dlq_report_done(&drop->report, &items[i], &(struct dlq_line){0});
        } else {
            dlq_report_left(&drop->report, &items[i], status == STATUS_OK ? deleted[i].text : error.text);
        }
    }
}

static bool act(void *user, struct dlq_item *items, size_t count)
{
    struct drop *drop = user;
    if (!drop->report.is_dry_run) {
        drop_items(drop, items, count);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        items[i].is_done = true;
        dlq_report_done(&drop->report, &items[i], &(struct dlq_line){0});
    }
    return true;
}

/* How many at the most, and of which queue. */
static enum status ask(struct dlq_command *command, struct error *error)
{
    char limit[32];
    (void)snprintf(limit, sizeof limit, "%" PRId64, command->limit);
    char *question = memory_format("Delete %s%s messages%s of %s?", command->limit > 0 ? "at most " : "all",
                                   command->limit > 0 ? limit : "",
                                   where_is_empty(command->where) ? "" : " that match", command->url);
    enum status status = confirm(command->line, question, error);
    free(question);
    return status;
}

static int drop_all(struct dlq_command *command)
{
    struct error error = {0};
    struct drop drop = {.command = command,
                        .report = {.out = stdout,
                                   .is_json = command->is_json,
                                   .is_dry_run = command_line_has(command->line, "dry-run"),
                                   .progress = &command->progress}};
    drop.report.outcome = drop.report.is_dry_run ? "would delete" : "deleted";
    enum status status = drop.report.is_dry_run ? STATUS_OK : ask(command, &error);
    if (status == STATUS_OK) {
        status = dlq_command_open(command, "deleting", &error);
    }
    if (status != STATUS_OK) {
        return command_line_fail(command->line, &error);
    }
    const struct dlq_scan_options options = {
        .queue_url = command->url,
        .where = command->where,
        .limit = command->limit,
        .visibility_seconds = command->visibility_seconds,
        .act = act,
        .user = &drop,
        .progress = &command->progress,
    };
    struct dlq_scan_result result = {0};
    status = dlq_scan_run(command->session, &options, &result, &error);
    int exit_code = dlq_report_end(&drop.report, &result, status);
    return status == STATUS_OK ? exit_code : command_line_fail(command->line, &error);
}

static int run(const struct command_line *line)
{
    struct dlq_command command;
    struct error error = {0};
    enum status status = dlq_command_init(&command, line, &error);
    int exit_code = status == STATUS_OK ? drop_all(&command) : command_line_fail(line, &error);
    dlq_command_deinit(&command);
    return exit_code;
}

static const struct command_option s_options[] = {
    COMMAND_OPTION_CONFIG,
    DLQ_OPTIONS_WHERE,
    DLQ_OPTION_LIMIT,
    DLQ_OPTION_VISIBILITY,
    {'\0', "dry-run", NULL, "say what would be deleted, and delete nothing", NULL},
    {'y', "yes", NULL, "do not ask; needed where there is no terminal", NULL},
    COMMAND_OPTION_OUTPUT,
    COMMAND_OPTIONS_END,
};

const struct command g_dlq_drop_command = {
    .words = "dlq drop",
    .arguments = "QUEUE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "delete messages of a dead-letter queue, for good",
    .description = DLQ_QUEUE_TEXT "\n\n" DLQ_WHERE_TEXT "\n\n" DLQ_ENVIRONMENT_TEXT,
    .options = s_options,
    .run = run,
};

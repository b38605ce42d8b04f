/* See dlq_replay_command.h. */
#include "dlq_replay_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_line.h"
#include "dlq_command.h"
#include "dlq_replay.h"
#include "exit_code.h"
#include "rate.h"

static enum status read_target(struct dlq_command *command, char **out_to, struct error *error)
{
    const char *word = command_line_value(command->line, "to");
    if (word == NULL) {
        return STATUS_OK;
    }
    enum status status = dlq_command_find_queue(command, word, out_to, error);
    if (status != STATUS_OK) {
        error_prefix(error, "--to: ");
    } else if (strcmp(*out_to, command->url) == 0) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "--to: expected another queue than the one that is read");
    }
    return status;
}

static int replay_all(struct dlq_command *command, const char *to, int64_t per_second)
{
    struct error error = {0};
    struct dlq_report report = {
        .out = stdout,
        .is_json = command->is_json,
        .is_dry_run = command_line_has(command->line, "dry-run"),
        .progress = &command->progress,
    };
    report.outcome = report.is_dry_run ? "would replay" : "replayed";
    enum status status = dlq_command_open(command, "replaying", &error);
    if (status != STATUS_OK) {
        return command_line_fail(command->line, &error);
    }
    struct dlq_replay replay = {
        .session = command->session, .from = command->url, .to = to, .report = &report};
    const struct dlq_scan_options options = {
        .queue_url = command->url,
        .where = command->where,
        .limit = command->limit,
        .visibility_seconds = command->visibility_seconds,
        .per_second = per_second,
        .act = dlq_replay_act,
        .user = &replay,
        .progress = &command->progress,
    };
    struct dlq_scan_result result = {0};
    status = dlq_scan_run(command->session, &options, &result, &error);
    int exit_code = dlq_report_end(&report, &result, status);
    return status == STATUS_OK ? exit_code : command_line_fail(command->line, &error);
}

static int run(const struct command_line *line)
{
    struct dlq_command command;
    struct error error = {0};
    char *to = NULL;
    int64_t per_second = 0;
    enum status status = dlq_command_init(&command, line, &error);
    if (status == STATUS_OK) {
        status = command_line_number(line, "rate", 1, RATE_MAX, 0, &per_second, &error);
    }
    if (status == STATUS_OK) {
        status = read_target(&command, &to, &error);
    }
    int exit_code = status == STATUS_OK ? replay_all(&command, to, per_second) : command_line_fail(line, &error);
    free(to);
    dlq_command_deinit(&command);
    return exit_code;
}

static const struct command_option s_options[] = {
    COMMAND_OPTION_CONFIG,
    DLQ_OPTIONS_WHERE,
    {'\0', "to", "QUEUE", "send all of them to this queue", NULL},
    DLQ_OPTION_LIMIT,
    DLQ_OPTION_VISIBILITY,
    {'\0', "rate", "N", "at most N messages a second", NULL},
    {'\0', "dry-run", NULL, "say what would be sent, and send nothing", NULL},
    COMMAND_OPTION_OUTPUT,
    COMMAND_OPTIONS_END,
};

const struct command g_dlq_replay_command = {
    .words = "dlq replay",
    .arguments = "QUEUE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "send the messages of a dead-letter queue to where they came from",
    .description = "Each message goes to the queue that it came from, and keeps its identity: its workflow\n"
                   "runs once more after the run that failed, with its attempts counted anew. A replay that\n"
                   "was killed is started again in the same way: no message runs twice.\n\n" DLQ_QUEUE_TEXT
                   "\n\n" DLQ_WHERE_TEXT "\n\n" DLQ_ENVIRONMENT_TEXT,
    .options = s_options,
    .run = run,
};

/* See dlq_replay_command.h. */
#include "dlq_replay_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "command_line.h"
#include "dlq_replay.h"
#include "exit_code.h"
#include "settings/settings.h"

#define LIMIT_MAX 1000000000

static enum status check_urls(const struct dlq_replay_options *options, struct error *error)
{
    enum status status = settings_check_queue_url(options->from, error);
    if (status != STATUS_OK || options->to == NULL) {
        return status;
    }
    status = settings_check_queue_url(options->to, error);
    if (status != STATUS_OK) {
        error_prefix(error, "--to: ");
        return status;
    }
    if (strcmp(options->to, options->from) == 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--to: expected another queue than the one that is read");
    }
    return STATUS_OK;
}

static enum status read_options(const struct command_line *line, struct dlq_replay_options *options,
                                struct error *error)
{
    options->from = line->arguments[0];
    options->to = command_line_value(line, "to");
    options->is_dry_run = command_line_has(line, "dry-run");
    enum status status = command_line_number(line, "limit", 1, LIMIT_MAX, 0, &options->limit, error);
    return status == STATUS_OK ? check_urls(options, error) : status;
}

/* What the two numbers leave open. */
static void explain(const struct dlq_replay_options *options, const struct dlq_replay_result *result)
{
    if (options->is_dry_run && result->replayed + result->failed > 0) {
        (void)printf("nothing was sent; all of them are visible again in %d s\n", DLQ_REPLAY_DRY_RUN_SECONDS);
    } else if (result->failed > 0) {
        (void)printf("what was left is in the queue still, visible again in %d s\n", DLQ_REPLAY_VISIBILITY_SECONDS);
    } else if (result->replayed == 0) {
        (void)printf("no message was visible there; those that a call before has looked at are hidden for up to %d s\n",
                     DLQ_REPLAY_VISIBILITY_SECONDS);
    }
}

static int run(const struct command_line *line)
{
    struct error error = {0};
    struct dlq_replay_options options = {.out = stdout};
    struct sqs_session *session = NULL;
    struct dlq_replay_result result = {0};
    const struct log_options log = {.service = "ferry", .level = LOG_LEVEL_WARN, .format = LOG_FORMAT_TEXT,
                                    .file_descriptor = STDERR_FILENO};
    if (read_options(line, &options, &error) != STATUS_OK) {
        return command_line_fail(line, &error);
    }
    log_configure(&log);
    enum status status = sqs_session_new(&session, &error);
    if (status == STATUS_OK) {
        status = dlq_replay_run(session, &options, &result, &error);
    }
    sqs_session_destroy(session);
    (void)printf("%s %" PRId64 ", left %" PRId64 "\n", options.is_dry_run ? "would replay" : "replayed",
                 result.replayed, result.failed);
    if (status != STATUS_OK) {
        return command_line_fail(line, &error);
    }
    explain(&options, &result);
    return result.failed == 0 ? EXIT_DONE : EXIT_FAILED;
}

static const struct command_option s_options[] = {
    {'\0', "to", "URL", "send all of them to this queue", NULL},
    {'\0', "limit", "N", "at most N messages", NULL},
    {'\0', "dry-run", NULL, "say what would be sent, and send nothing; what was looked\nat is visible again after 30 s",
     NULL},
    COMMAND_OPTIONS_END,
};

const struct command g_dlq_replay_command = {
    .words = "dlq replay",
    .arguments = "URL",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "send the messages of a dead-letter queue to where they came from",
    .description = "Each message of the dead-letter queue URL goes to the queue that it came from, and\n"
                   "keeps its identity: its workflow runs once more after the run that failed, with its\n"
                   "attempts counted anew.\n\n"
                   "Credentials, region and endpoint come from the environment, as for the services\n"
                   "(docs/aws.md).",
    .options = s_options,
    .run = run,
};

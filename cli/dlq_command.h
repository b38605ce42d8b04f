/* What the dlq commands have in common: a queue, conditions, a limit; how they begin and end. */
#ifndef CLI_DLQ_COMMAND_H
#define CLI_DLQ_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "command.h"
#include "command_line.h"
#include "dlq_scan.h"
#include "progress.h"
#include "settings/settings.h"
#include "sqs_session.h"
#include "where.h"

#define DLQ_LIMIT_MAX 1000000000

#define DLQ_QUEUE_TEXT                                                                                                 \
    "QUEUE is a URL, the name of a dead-letter queue that the configuration names, or that of\n"                       \
    "a queue which has one."
#define DLQ_WHERE_TEXT                                                                                                 \
    "CONDITION is a field, one of = != ~ !~ < <= > >= and a value: body.customer=42,\n"                                \
    "reason=failed, failureMessage~timeout, attempt>2. Given several times, all must hold.\n"                          \
    "Fields: body, body.MEMBER, attribute.NAME, group, id (the dead letter's own\n"                                    \
    "MessageId), and of what the poller wrote: messageId, reason, detail, route, queue,\n"                             \
    "workflowId, runId, firstRunId, attempt, failureType, failureMessage, receiveCount."
#define DLQ_ENVIRONMENT_TEXT                                                                                           \
    "Credentials, region and endpoint come from the environment, as for the services\n"                                \
    "(docs/aws.md). More in docs/dead-letters.md."

#define DLQ_OPTIONS_WHERE                                                                                              \
    {'\0', "where", "CONDITION", "only messages of which this holds; may be repeated", NULL},                          \
    {                                                                                                                  \
        '\0', "filter", "JSON", "only messages that this event pattern takes\n(docs/filters.md)", NULL                 \
    }
#define DLQ_OPTION_LIMIT                                                                                               \
    {                                                                                                                  \
        '\0', "limit", "N", "at most N messages", NULL                                                                 \
    }

#define DLQ_OPTION_VISIBILITY                                                                                          \
    {                                                                                                                  \
        '\0', "visibility", "TIME",                                                                                    \
            "how long SQS hides what is in hand, and so what a killed\ncommand had in hand (default: 2m, renewed)",  \
            NULL                                                                                                       \
    }

/* Caller's storage. */
struct dlq_command {
    const struct command_line *line;
    struct settings *settings; /* NULL: not needed */
    char *url;
    struct where *where;
    int64_t limit; /* 0: none */
    int visibility_seconds;
    bool is_json;
    struct sqs_session *session;
    struct progress progress;
};

/* Reads the first argument and the options above. The configuration is read only where a name needs it, or where there
 * is no argument; url is NULL then.
 * INVALID_ARGUMENT: something is wrong with them. dlq_command_deinit() in any case. */
MUST_CHECK enum status dlq_command_init(struct dlq_command *command, const struct command_line *line,
                                        struct error *error);
/* A word of the command line that names a queue, as queue_names_find has it; free() *out_url. */
MUST_CHECK enum status dlq_command_find_queue(struct dlq_command *command, const char *word, char **out_url,
                                              struct error *error);
/* Makes ready to work: log, signals, SQS, a line of progress that says label (borrowed). */
MUST_CHECK enum status dlq_command_open(struct dlq_command *command, const char *label, struct error *error);
void dlq_command_deinit(struct dlq_command *command);

/* Messages in the queue that are visible, about; -1: the queue cannot be asked. */
int64_t dlq_command_depth(struct dlq_command *command);

#endif

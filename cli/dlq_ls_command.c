/* See dlq_ls_command.h. */
#include "dlq_ls_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "command_line.h"
#include "dlq_command.h"
#include "dlq_rows.h"
#include "exit_code.h"
#include "output.h"
#include "queue_names.h"

#define LIMIT_OTHERWISE 100

static const struct output_column s_queue_columns[] = {
    {"QUEUE", "name"}, {"MESSAGES", "messages"}, {"HIDDEN", "hidden"}, {"OF", "of"}, {"PROBLEM", "problem"},
};
#define QUEUE_COLUMN_COUNT (sizeof s_queue_columns / sizeof s_queue_columns[0])

static const struct output_column s_message_columns[] = {
    {"MESSAGE", "messageId"}, {"DEAD LETTER", "deadLetterId"}, {"ROUTE", "route"}, {"REASON", "reason"},
    {"WORKFLOW", "workflowId"}, {"ATTEMPT", "attempt"}, {"AGE", "age"},
};
#define MESSAGE_COLUMN_COUNT (sizeof s_message_columns / sizeof s_message_columns[0])

static void print_rows(const struct dlq_command *command, const json_t *rows, const struct output_column *columns,
                       size_t count)
{
    if (command->is_json) {
        output_json(stdout, rows);
    } else {
        output_table(stdout, rows, columns, count);
    }
}

/* --- the queues --------------------------------------------------------------------------------------------------- */

static void set_number(json_t *row, const char *name, const json_t *attributes, const char *attribute)
{
    const char *text = json_string_value(json_object_get(attributes, attribute));
    (void)json_object_set_new(row, name, text != NULL ? json_integer(strtoll(text, NULL, 10)) : json_null());
}

/* false: the queue cannot be asked. */
static bool add_counts(struct sqs_session *session, json_t *row)
{
    json_t *attributes = NULL;
    struct error error = {0};
    enum status status = sqs_session_get_queue_attributes(
        session, json_string_value(json_object_get(row, "url")), &attributes, &error);
    set_number(row, "messages", attributes, "ApproximateNumberOfMessages");
    set_number(row, "hidden", attributes, "ApproximateNumberOfMessagesNotVisible");
    if (status != STATUS_OK) {
        CHECK(json_object_set_new(row, "problem", json_string(error.text)) == 0);
    }
    json_decref(attributes);
    return status == STATUS_OK;
}

static int list_queues(struct dlq_command *command)
{
    struct error error = {0};
    bool is_fine = true;
    json_t *rows = queue_names_dead(command->settings);
    enum status status = dlq_command_open(command, "listing", &error);
    for (size_t i = 0; status == STATUS_OK && i < json_array_size(rows); i++) {
        is_fine = add_counts(command->session, json_array_get(rows, i)) && is_fine;
    }
    if (status == STATUS_OK) {
        print_rows(command, rows, s_queue_columns, QUEUE_COLUMN_COUNT - (is_fine ? 1 : 0));
    }
    if (status == STATUS_OK && json_array_size(rows) == 0 && !command->is_json) {
        (void)puts("the configuration names no dead-letter queue"); /* no one to tell of a closed terminal */
    }
    json_decref(rows);
    if (status != STATUS_OK) {
        return command_line_fail(command->line, &error);
    }
    return is_fine ? EXIT_DONE : EXIT_FAILED;
}

/* --- the messages of one ------------------------------------------------------------------------------------------ */

static bool add_rows(void *user, struct dlq_item *items, size_t count)
{
    json_t *rows = user;
    for (size_t i = 0; i < count; i++) {
        CHECK(json_array_append_new(rows, dlq_rows_line(&items[i], clock_wall_ms())) == 0);
        items[i].is_done = true;
    }
    return true;
}

/* On stderr: it is no row. */
static void explain(const struct dlq_command *command, const struct dlq_scan_result *result, size_t row_count)
{
    if (command->is_json) {
        return;
    }
    if (result->is_limit_reached) {
        (void)fprintf(stderr, "the first %zu; --limit N shows more\n", row_count);
    } else if (result->groups_cut > 0) {
        (void)fprintf(stderr, "of %" PRId64 " groups no more than ten messages: SQS gives out nothing behind these\n",
                      result->groups_cut);
    } else if (result->looked_at == 0) {
        (void)fputs("no message is visible there\n", stderr);
    } else if (row_count == 0) {
        (void)fprintf(stderr, "none of the %" PRId64 " messages there is meant\n", result->looked_at);
    }
    if (result->kept_hidden > 0) {
        (void)fprintf(stderr, "%" PRId64 " messages could not be made visible: they are again in %d s at the latest\n",
                      result->kept_hidden, DLQ_SCAN_VISIBILITY_MAX_SECONDS);
    }
}

static int list_messages(struct dlq_command *command)
{
    struct error error = {0};
    struct dlq_scan_result result = {0};
    json_t *rows = json_array();
    command->limit = command->limit > 0 ? command->limit : LIMIT_OTHERWISE;
    enum status status = dlq_command_open(command, "looking", &error);
    if (status == STATUS_OK) {
        const struct dlq_scan_options options = {
            .queue_url = command->url,
            .where = command->where,
            .limit = command->limit,
            .act = add_rows,
            .user = rows,
            .progress = &command->progress,
        };
        status = dlq_scan_run(command->session, &options, &result, &error);
    }
    if (status == STATUS_OK) {
        print_rows(command, rows, s_message_columns, MESSAGE_COLUMN_COUNT);
        explain(command, &result, json_array_size(rows));
    }
    json_decref(rows);
    if (status != STATUS_OK) {
        return command_line_fail(command->line, &error);
    }
    return result.is_interrupted || result.is_hand_full ? EXIT_FAILED : EXIT_DONE;
}

static int run(const struct command_line *line)
{
    struct dlq_command command;
    struct error error = {0};
    int exit_code = EXIT_FAILED;
    if (dlq_command_init(&command, line, &error) != STATUS_OK) {
        exit_code = command_line_fail(line, &error);
    } else {
        exit_code = command.url == NULL ? list_queues(&command) : list_messages(&command);
    }
    dlq_command_deinit(&command);
    return exit_code;
}

static const struct command_option s_options[] = {
    COMMAND_OPTION_CONFIG,
    DLQ_OPTIONS_WHERE,
    {'\0', "limit", "N", "at most N messages (default: 100)", NULL},
    COMMAND_OPTION_OUTPUT,
    COMMAND_OPTIONS_END,
};

const struct command g_dlq_ls_command = {
    .words = "dlq ls",
    .arguments = "[QUEUE]",
    .arguments_max = 1,
    .summary = "list the dead-letter queues, or the messages of one",
    .description = "Without QUEUE: the dead-letter queues that the configuration names, with the numbers of\n"
                   "messages that SQS reckons. With QUEUE its messages. SQS counts a look as a receive: each\n"
                   "is hidden for the time of the command, and made visible again at its end.\n\n" DLQ_QUEUE_TEXT
                   "\n\n" DLQ_WHERE_TEXT "\n\n" DLQ_ENVIRONMENT_TEXT,
    .options = s_options,
    .run = run,
};

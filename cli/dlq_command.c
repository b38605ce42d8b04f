/* See dlq_command.h. */
#include "dlq_command.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "interrupt.h"
#include "queue_names.h"

#define VISIBILITY_MIN_MS 5000
#define VISIBILITY_MAX_MS (INT64_C(1000) * DLQ_SCAN_VISIBILITY_MAX_SECONDS)
#define VISIBILITY_OTHERWISE_MS (INT64_C(1000) * DLQ_SCAN_VISIBILITY_SECONDS)

/* word NULL: a command without a queue, which is about the configuration's. */
static enum status need_settings(struct dlq_command *command, const char *word, struct error *error)
{
    if (command->settings != NULL || (word != NULL && queue_names_is_url(word))) {
        return STATUS_OK;
    }
    return settings_load(command_line_value(command->line, "config"), &command->settings, error);
}

static enum status read_conditions(struct dlq_command *command, struct error *error)
{
    size_t place = 0;
    enum status status = STATUS_OK;
    const char *text = NULL;
    while (status == STATUS_OK && (text = command_line_next(command->line, "where", &place)) != NULL) {
        status = where_add(command->where, text, error);
    }
    place = 0;
    while (status == STATUS_OK && (text = command_line_next(command->line, "filter", &place)) != NULL) {
        status = where_add_filter(command->where, text, error);
    }
    return status;
}

static enum status read_visibility(struct dlq_command *command, struct error *error)
{
    int64_t visibility_ms = 0;
    enum status status = command_line_duration(command->line, "visibility", VISIBILITY_MAX_MS, VISIBILITY_OTHERWISE_MS,
                                               &visibility_ms, error);
    if (status == STATUS_OK && visibility_ms < VISIBILITY_MIN_MS) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "--visibility: expected at least 5s");
    }
    command->visibility_seconds = (int)(visibility_ms / 1000);
    return status;
}

enum status dlq_command_init(struct dlq_command *command, const struct command_line *line, struct error *error)
{
    const char *word = line->arguments[0];
    *command = (struct dlq_command){
        .line = line, .where = where_new(), .is_json = command_line_wants_json(line)};
    enum status status = command_line_number(line, "limit", 1, DLQ_LIMIT_MAX, 0, &command->limit, error);
    if (status == STATUS_OK) {
        status = read_visibility(command, error);
    }
    if (status == STATUS_OK) {
        status = read_conditions(command, error);
    }
    if (status == STATUS_OK) {
        status = need_settings(command, word, error);
    }
    if (status == STATUS_OK && word != NULL) {
        status = queue_names_find_dead(command->settings, word, &command->url, error);
    }
    return status;
}

enum status dlq_command_find_queue(struct dlq_command *command, const char *word, char **out_url, struct error *error)
{
    enum status status = need_settings(command, word, error);
    return status == STATUS_OK ? queue_names_find(command->settings, word, out_url, error) : status;
}

int64_t dlq_command_depth(struct dlq_command *command)
{
    json_t *attributes = NULL;
    if (sqs_session_get_queue_attributes(command->session, command->url, &attributes, NULL) != STATUS_OK) {
        return -1;
    }
    const char *text = json_string_value(json_object_get(attributes, "ApproximateNumberOfMessages"));
    int64_t depth = text != NULL ? strtoll(text, NULL, 10) : -1;
    json_decref(attributes);
    return depth;
}

enum status dlq_command_open(struct dlq_command *command, const char *label, struct error *error)
{
    const struct log_options log = {.service = "ferry", .level = LOG_LEVEL_WARN, .format = LOG_FORMAT_TEXT,
                                    .file_descriptor = STDERR_FILENO};
    bool is_wanted = progress_is_wanted(command->is_json);
    log_configure(&log);
    enum status status = sqs_session_new(&command->session, error);
    if (status != STATUS_OK) {
        return status;
    }
    interrupt_watch();
    int64_t depth = is_wanted && command->url != NULL ? dlq_command_depth(command) : 0;
    if (command->limit > 0 && command->limit < depth && where_is_empty(command->where)) {
        depth = command->limit;
    }
    progress_init(&command->progress, is_wanted, label, depth > 0 ? depth : 0);
    return STATUS_OK;
}

void dlq_command_deinit(struct dlq_command *command)
{
    sqs_session_destroy(command->session);
    where_destroy(command->where);
    free(command->url);
    settings_destroy(command->settings);
    *command = (struct dlq_command){0};
}

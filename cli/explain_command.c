/* See explain_command.h. */
#include "explain_command.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "command_line.h"
#include "exit_code.h"
#include "explain.h"
#include "explain_input.h"
#include "explain_print.h"
#include "output.h"
#include "settings/settings.h"

/* The queue of --queue, by URL or name, or the only one. */
static enum status find_queue(const struct settings *settings, const char *wanted,
                              const struct settings_queue **out_queue, struct error *error)
{
    if (wanted == NULL && settings->queue_count == 1) {
        *out_queue = &settings->queues[0];
        return STATUS_OK;
    }
    if (wanted == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         settings->queue_count == 0
                             ? "the configuration has no queue: an event is explained with --route"
                             : "the configuration has several queues: say which with --queue");
    }
    for (size_t i = 0; i < settings->queue_count; i++) {
        if (strcmp(settings->queues[i].url, wanted) == 0 || strcmp(settings->queues[i].name, wanted) == 0) {
            *out_queue = &settings->queues[i];
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_INVALID_ARGUMENT, "--queue: the configuration has no queue \"%s\"", wanted);
}

/* Explanations are appended to out. */
static enum status explain_messages(const struct command_line *line, const struct settings *settings, const char *text,
                                    size_t length, json_t *out, struct error *error)
{
    const struct settings_queue *queue = NULL;
    struct sqs_message *messages[EXPLAIN_MESSAGES_MAX];
    size_t count = 0;
    const char *message_id = command_line_value(line, "message-id");
    bool is_body = command_line_has(line, "body");
    if (!is_body && (message_id != NULL || command_line_has(line, "group"))) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--message-id and --group go with --body");
    }
    if (command_line_has(line, "content-type") || command_line_has(line, "idempotency-key")) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--content-type and --idempotency-key go with --route");
    }
    enum status status = find_queue(settings, command_line_value(line, "queue"), &queue, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (is_body) {
        status = explain_wrap_body(text, length, message_id != NULL ? message_id : EXPLAIN_BODY_MESSAGE_ID,
                                   command_line_value(line, "group"), &messages[0], error);
        count = status == STATUS_OK ? 1 : 0;
    } else {
        status = explain_parse_messages(text, length, messages, &count, error);
    }
    for (size_t i = 0; i < count; i++) {
        CHECK(json_array_append_new(out, explain_message(settings, queue, messages[i])) == 0);
        sqs_message_destroy(messages[i]);
    }
    return status;
}

static enum status explain_events(const struct command_line *line, const struct settings *settings, const char *text,
                                  size_t length, json_t *out, struct error *error)
{
    const char *name = command_line_value(line, "route");
    const struct settings_route *route = settings_find_route(settings, name);
    const char *type = command_line_value(line, "content-type");
    const struct event_headers headers = {
        .content_type = type != NULL ? type : explain_content_type(text, length),
        .idempotency_key = command_line_value(line, "idempotency-key"),
    };
    struct event_list list = {0};
    if (route == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--route: the configuration has no route \"%s\"", name);
    }
    if (command_line_has(line, "queue") || command_line_has(line, "body")) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--route is for events, --queue and --body for messages");
    }
    if (event_form(&headers) == EVENT_FORM_UNSUPPORTED) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "--content-type: expected that of JSON or of CloudEvents (docs/events.md), found \"%s\"",
                         headers.content_type);
    }
    enum status status = event_list_parse(event_form(&headers), &headers, text, length, &list, error);
    for (size_t i = 0; status == STATUS_OK && i < list.count; i++) {
        CHECK(json_array_append_new(out, explain_event(settings, route, &list.events[i])) == 0);
    }
    event_list_deinit(&list);
    return status;
}

static void print(const struct command_line *line, json_t *explanations)
{
    size_t index = 0;
    const json_t *explanation = NULL;
    if (command_line_wants_json(line)) {
        json_t *all = json_pack("{s:O}", "messages", explanations);
        output_json(stdout, all);
        json_decref(all);
        return;
    }
    json_array_foreach(explanations, index, explanation)
    {
        if (index > 0) {
            (void)fputc('\n', stdout);
        }
        explain_print(explanation, stdout);
    }
}

static int run(const struct command_line *line)
{
    struct error error = {0};
    struct settings *settings = NULL;
    char *text = NULL;
    size_t length = 0;
    json_t *explanations = json_array();
    enum status status = settings_load(command_line_value(line, "config"), &settings, &error);
    if (status == STATUS_OK) {
        status = explain_read(line->arguments[0], &text, &length, &error);
    }
    if (status == STATUS_OK) {
        status = command_line_has(line, "route")
                     ? explain_events(line, settings, text, length, explanations, &error)
                     : explain_messages(line, settings, text, length, explanations, &error);
    }
    if (status == STATUS_OK) {
        print(line, explanations);
    } else if (status == STATUS_MALFORMED || status == STATUS_TOO_LARGE) { /* it is the file's */
        error_prefix(&error, "%s: ", strcmp(line->arguments[0], "-") == 0 ? "standard input" : line->arguments[0]);
    }
    json_decref(explanations);
    free(text);
    settings_destroy(settings);
    return status == STATUS_OK ? EXIT_DONE : command_line_fail(line, &error);
}

static const struct command_option s_options[] = {
    COMMAND_OPTION_CONFIG,
    COMMAND_OPTION_OUTPUT,
    {'q', "queue", "QUEUE", "the queue that the message is from, by URL or name (default:\nthe only one)", NULL},
    {'\0', "body", NULL, "MESSAGE.json is a body alone, of any kind", NULL},
    {'\0', "message-id", "ID", "with --body: the message's ID", NULL},
    {'\0', "group", "GROUP", "with --body: its message group", NULL},
    {'r', "route", "ROUTE", "MESSAGE.json is what a POST to /v1/routes/ROUTE/events\nbrings: CloudEvents or JSON",
     NULL},
    {'\0', "content-type", "TYPE", "with --route: of the POST (default: what it looks like)", NULL},
    {'\0', "idempotency-key", "KEY", "with --route: of the POST", NULL},
    COMMAND_OPTIONS_END,
};

const struct command g_explain_command = {
    .words = "explain",
    .arguments = "MESSAGE.json",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "say what would be done with a message, without doing it",
    .description = "MESSAGE.json (- for standard input) is what `aws sqs receive-message` prints, or one\n"
                   "message of it. Nothing is asked and nothing is sent: the route, the workflow ID, the\n"
                   "request and what is rejected are decided by the services' own code from the\n"
                   "configuration alone. docs/explain.md has the members of the JSON.",
    .options = s_options,
    .run = run,
};

/* `ferry workflow start` and `ferry workflow result`. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "exit_code.h"
#include "gateway_session.h"
#include "json_body.h"
#include "json_input.h"
#include "json_pick.h"
#include "output.h"
#include "workflow_commands.h"
#include "workflow_result.h"

/* ---- the request ---- */

/* {"NAME": JSON, ...} of an option that may be repeated, "NAME=JSON". Nothing where it is not given. */
static enum status add_members(const struct command_line *line, const char *option, const char *member,
                               struct json_body *body, struct error *error)
{
    struct json_body object;
    size_t place = 0;
    enum status status = STATUS_OK;
    json_body_begin(&object);
    for (const char *given = NULL; status == STATUS_OK && (given = command_line_next(line, option, &place)) != NULL;) {
        const char *equals = strchr(given, '=');
        struct json_slice value = {0};
        if (equals == NULL || equals == given || !json_scan_value(equals + 1, strlen(equals + 1), &value)) {
            status = error_set(error, STATUS_INVALID_ARGUMENT,
                               "--%s: expected NAME=JSON (a text has quotes: 'customer=\"Ada\"'), found %s", option,
                               given);
            break;
        }
        char *name = memory_format("%.*s", (int)(equals - given), given);
        status = json_body_raw(&object, name, value, error);
        free(name);
    }
    json_body_end(&object);
    if (status == STATUS_OK && object.has_members) {
        status = json_body_raw(body, member, (struct json_slice){object.text.data, object.text.length}, error);
    }
    json_body_deinit(&object);
    return status;
}

static enum status add_texts(const struct command_line *line, struct json_body *body, struct error *error)
{
    static const struct {
        const char *option;
        const char *member;
    } texts[] = {
        {"task-queue", "taskQueue"},
        {"execution-timeout", "executionTimeout"},
        {"run-timeout", "runTimeout"},
        {"start-delay", "startDelay"},
        {"id-reuse", "idReusePolicy"},
        {"id-conflict", "idConflictPolicy"},
    };
    enum status status = json_body_text(body, "workflowType", line->arguments[0], error);
    for (size_t i = 0; status == STATUS_OK && i < sizeof texts / sizeof texts[0]; i++) {
        status = json_body_text(body, texts[i].member, command_line_value(line, texts[i].option), error);
    }
    return status;
}

static enum status make_body(const struct command_line *line, struct json_body *body, struct error *error)
{
    const char *option = command_line_value(line, "input");
    const char *argument = line->argument_count > 1 ? line->arguments[1] : NULL;
    struct json_input input = {0};
    if (command_line_value(line, "task-queue") == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "expected --task-queue NAME");
    }
    if (option != NULL && argument != NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--input: the input is an argument already");
    }
    enum status status = json_input_read(option != NULL ? option : argument, "INPUT", &input, error);
    if (status == STATUS_OK) {
        status = add_texts(line, body, error);
    }
    if (status == STATUS_OK && input.value.data != NULL) {
        status = json_body_raw(body, "input", input.value, error);
    }
    if (status == STATUS_OK) {
        status = add_members(line, "memo", "memo", body, error);
    }
    if (status == STATUS_OK) {
        status = add_members(line, "search-attribute", "searchAttributes", body, error);
    }
    json_body_end(body);
    json_input_deinit(&input);
    return status;
}

/* ---- what came of it ---- */

static const struct output_column s_start_columns[] = {
    {"workflow", "workflowId"}, {"run", "runId"}, {"started", "started"}, {"status", "status"}};

static void print_start(const struct command_line *line, const struct http_answer *answer)
{
    if (command_line_wants_json(line)) {
        gateway_session_print_raw(answer);
        return;
    }
    json_t *start = json_pick((struct json_slice){answer->body, answer->length}, "workflowId runId started status");
    output_fields(stdout, start, s_start_columns, sizeof s_start_columns / sizeof s_start_columns[0]);
    json_decref(start);
}

/* Waits for the run that the answer tells of, wherever its chain leads. */
static int await_end(struct gateway_session *session, const struct http_answer *start, int64_t wait_ms)
{
    json_t *started = json_pick((struct json_slice){start->body, start->length}, "workflowId runId");
    const char *id = json_string_value(json_object_get(started, "workflowId"));
    struct http_answer answer = {0};
    struct request_path path;
    struct error error = {0};
    gateway_session_path(session, id != NULL ? id : "", "result", NULL, &path);
    request_path_query(&path, "runId", json_string_value(json_object_get(started, "runId")));
    int code = workflow_result_await(session, &path, wait_ms, &answer, &error) == STATUS_OK
                   ? workflow_result_print(session->line, &answer)
                   : command_line_fail(session->line, &error);
    request_path_deinit(&path);
    http_answer_deinit(&answer);
    json_decref(started);
    return code;
}

static int run_start(const struct command_line *line)
{
    struct gateway_session session = {0};
    struct http_answer answer = {0};
    struct request_path path = {0};
    struct json_body body;
    struct error error = {0};
    int64_t wait_ms = 0;
    int code = EXIT_DONE;
    json_body_begin(&body);
    enum status status = command_line_duration(line, "wait", WORKFLOW_RESULT_WAIT_MAX_MS, 0, &wait_ms, &error);
    if (status == STATUS_OK) {
        status = make_body(line, &body, &error);
    }
    if (status == STATUS_OK) {
        status = gateway_session_open(line, &session, &error);
    }
    if (status == STATUS_OK) {
        gateway_session_path(&session, command_line_value(line, "id"), NULL, NULL, &path);
        status = gateway_session_post(&session, &path, (struct json_slice){body.text.data, body.text.length}, 0,
                                      &answer, &error);
    }
    if (status != STATUS_OK) {
        code = command_line_fail(line, &error);
    } else if (wait_ms > 0) {
        code = await_end(&session, &answer, wait_ms);
    } else {
        print_start(line, &answer);
    }
    json_body_deinit(&body);
    request_path_deinit(&path);
    http_answer_deinit(&answer);
    gateway_session_close(&session);
    return code;
}

static const struct command_option s_start_options[] = {
    {'t', "task-queue", "NAME", "where its workers ask; must be given", NULL},
    {'\0', "id", "ID", "its workflow ID (default: made from the idempotency key, or new)", NULL},
    {'i', "input", "INPUT", "the same as the argument INPUT", NULL},
    WORKFLOW_OPTION_WAIT("wait so long for its end, and print its result"),
    {'\0', "idempotency-key", "KEY", "the same key with the same request is the same start", NULL},
    {'\0', "memo", "NAME=JSON", "a field of its memo; may be repeated", NULL},
    {'\0', "search-attribute", "NAME=JSON", "a search attribute; may be repeated", NULL},
    {'\0', "execution-timeout", "TIME", "for all of its runs: 30s, 5m, 2h, 7d", NULL},
    {'\0', "run-timeout", "TIME", "for each of its runs", NULL},
    {'\0', "start-delay", "TIME", "begin so much later", NULL},
    {'\0', "id-reuse", "allow|failedOnly|reject", "where a run with this ID has closed: start another one (the\n"
     "default), only if that has failed, or never", "allow failedOnly reject"},
    {'\0', "id-conflict", "fail|useExisting|terminate", "where one is open: fail (the default), take that one, or\n"
     "terminate it", "fail useExisting terminate"},
    GATEWAY_OPTIONS,
};

const struct command g_workflow_start_command = {
    .words = "workflow start",
    .arguments = "TYPE [INPUT]",
    .arguments_min = 1,
    .arguments_max = 2,
    .summary = "start a workflow",
    .description = "INPUT is its one argument: JSON as it is, @FILE, or - for the standard input. It\n"
                   "gets there byte for byte. With --wait the exit code says whether it has completed.",
    .options = s_start_options,
    .run = run_start,
};

static int run_result(const struct command_line *line)
{
    struct gateway_session session = {0};
    struct http_answer answer = {0};
    struct request_path path = {0};
    struct error error = {0};
    int64_t wait_ms = 0;
    enum status status = command_line_duration(line, "wait", WORKFLOW_RESULT_WAIT_MAX_MS, 0, &wait_ms, &error);
    if (status == STATUS_OK) {
        status = gateway_session_open(line, &session, &error);
    }
    if (status == STATUS_OK) {
        gateway_session_path(&session, line->arguments[0], "result", NULL, &path);
        status = workflow_result_await(&session, &path, wait_ms, &answer, &error);
    }
    int code = status == STATUS_OK ? workflow_result_print(line, &answer) : command_line_fail(line, &error);
    request_path_deinit(&path);
    http_answer_deinit(&answer);
    gateway_session_close(&session);
    return code;
}

static const struct command_option s_result_options[] = {
    WORKFLOW_OPTION_WAIT("wait so long for its end (default: not at all)"),
    GATEWAY_OPTION_RUN,
    GATEWAY_OPTIONS,
};

const struct command g_workflow_result_command = {
    .words = "workflow result",
    .arguments = "ID",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "print the result of a workflow",
    .description = "Retries and continue-as-new are followed to the last run. The exit code is 0 only if\n"
                   "it has completed; how it ended otherwise is said on the standard error.",
    .options = s_result_options,
    .run = run_result,
};

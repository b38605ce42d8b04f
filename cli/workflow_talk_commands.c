/* Commands that talk to a running workflow: signal, query, update; cancel, terminate, reset. */
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "exit_code.h"
#include "gateway_session.h"
#include "json_body.h"
#include "json_input.h"
#include "json_pick.h"
#include "output.h"
#include "workflow_commands.h"

#define UPDATE_WAIT_MS 10000
#define UPDATE_WAIT_MAX_MS ((int64_t)60000) /* the gateway's own limit */
#define INPUT_TEXT                                                                                                     \
    "INPUT is its one argument: JSON as it is, @FILE, or - for the standard input. It\ngets there byte for byte."

/* POSTs body to the workflow's path; open, call, and what to do with the answer. */
struct call {
    struct gateway_session session;
    struct http_answer answer;
    struct error error;
};

static void end(struct call *call)
{
    http_answer_deinit(&call->answer);
    gateway_session_close(&call->session);
}

/* query: of the request, a name and a value, which may be NULL. */
static enum status post(struct call *call, const struct command_line *line, const char *tail, const char *name,
                        struct json_slice body, const char *const (*query)[2], size_t query_count, int64_t wait_ms)
{
    struct request_path path;
    enum status status = gateway_session_open(line, &call->session, &call->error);
    if (status != STATUS_OK) {
        return status;
    }
    gateway_session_path(&call->session, line->arguments[0], tail, name, &path);
    for (size_t i = 0; i < query_count; i++) {
        request_path_query(&path, query[i][0], query[i][1]);
    }
    status = gateway_session_post(&call->session, &path, body, wait_ms, &call->answer, &call->error);
    request_path_deinit(&path);
    return status;
}

/* The INPUT behind ID and NAME. */
static enum status read_input(const struct command_line *line, struct json_input *input, struct error *error)
{
    return json_input_read(line->argument_count > 2 ? line->arguments[2] : NULL, "INPUT", input, error);
}

/* Says so, or prints the answer for programs. */
static int done(const struct call *call, const char *what)
{
    if (command_line_wants_json(call->session.line)) {
        gateway_session_print_raw(&call->answer);
    } else {
        output_text(stdout, what);
        (void)fputc('\n', stdout);
    }
    return EXIT_DONE;
}

static int done_with_result(const struct call *call)
{
    struct json_slice result = json_scan_member(call->answer.body, call->answer.length, "result");
    if (command_line_wants_json(call->session.line)) {
        gateway_session_print_raw(&call->answer);
    } else {
        gateway_session_print_value(result);
    }
    return EXIT_DONE;
}

/* ---- signal ---- */

static enum status start_body(const struct command_line *line, struct json_slice signal, struct json_body *body,
                              struct error *error)
{
    struct json_input input = {0};
    const char *task_queue = command_line_value(line, "task-queue");
    if (task_queue == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--start: expected --task-queue NAME, too");
    }
    enum status status = json_input_read(command_line_value(line, "start-input"), "--start-input", &input, error);
    if (status == STATUS_OK) {
        status = json_body_text(body, "workflowType", command_line_value(line, "start"), error);
    }
    if (status == STATUS_OK) {
        status = json_body_text(body, "taskQueue", task_queue, error);
    }
    if (status == STATUS_OK && input.value.data != NULL) {
        status = json_body_raw(body, "input", input.value, error);
    }
    if (status == STATUS_OK && signal.data != NULL) {
        status = json_body_raw(body, "signal", signal, error);
    }
    json_body_end(body);
    json_input_deinit(&input);
    return status;
}

/* --start: the signal, and the workflow before it where it is not there. */
static int signal_with_start(const struct command_line *line)
{
    struct call call = {0};
    struct json_input input = {0};
    struct json_body body;
    json_body_begin(&body);
    enum status status = read_input(line, &input, &call.error);
    if (status == STATUS_OK) {
        status = start_body(line, input.value, &body, &call.error);
    }
    if (status == STATUS_OK) {
        status = post(&call, line, "signal-with-start", line->arguments[1],
                      (struct json_slice){body.text.data, body.text.length}, NULL, 0, 0);
    }
    int code = EXIT_DONE;
    if (status != STATUS_OK) {
        code = command_line_fail(line, &call.error);
    } else {
        json_t *start = json_pick((struct json_slice){call.answer.body, call.answer.length}, "started");
        code = done(&call, json_is_true(json_object_get(start, "started")) ? "started and signaled" : "signaled");
        json_decref(start);
    }
    json_body_deinit(&body);
    json_input_deinit(&input);
    end(&call);
    return code;
}

static int run_signal(const struct command_line *line)
{
    if (command_line_has(line, "start")) {
        return signal_with_start(line);
    }
    struct call call = {0};
    struct json_input input = {0};
    enum status status = read_input(line, &input, &call.error);
    if (status == STATUS_OK) {
        status = post(&call, line, "signals", line->arguments[1], input.value, NULL, 0, 0);
    }
    int code = status == STATUS_OK ? done(&call, "signaled") : command_line_fail(line, &call.error);
    json_input_deinit(&input);
    end(&call);
    return code;
}

static const struct command_option s_signal_options[] = {
    {'\0', "start", "TYPE", "start it with this workflow type first where it is not there", NULL},
    {'t', "task-queue", "NAME", "with --start: where its workers ask", NULL},
    {'\0', "start-input", "INPUT", "with --start: the workflow's own argument", NULL},
    {'\0', "idempotency-key", "KEY", "the same key is the same signal, which arrives once", NULL},
    GATEWAY_OPTION_RUN,
    GATEWAY_OPTIONS,
};

const struct command g_workflow_signal_command = {
    .words = "workflow signal",
    .arguments = "ID NAME [INPUT]",
    .arguments_min = 2,
    .arguments_max = 3,
    .summary = "send a signal to a workflow",
    .description = INPUT_TEXT,
    .options = s_signal_options,
    .run = run_signal,
};

/* ---- query ---- */

static int run_query(const struct command_line *line)
{
    struct call call = {0};
    struct json_input input = {0};
    enum status status = read_input(line, &input, &call.error);
    const char *const query[][2] = {{"rejectCondition", command_line_value(line, "reject")}};
    if (status == STATUS_OK) {
        status = post(&call, line, "queries", line->arguments[1], input.value, query, 1, 0);
    }
    int code = status == STATUS_OK ? done_with_result(&call) : command_line_fail(line, &call.error);
    json_input_deinit(&input);
    end(&call);
    return code;
}

static const struct command_option s_query_options[] = {
    {'\0', "reject", "notOpen|notCompletedCleanly", "refuse where it is not open, or has not completed well",
     "notOpen notCompletedCleanly"},
    GATEWAY_OPTION_RUN,
    GATEWAY_OPTIONS,
};

const struct command g_workflow_query_command = {
    .words = "workflow query",
    .arguments = "ID NAME [INPUT]",
    .arguments_min = 2,
    .arguments_max = 3,
    .summary = "ask a workflow something, and print its answer",
    .description = INPUT_TEXT,
    .options = s_query_options,
    .run = run_query,
};

/* ---- update ---- */

/* 202: accepted, and not completed in time. */
static int done_with_update(const struct call *call)
{
    json_t *update = NULL;
    bool is_asked = command_line_value(call->session.line, "stage") != NULL &&
                    strcmp(command_line_value(call->session.line, "stage"), "accepted") == 0;
    if (call->answer.status != 202 && !is_asked) {
        return done_with_result(call);
    }
    if (command_line_wants_json(call->session.line)) {
        gateway_session_print_raw(&call->answer);
        return call->answer.status == 202 ? EXIT_FAILED : EXIT_DONE;
    }
    update = json_pick((struct json_slice){call->answer.body, call->answer.length}, "updateId");
    const char *id = json_string_value(json_object_get(update, "updateId"));
    (void)printf("%s, update ID %s\n", call->answer.status == 202 ? "accepted, not completed yet" : "accepted",
                 id != NULL ? id : "unknown");
    json_decref(update);
    return call->answer.status == 202 ? EXIT_FAILED : EXIT_DONE;
}

static int run_update(const struct command_line *line)
{
    struct call call = {0};
    struct json_input input = {0};
    char wait[24];
    int64_t wait_ms = 0;
    const char *const query[][2] = {{"stage", command_line_value(line, "stage")}, {"wait", wait}};
    enum status status =
        command_line_duration(line, "wait", UPDATE_WAIT_MAX_MS, UPDATE_WAIT_MS, &wait_ms, &call.error);
    CHECK(snprintf(wait, sizeof wait, "%" PRId64 "ms", wait_ms) > 0);
    if (status == STATUS_OK) {
        status = read_input(line, &input, &call.error);
    }
    if (status == STATUS_OK) {
        status = post(&call, line, "updates", line->arguments[1], input.value, query, 2, wait_ms);
    }
    int code = status == STATUS_OK ? done_with_update(&call) : command_line_fail(line, &call.error);
    json_input_deinit(&input);
    end(&call);
    return code;
}

static const struct command_option s_update_options[] = {
    {'\0', "stage", "accepted|completed", "what to wait for (default: completed)", "accepted completed"},
    {'w', "wait", "TIME", "wait so long for it, at most 60s (default: 10s)", NULL},
    {'\0', "idempotency-key", "KEY", "the same key is the same update", NULL},
    GATEWAY_OPTION_RUN,
    GATEWAY_OPTIONS,
};

const struct command g_workflow_update_command = {
    .words = "workflow update",
    .arguments = "ID NAME [INPUT]",
    .arguments_min = 2,
    .arguments_max = 3,
    .summary = "send an update to a workflow, and print its result",
    .description = INPUT_TEXT "\nThe exit code is 1 where it was accepted and has not completed in time.",
    .options = s_update_options,
    .run = run_update,
};

/* ---- cancel, terminate ---- */

static int end_workflow(const struct command_line *line, const char *tail, const char *what)
{
    struct call call = {0};
    struct json_body body;
    json_body_begin(&body);
    enum status status = json_body_text(&body, "reason", command_line_value(line, "reason"), &call.error);
    json_body_end(&body);
    if (status == STATUS_OK) {
        status = post(&call, line, tail, NULL, (struct json_slice){body.text.data, body.text.length}, NULL, 0, 0);
    }
    int code = status == STATUS_OK ? done(&call, what) : command_line_fail(line, &call.error);
    json_body_deinit(&body);
    end(&call);
    return code;
}

static int run_cancel(const struct command_line *line)
{
    return end_workflow(line, "cancel", "asked to cancel");
}

static int run_terminate(const struct command_line *line)
{
    return end_workflow(line, "terminate", "terminated");
}

static const struct command_option s_end_options[] = {
    {'\0', "reason", "TEXT", "why; it stands in the history", NULL},
    GATEWAY_OPTION_RUN,
    GATEWAY_OPTIONS,
};

const struct command g_workflow_cancel_command = {
    .words = "workflow cancel",
    .arguments = "ID",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "ask a workflow to end",
    .description = "The workflow hears of it and may clean up, which takes its time.",
    .options = s_end_options,
    .run = run_cancel,
};

const struct command g_workflow_terminate_command = {
    .words = "workflow terminate",
    .arguments = "ID",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "end a workflow at once, without asking it",
    .options = s_end_options,
    .run = run_terminate,
};

/* ---- reset ---- */

static enum status reset_body(const struct command_line *line, struct json_body *body, struct error *error)
{
    const char *to = command_line_value(line, "to");
    int64_t event = 0;
    enum status status = command_line_number(line, "event", 1, INT32_MAX, 0, &event, error);
    if (status == STATUS_OK && (to == NULL) == (event == 0)) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "expected either --to or --event N");
    }
    if (status == STATUS_OK) {
        status = event > 0 ? json_body_number(body, "eventId", event, error) : json_body_text(body, "to", to, error);
    }
    if (status == STATUS_OK) {
        status = json_body_text(body, "reason", command_line_value(line, "reason"), error);
    }
    json_body_end(body);
    return status;
}

static int run_reset(const struct command_line *line)
{
    static const struct output_column columns[] = {{"workflow", "workflowId"}, {"run", "runId"}};
    struct call call = {0};
    struct json_body body;
    json_body_begin(&body);
    enum status status = reset_body(line, &body, &call.error);
    if (status == STATUS_OK) {
        status = post(&call, line, "reset", NULL, (struct json_slice){body.text.data, body.text.length}, NULL, 0, 0);
    }
    json_body_deinit(&body);
    if (status != STATUS_OK) {
        end(&call);
        return command_line_fail(line, &call.error);
    }
    if (command_line_wants_json(line)) {
        gateway_session_print_raw(&call.answer);
    } else {
        json_t *run = json_loadb(call.answer.body, call.answer.length, 0, NULL);
        output_fields(stdout, run, columns, sizeof columns / sizeof columns[0]);
        json_decref(run);
    }
    end(&call);
    return EXIT_DONE;
}

static const struct command_option s_reset_options[] = {
    {'\0', "to", "firstWorkflowTask|lastWorkflowTask", "from where it goes on", "firstWorkflowTask lastWorkflowTask"},
    {'\0', "event", "N", "or the number of a completed workflow task's event", NULL},
    {'\0', "reason", "TEXT", "why; it stands in the history", NULL},
    GATEWAY_OPTION_RUN,
    GATEWAY_OPTIONS,
};

const struct command g_workflow_reset_command = {
    .words = "workflow reset",
    .arguments = "ID",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "do part of a workflow again, in a new run",
    .description = "An open run is terminated by it.",
    .options = s_reset_options,
    .run = run_reset,
};

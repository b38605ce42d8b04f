/* Commands that say something to a running workflow: signal, query, update. */
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "exit_code.h"
#include "json_pick.h"
#include "workflow_call.h"
#include "workflow_commands.h"

#define UPDATE_WAIT_MS 10000
#define UPDATE_WAIT_MAX_MS ((int64_t)60000) /* the gateway's own limit */
#define INPUT_TEXT                                                                                                     \
    "INPUT is its one argument: JSON as it is, @FILE, or - for the standard input. It\ngets there byte for byte."

/* ---- signal ---- */

/* The workflow's part of the body. */
static enum status add_start(const struct command_line *line, struct json_body *body, struct error *error)
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
    json_input_deinit(&input);
    return status;
}

static enum status signal_with_start_body(const struct command_line *line, struct json_body *body, struct error *error)
{
    struct json_input signal = {0};
    enum status status = workflow_call_read_input(line, &signal, error);
    if (status == STATUS_OK) {
        status = add_start(line, body, error);
    }
    if (status == STATUS_OK && signal.value.data != NULL) {
        status = json_body_raw(body, "signal", signal.value, error);
    }
    json_input_deinit(&signal);
    return status;
}

static int print_signal(const struct command_line *line, const struct http_answer *answer)
{
    return workflow_call_print_words(line, answer, "signaled");
}

static int print_signal_with_start(const struct command_line *line, const struct http_answer *answer)
{
    json_t *start = json_pick((struct json_slice){answer->body, answer->length}, "started");
    bool is_started = json_is_true(json_object_get(start, "started"));
    json_decref(start);
    return workflow_call_print_words(line, answer, is_started ? "started and signaled" : "signaled");
}

/* --start: the signal, and the workflow before it where it is not there. */
static int run_signal(const struct command_line *line)
{
    bool is_with_start = command_line_has(line, "start");
    const struct workflow_call call = {
        .tail = is_with_start ? "signal-with-start" : "signals",
        .name = line->arguments[1],
        .make_body = is_with_start ? signal_with_start_body : NULL,
        .print = is_with_start ? print_signal_with_start : print_signal,
    };
    return workflow_call_run(line, &call);
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
    const char *const query[][2] = {{"rejectCondition", command_line_value(line, "reject")}};
    const struct workflow_call call = {
        .tail = "queries",
        .name = line->arguments[1],
        .query = query,
        .query_count = 1,
        .print = workflow_call_print_result,
    };
    return workflow_call_run(line, &call);
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

static void print_update_id(const struct http_answer *answer, const char *words)
{
    json_t *update = json_pick((struct json_slice){answer->body, answer->length}, "updateId");
    const char *id = json_string_value(json_object_get(update, "updateId"));
    (void)printf("%s, update ID %s\n", words, id != NULL ? id : "unknown");
    json_decref(update);
}

/* 202: accepted, and not completed in time. */
static int print_update(const struct command_line *line, const struct http_answer *answer)
{
    const char *stage = command_line_value(line, "stage");
    bool is_waited_for = stage == NULL || strcmp(stage, "accepted") != 0;
    bool is_late = answer->status == 202;
    if (command_line_wants_json(line)) {
        gateway_session_print_raw(answer);
    } else if (is_late || !is_waited_for) {
        print_update_id(answer, is_late ? "accepted, not completed yet" : "accepted");
    } else {
        (void)workflow_call_print_result(line, answer);
    }
    return is_late ? EXIT_FAILED : EXIT_DONE;
}

static int run_update(const struct command_line *line)
{
    struct error error = {0};
    char wait[24];
    const char *const query[][2] = {{"stage", command_line_value(line, "stage")}, {"wait", wait}};
    struct workflow_call call = {
        .tail = "updates",
        .name = line->arguments[1],
        .query = query,
        .query_count = 2,
        .print = print_update,
    };
    if (command_line_duration(line, "wait", UPDATE_WAIT_MAX_MS, UPDATE_WAIT_MS, &call.wait_ms, &error) != STATUS_OK) {
        return command_line_fail(line, &error);
    }
    CHECK(snprintf(wait, sizeof wait, "%" PRId64 "ms", call.wait_ms) > 0);
    return workflow_call_run(line, &call);
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

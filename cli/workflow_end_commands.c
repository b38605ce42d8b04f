/* Commands that end a workflow or begin it anew: cancel, terminate, reset. */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "exit_code.h"
#include "output.h"
#include "workflow_call.h"
#include "workflow_commands.h"

static enum status add_reason(const struct command_line *line, struct json_body *body, struct error *error)
{
    return json_body_text(body, "reason", command_line_value(line, "reason"), error);
}

/* ---- cancel, terminate ---- */

static int print_cancel(const struct command_line *line, const struct http_answer *answer)
{
    return workflow_call_print_words(line, answer, "asked to cancel");
}

static int print_terminate(const struct command_line *line, const struct http_answer *answer)
{
    return workflow_call_print_words(line, answer, "terminated");
}

static int run_cancel(const struct command_line *line)
{
    static const struct workflow_call call = {.tail = "cancel", .make_body = add_reason, .print = print_cancel};
    return workflow_call_run(line, &call);
}

static int run_terminate(const struct command_line *line)
{
    static const struct workflow_call call = {.tail = "terminate", .make_body = add_reason, .print = print_terminate};
    return workflow_call_run(line, &call);
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
    return status == STATUS_OK ? add_reason(line, body, error) : status;
}

static int print_reset(const struct command_line *line, const struct http_answer *answer)
{
    static const struct output_column columns[] = {{"workflow", "workflowId"}, {"run", "runId"}};
    if (command_line_wants_json(line)) {
        gateway_session_print_raw(answer);
    } else {
        json_t *run = json_loadb(answer->body, answer->length, 0, NULL);
        output_fields(stdout, run, columns, sizeof columns / sizeof columns[0]);
        json_decref(run);
    }
    return EXIT_DONE;
}

static int run_reset(const struct command_line *line)
{
    static const struct workflow_call call = {.tail = "reset", .make_body = reset_body, .print = print_reset};
    return workflow_call_run(line, &call);
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

/* See lanes_commands.h. */
#include "lanes_commands.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "exit_code.h"
#include "lanes_view.h"
#include "lanes_watch.h"
#include "output.h"
#include "request_path.h"

/* ---- lanes ---- */

static enum status read_every(const struct command_line *line, int64_t *out_ms, struct error *error)
{
    enum status status = command_line_duration(line, "every", INT64_C(24) * 3600 * 1000, LANES_WATCH_EVERY_MS, out_ms,
                                               error);
    if (status == STATUS_OK && *out_ms < LANES_WATCH_EVERY_MIN_MS) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "--every: expected at least %dms",
                           LANES_WATCH_EVERY_MIN_MS);
    }
    if (status == STATUS_OK && command_line_has(line, "every") && !command_line_has(line, "watch")) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "--every: expected --watch, too");
    }
    return status;
}

static int show_once(struct lanes_view *view)
{
    lanes_view_fetch(view);
    if (command_line_wants_json(view->pollers.line)) {
        json_t *all = lanes_view_json(view);
        output_json(stdout, all);
        json_decref(all);
    } else {
        lanes_view_print(view, stdout);
        if (json_array_size(view->lanes) == 0 && isatty(STDOUT_FILENO) == 1) { /* on stderr: it is no row */
            (void)fputs("no lanes\n", stderr);
        }
    }
    return pollers_finish(&view->pollers);
}

static int run_lanes(const struct command_line *line)
{
    struct lanes_view view = {0};
    struct error error = {0};
    int64_t every_ms = 0;
    enum status status = read_every(line, &every_ms, &error);
    if (status == STATUS_OK) {
        status = lanes_view_open(line, &view, &error);
    }
    if (status != STATUS_OK) {
        return command_line_fail(line, &error);
    }
    int code = command_line_has(line, "watch") ? lanes_watch_run(&view, every_ms) : show_once(&view);
    lanes_view_close(&view);
    return code;
}

static const struct command_option s_lanes_options[] = {
    {'\0', "limit", "N", "at most N of each queue of each poller, the oldest heads first\n(default: 100)", NULL},
    {'w', "watch", NULL, "show them again and again, until Ctrl-C: on a terminal in place", NULL},
    {'\0', "every", "TIME", "with --watch: so often (default: 2s)", NULL},
    POLLER_OPTIONS,
};

const struct command g_lanes_command = {
    .words = "lanes",
    .arguments = "[QUEUE]",
    .arguments_max = 1,
    .summary = "list lanes: the heads, their age, and why they are there",
    .description = "A lane is a FIFO group's messages in the hand of a poller; of a standard queue those\n"
                   "messages that are stuck. docs/operating.md says what each state asks for.",
    .options = s_lanes_options,
    .run = run_lanes,
};

/* ---- orders ---- */

/* Asks one poller after another until one has the message. -1: none has; failures are noted. */
static int give(struct pollers *pollers, const char *path)
{
    for (size_t i = 0; i < pollers->count; i++) {
        struct http_answer answer = {0};
        struct error error = {0};
        enum status status = pollers_call(pollers, i, "POST", path, &answer, &error);
        http_answer_deinit(&answer);
        if (status == STATUS_OK || status == STATUS_FAILED_PRECONDITION) {
            CHECK(json_array_clear(pollers->failed) == 0); /* it is found: what the others say is of no interest */
        }
        if (status == STATUS_OK) {
            return (int)i;
        }
        pollers_note_failure(pollers, i, &error);
        if (status == STATUS_FAILED_PRECONDITION) {
            break;
        }
    }
    return -1;
}

static int order(const struct command_line *line, const char *word, const char *done)
{
    struct pollers pollers = {0};
    struct error error = {0};
    struct request_path path;
    if (pollers_open(line, NULL, &pollers, &error) != STATUS_OK) {
        return command_line_fail(line, &error);
    }
    request_path_init(&path, "/v1/queues");
    request_path_segment(&path, line->arguments[0]);
    request_path_segment(&path, "messages");
    request_path_segment(&path, line->arguments[1]);
    request_path_segment(&path, word);
    int index = give(&pollers, path.text.data);
    if (command_line_wants_json(line)) {
        json_t *row = json_pack("{s:s, s:s, s:s, s:s?, s:O}", "queue", line->arguments[0], "messageId",
                                line->arguments[1], "order", word, "poller",
                                index >= 0 ? pollers.addresses[index] : NULL, "failed", pollers.failed);
        output_json(stdout, row);
        json_decref(row);
    } else if (index >= 0) {
        output_text(stdout, line->arguments[1]);
        (void)printf(" %s\n", done);
    }
    request_path_deinit(&path);
    int code = pollers_finish(&pollers);
    pollers_close(&pollers);
    return code;
}

static int run_retry(const struct command_line *line)
{
    return order(line, "retry", "is tried again");
}

static int run_skip(const struct command_line *line)
{
    return order(line, "skip", "is deleted");
}

static int run_dead_letter(const struct command_line *line)
{
    return order(line, "dead-letter", "goes to the dead-letter queue");
}

static const struct command_option s_order_options[] = {POLLER_OPTIONS};

const struct command g_lanes_retry_command = {
    .words = "lanes retry",
    .arguments = "QUEUE MESSAGEID",
    .arguments_min = 2,
    .arguments_max = 2,
    .summary = "make the next attempt now, counted anew",
    .options = s_order_options,
    .run = run_retry,
};

const struct command g_lanes_skip_command = {
    .words = "lanes skip",
    .arguments = "QUEUE MESSAGEID",
    .arguments_min = 2,
    .arguments_max = 2,
    .summary = "delete a message; its run, if open, goes on",
    .options = s_order_options,
    .run = run_skip,
};

const struct command g_lanes_dead_letter_command = {
    .words = "lanes dead-letter",
    .arguments = "QUEUE MESSAGEID",
    .arguments_min = 2,
    .arguments_max = 2,
    .summary = "send a message to its route's dead-letter queue",
    .options = s_order_options,
    .run = run_dead_letter,
};

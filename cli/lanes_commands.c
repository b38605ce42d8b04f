/* See lanes_commands.h. */
#include "lanes_commands.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "exit_code.h"
#include "lanes.h"
#include "output.h"
#include "request_path.h"
#include "time_text.h"

#define LIMIT 100
#define LIMIT_MAX 1000
#define COLUMNS_MAX 8

/* ---- lanes ---- */

/* The row of the table for a lane. */
static json_t *row_of(const json_t *lane)
{
    const json_t *head = json_object_get(lane, "head");
    const json_t *age = json_object_get(head, "ageSeconds");
    static const char *const kept[] = {"poller", "process", "queue", "group", "depth"};
    json_t *row = json_object();
    char text[TIME_TEXT_SIZE];
    char *state = lanes_state_text(head);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (json_object_get(lane, kept[i]) != NULL) {
            CHECK(json_object_set(row, kept[i], json_object_get(lane, kept[i])) == 0);
        }
    }
    if (json_is_integer(age)) {
        time_text_span(json_integer_value(age) * 1000, text);
        CHECK(json_object_set_new(row, "age", json_string(text)) == 0);
    }
    if (json_object_get(head, "messageId") != NULL) {
        CHECK(json_object_set(row, "message", json_object_get(head, "messageId")) == 0);
    }
    CHECK(json_object_set_new(row, "state", json_string(state)) == 0);
    free(state);
    return row;
}

static void print_lanes(const struct pollers *pollers, const json_t *lanes, bool is_one_queue)
{
    static const struct output_column all[] = {
        {"POLLER", "poller"}, {"QUEUE", "queue"}, {"GROUP", "group"}, {"DEPTH", "depth"},
        {"AGE", "age"},       {"MESSAGE", "message"}, {"STATE", "state"},
    };
    struct output_column columns[COLUMNS_MAX];
    size_t count = 0;
    json_t *rows = json_array();
    const json_t *lane = NULL;
    size_t index = 0;
    json_array_foreach(lanes, index, lane)
    {
        CHECK(json_array_append_new(rows, row_of(lane)) == 0);
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        bool is_left_out = (i == 0 && pollers->count == 1) || (i == 1 && is_one_queue);
        if (!is_left_out) {
            columns[count++] = all[i];
        }
    }
    output_table(stdout, rows, columns, count);
    json_decref(rows);
}

static int run_lanes(const struct command_line *line)
{
    struct pollers pollers = {0};
    struct error error = {0};
    int64_t limit = 0;
    enum status status = command_line_number(line, "limit", 1, LIMIT_MAX, LIMIT, &limit, &error);
    if (status == STATUS_OK) {
        status = pollers_open(line, NULL, &pollers, &error);
    }
    if (status != STATUS_OK) {
        return command_line_fail(line, &error);
    }
    json_t *lanes = json_array();
    lanes_fetch(&pollers, line->argument_count > 0 ? line->arguments[0] : NULL, limit, lanes);
    if (command_line_wants_json(line)) {
        json_t *all = json_pack("{s:O, s:O}", "lanes", lanes, "failed", pollers.failed);
        output_json(stdout, all);
        json_decref(all);
    } else {
        print_lanes(&pollers, lanes, line->argument_count > 0);
    }
    int code = pollers_finish(&pollers);
    json_decref(lanes);
    pollers_close(&pollers);
    return code;
}

static const struct command_option s_lanes_options[] = {
    {'\0', "limit", "N", "at most N of each queue of each poller, the oldest heads first\n(default: 100)", NULL},
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
    if (index >= 0 && command_line_wants_json(line)) {
        json_t *row = json_pack("{s:s, s:s, s:s, s:s}", "queue", line->arguments[0], "messageId", line->arguments[1],
                                "order", word, "poller", pollers.addresses[index]);
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

/* See queue_commands.h. */
#include "queue_commands.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "output.h"
#include "pollers.h"
#include "request_path.h"
#include "time_text.h"

#define COLUMNS_MAX 12
#define CIRCUITS_TEXT_MAX ((size_t)4096)

/* ---- queue ls ---- */

/* "closed", or the routes whose circuit is not: "orders open". */
static void add_circuits(json_t *row)
{
    struct buffer text;
    const char *route = NULL;
    json_t *state = NULL;
    buffer_init(&text, CIRCUITS_TEXT_MAX);
    json_object_foreach(json_object_get(row, "circuits"), route, state)
    {
        const char *name = json_string_value(state);
        if (name != NULL && strcmp(name, "closed") != 0 &&
            !buffer_append_format(&text, "%s%s %s", text.length > 0 ? ", " : "", route, name)) {
            break; /* more circuits than anybody reads */
        }
    }
    CHECK(json_object_set_new(row, "circuit", json_string(text.length > 0 ? text.data : "closed")) == 0);
    buffer_deinit(&text);
}

/* Members that the table shows, from those of the answer. */
static void prepare(json_t *row)
{
    static const char *const states[] = {"held", "running", "resting"};
    char age[TIME_TEXT_SIZE];
    json_t *in_hand = json_object_get(row, "inHand");
    int64_t total = 0;
    const char *state = NULL;
    json_t *count = NULL;
    json_object_foreach(in_hand, state, count)
    {
        total += json_integer_value(count);
    }
    CHECK(json_object_set_new(row, "total", json_integer(total)) == 0);
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        json_t *number = json_integer(json_integer_value(json_object_get(in_hand, states[i])));
        CHECK(json_object_set_new(row, states[i], number) == 0);
    }
    if (total > 0) {
        time_text_span(json_integer_value(json_object_get(row, "oldestSeconds")) * 1000, age);
        CHECK(json_object_set_new(row, "oldest", json_string(age)) == 0);
    }
    add_circuits(row);
}

static bool any_has(const json_t *rows, const char *member)
{
    size_t index = 0;
    const json_t *row = NULL;
    json_array_foreach(rows, index, row)
    {
        if (json_object_get(row, member) != NULL) {
            return true;
        }
    }
    return false;
}

static void print_queues(const struct pollers *pollers, const json_t *queues)
{
    static const struct output_column all[] = {
        {"POLLER", "poller"},   {"PROCESS", "process"}, {"QUEUE", "name"},  {"PAUSED", "paused"},
        {"CIRCUIT", "circuit"}, {"IN HAND", "total"},   {"HELD", "held"},   {"RUNNING", "running"},
        {"RESTING", "resting"}, {"OLDEST", "oldest"},   {"PROBLEM", "problem"},
    };
    struct output_column columns[COLUMNS_MAX];
    size_t count = 0;
    json_t *rows = json_deep_copy(queues);
    json_t *row = NULL;
    size_t index = 0;
    json_array_foreach(rows, index, row)
    {
        prepare(row);
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        bool is_shown = strcmp(all[i].member, "poller") == 0 ? pollers->count > 1 : any_has(rows, all[i].member);
        if (is_shown || strcmp(all[i].member, "oldest") == 0) {
            columns[count++] = all[i];
        }
    }
    output_table(stdout, rows, columns, count);
    json_decref(rows);
}

/* The queues of one poller behind those of the others. */
static void ask_queues(struct pollers *pollers, size_t index, json_t *queues)
{
    struct http_answer answer = {0};
    struct error error = {0};
    json_t *row = NULL;
    size_t place = 0;
    if (pollers_call(pollers, index, NULL, "/v1/queues", &answer, &error) != STATUS_OK) {
        pollers_note_failure(pollers, index, &error);
        http_answer_deinit(&answer);
        return;
    }
    json_t *found = json_loadb(answer.body, answer.length, 0, NULL);
    json_array_foreach(json_object_get(found, "queues"), place, row)
    {
        pollers_sign(pollers, index, row);
        CHECK(json_array_append(queues, row) == 0);
    }
    pollers_note_silent(pollers, index, found);
    json_decref(found);
    http_answer_deinit(&answer);
}

static int run_ls(const struct command_line *line)
{
    struct pollers pollers = {0};
    struct error error = {0};
    if (pollers_open(line, NULL, &pollers, &error) != STATUS_OK) {
        return command_line_fail(line, &error);
    }
    json_t *queues = json_array();
    for (size_t i = 0; i < pollers.count; i++) {
        ask_queues(&pollers, i, queues);
    }
    if (command_line_wants_json(line)) {
        json_t *all = json_pack("{s:O, s:O}", "queues", queues, "failed", pollers.failed);
        output_json(stdout, all);
        json_decref(all);
    } else {
        print_queues(&pollers, queues);
    }
    int code = pollers_finish(&pollers);
    json_decref(queues);
    pollers_close(&pollers);
    return code;
}

static const struct command_option s_options[] = {POLLER_OPTIONS};

const struct command g_queue_ls_command = {
    .words = "queue ls",
    .arguments = "",
    .summary = "list the pollers' queues: paused or not, what is in hand",
    .description = "Messages that wait at SQS are not in hand: their age is CloudWatch's\n"
                   "ApproximateAgeOfOldestMessage.",
    .options = s_options,
    .run = run_ls,
};

/* ---- queue pause, queue resume ---- */

static int order_all(const struct command_line *line, const char *order, const char *done)
{
    struct pollers pollers = {0};
    struct error error = {0};
    struct request_path path;
    if (pollers_open(line, NULL, &pollers, &error) != STATUS_OK) {
        return command_line_fail(line, &error);
    }
    json_t *rows = json_array();
    request_path_init(&path, "/v1/queues");
    request_path_segment(&path, line->arguments[0]);
    request_path_segment(&path, order);
    for (size_t i = 0; i < pollers.count; i++) {
        struct http_answer answer = {0};
        if (pollers_call(&pollers, i, "POST", path.text.data, &answer, &error) != STATUS_OK) {
            pollers_note_failure(&pollers, i, &error);
        } else {
            json_t *row = json_pack("{s:s, s:b}", "queue", line->arguments[0], "paused", strcmp(order, "pause") == 0);
            CHECK(row != NULL);
            pollers_sign(&pollers, i, row);
            CHECK(json_array_append_new(rows, row) == 0);
        }
        http_answer_deinit(&answer);
    }
    request_path_deinit(&path);
    if (command_line_wants_json(line)) {
        json_t *all = json_pack("{s:O, s:O}", "queues", rows, "failed", pollers.failed);
        output_json(stdout, all);
        json_decref(all);
    } else if (json_array_size(rows) > 0) {
        (void)printf("%s %s", line->arguments[0], done);
        if (pollers.count > 1) {
            (void)printf(" at %zu of %zu pollers", json_array_size(rows), pollers.count);
        }
        (void)fputc('\n', stdout);
    }
    int code = pollers_finish(&pollers);
    json_decref(rows);
    pollers_close(&pollers);
    return code;
}

static int run_pause(const struct command_line *line)
{
    return order_all(line, "pause", "paused");
}

static int run_resume(const struct command_line *line)
{
    return order_all(line, "resume", "resumed");
}

const struct command g_queue_pause_command = {
    .words = "queue pause",
    .arguments = "NAME",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "receive and forward nothing of a queue",
    .description = "What is held or rests is handed back, open runs go on and are settled. Pause it at\n"
                   "every poller of the queue, with --poller repeated. A poller that is started again\n"
                   "receives again.",
    .options = s_options,
    .run = run_pause,
};

const struct command g_queue_resume_command = {
    .words = "queue resume",
    .arguments = "NAME",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "end the pause of a queue",
    .options = s_options,
    .run = run_resume,
};

/* See trace_command.h. What each step says is made in trace.c; here are the questions. */
#include "trace_command.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "exit_code.h"
#include "gateway_session.h"
#include "json_pick.h"
#include "lanes.h"
#include "output.h"
#include "temporal_ui.h"
#include "time_text.h"
#include "trace.h"

#define RUNS_MAX 10    /* the latest runs whose histories are read */
#define RUNS_TEXT "10"
#define PAGES_MAX 10   /* of a history */
#define PAGE_SIZE "500"
#define LANES_LIMIT 1000

struct tracing {
    const struct command_line *line;
    struct gateway_session gateway;
    struct pollers pollers;
    struct trace trace;
    json_t *problems; /* texts: who could not be asked, and why */
};

static void note_problem(struct tracing *tracing, const struct error *error)
{
    json_t *text = json_string(error->text);
    CHECK(json_array_append_new(tracing->problems, text != NULL ? text : json_string("(not UTF-8)")) == 0);
}

static struct json_slice body_of(const struct http_answer *answer)
{
    return (struct json_slice){answer->body, answer->length};
}

/* ---- the gateway ---- */

/* false: there is none, or the gateway does not say. */
static bool find_message(struct tracing *tracing, const char *id)
{
    struct http_answer answer = {0};
    struct request_path path;
    struct error error = {0};
    request_path_init(&path, "/v1/messages");
    request_path_segment(&path, id);
    enum status status = gateway_session_get(&tracing->gateway, &path, 0, &answer, &error);
    if (status == STATUS_OK) {
        trace_add_message(&tracing->trace, body_of(&answer));
    } else if (status != STATUS_NOT_FOUND && status != STATUS_UNIMPLEMENTED) {
        note_problem(tracing, &error);
    }
    request_path_deinit(&path);
    http_answer_deinit(&answer);
    return status == STATUS_OK;
}

static bool describe(struct tracing *tracing, const char *workflow_id)
{
    struct http_answer answer = {0};
    struct request_path path;
    struct error error = {0};
    gateway_session_path(&tracing->gateway, workflow_id, NULL, NULL, &path);
    enum status status = gateway_session_get(&tracing->gateway, &path, 0, &answer, &error);
    if (status == STATUS_OK) {
        trace_add_workflow(&tracing->trace, body_of(&answer));
    } else if (status != STATUS_NOT_FOUND && json_array_size(tracing->problems) == 0) {
        note_problem(tracing, &error);
    }
    request_path_deinit(&path);
    http_answer_deinit(&answer);
    return status == STATUS_OK;
}

/* Temporal's query has its texts in single quotes, a quote in them after a backslash. */
static char *query_of(const char *workflow_id)
{
    struct buffer text;
    size_t length = 0;
    buffer_init(&text, 2 * strlen(workflow_id) + 64);
    CHECK(buffer_append_string(&text, "WorkflowId = '"));
    for (const char *byte = workflow_id; *byte != '\0'; byte++) {
        CHECK(*byte != '\'' && *byte != '\\' ? true : buffer_append(&text, "\\", 1));
        CHECK(buffer_append(&text, byte, 1));
    }
    CHECK(buffer_append_string(&text, "'"));
    return buffer_take(&text, &length);
}

/* The IDs of the latest runs, the oldest first; the list may be late, and lack the last one. */
static size_t list_runs(struct tracing *tracing, char *out_runs[RUNS_MAX + 1])
{
    struct http_answer answer = {0};
    struct request_path path;
    struct error error = {0};
    char *query = query_of(tracing->trace.workflow_id);
    char *runs[RUNS_MAX];
    size_t count = 0;
    size_t out_count = 0;
    bool is_latest_there = false;
    gateway_session_path(&tracing->gateway, NULL, NULL, NULL, &path);
    request_path_query(&path, "query", query);
    request_path_query(&path, "pageSize", RUNS_TEXT);
    if (gateway_session_get(&tracing->gateway, &path, 0, &answer, &error) == STATUS_OK) {
        struct json_slice list = json_pick_path(body_of(&answer), "workflows");
        struct json_slice element = {0};
        for (size_t position = 0; list.data != NULL && count < RUNS_MAX &&
                                  json_scan_element(list.data, list.length, &position, &element);) {
            runs[count] = json_pick_text(element, "runId");
            count += runs[count] != NULL;
        }
    } else {
        note_problem(tracing, &error);
    }
    for (size_t i = count; i > 0; i--) {
        is_latest_there = is_latest_there || strcmp(runs[i - 1], tracing->trace.run_id) == 0;
        out_runs[out_count++] = runs[i - 1];
    }
    if (!is_latest_there) {
        out_runs[out_count++] = memory_copy_string(tracing->trace.run_id);
    }
    free(query);
    request_path_deinit(&path);
    http_answer_deinit(&answer);
    return out_count;
}

static void read_history(struct tracing *tracing, const char *run_id)
{
    char *token = NULL;
    enum status status = STATUS_OK;
    trace_begin_run(&tracing->trace, run_id);
    for (int page = 0; status == STATUS_OK && page < PAGES_MAX && (page == 0 || token != NULL); page++) {
        struct http_answer answer = {0};
        struct request_path path;
        struct error error = {0};
        struct json_slice event = {0};
        gateway_session_path(&tracing->gateway, tracing->trace.workflow_id, "history", NULL, &path);
        request_path_query(&path, "runId", run_id);
        request_path_query(&path, "pageSize", PAGE_SIZE);
        request_path_query(&path, "pageToken", token);
        status = gateway_session_get(&tracing->gateway, &path, 0, &answer, &error);
        if (status == STATUS_OK) {
            struct json_slice events = json_pick_path(body_of(&answer), "events");
            for (size_t position = 0;
                 events.data != NULL && json_scan_element(events.data, events.length, &position, &event);) {
                trace_add_event(&tracing->trace, event);
            }
            free(token);
            token = json_pick_text(body_of(&answer), "nextPageToken");
        } else if (status != STATUS_NOT_FOUND) { /* a run that its retention has just ended is none to worry about */
            note_problem(tracing, &error);
        }
        request_path_deinit(&path);
        http_answer_deinit(&answer);
    }
    free(token);
}

static void ask_gateway(struct tracing *tracing, const char *id)
{
    bool is_found = find_message(tracing, id);
    is_found = describe(tracing, is_found ? tracing->trace.workflow_id : id) || is_found;
    if (!is_found) {
        if (tracing->trace.message_id == NULL) {
            tracing->trace.message_id = memory_copy_string(id); /* pollers may have it */
        }
        return;
    }
    char *runs[RUNS_MAX + 1];
    size_t count = list_runs(tracing, runs);
    for (size_t i = 0; i < count; i++) {
        read_history(tracing, runs[i]);
        free(runs[i]);
    }
}

/* ---- the pollers ---- */

/* How many have answered. */
static size_t ask_pollers(struct tracing *tracing)
{
    json_t *lanes = json_array();
    json_t *queues = json_array();
    const json_t *failure = NULL;
    size_t index = 0;
    lanes_fetch(&tracing->pollers, NULL, LANES_LIMIT, lanes, queues);
    trace_add_lanes(&tracing->trace, lanes);
    trace_add_queues(&tracing->trace, queues);
    json_array_foreach(tracing->pollers.failed, index, failure)
    {
        CHECK(json_array_append(tracing->problems, json_object_get(failure, "error")) == 0);
    }
    json_decref(lanes);
    json_decref(queues);
    return tracing->pollers.count - json_array_size(tracing->pollers.failed);
}

/* ---- what is said ---- */

static char *ui_of(const struct tracing *tracing)
{
    const struct trace *trace = &tracing->trace;
    const struct settings *settings = http_session_settings(tracing->gateway.http);
    const struct settings_route *route = trace->route != NULL ? settings_find_route(settings, trace->route) : NULL;
    const char *name = command_line_value(tracing->line, "namespace");
    if (name == NULL) {
        name = route != NULL && route->namespace_ != NULL ? route->namespace_ : settings->temporal.namespace_;
    }
    return trace->run_id == NULL ? NULL
                                 : temporal_ui_address(command_line_value(tracing->line, "ui"),
                                                       settings->temporal.address, name, trace->workflow_id,
                                                       trace->run_id);
}

static void set_text(json_t *object, const char *name, const char *text)
{
    json_t *value = text != NULL ? json_string(text) : NULL;
    if (value != NULL) {
        CHECK(json_object_set_new(object, name, value) == 0);
    }
}

/* Everything, as -o json prints it. */
static json_t *report_of(const struct tracing *tracing, const char *verdict)
{
    const struct trace *trace = &tracing->trace;
    char *ui = ui_of(tracing);
    json_t *object = json_object();
    set_text(object, "verdict", verdict);
    set_text(object, "messageId", trace->message_id);
    set_text(object, "route", trace->route);
    set_text(object, "queue", trace->queue);
    set_text(object, "workflowId", trace->workflow_id);
    set_text(object, "runId", trace->run_id);
    set_text(object, "status", trace->status);
    set_text(object, "ui", ui);
    if (trace->attempts > 0) {
        CHECK(json_object_set_new(object, "attempts", json_integer((json_int_t)trace->attempts)) == 0);
    }
    CHECK(json_object_set(object, "steps", trace->steps) == 0);
    if (trace->in_hand != NULL) {
        CHECK(json_object_set(object, "inHand", trace->in_hand) == 0);
    }
    CHECK(json_object_set(object, "pausedQueues", trace->paused) == 0);
    CHECK(json_object_set(object, "problems", tracing->problems) == 0);
    free(ui);
    return object;
}

static void print_report(const json_t *report)
{
    static const struct output_column fields[] = {
        {"where", "verdict"}, {"message", "messageId"}, {"route", "route"}, {"queue", "queue"},
        {"workflow", "workflowId"}, {"run", "runId"},   {"status", "status"}, {"attempts", "attempts"}, {"see", "ui"},
    };
    static const struct output_column columns[] = {{"TIME (UTC)", "time"}, {"STEP", "step"}};
    json_t *steps = json_deep_copy(json_object_get(report, "steps"));
    json_t *step = NULL;
    size_t index = 0;
    char text[TIME_TEXT_SIZE];
    json_array_foreach(steps, index, step)
    {
        int64_t ms = time_text_read(json_string_value(json_object_get(step, "time")));
        if (ms >= 0) {
            time_text_moment(ms, true, text);
            CHECK(json_object_set_new(step, "time", json_string(text)) == 0);
        }
    }
    output_fields(stdout, report, fields, sizeof fields / sizeof fields[0]);
    if (json_array_size(steps) > 0) {
        (void)fputc('\n', stdout);
        output_table(stdout, steps, columns, sizeof columns / sizeof columns[0]);
    }
    json_decref(steps);
}

static int report(const struct tracing *tracing, size_t asked)
{
    const json_t *problem = NULL;
    size_t index = 0;
    char *verdict = trace_verdict(&tracing->trace, asked, json_array_size(tracing->problems) == 0);
    json_t *whole = report_of(tracing, verdict);
    if (command_line_wants_json(tracing->line)) {
        output_json(stdout, whole);
    } else {
        print_report(whole);
    }
    json_array_foreach(tracing->problems, index, problem)
    {
        (void)fprintf(stderr, "ferry trace: %s\n", json_string_value(problem));
    }
    json_decref(whole);
    free(verdict);
    bool is_found = tracing->trace.status != NULL || tracing->trace.in_hand != NULL;
    return is_found && json_array_size(tracing->problems) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int run(const struct command_line *line)
{
    struct tracing tracing = {.line = line, .problems = json_array()};
    struct error error = {0};
    int code = EXIT_DONE;
    trace_init(&tracing.trace);
    enum status status = gateway_session_open(line, &tracing.gateway, &error);
    if (status == STATUS_OK) {
        status = pollers_open(line, tracing.gateway.http, &tracing.pollers, &error);
    }
    if (status == STATUS_OK) {
        ask_gateway(&tracing, line->arguments[0]);
        code = report(&tracing, ask_pollers(&tracing));
    } else {
        code = command_line_fail(line, &error);
    }
    trace_deinit(&tracing.trace);
    json_decref(tracing.problems);
    pollers_close(&tracing.pollers);
    gateway_session_close(&tracing.gateway);
    return code;
}

static const struct command_option s_options[] = {
    {'\0', "ui", "URL", "address of Temporal's UI, for the link (default: $TEMPORAL_UI_URL;\n"
                                  "Temporal Cloud and the dev server are known)", NULL},
    POLLER_OPTION_ADDRESS,
    GATEWAY_OPTIONS,
};

const struct command g_trace_command = {
    .words = "trace",
    .arguments = "ID",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "where is my message: every step of its way",
    .description = "ID is a MessageId or a workflow ID. Gateway and pollers are asked; queues are not:\n"
                   "looking into one means receiving from it. Queues that an operator has paused are\n"
                   "named where that may be why.",
    .options = s_options,
    .run = run,
};

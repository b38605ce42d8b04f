/* `ferry workflow history`. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "exit_code.h"
#include "gateway_session.h"
#include "history_row.h"
#include "json_pick.h"
#include "output.h"
#include "workflow_commands.h"

#define WAIT_MS 20000 /* one request holds so long for the next event */
#define WAIT_TEXT "20s"
#define PAUSE_MS 500
#define ABSENCE_MAX_MS 60000
#define PAGE_SIZE "500"

struct history {
    struct gateway_session *session;
    bool is_json;
    bool is_following;
    json_t *rows;     /* of a table that is printed when all are there */
    size_t count;     /* events so far */
    char *page_token; /* NULL: no more */
    int64_t heard_ms; /* when the gateway last answered; 0: never */
};

/* Columns of a table that grows while it is read: widths are fixed. */
static void print_row_at_once(const json_t *row)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%lld", json_integer_value(json_object_get(row, "event")));
    (void)printf("%5s  %s  ", number, json_string_value(json_object_get(row, "time")));
    const char *detail = json_string_value(json_object_get(row, "detail"));
    (void)printf("%-*s%s", *detail == '\0' ? 0 : 34, json_string_value(json_object_get(row, "type")),
                 *detail == '\0' ? "" : " ");
    output_text(stdout, detail);
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
}

static void take_event(struct history *history, struct json_slice event)
{
    if (history->is_json && history->is_following) {
        gateway_session_print_value(event); /* one event on a line, at once */
        (void)fflush(stdout);
    } else if (history->is_json) {
        (void)fputs(history->count == 0 ? "{\"events\": [\n" : ",\n", stdout);
        (void)fwrite(event.data, 1, event.length, stdout);
    } else if (history->is_following) {
        json_t *row = history_row(event);
        if (history->count == 0) {
            (void)printf("%5s  %-23s  %-34s %s\n", "EVENT", "TIME", "TYPE", "DETAIL");
        }
        print_row_at_once(row);
        json_decref(row);
    } else {
        CHECK(json_array_append_new(history->rows, history_row(event)) == 0);
    }
    history->count++;
}

static enum status take_page(struct history *history, const struct http_answer *answer, struct error *error)
{
    const struct json_slice whole = {answer->body, answer->length};
    struct json_slice events = json_pick_path(whole, "events");
    struct json_slice event = {0};
    if (events.data == NULL) {
        return error_set(error, STATUS_MALFORMED, "the answer of %s is no history", history->session->address);
    }
    for (size_t position = 0; json_scan_element(events.data, events.length, &position, &event);) {
        take_event(history, event);
    }
    free(history->page_token);
    history->page_token = json_pick_text(whole, "nextPageToken");
    return STATUS_OK;
}

static enum status fetch_page(struct history *history, struct error *error)
{
    const struct command_line *line = history->session->line;
    struct request_path path;
    struct http_answer answer = {0};
    gateway_session_path(history->session, line->arguments[0], "history", NULL, &path);
    request_path_query(&path, "pageSize", PAGE_SIZE);
    request_path_query(&path, "pageToken", history->page_token);
    request_path_query(&path, "payloads", command_line_has(line, "encoded") ? "encoded" : NULL);
    request_path_query(&path, "reverse", command_line_has(line, "reverse") ? "true" : NULL);
    request_path_query(&path, "wait", history->is_following ? WAIT_TEXT : NULL);
    enum status status = gateway_session_get(history->session, &path, history->is_following ? WAIT_MS : 0, &answer,
                                             error);
    if (status == STATUS_OK) {
        history->heard_ms = clock_monotonic_ms();
        status = take_page(history, &answer, error);
    }
    request_path_deinit(&path);
    http_answer_deinit(&answer);
    return status;
}

/* A gateway that restarts while its history is followed is waited for. */
static bool is_to_be_asked_again(const struct history *history, enum status status)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    if (!history->is_following || !status_is_retryable(status) || history->heard_ms == 0 ||
        clock_monotonic_ms() - history->heard_ms > ABSENCE_MAX_MS) {
        return false;
    }
    (void)nanosleep(&pause, NULL); /* cut short by a signal: fine */
    return true;
}

static enum status fetch(struct history *history, struct error *error)
{
    for (;;) {
        enum status status = fetch_page(history, error);
        bool is_unread = ferror(stdout) != 0; /* "| head" has seen enough */
        if (is_unread || (status == STATUS_OK ? history->page_token == NULL : !is_to_be_asked_again(history, status))) {
            return status;
        }
    }
}

static void finish(const struct history *history)
{
    static const struct output_column columns[] = {
        {"EVENT", "event"}, {"TIME", "time"}, {"TYPE", "type"}, {"DETAIL", "detail"}};
    if (history->is_following) {
        return;
    }
    if (history->is_json) {
        (void)fputs(history->count == 0 ? "{\"events\": []}\n" : "\n]}\n", stdout);
    } else {
        output_table(stdout, history->rows, columns, sizeof columns / sizeof columns[0]);
    }
}

static int run(const struct command_line *line)
{
    struct gateway_session session = {0};
    struct error error = {0};
    struct history history = {.session = &session, .is_json = command_line_wants_json(line),
                              .is_following = command_line_has(line, "follow"), .rows = json_array()};
    enum status status = STATUS_OK;
    if (history.is_following && command_line_has(line, "reverse")) {
        status = error_set(&error, STATUS_INVALID_ARGUMENT, "--reverse: a history is followed at its end only");
    }
    if (status == STATUS_OK) {
        status = gateway_session_open(line, &session, &error);
    }
    if (status == STATUS_OK) {
        status = fetch(&history, &error);
    }
    if (status == STATUS_OK) {
        finish(&history);
    }
    json_decref(history.rows);
    free(history.page_token);
    gateway_session_close(&session);
    return status == STATUS_OK ? EXIT_DONE : command_line_fail(line, &error);
}

static const struct command_option s_options[] = {
    {'f', "follow", NULL, "go on with what happens, until the run has closed", NULL},
    {'\0', "reverse", NULL, "the newest first", NULL},
    {'\0', "encoded", NULL, "with -o json: payloads as Temporal's own JSON has them, which\nthe SDKs' replayers load",
     NULL},
    GATEWAY_OPTION_RUN,
    GATEWAY_OPTIONS,
};

const struct command g_workflow_history_command = {
    .words = "workflow history",
    .arguments = "ID",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "print the events of a workflow's run",
    .description = "With -o json the events are the gateway's, byte for byte; with --follow one on a line.",
    .options = s_options,
    .run = run,
};

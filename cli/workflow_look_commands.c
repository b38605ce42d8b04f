/* `ferry workflow describe` and `ferry workflow list`. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"
#include "exit_code.h"
#include "gateway_session.h"
#include "json_pick.h"
#include "output.h"
#include "time_text.h"
#include "workflow_commands.h"

#define LIST_LIMIT 20
#define LIST_LIMIT_MAX 1000000
#define PAGE_MAX 1000
#define LIST_MAX ((size_t)1 << 30)
#define FIELDS_MAX 220 /* a memo and search attributes have at most 100 each */

/* ---- describe ---- */

struct fields {
    json_t *values;
    struct output_column columns[FIELDS_MAX];
    char *titles[FIELDS_MAX]; /* owned, or NULL */
    size_t count;
};

static void add_field(struct fields *fields, const char *title, const char *member)
{
    if (fields->count < FIELDS_MAX) {
        fields->columns[fields->count++] = (struct output_column){.title = title, .member = member};
    }
}

/* "memo.customer  "Ada"": values are payloads, and shown as the bytes that they are. */
static void add_values(struct fields *fields, const struct http_answer *answer, const char *member)
{
    struct json_slice object = json_scan_member(answer->body, answer->length, member);
    struct json_slice name = {0};
    struct json_slice value = {0};
    size_t position = 0;
    while (object.data != NULL && fields->count < FIELDS_MAX &&
           json_scan_next_member(object.data, object.length, &position, &name, &value)) {
        size_t length = 0;
        char *text = json_scan_string(name, &length);
        char *title = memory_format("%s.%s", strcmp(member, "memo") == 0 ? "memo" : "attribute", text);
        fields->titles[fields->count] = title;
        add_field(fields, title, title);
        CHECK(json_object_set_new(fields->values, title, json_stringn(value.data, value.length)) == 0);
        free(text);
    }
}

static void print_description(const struct http_answer *answer)
{
    static const struct output_column plain[] = {
        {"workflow", "workflowId"}, {"run", "runId"},          {"first run", "firstRunId"},
        {"type", "workflowType"},   {"task queue", "taskQueue"}, {"status", "status"},
        {"started", "startTime"},   {"closed", "closeTime"},   {"took", "took"},
        {"events", "historyLength"},
    };
    struct fields fields = {.values = json_pick((struct json_slice){answer->body, answer->length},
                                                "workflowId runId firstRunId workflowType taskQueue status startTime "
                                                "closeTime historyLength")};
    const char *run = json_string_value(json_object_get(fields.values, "runId"));
    const char *first = json_string_value(json_object_get(fields.values, "firstRunId"));
    if (run != NULL && first != NULL && strcmp(run, first) == 0) {
        (void)json_object_del(fields.values, "firstRunId"); /* not there: the same */
    }
    time_text_add_span(fields.values, "startTime", "closeTime", "took");
    time_text_shorten(fields.values, "startTime");
    time_text_shorten(fields.values, "closeTime");
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        add_field(&fields, plain[i].title, plain[i].member);
    }
    add_values(&fields, answer, "memo");
    add_values(&fields, answer, "searchAttributes");
    output_fields(stdout, fields.values, fields.columns, fields.count);
    for (size_t i = 0; i < fields.count; i++) {
        free(fields.titles[i]);
    }
    json_decref(fields.values);
}

static int run_describe(const struct command_line *line)
{
    struct gateway_session session = {0};
    struct http_answer answer = {0};
    struct request_path path = {0};
    struct error error = {0};
    int code = EXIT_DONE;
    enum status status = gateway_session_open(line, &session, &error);
    if (status == STATUS_OK) {
        gateway_session_path(&session, line->arguments[0], NULL, NULL, &path);
        status = gateway_session_get(&session, &path, 0, &answer, &error);
    }
    if (status != STATUS_OK) {
        code = command_line_fail(line, &error);
    } else if (command_line_wants_json(line)) {
        gateway_session_print_raw(&answer);
    } else {
        print_description(&answer);
    }
    request_path_deinit(&path);
    http_answer_deinit(&answer);
    gateway_session_close(&session);
    return code;
}

static const struct command_option s_describe_options[] = {
    GATEWAY_OPTION_RUN,
    GATEWAY_OPTIONS,
};

const struct command g_workflow_describe_command = {
    .words = "workflow describe",
    .arguments = "ID",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "say what a workflow is, and how it is",
    .options = s_describe_options,
    .run = run_describe,
};

/* ---- list ---- */

struct list {
    struct gateway_session *session;
    const char *query;
    size_t limit;
    size_t count;
    struct buffer text; /* "{...},{...}": the runs as they came */
    char *page_token;   /* of the next page; NULL: none */
};

/* One page behind those before. */
static enum status take_page(struct list *list, const struct http_answer *answer, struct error *error)
{
    struct json_slice runs = json_scan_member(answer->body, answer->length, "workflows");
    struct json_slice token = json_scan_member(answer->body, answer->length, "nextPageToken");
    struct json_slice run = {0};
    size_t position = 0;
    size_t length = 0;
    if (runs.data == NULL) {
        return error_set(error, STATUS_MALFORMED, "the answer of %s is no list", list->session->address);
    }
    while (list->count < list->limit && json_scan_element(runs.data, runs.length, &position, &run)) {
        if ((list->count > 0 && !buffer_append_string(&list->text, ",\n  ")) ||
            !buffer_append(&list->text, run.data, run.length)) {
            return error_set(error, STATUS_TOO_LARGE, "the list is too long: use --limit");
        }
        list->count++;
    }
    free(list->page_token);
    list->page_token = token.data != NULL ? json_scan_string(token, &length) : NULL;
    return STATUS_OK;
}

static enum status fetch(struct list *list, struct error *error)
{
    enum status status = STATUS_OK;
    do {
        struct request_path path;
        struct http_answer answer = {0};
        char size[24];
        size_t left = list->limit - list->count;
        CHECK(snprintf(size, sizeof size, "%zu", left < PAGE_MAX ? left : PAGE_MAX) > 0);
        gateway_session_path(list->session, NULL, NULL, NULL, &path);
        request_path_query(&path, "query", list->query);
        request_path_query(&path, "pageSize", size);
        request_path_query(&path, "pageToken", list->page_token);
        status = gateway_session_get(list->session, &path, 0, &answer, error);
        if (status == STATUS_OK) {
            status = take_page(list, &answer, error);
        }
        request_path_deinit(&path);
        http_answer_deinit(&answer);
    } while (status == STATUS_OK && list->page_token != NULL && list->count < list->limit);
    return status;
}

static void print_table(const struct list *list)
{
    static const struct output_column columns[] = {
        {"STATUS", "status"},     {"STARTED", "startTime"}, {"TOOK", "took"},
        {"TYPE", "workflowType"}, {"ID", "workflowId"},
    };
    char *text = memory_format("[%s]", list->text.data != NULL ? list->text.data : "");
    size_t length = strlen(text);
    json_t *runs = json_array();
    struct json_slice run = {0};
    for (size_t position = 0; json_scan_element(text, length, &position, &run);) {
        json_t *row = json_pick(run, "status startTime closeTime workflowType workflowId");
        time_text_add_span(row, "startTime", "closeTime", "took");
        time_text_shorten(row, "startTime");
        CHECK(json_array_append_new(runs, row) == 0);
    }
    output_table(stdout, runs, columns, sizeof columns / sizeof columns[0]);
    if (json_array_size(runs) == 0 && isatty(STDOUT_FILENO) == 1) { /* on stderr: it is no row */
        (void)fputs(list->query != NULL ? "no workflow that the query means\n" : "no workflow is there\n", stderr);
    }
    json_decref(runs);
    free(text);
}

static int run_list(const struct command_line *line)
{
    struct gateway_session session = {0};
    struct list list = {.session = &session, .query = command_line_value(line, "query")};
    struct error error = {0};
    int64_t limit = 0;
    int code = EXIT_DONE;
    buffer_init(&list.text, LIST_MAX);
    enum status status = command_line_number(line, "limit", 1, LIST_LIMIT_MAX, LIST_LIMIT, &limit, &error);
    if (status == STATUS_OK) {
        list.limit = (size_t)limit;
        status = gateway_session_open(line, &session, &error);
    }
    if (status == STATUS_OK) {
        status = fetch(&list, &error);
    }
    if (status != STATUS_OK) {
        code = command_line_fail(line, &error);
    } else if (command_line_wants_json(line)) {
        (void)printf("{\"workflows\": [%s%s%s]}\n", list.count > 0 ? "\n  " : "", list.count > 0 ? list.text.data : "",
                     list.count > 0 ? "\n" : "");
    } else {
        print_table(&list);
    }
    if (status == STATUS_OK && list.page_token != NULL && command_line_value(line, "limit") == NULL) {
        (void)fprintf(stderr, "(the first %zu; --limit N shows more)\n", list.count);
    }
    free(list.page_token);
    buffer_deinit(&list.text);
    gateway_session_close(&session);
    return code;
}

static const struct command_option s_list_options[] = {
    {'q', "query", "QUERY", "only these: Temporal's list filter, \"ExecutionStatus = 'Failed'\"", NULL},
    {'\0', "limit", "N", "at most N (default: 20)", NULL},
    GATEWAY_OPTIONS,
};

const struct command g_workflow_list_command = {
    .words = "workflow list",
    .arguments = "",
    .summary = "list workflows, open ones first",
    .description = "The list follows some moments after what happens.",
    .options = s_list_options,
    .run = run_list,
};

/* See lanes_view.h. */
#include "lanes_view.h"

#include <stdlib.h>

#include "base/check.h"
#include "lanes.h"
#include "output.h"
#include "time_text.h"

#define LIMIT 100
#define LIMIT_MAX 1000
#define COLUMNS_MAX 8

enum status lanes_view_open(const struct command_line *line, struct lanes_view *out_view, struct error *error)
{
    struct lanes_view view = {.queue = line->argument_count > 0 ? line->arguments[0] : NULL};
    enum status status = command_line_number(line, "limit", 1, LIMIT_MAX, LIMIT, &view.limit, error);
    if (status == STATUS_OK) {
        status = pollers_open(line, NULL, &view.pollers, error);
    }
    if (status == STATUS_OK) {
        view.lanes = json_array();
        *out_view = view;
    }
    return status;
}

void lanes_view_close(struct lanes_view *view)
{
    json_decref(view->lanes);
    pollers_close(&view->pollers);
}

void lanes_view_fetch(struct lanes_view *view)
{
    CHECK(json_array_clear(view->lanes) == 0 && json_array_clear(view->pollers.failed) == 0);
    lanes_fetch(&view->pollers, view->queue, view->limit, view->lanes, NULL);
}

bool lanes_view_is_of_nobody(const struct lanes_view *view)
{
    return json_array_size(view->lanes) == 0 && json_array_size(view->pollers.failed) >= view->pollers.count;
}

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

void lanes_view_print(const struct lanes_view *view, FILE *out)
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
    json_array_foreach(view->lanes, index, lane)
    {
        CHECK(json_array_append_new(rows, row_of(lane)) == 0);
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        bool is_left_out = (i == 0 && view->pollers.count == 1) || (i == 1 && view->queue != NULL);
        if (!is_left_out) {
            columns[count++] = all[i];
        }
    }
    output_table(out, rows, columns, count);
    json_decref(rows);
}

json_t *lanes_view_json(const struct lanes_view *view)
{
    return json_pack("{s:O, s:O}", "lanes", view->lanes, "failed", view->pollers.failed);
}

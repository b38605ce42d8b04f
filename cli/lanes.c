/* See lanes.h. */
#include "lanes.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "request_path.h"
#include "time_text.h"

#define STATE_TEXT_MAX ((size_t)64 << 10)

/* ---- asking ---- */

static enum status fetch_queue(struct pollers *pollers, size_t index, const char *queue, int64_t limit, json_t *lanes,
                               struct error *error)
{
    struct http_answer answer = {0};
    struct request_path path;
    char limit_text[24];
    json_t *lane = NULL;
    size_t place = 0;
    CHECK(snprintf(limit_text, sizeof limit_text, "%" PRId64, limit) > 0);
    request_path_init(&path, "/v1/queues");
    request_path_segment(&path, queue);
    request_path_segment(&path, "lanes");
    request_path_query(&path, "limit", limit_text);
    enum status status = pollers_call(pollers, index, NULL, path.text.data, &answer, error);
    if (status == STATUS_OK) {
        json_t *found = json_loadb(answer.body, answer.length, 0, NULL);
        json_array_foreach(json_object_get(found, "lanes"), place, lane)
        {
            pollers_sign(pollers, index, lane);
            json_t *name = json_string(queue);
            CHECK(json_object_set_new(lane, "queue", name != NULL ? name : json_null()) == 0);
            CHECK(json_array_append(lanes, lane) == 0);
        }
        pollers_note_silent(pollers, index, found);
        json_decref(found);
    }
    request_path_deinit(&path);
    http_answer_deinit(&answer);
    return status;
}

/* Of each queue that the poller has. With --processes each of them says so. */
static enum status fetch_all(struct pollers *pollers, size_t index, int64_t limit, json_t *lanes, json_t *queues,
                             struct error *error)
{
    struct http_answer answer = {0};
    enum status status = pollers_call(pollers, index, NULL, "/v1/queues", &answer, error);
    json_t *found = status == STATUS_OK ? json_loadb(answer.body, answer.length, 0, NULL) : NULL;
    json_t *seen = json_object();
    json_t *queue = NULL;
    size_t place = 0;
    json_array_foreach(json_object_get(found, "queues"), place, queue)
    {
        const char *name = json_string_value(json_object_get(queue, "name"));
        if (queues != NULL) {
            pollers_sign(pollers, index, queue);
            CHECK(json_array_append(queues, queue) == 0);
        }
        if (status == STATUS_OK && name != NULL && json_object_get(seen, name) == NULL) {
            CHECK(json_object_set_new(seen, name, json_true()) == 0);
            status = fetch_queue(pollers, index, name, limit, lanes, error);
        }
    }
    json_decref(seen);
    json_decref(found);
    http_answer_deinit(&answer);
    return status;
}

void lanes_fetch(struct pollers *pollers, const char *queue, int64_t limit, json_t *lanes, json_t *queues)
{
    bool is_known = false;
    json_t *unknown = json_array();
    for (size_t i = 0; i < pollers->count; i++) {
        struct error error = {0};
        enum status status = queue != NULL ? fetch_queue(pollers, i, queue, limit, lanes, &error)
                                           : fetch_all(pollers, i, limit, lanes, queues, &error);
        is_known = is_known || status == STATUS_OK;
        if (status == STATUS_NOT_FOUND && queue != NULL) {
            CHECK(json_array_append_new(unknown, json_integer((json_int_t)i)) == 0);
        } else if (status != STATUS_OK) {
            pollers_note_failure(pollers, i, &error);
        }
    }
    for (size_t i = 0; !is_known && i < json_array_size(unknown); i++) {
        struct error error = {0};
        size_t index = (size_t)json_integer_value(json_array_get(unknown, i));
        (void)error_set(&error, STATUS_NOT_FOUND, "%s has no queue %s: see 'ferry queue ls'", pollers->addresses[index],
                        queue);
        pollers_note_failure(pollers, index, &error);
    }
    json_decref(unknown);
}

/* ---- saying ---- */

static const char *text_of(const json_t *head, const char *member)
{
    const char *text = json_string_value(json_object_get(head, member));
    return text != NULL ? text : "";
}

static void append_next(struct buffer *text, const json_t *head)
{
    const char *next = text_of(head, "next");
    const json_t *next_ms = json_object_get(head, "nextTryMs");
    char span[TIME_TEXT_SIZE];
    if (*next == '\0' && next_ms == NULL) {
        return;
    }
    CHECK(buffer_append_string(text, ", "));
    if (strcmp(next, "attempt") == 0) {
        CHECK(buffer_append_format(text, "attempt %" PRId64,
                                   (int64_t)json_integer_value(json_object_get(head, "attempt")) + 1));
    } else {
        CHECK(buffer_append_string(text, strcmp(next, "dead_letter") == 0 ? "dead letter" : "again"));
    }
    if (json_integer_value(next_ms) > 0) {
        time_text_span(json_integer_value(next_ms), span);
        CHECK(buffer_append_format(text, " in %s", span));
    }
}

char *lanes_state_text(const json_t *head)
{
    struct buffer text;
    size_t length = 0;
    const char *state = text_of(head, "state");
    const char *reason = text_of(head, "reason");
    const char *failure = text_of(head, "failureType");
    const char *trouble = text_of(head, "trouble");
    buffer_init(&text, STATE_TEXT_MAX);
    CHECK(buffer_append_string(&text, *state != '\0' ? state : "unknown"));
    if (*reason != '\0' && strcmp(reason, state) != 0) {
        CHECK(buffer_append_format(&text, ": %s", reason));
    }
    if (*failure != '\0') {
        CHECK(buffer_append_format(&text, " (%.200s)", failure));
    }
    append_next(&text, head);
    if (*trouble != '\0') {
        CHECK(buffer_append_format(&text, ", trouble: %.200s", trouble));
    }
    return buffer_take(&text, &length);
}

/* See workflow_result.h. */
#include "workflow_result.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "exit_code.h"
#include "json_pick.h"
#include "output.h"

#define POLL_MS 20000         /* one request holds so long */
#define PAUSE_MS 500          /* before an absent gateway is asked again */
#define ABSENCE_MAX_MS 60000
#define CAUSES_MAX 10

static enum status ask(struct gateway_session *session, const struct request_path *path, int64_t wait_ms,
                       struct http_answer *out_answer, struct error *error)
{
    struct request_path waiting = {.has_query = path->has_query};
    char text[24];
    buffer_init(&waiting.text, path->text.maximum + sizeof text);
    CHECK(buffer_append(&waiting.text, path->text.data, path->text.length));
    CHECK(snprintf(text, sizeof text, "%lldms", (long long)wait_ms) > 0);
    request_path_query(&waiting, "wait", wait_ms > 0 ? text : NULL);
    enum status status = gateway_session_get(session, &waiting, wait_ms, out_answer, error);
    request_path_deinit(&waiting);
    return status;
}

static void rest(void)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    (void)nanosleep(&pause, NULL); /* cut short by a signal: fine */
}

enum status workflow_result_await(struct gateway_session *session, const struct request_path *path, int64_t wait_ms,
                                  struct http_answer *out_answer, struct error *error)
{
    int64_t deadline_ms = clock_monotonic_ms() + wait_ms;
    int64_t heard_ms = 0; /* when the gateway last answered; 0: never */
    for (;;) {
        struct http_answer answer = {0};
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        int64_t poll_ms = left_ms <= 0 ? 0 : left_ms < 1000 ? 1000 : left_ms < POLL_MS ? left_ms : POLL_MS;
        enum status status = ask(session, path, poll_ms, &answer, error);
        int64_t now_ms = clock_monotonic_ms();
        if (status == STATUS_OK) {
            heard_ms = now_ms;
        }
        bool is_absent = status_is_retryable(status) && heard_ms > 0 && now_ms - heard_ms < ABSENCE_MAX_MS;
        bool is_open = status == STATUS_OK && answer.status == 202;
        if ((!is_absent && !is_open) || now_ms >= deadline_ms) {
            if (status == STATUS_OK) {
                *out_answer = answer;
            } else {
                http_answer_deinit(&answer);
            }
            return status;
        }
        http_answer_deinit(&answer);
        if (is_absent) {
            rest();
        }
    }
}

static void say(const char *before, const char *text)
{
    (void)fputs(before, stderr);
    output_text(stderr, text);
}

/* "  Sold: no stock", one line for each cause. Details are payloads, and not shown. */
static void print_failure(struct json_slice failure)
{
    for (int depth = 0; failure.data != NULL && depth < CAUSES_MAX; depth++) {
        char *type = json_pick_text(failure, "type");
        char *kind = json_pick_text(failure, "kind");
        char *message = json_pick_text(failure, "message");
        say("  ", type != NULL && *type != '\0' ? type : kind != NULL ? kind : "failure");
        say(": ", message != NULL ? message : "");
        (void)fputc('\n', stderr);
        free(type);
        free(kind);
        free(message);
        failure = json_pick_path(failure, "cause");
    }
}

static void print_other_end(const struct command_line *line, const json_t *end, bool is_open)
{
    const char *id = json_string_value(json_object_get(end, "workflowId"));
    const char *status = json_string_value(json_object_get(end, "status"));
    const char *reason = json_string_value(json_object_get(end, "reason"));
    (void)fprintf(stderr, "ferry %s: ", line->command->words);
    output_text(stderr, id != NULL ? id : "the workflow");
    say(is_open ? " has not ended yet: " : " has no result: ", status != NULL ? status : "unknown");
    say(reason != NULL && *reason != '\0' ? ": " : "", reason != NULL ? reason : "");
    (void)fputs(is_open && !command_line_has(line, "wait") ? " (--wait TIME waits for it)\n" : "\n", stderr);
}

int workflow_result_print(const struct command_line *line, const struct http_answer *answer)
{
    const struct json_slice whole = {answer->body, answer->length};
    json_t *end = json_pick(whole, "workflowId status reason");
    const char *status = json_string_value(json_object_get(end, "status"));
    bool is_completed = answer->status != 202 && status != NULL && strcmp(status, "Completed") == 0;
    if (command_line_wants_json(line)) {
        gateway_session_print_raw(answer);
    } else if (is_completed) {
        gateway_session_print_value(json_pick_path(whole, "result"));
    } else {
        print_other_end(line, end, answer->status == 202);
        print_failure(json_pick_path(whole, "failure"));
    }
    json_decref(end);
    return is_completed ? EXIT_DONE : EXIT_FAILED;
}

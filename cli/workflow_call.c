/* See workflow_call.h. */
#include "workflow_call.h"

#include <stdio.h>

#include "exit_code.h"
#include "output.h"

enum status workflow_call_read_input(const struct command_line *line, struct json_input *out_input,
                                     struct error *error)
{
    return json_input_read(line->argument_count > 2 ? line->arguments[2] : NULL, "INPUT", out_input, error);
}

static enum status post(const struct command_line *line, const struct workflow_call *call, struct json_slice body,
                        struct http_answer *out_answer, struct error *error)
{
    struct gateway_session session = {0};
    struct request_path path;
    enum status status = gateway_session_open(line, &session, error);
    if (status != STATUS_OK) {
        return status;
    }
    gateway_session_path(&session, line->arguments[0], call->tail, call->name, &path);
    for (size_t i = 0; i < call->query_count; i++) {
        request_path_query(&path, call->query[i][0], call->query[i][1]);
    }
    status = gateway_session_post(&session, &path, body, call->wait_ms, out_answer, error);
    request_path_deinit(&path);
    gateway_session_close(&session);
    return status;
}

int workflow_call_run(const struct command_line *line, const struct workflow_call *call)
{
    struct json_input input = {0};
    struct json_body made;
    struct http_answer answer = {0};
    struct error error = {0};
    json_body_begin(&made);
    enum status status = call->make_body != NULL ? call->make_body(line, &made, &error)
                                                 : workflow_call_read_input(line, &input, &error);
    json_body_end(&made);
    if (status == STATUS_OK) {
        struct json_slice body = {made.text.data, made.text.length};
        status = post(line, call, call->make_body != NULL ? body : input.value, &answer, &error);
    }
    int code = status == STATUS_OK ? call->print(line, &answer) : command_line_fail(line, &error);
    http_answer_deinit(&answer);
    json_body_deinit(&made);
    json_input_deinit(&input);
    return code;
}

int workflow_call_print_words(const struct command_line *line, const struct http_answer *answer, const char *words)
{
    if (command_line_wants_json(line)) {
        gateway_session_print_raw(answer);
    } else {
        output_text(stdout, words);
        (void)fputc('\n', stdout);
    }
    return EXIT_DONE;
}

int workflow_call_print_result(const struct command_line *line, const struct http_answer *answer)
{
    if (command_line_wants_json(line)) {
        gateway_session_print_raw(answer);
    } else {
        gateway_session_print_value(json_scan_member(answer->body, answer->length, "result"));
    }
    return EXIT_DONE;
}

/* One request to a workflow, and what is said of its answer: what signal, query, cancel and the like have in common. */
#ifndef CLI_WORKFLOW_CALL_H
#define CLI_WORKFLOW_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "command_line.h"
#include "gateway_session.h"
#include "json_body.h"
#include "json_input.h"

/* Puts members into a body that is begun, and does not end it. */
typedef enum status workflow_body_fn(const struct command_line *line, struct json_body *body, struct error *error);
/* Prints an answer, as JSON where the line wants that, and returns the exit code. */
typedef int workflow_print_fn(const struct command_line *line, const struct http_answer *answer);

struct workflow_call {
    const char *tail;            /* of the path, behind the workflow's ID: "signals" */
    const char *name;            /* behind the tail: "put"; NULL: nothing */
    workflow_body_fn *make_body; /* NULL: the body is INPUT, byte for byte */
    const char *const (*query)[2]; /* names and values; NULL and "" are left out */
    size_t query_count;
    int64_t wait_ms; /* how long the gateway may take beyond a call's usual time */
    workflow_print_fn *print;
};

/* Does it, for the workflow that the line's first argument names. The exit code; what failed is said. */
int workflow_call_run(const struct command_line *line, const struct workflow_call *call);

/* INPUT, the third argument. json_input_deinit. */
MUST_CHECK enum status workflow_call_read_input(const struct command_line *line, struct json_input *out_input,
                                                struct error *error);

/* What print functions consist of: EXIT_DONE, and the answer as it is for programs, for people these words ... */
int workflow_call_print_words(const struct command_line *line, const struct http_answer *answer, const char *words);
/* ... or the answer's result. */
int workflow_call_print_result(const struct command_line *line, const struct http_answer *answer);

#endif

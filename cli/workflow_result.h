/* How a workflow ends: waits for it, and says it. */
#ifndef CLI_WORKFLOW_RESULT_H
#define CLI_WORKFLOW_RESULT_H

#include <stdint.h>

#include "gateway_session.h"

#define WORKFLOW_RESULT_WAIT_MAX_MS ((int64_t)30 * 24 * 3600 * 1000)

/* The value of an option --wait, which all that wait have. */
#define WORKFLOW_OPTION_WAIT(text)                                                                                     \
    {'w', "wait", "TIME", text, NULL}

/* The gateway's answer about the end of the chain of the run that path's workflow and run name, which is asked for
 * again and again until it has ended or wait_ms are over; once it has answered, a gateway that restarts meanwhile is
 * waited for, too. path: ".../result", a query or none behind it. out_answer: status 202 where it is still open. */
MUST_CHECK enum status workflow_result_await(struct gateway_session *session, const struct request_path *path,
                                             int64_t wait_ms, struct http_answer *out_answer, struct error *error);

/* Prints it: the result's JSON on stdout, or on stderr how it ended instead (-o json: the answer as it is). The exit
 * code: EXIT_DONE only if it has completed. */
int workflow_result_print(const struct command_line *line, const struct http_answer *answer);

#endif

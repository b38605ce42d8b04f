/* The gateway, as commands ask it: its address, the options that such commands share, and the paths of workflows. */
#ifndef CLI_GATEWAY_SESSION_H
#define CLI_GATEWAY_SESSION_H

#include "base/json_scan.h"
#include "command.h"
#include "command_line.h"
#include "http_session.h"
#include "request_path.h"

/* Options of every command that asks the gateway, at the end of its table. */
#define GATEWAY_OPTION_ADDRESS                                                                                         \
    {'\0', "gateway", "URL", "the gateway (default: $FERRY_GATEWAY_URL, then gateway.url of the\nconfiguration); "     \
                             "unix:PATH for a socket", NULL}
#define GATEWAY_OPTION_NAMESPACE                                                                                       \
    {'n', "namespace", "NAME", "another namespace than the gateway's own", NULL}
#define GATEWAY_OPTION_RUN {'\0', "run", "RUNID", "this run, not the workflow's latest", NULL}
#define GATEWAY_OPTIONS                                                                                                \
    GATEWAY_OPTION_NAMESPACE, GATEWAY_OPTION_ADDRESS, COMMAND_OPTION_OUTPUT, COMMAND_OPTION_CONFIG, COMMAND_OPTIONS_END

/* Caller's storage; borrows the line. */
struct gateway_session {
    const struct command_line *line;
    struct http_session *http;
    const char *address;
};

MUST_CHECK enum status gateway_session_open(const struct command_line *line, struct gateway_session *out_session,
                                            struct error *error);
void gateway_session_close(struct gateway_session *session); /* of a zeroed one: nothing */

/* The path of a workflow, "/v1/workflows/ID" with tail ("result") and name ("put") behind it where they are not NULL,
 * and --namespace and --run of the line. request_path_deinit. */
void gateway_session_path(const struct gateway_session *session, const char *id, const char *tail, const char *name,
                          struct request_path *out_path);

/* GET, or POST where body is there (.data "" for an empty one). As http_session_call. */
MUST_CHECK enum status gateway_session_get(struct gateway_session *session, const struct request_path *path,
                                           int64_t wait_ms, struct http_answer *out_answer, struct error *error);
MUST_CHECK enum status gateway_session_post(struct gateway_session *session, const struct request_path *path,
                                            struct json_slice body, int64_t wait_ms, struct http_answer *out_answer,
                                            struct error *error);

/* Prints an answer's body as it came, for -o json. */
void gateway_session_print_raw(const struct http_answer *answer);
/* A JSON value byte for byte, and a line break; null where it is not there. */
void gateway_session_print_value(struct json_slice value);

#endif

/* The pollers that a command asks, one after another: each has what is in its own hand. */
#ifndef CLI_POLLERS_H
#define CLI_POLLERS_H

#include <jansson.h>
#include <stdio.h>

#include "command.h"
#include "command_line.h"
#include "http_session.h"

#define POLLERS_MAX 32

#define POLLER_OPTION_ADDRESS                                                                                          \
    {'\0', "poller", "URL", "a poller's admin address (default: poller.admin_listen of the\nconfiguration); may be "   \
                            "repeated: all of them are asked", NULL}
#define POLLER_OPTIONS POLLER_OPTION_ADDRESS, COMMAND_OPTION_OUTPUT, COMMAND_OPTION_CONFIG, COMMAND_OPTIONS_END

/* Caller's storage; borrows the line and, where http is given, the session. */
struct pollers {
    const struct command_line *line;
    struct http_session *http;
    struct http_session *own; /* NULL: it is another's */
    const char *addresses[POLLERS_MAX];
    char *default_address; /* owned, or NULL */
    size_t count;
    json_t *failed; /* [{"poller", "error"}]: those that have not answered well */
};

/* http: a session that is there already: then there may be no poller at all, where poller.admin_listen is none.
 * NULL: then that is INVALID_ARGUMENT, as a wrong address or configuration is. */
MUST_CHECK enum status pollers_open(const struct command_line *line, struct http_session *http,
                                    struct pollers *out_pollers, struct error *error);
void pollers_close(struct pollers *pollers); /* of a zeroed one: nothing */

/* One of them; method NULL: GET. As http_session_call. */
MUST_CHECK enum status pollers_call(struct pollers *pollers, size_t index, const char *method, const char *path,
                                    struct http_answer *out_answer, struct error *error);
/* For the list of those that failed. */
void pollers_note_failure(struct pollers *pollers, size_t index, const struct error *error);
/* The same for the processes of a poller that were silent, as its answer says. */
void pollers_note_silent(struct pollers *pollers, size_t index, const json_t *answer);
/* Puts "poller": its address into a row. */
void pollers_sign(const struct pollers *pollers, size_t index, json_t *row);
/* Says who has failed, a line for each, or nothing. */
void pollers_print_failures(const struct pollers *pollers, FILE *out);
/* The same on stderr; the exit code. */
int pollers_finish(const struct pollers *pollers);

/* "http://127.0.0.1:8081" for "0.0.0.0:8081": where a listen address is reached from this machine; free() it. */
char *pollers_address_of_listen(const char *listen);

#endif

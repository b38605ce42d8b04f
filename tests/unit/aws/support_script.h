/* An HTTP server that answers byte for byte what the test wrote down, with the headers that a test wants wrong, and
 * remembers what came. Each connection takes one request and is closed behind the answer. */
#ifndef TESTS_AWS_SUPPORT_SCRIPT_H
#define TESTS_AWS_SUPPORT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

struct script_answer {
    int status;          /* 0: none, the connection is closed */
    const char *headers; /* each line with its CR LF; NULL: none. Content-Length is added */
    const char *body;    /* NULL: "" */
    bool is_silent;      /* never answered, until script_stop */
};

struct script_request {
    char line[512]; /* "PUT /latest/api/token HTTP/1.1" */
    char *head;     /* all header lines */
    char *body;
};

/* answers: borrowed. What comes beyond them is closed. */
void script_start(const struct script_answer *answers, size_t count);
void script_stop(void);
int script_port(void);
/* "http://127.0.0.1:PORT" and path. Borrowed until the next call. */
const char *script_url(const char *path);
size_t script_count(void); /* requests so far */
const struct script_request *script_request(size_t index);
/* Does the request have this header line ("authorization: token")? Names in lower case. */
bool script_has_header(size_t index, const char *line);

#endif

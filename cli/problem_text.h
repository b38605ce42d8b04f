/* What a refusal, or no answer at all, says to people: what was wrong, and what to do. Pure. */
#ifndef CLI_PROBLEM_TEXT_H
#define CLI_PROBLEM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct problem_source {
    bool is_gateway; /* else a poller */
    const char *address;
    bool had_token; /* one was sent */
};

/* An answer of 400 or more, application/problem+json or not: the statuses of http_session_call. */
enum status problem_text_set(const struct problem_source *source, int http_status, const char *body, size_t length,
                             struct error *error);
/* Nobody answered: the client's error. UNAVAILABLE, DEADLINE_EXCEEDED, or INTERNAL. */
enum status problem_text_no_answer(const struct problem_source *source, const struct error *why, struct error *error);

/* The problem's name ("workflow-not-found") is this one. */
bool problem_text_is(const char *body, size_t length, const char *name);

#endif

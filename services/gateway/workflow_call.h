/* One request about workflows, from its arrival until its answer: what all of them are asked the same way. */
#ifndef GATEWAY_WORKFLOW_CALL_H
#define GATEWAY_WORKFLOW_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "arguments.h"
#include "gateway.h"
#include "wait_preference.h"

/* Texts are the exchange's: they end with the answer. */
struct workflow_call {
    struct gateway *gateway;
    struct http_exchange *exchange;
    struct temporal_run run; /* of the path and ?runId=; its workflow_id is NULL where the path has none */
    bool names_namespace;    /* the request does; else it is temporal.namespace */
    struct wait_preference wait;
    int64_t begun_ms; /* clock_monotonic_ms */
    struct temporal_cancel_token *cancel_token; /* NULL: nobody looks whether the client is there */
};

/* Asks what every request is asked: a JSON body (415), an answer in JSON (406), its namespace, how long it waits (400).
 * NULL: it has replied. The call ends with one of the answers below, on any thread. */
struct workflow_call *workflow_call_begin(struct http_exchange *exchange, struct gateway *gateway);
/* The same for an answer of another media type. */
struct workflow_call *workflow_call_begin_as(struct http_exchange *exchange, struct gateway *gateway,
                                             const char *media_type);
/* From now on cancel_token is canceled when the client hangs up: to be given to the calls that are made for it. */
void workflow_call_watch(struct workflow_call *call);

/* A second at the least: the end of a run that has closed takes a moment to be told, too. */
#define WORKFLOW_CALL_WAIT_MIN_MS 1000
/* When the caller's wait for a run's end is over. */
int64_t workflow_call_wait_deadline(const struct workflow_call *call);
/* When the answer of a worker must be there: the caller's wait, or, where it names none, ten seconds. */
int64_t workflow_call_answer_deadline(const struct workflow_call *call);

/* Arguments in the body: the whole body is one, with ?arguments=list it is a list. false: it has replied. */
bool workflow_call_arguments(struct workflow_call *call, struct arguments *out_arguments);
/* The Idempotency-Key; NULL: none. false: it is no key, and it has replied. */
bool workflow_call_key(struct workflow_call *call, const char **out_key);

/* Answers; the call is gone afterwards. body is JSON, which is deinited; NULL: none. location: the path of what the
 * answer is about; NULL: none. */
void workflow_call_answer(struct workflow_call *call, int status, const char *location, struct buffer *body);
void workflow_call_refuse(struct workflow_call *call, const struct error *error); /* 400, the request's own fault */
void workflow_call_invalid(struct workflow_call *call, const char *detail);     /* the same, in words */
void workflow_call_fail(struct workflow_call *call, const struct error *error); /* Temporal's error */
/* Any other. error NULL: Temporal has no part in it; else on the rpc thread, in the done function that was given it.
 * failure: the workflow's own; NULL: none. */
void workflow_call_problem(struct workflow_call *call, const struct problem *problem, const char *detail,
                           const struct error *error, const struct temporal_failure *failure);

/* Instead of an answer. */
struct http_stream *workflow_call_stream(struct workflow_call *call, const struct http_stream_options *options);
/* What an error of Temporal's is about. */
enum problem_subject workflow_call_subject(const struct workflow_call *call);

/* "/v1/workflows/{id}", suffix behind it, with the namespace where the request names one; free() it. */
char *workflow_call_path(const struct workflow_call *call, const char *workflow_id, const char *suffix);

#endif

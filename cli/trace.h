/* The way of one message, put together from what the gateway and the pollers say of it. Pure. */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_scan.h"

struct trace_activity; /* of the run whose history is being read */

/* Caller's storage; trace_init. Texts are owned; NULL: not known. */
struct trace {
    char *message_id;
    char *workflow_id;
    char *run_id; /* of the latest run */
    char *route;
    char *queue;  /* URL */
    char *group;  /* MessageGroupId */
    char *status; /* of the latest run */
    int64_t attempts; /* runs for the message so far; 0: not known */
    json_t *steps;    /* [{"time", "step", "runId"}], in their order; a time is RFC 3339, null where it is not known */
    json_t *in_hand;  /* {"poller", "queue", "depth", "head"}: the lane whose head it is; NULL: none */
    json_t *paused;   /* names of paused queues: the message's own, or all of them while that one is not known */
    struct trace_activity *activities;
    size_t activity_count;
    char *reading_run; /* the run whose history is being read */
    bool is_sent_known;
};

void trace_init(struct trace *trace);
void trace_deinit(struct trace *trace);

/* The answer of GET /v1/messages/{id}, or that of GET /v1/workflows/{id}. */
void trace_add_message(struct trace *trace, struct json_slice message);
void trace_add_workflow(struct trace *trace, struct json_slice workflow);

/* The events of one run, after those of the run before; a page or all. */
void trace_begin_run(struct trace *trace, const char *run_id);
void trace_add_event(struct trace *trace, struct json_slice event);

/* Looks for the message in lanes as lanes_fetch gives them. */
void trace_add_lanes(struct trace *trace, const json_t *lanes);

/* Looks for paused ones among queues as lanes_fetch gives them. Last: then the message's own may be known. */
void trace_add_queues(struct trace *trace, const json_t *queues);

/* Where it is, in a sentence; free() it. asked: pollers that have answered. is_complete: all have, and the gateway. */
char *trace_verdict(const struct trace *trace, size_t asked, bool is_complete);

#endif

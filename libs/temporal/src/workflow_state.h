/* The state of one run, shared by the engine's files and unknown to authors. One owner at a time (workflow_run.h). */
#ifndef TEMPORAL_WORKFLOW_STATE_H
#define TEMPORAL_WORKFLOW_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <temporal/api/history/v1/message.pb-c.h>

#include "activity_machine.h"
#include "base/attributes.h"
#include "base/list.h"
#include "command_queue.h"
#include "coroutine.h"
#include "temporal/workflow.h"
#include "timer_machine.h"
#include "workflow_failure.h"
#include "workflow_memory.h"
#include "workflow_random.h"

/* Why the workflow task fails. The first one stays. */
struct workflow_fault {
    bool is_set;
    Pb__WorkflowTaskFailedCause cause;
    char *text; /* owned; NULL while it is not set */
};

enum future_kind { FUTURE_ACTIVITY, FUTURE_TIMER, FUTURE_SIGNAL };

struct temporal_future {
    struct list link; /* workflow->futures, in order of creation */
    enum future_kind kind;
    bool is_shielded; /* made in a clean-up section: the workflow's cancellation does not reach it */
    bool is_released; /* the code does not know it any more: goes when its machine has closed */
    bool is_ready;
    bool is_taken; /* the code has seen the outcome: a signal that it has not seen goes back when released */
    uint64_t ready_number; /* order in which futures became ready */
    Pb__Payload *result;   /* owned; NULL: none */
    struct workflow_failure *failure; /* a reference; NULL: success */
    union {
        struct activity_machine activity;
        struct timer_machine timer;
        char *signal_name; /* owned */
    };
};

/* An event ID and the future that events naming it are about, sorted by ID. */
struct future_route {
    int64_t event_id;
    struct temporal_future *future;
};

struct buffered_signal {
    struct list link;
    char *name;
    Pb__Payload *payload;   /* the first argument; NULL: none */
    uint64_t ready_number; /* when it came, among what became ready */
};

struct temporal_kept_failure {
    struct list link;
    struct workflow_failure *failure; /* a reference */
};

/* What temporal_workflow_cleanup_begin() put aside. */
struct cleanup_section {
    struct workflow_failure *failure; /* a reference; NULL: nothing was kept */
};

struct temporal_workflow {
    const struct temporal_workflow_definition *definition;
    struct coroutine_pool *stacks;
    struct coroutine *coroutine; /* NULL before the first activation and after the function has returned */
    struct workflow_memory memory;
    struct workflow_random random;
    struct workflow_fault fault;

    struct temporal_workflow_info info; /* its texts are owned */
    Pb__Payloads *input;                /* owned; NULL: none; so the next */
    Pb__Memo *memo;
    Pb__Payload *trace_header;          /* only kept for those who answer tasks */
    int64_t now_ms;
    bool has_started;  /* WORKFLOW_EXECUTION_STARTED was seen */
    bool is_replaying;
    bool is_cancel_requested;
    bool is_closed; /* a terminal command was issued, or the server ended the run */

    struct command_queue commands;
    struct list futures;
    uint64_t ready_count;
    uint64_t activity_count;
    uint64_t timer_count;
    struct future_route *routes;
    size_t route_count;
    size_t route_capacity;
    struct list signals; /* of struct buffered_signal, in order of arrival */

    struct workflow_failure *kept; /* a reference; NULL: nothing is kept */
    struct list aside;             /* of struct temporal_kept_failure */
    struct cleanup_section *cleanups;
    size_t cleanup_depth;
    size_t cleanup_capacity;

    size_t engine_bytes; /* about what futures, signals and inputs occupy */
};

/* ---- workflow_state.c ---- */
void workflow_state_init(struct temporal_workflow *workflow, const struct temporal_workflow_definition *definition,
                         struct coroutine_pool *stacks, size_t memory_bytes_max);
void workflow_state_deinit(struct temporal_workflow *workflow);
/* Replaces an owned text of workflow->info by a copy. */
void workflow_state_set_text(const char **text, const char *value);
void workflow_state_fault(struct temporal_workflow *workflow, Pb__WorkflowTaskFailedCause cause, const char *format,
                          ...) PRINTF_LIKE(3, 4);
/* From the coroutine: the author's code has a bug that no failure can express. The task fails, the function is never
 * resumed. Does not return. */
NORETURN void workflow_state_abort(struct temporal_workflow *workflow, const char *format, ...) PRINTF_LIKE(2, 3);
void workflow_state_keep(struct temporal_workflow *workflow, struct workflow_failure *failure); /* takes a reference */

/* ---- workflow_future.c ---- */
struct temporal_future *workflow_future_new(struct temporal_workflow *workflow, enum future_kind kind);
/* Gives the outcome. Takes result and the reference to failure; either may be NULL. */
void workflow_future_resolve(struct temporal_workflow *workflow, struct temporal_future *future, Pb__Payload *result,
                             struct workflow_failure *failure);
void workflow_future_cancel(struct temporal_workflow *workflow, struct temporal_future *future);
/* Frees it if nobody needs it any more. */
void workflow_future_collect(struct temporal_workflow *workflow, struct temporal_future *future);
void workflow_future_destroy(struct temporal_workflow *workflow, struct temporal_future *future);

void workflow_future_add_route(struct temporal_workflow *workflow, int64_t event_id, struct temporal_future *future);
struct temporal_future *workflow_future_find(const struct temporal_workflow *workflow, int64_t event_id);
void workflow_future_remove_route(struct temporal_workflow *workflow, int64_t event_id);

/* Puts a signal that was taken but not seen back to the front. */
void workflow_future_return_signal(struct temporal_workflow *workflow, struct temporal_future *future);
/* The oldest signal of that name in the buffer, or NULL. */
struct buffered_signal *workflow_future_find_signal(const struct temporal_workflow *workflow, const char *name);
/* Gives it to a future that waits for none yet. */
void workflow_future_take_signal(struct temporal_workflow *workflow, struct temporal_future *future,
                                 struct buffered_signal *signal);
/* A signal has come: to the first future that waits for its name, else into the buffer. */
void workflow_future_deliver_signal(struct temporal_workflow *workflow, const char *name, const Pb__Payloads *input);

/* ---- workflow_events.c ---- */
/* Applies one event to the machines. Sets the fault if it cannot be. */
void workflow_events_apply(struct temporal_workflow *workflow, const Pb__HistoryEvent *event);

#endif

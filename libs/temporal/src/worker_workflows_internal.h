/* What the files of worker_workflows share. A task's way: deliver (rpc thread) → begin → [fetch the history →] run →
 * answer → answered → the next task of the run, or the permit goes back. All of it is the loop's thread's, unless a
 * comment says otherwise.
 *
 * worker_workflows.c        registrations, polls, start and stop
 * worker_workflows_work.c   where a task begins and ends, and the runs that are kept
 * worker_workflows_run.c    a task's history, and the workflow that runs on it
 * worker_workflows_answer.c answers and failures of tasks */
#ifndef TEMPORAL_WORKER_WORKFLOWS_INTERNAL_H
#define TEMPORAL_WORKER_WORKFLOWS_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "coroutine.h"
#include "history_fetch.h"
#include "run_cache.h"
#include "task_poller.h"
#include "worker_slots.h"
#include "worker_workflows.h"
#include "workflow_run.h"

struct workflow_registration {
    struct temporal_workflow_definition definition;
    char *name;
    struct workflow_metrics metrics;
};

/* A run that is worked on or kept. */
struct cached_run {
    struct run_cache_entry entry;
    char *run_id;
    struct workflow_run *run;     /* NULL: not built yet */
    struct workflow_work *parked; /* the newest task that came while another was worked on */
};

/* One task, with its permit. Belongs to the loop's thread but for the moments when it is posted. */
struct workflow_work {
    struct worker_workflows *owner;
    struct list link; /* in owner->working */
    Pb__PollWorkflowTaskQueueResponse *task;
    struct cached_run *cached; /* busy with this task; NULL: a lone query, or not begun */
    struct history_fetch *fetch;
    bool is_fetched;
    struct workflow_completion completion;
    struct metric_counter *closing; /* counted once the server took the answer */
    size_t eager_reserved;
    struct service_call *call; /* the answer under way */
    bool is_failure_answer;

    /* Written on the rpc thread before the post. */
    struct error error; /* of the answer */
    Pb__RespondWorkflowTaskCompletedResponse *reply;
};

struct worker_workflows {
    struct worker_workflows_options options;
    const struct worker_context *context;
    struct map *registrations; /* struct workflow_registration by name; unchanged once it runs */
    struct coroutine_pool *stacks;
    struct run_cache *cache;
    struct worker_slots slots;
    struct task_poller *poller;
    struct task_poller *sticky_poller; /* NULL: nothing is cached */
    Pb__PollWorkflowTaskQueueRequest request;
    Pb__PollWorkflowTaskQueueRequest sticky_request;
    Pb__TaskQueue queue;
    Pb__TaskQueue sticky_queue;
    struct list working;          /* struct workflow_work that has begun */
    _Atomic size_t works;         /* from delivery to the end */
    int open_pollers;             /* not yet polled out after the stop */
    bool is_stopping;
    bool is_abandoning;
    struct log_limiter failure_log;
};

/* ---- worker_workflows_work.c ---- */

/* Takes the task; the caller has taken a permit. The rpc thread, too. */
struct workflow_work *workflow_work_new(struct worker_workflows *workflows, Pb__PollWorkflowTaskQueueResponse *task);
/* Made to be posted; argument is the work. */
void workflow_work_begin(void *argument);
/* The answer's reply brought the run's next task: it takes over the run and a permit of its own, and the work is freed.
 * false: it did not. */
bool workflow_work_continue(struct workflow_work *work);
/* Frees the work, lets go of the run, and goes on with what was parked behind this task. */
void workflow_work_finish(struct workflow_work *work, bool evict);
/* The cache's way to throw out a run; user is the struct worker_workflows. */
void cached_run_evict(void *user, struct run_cache_entry *entry);

/* ---- worker_workflows_run.c ---- */

/* With the run held: fetches what is missing, runs the workflow, answers. */
void workflow_work_run(struct workflow_work *work);

/* ---- worker_workflows_answer.c ---- */

/* These end the work, at once or when the answer was taken. */
void workflow_work_answer(struct workflow_work *work); /* with its completion */
void workflow_work_answer_query(struct workflow_work *work);
void workflow_work_fail(struct workflow_work *work, Pb__WorkflowTaskFailedCause cause, const char *message);

#endif

/* The answers to workflow tasks as messages: completed, failed, query refused. Pure building and sending; what becomes
 * of the run is decided elsewhere. */
#ifndef TEMPORAL_WORKER_ANSWER_H
#define TEMPORAL_WORKER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "activity_worker.h"
#include "worker_context.h"
#include "workflow_run.h"

#define WORKER_ANSWER_TIMEOUT_MS 60000
#define WORKER_EAGER_MAX 3 /* activities asked for with one answer */

struct worker_answer_options {
    const struct worker_context *context;
    const Pb__PollWorkflowTaskQueueResponse *task;
    int64_t sticky_schedule_to_start_ms; /* 0: not sticky, and no next task in the answer's reply */
    service_call_done_fn *done;
    void *user;
    struct service_call **out_call;
};

/* Marks up to WORKER_EAGER_MAX activities of this worker's own queue and types as eager and takes as many permits;
 * returns how many. */
size_t worker_answer_reserve_eager(const struct worker_context *context, struct activity_worker *activities,
                                   struct workflow_completion *completion);

/* Queries that came with the task are answered as not supported. */
void worker_answer_completed(const struct worker_answer_options *options,
                             const struct workflow_completion *completion);
void worker_answer_failed(const struct worker_answer_options *options, Pb__WorkflowTaskFailedCause cause,
                          const Pb__Failure *failure);
/* The task is a lone query. */
void worker_answer_query(const struct worker_answer_options *options);

/* NULL: the completion does not close the run. */
struct metric_counter *worker_answer_closing_counter(const struct workflow_metrics *metrics,
                                                     const struct workflow_completion *completion);

#endif

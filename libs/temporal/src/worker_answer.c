/* See worker_answer.h. */
#include "worker_answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "proto_time.h"

#define QUERIES_NOT_SUPPORTED "queries are not supported by this worker yet"

static Pb__ScheduleActivityTaskCommandAttributes *own_activity(const struct worker_context *context,
                                                               const struct activity_worker *activities,
                                                               const Pb__Command *command)
{
    if (command->attributes_case != PB__COMMAND__ATTRIBUTES_SCHEDULE_ACTIVITY_TASK_COMMAND_ATTRIBUTES) {
        return NULL;
    }
    Pb__ScheduleActivityTaskCommandAttributes *attributes = command->schedule_activity_task_command_attributes;
    const char *queue = attributes->task_queue ? attributes->task_queue->name : "";
    bool is_own_queue = *queue == '\0' || strcmp(queue, context->task_queue) == 0;
    bool is_own_type = attributes->activity_type && activity_worker_has(activities, attributes->activity_type->name);
    return is_own_queue && is_own_type ? attributes : NULL;
}

size_t worker_answer_reserve_eager(const struct worker_context *context, struct activity_worker *activities,
                                   struct workflow_completion *completion)
{
    size_t reserved = 0;
    for (size_t i = 0; i < completion->command_count && reserved < WORKER_EAGER_MAX; i++) {
        Pb__ScheduleActivityTaskCommandAttributes *attributes =
            own_activity(context, activities, completion->commands[i]);
        if (!attributes) {
            continue;
        }
        if (activity_worker_reserve(activities, 1) == 0) {
            break;
        }
        attributes->request_eager_execution = true;
        reserved++;
    }
    return reserved;
}

static struct service_call_options call_options(void)
{
    return (struct service_call_options){
        .deadline_ms = clock_monotonic_ms() + WORKER_ANSWER_TIMEOUT_MS,
        .retry = RPC_RETRY_STANDARD,
        .keeps_encoded = true, /* tasks come with the reply, see task_poller.c */
    };
}

static void start(const struct worker_answer_options *options, const struct service_method *method,
                  const ProtobufCMessage *request)
{
    const struct worker_calls *calls = &options->context->calls;
    const struct service_call_options call = call_options();
    calls->start(calls->context, method, request, &call, options->done, options->user, options->out_call);
}

/* A result for each query that came with the task. Returns the entries, to be freed with their results. */
static Pb__RespondWorkflowTaskCompletedRequest__QueryResultsEntry **
refuse_queries(const Pb__PollWorkflowTaskQueueResponse *task, Pb__WorkflowQueryResult *result)
{
    if (task->n_queries == 0) {
        return NULL;
    }
    pb__workflow_query_result__init(result);
    result->result_type = PB__QUERY_RESULT_TYPE__QUERY_RESULT_TYPE_FAILED;
    result->error_message = QUERIES_NOT_SUPPORTED;
    Pb__RespondWorkflowTaskCompletedRequest__QueryResultsEntry **entries =
        memory_alloc_array(task->n_queries, sizeof *entries);
    for (size_t i = 0; i < task->n_queries; i++) {
        entries[i] = memory_alloc(sizeof *entries[i]);
        pb__respond_workflow_task_completed_request__query_results_entry__init(entries[i]);
        entries[i]->key = task->queries[i]->key;
        entries[i]->value = result;
    }
    return entries;
}

void worker_answer_completed(const struct worker_answer_options *options,
                             const struct workflow_completion *completion)
{
    const struct worker_context *context = options->context;
    const Pb__PollWorkflowTaskQueueResponse *task = options->task;
    Pb__RespondWorkflowTaskCompletedRequest request;
    Pb__StickyExecutionAttributes sticky;
    Pb__TaskQueue queue;
    Google__Protobuf__Duration timeout;
    Pb__WorkflowTaskCompletedMetadata metadata;
    Pb__WorkflowQueryResult refused;
    pb__respond_workflow_task_completed_request__init(&request);
    request.task_token = task->task_token;
    request.n_commands = completion->command_count;
    request.commands = completion->commands;
    request.identity = context->identity;
    request.namespace_ = context->namespace_name;
    request.worker_instance_key = context->instance_key;
    if (options->sticky_schedule_to_start_ms > 0) {
        pb__task_queue__init(&queue);
        queue.name = context->sticky_queue;
        queue.kind = PB__TASK_QUEUE_KIND__TASK_QUEUE_KIND_STICKY;
        queue.normal_name = context->task_queue;
        duration_init_ms(&timeout, options->sticky_schedule_to_start_ms);
        pb__sticky_execution_attributes__init(&sticky);
        sticky.worker_task_queue = &queue;
        sticky.schedule_to_start_timeout = &timeout;
        request.sticky_attributes = &sticky;
        request.return_new_workflow_task = true;
    }
    /* It stands in the history with each answer that has it: the first one is enough. */
    if (task->previous_started_event_id == 0 || completion->language_flag_count > 0) {
        pb__workflow_task_completed_metadata__init(&metadata);
        metadata.sdk_name = WORKER_SDK_NAME;
        metadata.sdk_version = WORKER_SDK_VERSION;
        metadata.n_lang_used_flags = completion->language_flag_count;
        metadata.lang_used_flags = completion->language_flags;
        request.sdk_metadata = &metadata;
    }
    request.query_results = refuse_queries(task, &refused);
    request.n_query_results = task->n_queries;
    start(options, &service_respond_workflow_task_completed, &request.base);
    for (size_t i = 0; i < request.n_query_results; i++) {
        free(request.query_results[i]);
    }
    free(request.query_results);
}

void worker_answer_failed(const struct worker_answer_options *options, Pb__WorkflowTaskFailedCause cause,
                          const Pb__Failure *failure)
{
    Pb__RespondWorkflowTaskFailedRequest request;
    pb__respond_workflow_task_failed_request__init(&request);
    request.task_token = options->task->task_token;
    request.cause = cause;
    Pb__Failure copy = *failure; /* the message wants a pointer that may be written through */
    request.failure = &copy;
    request.identity = options->context->identity;
    request.namespace_ = options->context->namespace_name;
    start(options, &service_respond_workflow_task_failed, &request.base);
}

void worker_answer_query(const struct worker_answer_options *options)
{
    Pb__RespondQueryTaskCompletedRequest request;
    pb__respond_query_task_completed_request__init(&request);
    request.task_token = options->task->task_token;
    request.completed_type = PB__QUERY_RESULT_TYPE__QUERY_RESULT_TYPE_FAILED;
    request.error_message = QUERIES_NOT_SUPPORTED;
    request.namespace_ = options->context->namespace_name;
    request.poller_group_id = options->task->poller_group_id;
    start(options, &service_respond_query_task_completed, &request.base);
}

struct metric_counter *worker_answer_closing_counter(const struct workflow_metrics *metrics,
                                                     const struct workflow_completion *completion)
{
    for (size_t i = completion->command_count; i > 0; i--) {
        Pb__Command__AttributesCase attributes = completion->commands[i - 1]->attributes_case;
        if (attributes == PB__COMMAND__ATTRIBUTES_COMPLETE_WORKFLOW_EXECUTION_COMMAND_ATTRIBUTES) {
            return metrics->completed;
        }
        if (attributes == PB__COMMAND__ATTRIBUTES_FAIL_WORKFLOW_EXECUTION_COMMAND_ATTRIBUTES) {
            return metrics->failed;
        }
        if (attributes == PB__COMMAND__ATTRIBUTES_CANCEL_WORKFLOW_EXECUTION_COMMAND_ATTRIBUTES) {
            return metrics->canceled;
        }
        if (attributes == PB__COMMAND__ATTRIBUTES_CONTINUE_AS_NEW_WORKFLOW_EXECUTION_COMMAND_ATTRIBUTES) {
            return metrics->continue_as_new;
        }
    }
    return NULL;
}

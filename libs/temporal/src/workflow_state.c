/* The run's state as a whole: its making, its end, its faults and its kept failure. */
#include "workflow_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

#define FAULT_TEXT_SIZE 1024
#define MEMORY_DEFAULT ((size_t)64 * 1024 * 1024)

void workflow_state_init(struct temporal_workflow *workflow, const struct temporal_workflow_definition *definition,
                         struct coroutine_pool *stacks, size_t memory_bytes_max)
{
    *workflow = (struct temporal_workflow){.definition = definition, .stacks = stacks};
    workflow_memory_init(&workflow->memory, memory_bytes_max == 0 ? MEMORY_DEFAULT : memory_bytes_max);
    command_queue_init(&workflow->commands);
    list_init(&workflow->futures);
    list_init(&workflow->signals);
    list_init(&workflow->aside);
}

static void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

void workflow_state_set_text(const char **text, const char *value)
{
    const char *old = *text;
    *text = memory_copy_string(value);
    free_text(old);
}

static void deinit_failures(struct temporal_workflow *workflow)
{
    struct list *node;
    workflow_failure_release(workflow->kept);
    while ((node = list_take_first(&workflow->aside)) != NULL) {
        struct temporal_kept_failure *aside = LIST_ITEM(node, struct temporal_kept_failure, link);
        workflow_failure_release(aside->failure);
        free(aside);
    }
    for (size_t i = 0; i < workflow->cleanup_depth; i++) {
        workflow_failure_release(workflow->cleanups[i].failure);
    }
    free(workflow->cleanups);
}

void workflow_state_deinit(struct temporal_workflow *workflow)
{
    coroutine_destroy(workflow->coroutine);
    workflow_memory_deinit(&workflow->memory);
    command_queue_deinit(&workflow->commands);
    while (!list_is_empty(&workflow->futures)) {
        workflow_future_destroy(workflow, LIST_ITEM(workflow->futures.next, struct temporal_future, link));
    }
    free(workflow->routes);
    struct list *node;
    while ((node = list_take_first(&workflow->signals)) != NULL) {
        struct buffered_signal *signal = LIST_ITEM(node, struct buffered_signal, link);
        free(signal->name);
        pb__payload__free_unpacked(signal->payload, NULL);
        free(signal);
    }
    deinit_failures(workflow);
    pb__payloads__free_unpacked(workflow->input, NULL);
    pb__memo__free_unpacked(workflow->memo, NULL);
    pb__payload__free_unpacked(workflow->trace_header, NULL);
    free(workflow->fault.text);
    free_text(workflow->info.namespace_name);
    free_text(workflow->info.workflow_id);
    free_text(workflow->info.run_id);
    free_text(workflow->info.first_run_id);
    free_text(workflow->info.workflow_type);
    free_text(workflow->info.task_queue);
    *workflow = (struct temporal_workflow){0};
}

PRINTF_LIKE(3, 0)
static void set_fault(struct temporal_workflow *workflow, Pb__WorkflowTaskFailedCause cause, const char *format,
                      va_list arguments)
{
    struct workflow_fault *fault = &workflow->fault;
    if (!fault->is_set) {
        fault->is_set = true;
        fault->cause = cause;
        char text[FAULT_TEXT_SIZE];
        (void)vsnprintf(text, sizeof text, format, arguments);
        fault->text = memory_copy_string(text);
    }
}

void workflow_state_fault(struct temporal_workflow *workflow, Pb__WorkflowTaskFailedCause cause, const char *format,
                          ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_fault(workflow, cause, format, arguments);
    va_end(arguments);
}

void workflow_state_abort(struct temporal_workflow *workflow, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_fault(workflow, PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
              format, arguments);
    va_end(arguments);
    coroutine_suspend(workflow->coroutine);
    CHECK(false); /* a run with a fault is never resumed */
    abort();
}

void workflow_state_keep(struct temporal_workflow *workflow, struct workflow_failure *failure)
{
    struct workflow_failure *old = workflow->kept;
    workflow->kept = failure;
    workflow_failure_release(old);
}

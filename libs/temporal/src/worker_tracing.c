/* See worker_tracing.h. */
#include "worker_tracing.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "payload.h"
#include "trace/carrier.h"

const Pb__Payload *tracing_header_find(const Pb__Header *header)
{
    for (size_t i = 0; header != NULL && i < header->n_fields; i++) {
        if (strcmp(header->fields[i]->key, TEMPORAL_TRACE_HEADER) == 0) {
            return header->fields[i]->value;
        }
    }
    return NULL;
}

bool tracing_header_parse(const Pb__Payload *payload, struct trace_context *out)
{
    return payload != NULL && payload_has_encoding(payload, TEMPORAL_ENCODING_JSON) &&
           trace_carrier_parse((const char *)payload->data.data, payload->data.len, out);
}

static void record(const struct temporal_tracing *tracing, const struct trace_context *context,
                   const struct trace_context *parent, struct temporal_span *span)
{
    char traceparent[TRACE_PARENT_SIZE];
    char parent_span_id[TRACE_SPAN_ID_SIZE];
    trace_context_format(context, traceparent);
    trace_span_id_format(parent->span_id, parent_span_id);
    span->traceparent = traceparent;
    span->tracestate = context->state[0] != '\0' ? context->state : NULL;
    span->parent_span_id = parent_span_id;
    tracing->record(tracing->user, span);
}

/* ---- workflows ---- */

/* A span of the run, of no length. seed: what tells it from the run's others. */
static void span_of_run(const struct temporal_tracing *tracing, const struct tracing_run *run,
                        const struct trace_context *parent, const char *seed, bool is_said, struct temporal_span *span,
                        struct trace_context *out)
{
    char *whole = memory_format("%s:%s", run->run_id, seed);
    trace_context_child_of_seed(parent, whole, out);
    free(whole);
    if (is_said) {
        span->start_wall_us = clock_wall_us();
        span->end_wall_us = span->start_wall_us;
        span->workflow_id = run->workflow_id;
        span->run_id = run->run_id;
        record(tracing, out, parent, span);
    }
}

static void begin_run(const struct temporal_tracing *tracing, const struct tracing_run *run,
                      const struct trace_context *parent, struct trace_context *out)
{
    char *name = memory_format("RunWorkflow:%s", run->workflow_type);
    struct temporal_span span = {.name = name, .kind = TEMPORAL_SPAN_SERVER};
    span_of_run(tracing, run, parent, "RunWorkflow", run->is_first_task, &span, out);
    free(name);
}

static void set_header(Pb__ScheduleActivityTaskCommandAttributes *attributes, Pb__Payload *take_payload)
{
    Pb__Header *header = memory_alloc(sizeof *header);
    Pb__Header__FieldsEntry *entry = memory_alloc(sizeof *entry);
    pb__header__init(header);
    pb__header__fields_entry__init(entry);
    entry->key = memory_copy_string(TEMPORAL_TRACE_HEADER);
    entry->value = take_payload;
    header->n_fields = 1;
    header->fields = memory_alloc_array(1, sizeof *header->fields);
    header->fields[0] = entry;
    attributes->header = header;
}

static Pb__Payload *carrier_of(const struct trace_context *context, const Pb__Payload *template)
{
    size_t length = 0;
    char *json =
        trace_carrier_write(context, (const char *)template->data.data, template->data.len, &length);
    Pb__Payload *payload = payload_new(TEMPORAL_ENCODING_JSON, json, length);
    free(json);
    return payload;
}

static void start_activity(const struct temporal_tracing *tracing, const struct tracing_run *run,
                           const struct trace_context *parent, Pb__ScheduleActivityTaskCommandAttributes *attributes)
{
    struct trace_context context;
    char *name = memory_format("StartActivity:%s", attributes->activity_type->name);
    char *seed = memory_format("StartActivity:%s", attributes->activity_id);
    struct temporal_span span = {
        .name = name, .kind = TEMPORAL_SPAN_CLIENT, .activity_id = attributes->activity_id};
    span_of_run(tracing, run, parent, seed, true, &span, &context);
    set_header(attributes, carrier_of(&context, run->header));
    free(seed);
    free(name);
}

static void complete(const struct temporal_tracing *tracing, const struct tracing_run *run,
                     const struct trace_context *parent, const Pb__Failure *failure)
{
    struct trace_context context;
    char *name = memory_format("CompleteWorkflow:%s", run->workflow_type);
    struct temporal_span span = {.name = name, .kind = TEMPORAL_SPAN_INTERNAL, .has_failed = failure != NULL};
    if (failure != NULL) {
        bool is_application = failure->failure_info_case == PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO;
        span.failure_type = is_application ? failure->application_failure_info->type : "WorkflowFailure";
        span.failure_message = failure->message;
    }
    span_of_run(tracing, run, parent, "CompleteWorkflow", true, &span, &context);
    free(name);
}

/* Nobody listens, or what came is not sampled or no context of ours: it goes on as it is. */
static void pass_on(const Pb__Payload *header, Pb__Command *const *commands, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (commands[i]->command_type == PB__COMMAND_TYPE__COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK) {
            set_header(commands[i]->schedule_activity_task_command_attributes, payload_copy(header));
        }
    }
}

void tracing_run_commands(const struct temporal_tracing *tracing, const struct tracing_run *run,
                          Pb__Command *const *commands, size_t count)
{
    struct trace_context parent;
    struct trace_context context;
    if (run->header == NULL) {
        return;
    }
    if (tracing == NULL || !tracing_header_parse(run->header, &parent) || !trace_context_is_sampled(&parent)) {
        pass_on(run->header, commands, count);
        return;
    }
    begin_run(tracing, run, &parent, &context);
    for (size_t i = 0; i < count; i++) {
        switch (commands[i]->command_type) {
        case PB__COMMAND_TYPE__COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
            start_activity(tracing, run, &context, commands[i]->schedule_activity_task_command_attributes);
            break;
        case PB__COMMAND_TYPE__COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
        case PB__COMMAND_TYPE__COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:
            complete(tracing, run, &context, NULL);
            break;
        case PB__COMMAND_TYPE__COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
            complete(tracing, run, &context, commands[i]->fail_workflow_execution_command_attributes->failure);
            break;
        default:
            break;
        }
    }
}

/* ---- activities ---- */

void tracing_attempt_init(struct tracing_attempt *attempt, const struct temporal_tracing *tracing,
                          const Pb__Header *header)
{
    attempt->has_context = tracing_header_parse(tracing_header_find(header), &attempt->parent);
    if (!attempt->has_context) {
        return;
    }
    attempt->is_recorded = tracing != NULL && trace_context_is_sampled(&attempt->parent);
    if (attempt->is_recorded) {
        trace_context_child(&attempt->parent, &attempt->context);
        attempt->start_wall_us = clock_wall_us();
    } else {
        attempt->context = attempt->parent;
    }
    trace_context_format(&attempt->context, attempt->traceparent);
    trace_id_format(attempt->context.trace_id, attempt->trace_id);
    trace_span_id_format(attempt->context.span_id, attempt->span_id);
}

void tracing_attempt_end(const struct tracing_attempt *attempt, const struct temporal_tracing *tracing,
                         struct temporal_span *span)
{
    if (attempt->is_recorded) {
        span->start_wall_us = attempt->start_wall_us;
        span->end_wall_us = clock_wall_us();
        record(tracing, &attempt->context, &attempt->parent, span);
    }
}

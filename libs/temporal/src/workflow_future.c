/* Futures inside the engine: their outcomes, their cancellation, and the way of events to them. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "command_build.h"
#include "payload.h"
#include "workflow_state.h"

struct temporal_future *workflow_future_new(struct temporal_workflow *workflow, enum future_kind kind)
{
    struct temporal_future *future = memory_alloc(sizeof *future);
    future->kind = kind;
    future->is_shielded = workflow->cleanup_depth > 0;
    list_append(&workflow->futures, &future->link);
    workflow->engine_bytes += sizeof *future;
    return future;
}

void workflow_future_destroy(struct temporal_workflow *workflow, struct temporal_future *future)
{
    workflow->engine_bytes -= sizeof *future;
    if (future->result != NULL) {
        workflow->engine_bytes -= future->result->data.len;
    }
    list_remove(&future->link);
    switch (future->kind) {
    case FUTURE_ACTIVITY:
        activity_machine_deinit(&future->activity);
        break;
    case FUTURE_SIGNAL:
        free(future->signal_name);
        break;
    case FUTURE_TIMER:
        break;
    }
    pb__payload__free_unpacked(future->result, NULL);
    workflow_failure_release(future->failure);
    free(future);
}

/* No event and no command can concern it any more. */
static bool is_closed(const struct temporal_future *future)
{
    switch (future->kind) {
    case FUTURE_ACTIVITY:
        return future->activity.state == ACTIVITY_CLOSED;
    case FUTURE_TIMER:
        return future->timer.state == TIMER_CLOSED;
    case FUTURE_SIGNAL:
        return future->is_ready;
    }
    return false;
}

/* A command in the queue refers to its future until its event was seen. */
static bool has_command(struct temporal_workflow *workflow, const struct temporal_future *future)
{
    struct list *commands = &workflow->commands.commands;
    for (struct list *node = commands->next; node != commands; node = node->next) {
        if (LIST_ITEM(node, struct command, link)->future == future) {
            return true;
        }
    }
    return false;
}

void workflow_future_collect(struct temporal_workflow *workflow, struct temporal_future *future)
{
    if (future->is_released && is_closed(future) && !has_command(workflow, future)) {
        workflow_future_destroy(workflow, future);
    }
}

void workflow_future_resolve(struct temporal_workflow *workflow, struct temporal_future *future, Pb__Payload *result,
                             struct workflow_failure *failure)
{
    CHECK(!future->is_ready);
    future->is_ready = true;
    future->ready_number = workflow->ready_count++;
    future->result = result;
    future->failure = failure;
    if (result != NULL) {
        workflow->engine_bytes += result->data.len;
    }
}

static void resolve_canceled(struct temporal_workflow *workflow, struct temporal_future *future, Pb__Failure *failure)
{
    workflow_future_resolve(workflow, future, NULL, workflow_failure_new(failure));
}

static void cancel_activity(struct temporal_workflow *workflow, struct temporal_future *future)
{
    struct activity_machine *machine = &future->activity;
    struct activity_cancel_effect effect = activity_machine_cancel(machine);
    if (effect.drops_command) {
        command_queue_drop(&workflow->commands, future);
    }
    if (effect.requests_cancel) {
        command_queue_add(&workflow->commands, command_build_cancel_activity(machine->scheduled_event_id), future);
    }
    if (effect.resolves) {
        resolve_canceled(workflow, future, workflow_failure_of_canceled_activity(machine));
    }
}

static void cancel_timer(struct temporal_workflow *workflow, struct temporal_future *future)
{
    switch (timer_machine_cancel(&future->timer)) {
    case TIMER_CANCEL_NOTHING:
        return;
    case TIMER_CANCEL_DROPS_COMMAND:
        command_queue_drop(&workflow->commands, future);
        break;
    case TIMER_CANCEL_COMMANDS:
        command_queue_add(&workflow->commands, command_build_cancel_timer(future->timer.timer_id), future);
        break;
    }
    resolve_canceled(workflow, future, workflow_failure_canceled("timer canceled", NULL));
}

void workflow_future_cancel(struct temporal_workflow *workflow, struct temporal_future *future)
{
    if (future->is_ready) {
        return;
    }
    switch (future->kind) {
    case FUTURE_ACTIVITY:
        cancel_activity(workflow, future);
        break;
    case FUTURE_TIMER:
        cancel_timer(workflow, future);
        break;
    case FUTURE_SIGNAL:
        resolve_canceled(workflow, future, workflow_failure_canceled("waiting for a signal was canceled", NULL));
        break;
    }
}

/* ---- routes ---- */

/* The first index whose ID is not below event_id. */
static size_t route_index(const struct temporal_workflow *workflow, int64_t event_id)
{
    size_t low = 0;
    size_t high = workflow->route_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (workflow->routes[middle].event_id < event_id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void workflow_future_add_route(struct temporal_workflow *workflow, int64_t event_id, struct temporal_future *future)
{
    CHECK(workflow->route_count == 0 || workflow->routes[workflow->route_count - 1].event_id < event_id);
    if (workflow->route_count == workflow->route_capacity) {
        size_t capacity = workflow->route_capacity == 0 ? 4 : workflow->route_capacity * 2;
        workflow->routes = memory_resize_array(workflow->routes, capacity, sizeof *workflow->routes);
        workflow->engine_bytes += (capacity - workflow->route_capacity) * sizeof *workflow->routes;
        workflow->route_capacity = capacity;
    }
    workflow->routes[workflow->route_count++] = (struct future_route){.event_id = event_id, .future = future};
}

struct temporal_future *workflow_future_find(const struct temporal_workflow *workflow, int64_t event_id)
{
    size_t index = route_index(workflow, event_id);
    bool is_there = index < workflow->route_count && workflow->routes[index].event_id == event_id;
    return is_there ? workflow->routes[index].future : NULL;
}

void workflow_future_remove_route(struct temporal_workflow *workflow, int64_t event_id)
{
    size_t index = route_index(workflow, event_id);
    if (index < workflow->route_count && workflow->routes[index].event_id == event_id) {
        memmove(&workflow->routes[index], &workflow->routes[index + 1],
                (workflow->route_count - index - 1) * sizeof *workflow->routes);
        workflow->route_count--;
    }
}

/* ---- signals ---- */

struct buffered_signal *workflow_future_find_signal(const struct temporal_workflow *workflow, const char *name)
{
    for (struct list *node = workflow->signals.next; node != &workflow->signals; node = node->next) {
        struct buffered_signal *signal = LIST_ITEM(node, struct buffered_signal, link);
        if (strcmp(signal->name, name) == 0) {
            return signal;
        }
    }
    return NULL;
}

/* Takes payload. Not yet in the list. */
static struct buffered_signal *signal_new(struct temporal_workflow *workflow, const char *name, Pb__Payload *payload)
{
    struct buffered_signal *signal = memory_alloc(sizeof *signal);
    list_init(&signal->link);
    signal->name = memory_copy_string(name);
    signal->payload = payload;
    workflow->engine_bytes += sizeof *signal + (payload != NULL ? payload->data.len : 0);
    return signal;
}

void workflow_future_take_signal(struct temporal_workflow *workflow, struct temporal_future *future,
                                 struct buffered_signal *signal)
{
    list_remove(&signal->link);
    workflow->engine_bytes -= sizeof *signal + (signal->payload != NULL ? signal->payload->data.len : 0);
    workflow_future_resolve(workflow, future, signal->payload, NULL);
    future->ready_number = signal->ready_number; /* it was there all the time */
    free(signal->name);
    free(signal);
}

void workflow_future_return_signal(struct temporal_workflow *workflow, struct temporal_future *future)
{
    if (future->result != NULL) {
        workflow->engine_bytes -= future->result->data.len;
    }
    struct buffered_signal *signal = signal_new(workflow, future->signal_name, future->result);
    future->result = NULL;
    signal->ready_number = future->ready_number;
    list_prepend(&workflow->signals, &signal->link);
}

void workflow_future_deliver_signal(struct temporal_workflow *workflow, const char *name, const Pb__Payloads *input)
{
    const Pb__Payload *first = input != NULL && input->n_payloads > 0 ? input->payloads[0] : NULL;
    struct buffered_signal *signal = signal_new(workflow, name, payload_copy(first));
    signal->ready_number = workflow->ready_count++;
    list_append(&workflow->signals, &signal->link);
    for (struct list *node = workflow->futures.next; node != &workflow->futures; node = node->next) {
        struct temporal_future *future = LIST_ITEM(node, struct temporal_future, link);
        if (future->kind == FUTURE_SIGNAL && !future->is_ready && strcmp(future->signal_name, name) == 0) {
            workflow_future_take_signal(workflow, future, signal);
            return;
        }
    }
}

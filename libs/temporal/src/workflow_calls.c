/* What workflow code calls to begin something and to wait for it. Runs on the workflow's own stack. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "command_build.h"
#include "payload.h"
#include "workflow_state.h"

#define ID_SIZE 24

/* payload.c makes and frees blocks of its own with malloc(): while it works nothing belongs to the run. */
static Pb__Payloads *encode(struct temporal_workflow *workflow, const json_t *value)
{
    workflow_memory_leave();
    Pb__Payloads *payloads = payloads_from_json(value);
    workflow_memory_enter(&workflow->memory);
    return payloads;
}

static bool is_canceled_here(const struct temporal_workflow *workflow)
{
    return workflow->is_cancel_requested && workflow->cleanup_depth == 0;
}

static void suspend(struct temporal_workflow *workflow)
{
    coroutine_suspend(workflow->coroutine);
}

static struct temporal_future *future_of_canceled(struct temporal_workflow *workflow, struct temporal_future *future,
                                                  const char *message)
{
    workflow_future_resolve(workflow, future, NULL, workflow_failure_new(workflow_failure_canceled(message, NULL)));
    return future;
}

/* ---- activities ---- */

static void check_options(struct temporal_workflow *workflow, const char *type,
                          const struct temporal_activity_options *options)
{
    if (type == NULL || type[0] == '\0') {
        workflow_state_abort(workflow, "an activity was started without a type");
    }
    if (options == NULL || (options->start_to_close_ms <= 0 && options->schedule_to_close_ms <= 0)) {
        workflow_state_abort(workflow,
                             "activity \"%s\" was started with neither start_to_close_ms nor schedule_to_close_ms",
                             type);
    }
}

/* Takes input. */
static struct temporal_future *start_activity(struct temporal_workflow *workflow, const char *type,
                                              Pb__Payloads *input, const struct temporal_activity_options *options)
{
    char number[ID_SIZE];
    (void)snprintf(number, sizeof number, "%" PRIu64, ++workflow->activity_count);
    const char *activity_id = options->activity_id != NULL ? options->activity_id : number;
    struct temporal_future *future = workflow_future_new(workflow, FUTURE_ACTIVITY);
    activity_machine_init(&future->activity, activity_id, type, options->cancellation);
    if (is_canceled_here(workflow)) {
        pb__payloads__free_unpacked(input, NULL);
        future->activity.state = ACTIVITY_CLOSED;
        workflow_future_resolve(workflow, future, NULL,
                                workflow_failure_new(workflow_failure_of_canceled_activity(&future->activity)));
        return future;
    }
    const char *task_queue = options->task_queue != NULL ? options->task_queue : workflow->info.task_queue;
    command_queue_add(&workflow->commands,
                      command_build_schedule_activity(activity_id, type, task_queue, input, options), future);
    return future;
}

struct temporal_future *temporal_workflow_start_activity(struct temporal_workflow *workflow, const char *type,
                                                         json_t *input,
                                                         const struct temporal_activity_options *options)
{
    check_options(workflow, type, options);
    if (input == NULL) {
        struct temporal_future *future = workflow_future_new(workflow, FUTURE_ACTIVITY);
        activity_machine_init(&future->activity, "", type, options->cancellation);
        future->activity.state = ACTIVITY_CLOSED;
        char message[256];
        (void)snprintf(message, sizeof message, "the input of activity \"%.128s\" is NULL", type);
        struct workflow_application_failure failure = {
            .type = "InvalidArgument", .message = message, .is_non_retryable = true};
        workflow_future_resolve(workflow, future, NULL, workflow_failure_new(workflow_failure_application(&failure)));
        return future;
    }
    Pb__Payloads *payloads = encode(workflow, input);
    json_decref(input);
    return start_activity(workflow, type, payloads, options);
}

struct temporal_future *temporal_workflow_start_activity_raw(struct temporal_workflow *workflow, const char *type,
                                                             const struct temporal_payload *input,
                                                             const struct temporal_activity_options *options)
{
    check_options(workflow, type, options);
    return start_activity(workflow, type, input != NULL ? payloads_from_view(input, 1) : NULL, options);
}

json_t *temporal_workflow_execute_activity(struct temporal_workflow *workflow, const char *type, json_t *input,
                                           const struct temporal_activity_options *options)
{
    struct temporal_future *future = temporal_workflow_start_activity(workflow, type, input, options);
    json_t *result = temporal_future_wait(workflow, future);
    temporal_future_release(workflow, future);
    return result;
}

bool temporal_workflow_execute_activity_raw(struct temporal_workflow *workflow, const char *type,
                                            const struct temporal_payload *input,
                                            const struct temporal_activity_options *options,
                                            struct temporal_payload *out_result)
{
    struct temporal_future *future = temporal_workflow_start_activity_raw(workflow, type, input, options);
    return temporal_future_wait_raw(workflow, future, out_result); /* not released: the result lives in it */
}

/* ---- timers and signals ---- */

struct temporal_future *temporal_workflow_start_timer(struct temporal_workflow *workflow, int64_t milliseconds)
{
    struct temporal_future *future = workflow_future_new(workflow, FUTURE_TIMER);
    if (is_canceled_here(workflow)) {
        future->timer.state = TIMER_CLOSED;
        return future_of_canceled(workflow, future, "timer canceled");
    }
    if (milliseconds <= 0) {
        future->timer.state = TIMER_CLOSED;
        workflow_future_resolve(workflow, future, NULL, NULL);
        return future;
    }
    timer_machine_init(&future->timer, ++workflow->timer_count);
    command_queue_add(&workflow->commands, command_build_start_timer(future->timer.timer_id, milliseconds), future);
    return future;
}

bool temporal_workflow_sleep(struct temporal_workflow *workflow, int64_t milliseconds)
{
    struct temporal_future *timer = temporal_workflow_start_timer(workflow, milliseconds);
    bool has_slept = temporal_future_wait_raw(workflow, timer, NULL);
    temporal_future_release(workflow, timer);
    return has_slept;
}

struct temporal_future *temporal_workflow_start_signal_receive(struct temporal_workflow *workflow, const char *name)
{
    struct temporal_future *future = workflow_future_new(workflow, FUTURE_SIGNAL);
    future->signal_name = memory_copy_string(name);
    if (is_canceled_here(workflow)) {
        return future_of_canceled(workflow, future, "waiting for a signal was canceled");
    }
    struct buffered_signal *signal = workflow_future_find_signal(workflow, name);
    if (signal != NULL) {
        workflow_future_take_signal(workflow, future, signal);
    }
    return future;
}

json_t *temporal_workflow_signal_receive(struct temporal_workflow *workflow, const char *name)
{
    struct temporal_future *future = temporal_workflow_start_signal_receive(workflow, name);
    json_t *argument = temporal_future_wait(workflow, future);
    temporal_future_release(workflow, future);
    return argument;
}

size_t temporal_workflow_signal_count(const struct temporal_workflow *workflow, const char *name)
{
    size_t count = 0;
    for (struct list *node = workflow->signals.next; node != &workflow->signals; node = node->next) {
        count += strcmp(LIST_ITEM(node, struct buffered_signal, link)->name, name) == 0 ? 1 : 0;
    }
    return count;
}

/* ---- futures ---- */

bool temporal_future_is_ready(const struct temporal_future *future)
{
    return future->is_ready;
}

static void wait_until_ready(struct temporal_workflow *workflow, struct temporal_future *future)
{
    while (!future->is_ready) {
        suspend(workflow);
    }
    future->is_taken = true;
}

static void keep_future_failure(struct temporal_workflow *workflow, const struct temporal_future *future)
{
    workflow_state_keep(workflow, workflow_failure_acquire(future->failure));
}

json_t *temporal_future_wait(struct temporal_workflow *workflow, struct temporal_future *future)
{
    wait_until_ready(workflow, future);
    if (future->failure != NULL) {
        keep_future_failure(workflow, future);
        return NULL;
    }
    if (future->result == NULL) {
        return json_null();
    }
    json_t *result = payload_to_json(future->result);
    if (result == NULL) {
        (void)temporal_workflow_fail_with(
            workflow, &(struct temporal_fail_options){.type = "PayloadNotJson",
                                                      .message = "a payload is not JSON; it can be had as bytes",
                                                      .is_non_retryable = true});
    }
    return result;
}

/* The usual encodings cost nothing; the text of any other belongs to the run. */
static const char *encoding_text(struct temporal_workflow *workflow, const ProtobufCBinaryData *value)
{
    static const char *const known[] = {TEMPORAL_ENCODING_JSON, TEMPORAL_ENCODING_NULL, TEMPORAL_ENCODING_BINARY};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (value->len == strlen(known[i]) && memcmp(value->data, known[i], value->len) == 0) {
            return known[i];
        }
    }
    char *text = temporal_workflow_alloc(workflow, value->len + 1);
    if (value->len > 0) {
        memcpy(text, value->data, value->len);
    }
    return text;
}

static void view_payload(struct temporal_workflow *workflow, const Pb__Payload *payload,
                         struct temporal_payload *out_view)
{
    struct temporal_payload view = {.encoding = TEMPORAL_ENCODING_NULL, .data = "", .length = 0};
    if (payload != NULL) {
        view.encoding = "";
        for (size_t i = 0; i < payload->n_metadata; i++) {
            if (strcmp(payload->metadata[i]->key, "encoding") == 0) {
                view.encoding = encoding_text(workflow, &payload->metadata[i]->value);
            }
        }
        if (payload->data.len > 0) {
            view.data = payload->data.data;
            view.length = payload->data.len;
        }
    }
    *out_view = view;
}

bool temporal_future_wait_raw(struct temporal_workflow *workflow, struct temporal_future *future,
                              struct temporal_payload *out_result)
{
    wait_until_ready(workflow, future);
    if (future->failure != NULL) {
        keep_future_failure(workflow, future);
        return false;
    }
    if (out_result != NULL) {
        view_payload(workflow, future->result, out_result);
    }
    return true;
}

void temporal_future_cancel(struct temporal_workflow *workflow, struct temporal_future *future)
{
    workflow_future_cancel(workflow, future);
}

void temporal_future_release(struct temporal_workflow *workflow, struct temporal_future *future)
{
    future->is_released = true;
    if (future->kind != FUTURE_SIGNAL) {
        workflow_future_collect(workflow, future);
        return;
    }
    if (future->is_ready && !future->is_taken && future->failure == NULL) {
        workflow_future_return_signal(workflow, future);
    }
    workflow_future_destroy(workflow, future);
}

size_t temporal_workflow_wait_any(struct temporal_workflow *workflow, struct temporal_future *const *futures,
                                  size_t count)
{
    if (count == 0) {
        workflow_state_abort(workflow, "temporal_workflow_wait_any() was given no future");
    }
    for (;;) {
        size_t first = count;
        for (size_t i = 0; i < count; i++) {
            if (futures[i]->is_ready &&
                (first == count || futures[i]->ready_number < futures[first]->ready_number)) {
                first = i;
            }
        }
        if (first < count) {
            return first;
        }
        suspend(workflow);
    }
}

bool temporal_workflow_wait_all(struct temporal_workflow *workflow, struct temporal_future *const *futures,
                                size_t count)
{
    for (;;) {
        size_t ready = 0;
        const struct temporal_future *failed = NULL;
        for (size_t i = 0; i < count; i++) {
            const struct temporal_future *future = futures[i];
            ready += future->is_ready ? 1 : 0;
            if (future->failure != NULL && (failed == NULL || future->ready_number < failed->ready_number)) {
                failed = future;
            }
        }
        if (failed != NULL) {
            keep_future_failure(workflow, failed);
            return false;
        }
        if (ready == count) {
            return true;
        }
        suspend(workflow);
    }
}

/* ---- the workflow's own arguments and memo ---- */

size_t temporal_workflow_input_count(const struct temporal_workflow *workflow)
{
    return workflow->input != NULL ? workflow->input->n_payloads : 0;
}

bool temporal_workflow_input_payload(struct temporal_workflow *workflow, size_t index,
                                     struct temporal_payload *out_payload)
{
    if (index >= temporal_workflow_input_count(workflow)) {
        return false;
    }
    view_payload(workflow, workflow->input->payloads[index], out_payload);
    return true;
}

bool temporal_workflow_memo_payload(struct temporal_workflow *workflow, const char *key,
                                    struct temporal_payload *out_payload)
{
    for (size_t i = 0; workflow->memo != NULL && i < workflow->memo->n_fields; i++) {
        const Pb__Memo__FieldsEntry *entry = workflow->memo->fields[i];
        if (strcmp(entry->key, key) == 0 && entry->value != NULL) {
            view_payload(workflow, entry->value, out_payload);
            return true;
        }
    }
    return false;
}

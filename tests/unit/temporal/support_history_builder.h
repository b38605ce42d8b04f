/* Makes histories as a server would write them, event by event, and runs workflows against them. Each add function
 * returns the new event's ID. Times: event n happens n seconds after the first. */
#ifndef TESTS_SUPPORT_HISTORY_BUILDER_H
#define TESTS_SUPPORT_HISTORY_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <temporal/api/history/v1/message.pb-c.h>

#include "coroutine.h"
#include "workflow_run.h"

#define HISTORY_START_SECONDS ((int64_t)1700000000)
#define HISTORY_RUN_ID "0a1b2c3d-0000-4000-8000-000000000001"

struct history_builder {
    Pb__HistoryEvent **events; /* owned */
    size_t count;
    size_t capacity;
    int64_t last_scheduled_id;
    int64_t last_started_id;
};

void history_init(struct history_builder *history);
void history_deinit(struct history_builder *history);
/* Forgets the events behind the first count. */
void history_truncate(struct history_builder *history, size_t count);
/* Any event; attributes stay unset. */
Pb__HistoryEvent *history_add(struct history_builder *history, Pb__EventType type);

/* input: JSON text or NULL. */
int64_t history_add_execution_started(struct history_builder *history, const char *input);
int64_t history_add_task_scheduled(struct history_builder *history);
int64_t history_add_task_started(struct history_builder *history);
int64_t history_add_task(struct history_builder *history); /* scheduled and started */
int64_t history_add_task_completed(struct history_builder *history);
int64_t history_add_task_failed(struct history_builder *history, Pb__WorkflowTaskFailedCause cause,
                                const char *new_run_id);
int64_t history_add_task_timed_out(struct history_builder *history);

int64_t history_add_activity_scheduled(struct history_builder *history, const char *id, const char *type);
int64_t history_add_activity_started(struct history_builder *history, int64_t scheduled);
int64_t history_add_activity_completed(struct history_builder *history, int64_t scheduled, const char *result);
int64_t history_add_activity_failed(struct history_builder *history, int64_t scheduled, const char *type,
                                    const char *message);
int64_t history_add_activity_timed_out(struct history_builder *history, int64_t scheduled, Pb__TimeoutType timeout);
int64_t history_add_activity_cancel_requested(struct history_builder *history, int64_t scheduled);
int64_t history_add_activity_canceled(struct history_builder *history, int64_t scheduled);

/* A new history up to the first task's activity, which is event 5 and returned; "in" is the workflow's input. */
int64_t history_begin_activity(struct history_builder *history, const char *id, const char *type);

int64_t history_add_timer_started(struct history_builder *history, const char *id);
int64_t history_add_timer_fired(struct history_builder *history, int64_t started, const char *id);
int64_t history_add_timer_canceled(struct history_builder *history, int64_t started, const char *id);

int64_t history_add_signal(struct history_builder *history, const char *name, const char *input);
int64_t history_add_cancel_requested(struct history_builder *history);
int64_t history_add_closed(struct history_builder *history, Pb__EventType type);

/* ---- running ---- */

struct workflow_run *history_run_new(struct coroutine_pool *stacks,
                                     const struct temporal_workflow_definition *definition);

/* Gives the run the events [from, to) as one workflow task. */
struct workflow_completion history_handle(struct workflow_run *run, const struct history_builder *history, size_t from,
                                          size_t to, int64_t previous_started_event_id);

/* "SCHEDULE_ACTIVITY_TASK 1 charge {...}; START_TIMER 1 5000ms", or "FAILED cause: text". malloc()ed. */
char *history_describe(const struct workflow_completion *completion);

/* Takes the run through every task of the history that took effect: live, each with the new events only, and cold,
 * from the start in a new run, each time. Both must answer expected[i] to the i-th task; expected ends with NULL. */
void history_check(const struct history_builder *history, const struct temporal_workflow_definition *definition,
                   const char *const *expected);
/* One cold task over the whole history; its description is malloc()ed. */
char *history_replay(const struct history_builder *history, const struct temporal_workflow_definition *definition);
/* The same; the description must begin so. */
void history_check_begins(const struct history_builder *history,
                          const struct temporal_workflow_definition *definition, const char *beginning);

#endif

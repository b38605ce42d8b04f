/* See trace.h. */
#include "trace.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "history_row.h"
#include "json_pick.h"
#include "lanes.h"
#include "time_text.h"

#define ACTIVITIES_MAX 1000 /* of one run; those beyond have no name at their end */
#define LINE_MAX 400        /* bytes of a failure in a step */

struct trace_activity {
    int64_t scheduled_event_id;
    char *type;
    int64_t attempt; /* as the last started event says; 0: none */
};

void trace_init(struct trace *trace)
{
    *trace = (struct trace){.steps = json_array(), .paused = json_array()};
}

static void forget_activities(struct trace *trace)
{
    for (size_t i = 0; i < trace->activity_count; i++) {
        free(trace->activities[i].type);
    }
    free(trace->activities);
    trace->activities = NULL;
    trace->activity_count = 0;
}

void trace_deinit(struct trace *trace)
{
    forget_activities(trace);
    free(trace->message_id);
    free(trace->workflow_id);
    free(trace->run_id);
    free(trace->route);
    free(trace->queue);
    free(trace->group);
    free(trace->status);
    free(trace->reading_run);
    json_decref(trace->steps);
    json_decref(trace->in_hand);
    json_decref(trace->paused);
    *trace = (struct trace){0};
}

/* ---- steps ---- */

/* Takes text. */
static void add_step(struct trace *trace, const char *time, char *text)
{
    json_t *step = json_object();
    json_t *shown = json_string(text);
    CHECK(json_object_set_new(step, "time", time != NULL ? json_string(time) : json_null()) == 0);
    CHECK(json_object_set_new(step, "step", shown != NULL ? shown : json_string("(not UTF-8)")) == 0);
    if (trace->reading_run != NULL) {
        CHECK(json_object_set_new(step, "runId", json_string(trace->reading_run)) == 0);
    }
    CHECK(json_array_append_new(trace->steps, step) == 0);
    free(text);
}

/* Sets *text to what the object says, if it does. */
static void learn(char **text, struct json_slice object, const char *name)
{
    char *found = json_pick_text(object, name);
    if (found != NULL) {
        free(*text);
        *text = found;
    }
}

void trace_add_message(struct trace *trace, struct json_slice message)
{
    learn(&trace->message_id, message, "messageId");
    learn(&trace->route, message, "route");
    learn(&trace->workflow_id, message, "workflowId");
    learn(&trace->run_id, message, "runId");
    learn(&trace->status, message, "status");
    json_t *numbers = json_pick(message, "attempt");
    trace->attempts = json_integer_value(json_object_get(numbers, "attempt"));
    json_decref(numbers);
}

void trace_add_workflow(struct trace *trace, struct json_slice workflow)
{
    struct json_slice memo = json_pick_path(workflow, "memo");
    learn(&trace->workflow_id, workflow, "workflowId");
    learn(&trace->run_id, workflow, "runId");
    learn(&trace->status, workflow, "status");
    if (memo.data != NULL) {
        json_t *numbers = json_pick(memo, "FerryAttempt");
        int64_t attempt = json_integer_value(json_object_get(numbers, "FerryAttempt"));
        learn(&trace->message_id, memo, "FerryMessageId");
        learn(&trace->route, memo, "FerryRoute");
        learn(&trace->queue, memo, "FerryQueue");
        trace->attempts = attempt > 0 ? attempt : trace->attempts;
        json_decref(numbers);
    }
}

/* ---- the events of a run ---- */

void trace_begin_run(struct trace *trace, const char *run_id)
{
    forget_activities(trace);
    free(trace->reading_run);
    trace->reading_run = memory_copy_string(run_id);
}

/* When SQS got it, from the input, which is the message unless the route says otherwise. */
static void learn_sent(struct trace *trace, struct json_slice attributes)
{
    char text[TIME_TEXT_SIZE];
    char *sent = json_pick_text(attributes, "SentTimestamp");
    int64_t ms = sent != NULL ? strtoll(sent, NULL, 10) : 0;
    learn(&trace->group, attributes, "MessageGroupId");
    if (ms > 0 && !trace->is_sent_known) {
        char *run = trace->reading_run;
        trace->reading_run = NULL; /* not a step of the run's */
        trace->is_sent_known = true;
        time_text_write(ms, text);
        add_step(trace, text, trace->group != NULL ? memory_format("sent to SQS, group %s", trace->group)
                                                   : memory_copy_string("sent to SQS"));
        trace->reading_run = run;
    }
    free(sent);
}

static int64_t number_of(struct json_slice object, const char *name)
{
    struct json_slice value = json_pick_path(object, name);
    if (value.data == NULL) {
        return 0;
    }
    return strtoll(value.data + (value.data[0] == '"'), NULL, 10); /* 64-bit numbers are texts in proto3's JSON */
}

static void add_start(struct trace *trace, const char *time, struct json_slice attributes)
{
    size_t position = 0;
    struct json_slice inputs = json_pick_path(attributes, "input");
    struct json_slice input = {0};
    char *type = json_pick_text(json_pick_path(attributes, "workflowType"), "name");
    char *queue = json_pick_text(json_pick_path(attributes, "taskQueue"), "name");
    char *received = NULL;
    char *continued = json_pick_text(attributes, "continuedExecutionRunId");
    int64_t attempt = number_of(attributes, "memo.fields.FerryAttempt");
    if (inputs.data != NULL && json_scan_element(inputs.data, inputs.length, &position, &input)) {
        struct json_slice message = json_pick_path(input, "Attributes");
        if (message.data != NULL) {
            learn_sent(trace, message);
            received = json_pick_text(message, "ApproximateReceiveCount");
        }
    }
    char *which = continued != NULL && *continued != '\0' ? memory_copy_string("continued as a new run")
                  : attempt > 0 ? memory_format("attempt %" PRId64 " started", attempt)
                                : memory_copy_string("started");
    char *how_often = received != NULL ? memory_format(", received %s time%s", received,
                                                       strcmp(received, "1") == 0 ? "" : "s")
                                       : memory_copy_string("");
    add_step(trace, time, memory_format("%s: %s on %s%s", which, type != NULL ? type : "a workflow",
                                        queue != NULL ? queue : "its task queue", how_often));
    free(type);
    free(queue);
    free(received);
    free(continued);
    free(which);
    free(how_often);
}

static struct trace_activity *find_activity(struct trace *trace, int64_t scheduled_event_id)
{
    for (size_t i = 0; i < trace->activity_count; i++) {
        if (trace->activities[i].scheduled_event_id == scheduled_event_id) {
            return &trace->activities[i];
        }
    }
    return NULL;
}

static void add_activity(struct trace *trace, const char *time, struct json_slice event, struct json_slice attributes)
{
    char *type = json_pick_text(json_pick_path(attributes, "activityType"), "name");
    add_step(trace, time, memory_format("activity %s", type != NULL ? type : ""));
    if (trace->activity_count == ACTIVITIES_MAX) {
        free(type);
        return;
    }
    struct trace_activity *grown = memory_alloc_array(trace->activity_count + 1, sizeof *grown);
    if (trace->activity_count > 0) {
        (void)memcpy(grown, trace->activities, trace->activity_count * sizeof *grown);
    }
    free(trace->activities);
    trace->activities = grown;
    trace->activities[trace->activity_count++] =
        (struct trace_activity){.scheduled_event_id = number_of(event, "eventId"), .type = type};
}

/* "activity charge failed after 3 attempts: Declined: no money". */
static void add_activity_end(struct trace *trace, const char *time, struct json_slice attributes, const char *how)
{
    const struct trace_activity *activity = find_activity(trace, number_of(attributes, "scheduledEventId"));
    char *failure = history_row_failure(json_pick_path(attributes, "failure"));
    char *attempts = activity != NULL && activity->attempt > 1
                         ? memory_format(" at attempt %" PRId64, activity->attempt)
                         : memory_copy_string("");
    add_step(trace, time,
             memory_format("activity %s %s%s%s%.*s", activity != NULL && activity->type != NULL ? activity->type : "",
                           how, attempts, failure != NULL ? ": " : "", LINE_MAX, failure != NULL ? failure : ""));
    free(failure);
    free(attempts);
}

/* What a failure that was tried again has said. */
static void note_activity_start(struct trace *trace, struct json_slice attributes)
{
    struct trace_activity *activity = find_activity(trace, number_of(attributes, "scheduledEventId"));
    if (activity != NULL) {
        activity->attempt = number_of(attributes, "attempt");
    }
}

static void add_end(struct trace *trace, const char *time, struct json_slice attributes, const char *how)
{
    char *failure = history_row_failure(json_pick_path(attributes, "failure"));
    char *reason = json_pick_text(attributes, "reason");
    const char *why = failure != NULL ? failure : reason != NULL ? reason : "";
    add_step(trace, time, memory_format("%s%s%.*s", how, *why != '\0' ? ": " : "", LINE_MAX, why));
    free(failure);
    free(reason);
}

static void add_named(struct trace *trace, const char *time, struct json_slice object, const char *member,
                      const char *what)
{
    char *name = json_pick_text(object, member);
    add_step(trace, time, memory_format("%s %s", what, name != NULL ? name : ""));
    free(name);
}

/* How an event ends a run or an activity; NULL: it does not. */
static const char *ending(const char *type, bool *out_is_activity)
{
    static const struct {
        const char *type;
        const char *how;
        bool is_activity;
    } endings[] = {
        {"WorkflowExecutionCompleted", "completed", false},
        {"WorkflowExecutionFailed", "failed", false},
        {"WorkflowExecutionTimedOut", "timed out", false},
        {"WorkflowExecutionCanceled", "canceled", false},
        {"WorkflowExecutionTerminated", "terminated", false},
        {"WorkflowExecutionContinuedAsNew", "continues as a new run", false},
        {"WorkflowExecutionCancelRequested", "asked to cancel", false},
        {"WorkflowTaskFailed", "a workflow task failed, and is tried again", false},
        {"WorkflowTaskTimedOut", "a workflow task timed out, and is tried again", false},
        {"ActivityTaskCompleted", "completed", true},
        {"ActivityTaskFailed", "failed", true},
        {"ActivityTaskTimedOut", "timed out", true},
        {"ActivityTaskCanceled", "canceled", true},
    };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (strcmp(endings[i].type, type) == 0) {
            *out_is_activity = endings[i].is_activity;
            return endings[i].how;
        }
    }
    return NULL;
}

void trace_add_event(struct trace *trace, struct json_slice event)
{
    struct json_slice attributes = history_row_attributes(event);
    char *time = json_pick_text(event, "eventTime");
    char *event_type = json_pick_text(event, "eventType");
    char *type = history_row_type(event_type != NULL ? event_type : "");
    bool is_activity = false;
    const char *how = ending(type, &is_activity);
    if (how != NULL && is_activity) {
        add_activity_end(trace, time, attributes, how);
    } else if (how != NULL) {
        add_end(trace, time, attributes, how);
    } else if (strcmp(type, "WorkflowExecutionStarted") == 0) {
        add_start(trace, time, attributes);
    } else if (strcmp(type, "ActivityTaskScheduled") == 0) {
        add_activity(trace, time, event, attributes);
    } else if (strcmp(type, "ActivityTaskStarted") == 0) {
        note_activity_start(trace, attributes);
    } else if (strcmp(type, "WorkflowExecutionSignaled") == 0) {
        add_named(trace, time, attributes, "signalName", "signal");
    } else if (strcmp(type, "StartChildWorkflowExecutionInitiated") == 0) {
        add_named(trace, time, json_pick_path(attributes, "workflowType"), "name", "child workflow");
    }
    free(time);
    free(event_type);
    free(type);
}

/* ---- where it is now ---- */

static bool is_text(const json_t *object, const char *member, const char *text)
{
    const char *value = json_string_value(json_object_get(object, member));
    return text != NULL && value != NULL && strcmp(value, text) == 0;
}

void trace_add_lanes(struct trace *trace, const json_t *lanes)
{
    json_t *lane = NULL;
    size_t index = 0;
    json_array_foreach(lanes, index, lane)
    {
        const json_t *head = json_object_get(lane, "head");
        bool is_it = is_text(head, "messageId", trace->message_id) ||
                     (trace->message_id == NULL && is_text(head, "workflowId", trace->workflow_id));
        if (is_it && trace->in_hand == NULL) {
            trace->in_hand = json_incref(lane);
        }
    }
}

static bool contains(const json_t *texts, const char *text)
{
    size_t index = 0;
    const json_t *one = NULL;
    json_array_foreach(texts, index, one)
    {
        if (strcmp(json_string_value(one), text) == 0) {
            return true;
        }
    }
    return false;
}

void trace_add_queues(struct trace *trace, const json_t *queues)
{
    const json_t *queue = NULL;
    size_t index = 0;
    json_array_foreach(queues, index, queue)
    {
        const char *name = json_string_value(json_object_get(queue, "name"));
        bool is_it = trace->queue == NULL || is_text(queue, "url", trace->queue);
        if (is_it && name != NULL && json_is_true(json_object_get(queue, "paused")) &&
            !contains(trace->paused, name)) { /* with --processes each of them says so */
            CHECK(json_array_append_new(trace->paused, json_string(name)) == 0);
        }
    }
}

static char *verdict_of_lane(const struct trace *trace)
{
    char *state = lanes_state_text(json_object_get(trace->in_hand, "head"));
    const char *poller = json_string_value(json_object_get(trace->in_hand, "poller"));
    const char *queue = json_string_value(json_object_get(trace->in_hand, "queue"));
    char *text = memory_format("in hand of the poller at %s, queue %s: %s", poller != NULL ? poller : "?",
                               queue != NULL ? queue : "?", state);
    free(state);
    return text;
}

/* "; paused by an operator: orders.fifo", or nothing; free() it. */
static char *pause_text(const struct trace *trace)
{
    size_t index = 0;
    const json_t *name = NULL;
    char *text = memory_copy_string("");
    json_array_foreach(trace->paused, index, name)
    {
        char *longer = memory_format("%s%s%s", text, index == 0 ? "; paused by an operator: " : ", ",
                                     json_string_value(name));
        free(text);
        text = longer;
    }
    return text;
}

static char *verdict_of_ended(const struct trace *trace, size_t asked)
{
    if (trace->message_id == NULL) {
        return memory_format("its run has ended without success: %s", trace->status);
    }
    char *pause = pause_text(trace);
    char *text = memory_format("its run has ended without success (%s)%s: it is in the dead-letter queue, deleted, or "
                               "back at SQS, as the route says%s",
                               trace->status, asked > 0 ? ", and no poller that was asked has it" : "", pause);
    free(pause);
    return text;
}

static char *verdict_of_not_started(const struct trace *trace)
{
    char *pause = pause_text(trace);
    char *text = memory_format("not started: it waits at SQS or behind another one of its group, is in a dead-letter "
                               "queue, was never sent, or is forgotten%s",
                               pause);
    free(pause);
    return text;
}

char *trace_verdict(const struct trace *trace, size_t asked, bool is_complete)
{
    bool is_completed = trace->status != NULL && strcmp(trace->status, "Completed") == 0;
    bool is_open =
        trace->status != NULL && (strcmp(trace->status, "Running") == 0 || strcmp(trace->status, "Paused") == 0);
    if (trace->in_hand != NULL) {
        return verdict_of_lane(trace);
    }
    if (trace->status == NULL && !is_complete) {
        return memory_copy_string("not known: not everybody could be asked");
    }
    if (trace->status == NULL) {
        return verdict_of_not_started(trace);
    }
    if (is_open) {
        return memory_copy_string("its run is open");
    }
    if (is_completed && trace->message_id == NULL) {
        return memory_copy_string("its run has completed");
    }
    if (is_completed) {
        return memory_format("done: its run has completed%s",
                             asked > 0 ? ", and no poller that was asked is stuck with it" : "");
    }
    return verdict_of_ended(trace, asked);
}

/* See support_fakes.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_fakes.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/credentials.h"
#include "aws/sqs_client.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "http/client.h"
#include "http/server.h"
#include "poller.h"
#include "rules/event_pattern.h"

#define MESSAGES_MAX 64
#define LINES_MAX 4096
#define POLLS_MAX 64
#define ROUTES_MAX 4
#define POLLERS_MAX 2
#define URLS_MAX 8
#define TEXT_MAX_BYTES 512
#define PATIENCE_MS 20000
#define GENEROUS_MS 500 /* a lease lasts longer than was asked for, so that the poller's end of it comes first */

struct fake_message {
    const char *id;
    const char *group;
    const char *sequence;
    const char *outcome;
    const char *body;
    const char *attributes;
    json_t *last_event;
    const char *status; /* of its run; NULL: open */
    int run;            /* how many there were; 0: none */
    int attempt;        /* as the gateway counts */
    int64_t visible_ms;
    int receives;
    bool is_damaged;
    bool is_deleted;
};

struct open_poll {
    struct http_exchange *exchange; /* NULL: free place */
    int64_t deadline_ms;
    int visibility_seconds;
    int max_messages;
    json_t *runs; /* a wait at the gateway; NULL: a receive, or events, renewals or a probe that are held */
    bool is_probe;
    json_t *events;
    json_t *renewals; /* the body of the request */
};

struct fakes {
    pthread_mutex_t mutex; /* guards all up to `loop` */
    struct fake_message messages[MESSAGES_MAX];
    size_t message_count;
    char *lines[LINES_MAX];
    size_t line_count;
    struct open_poll polls[POLLS_MAX];
    const char *failing_action;
    const char *failing_type;
    const char *retry_after;
    int failing_status;
    int gateway_status;
    size_t batch_limit;
    bool is_ready;
    bool are_events_held;
    const char *held_id;
    bool are_renewals_held;
    bool are_probes_held;
    bool is_fifo;
    const char *auto_close;
    bool are_non_retryable;
    const char *failing_route;
    int failing_route_status;
    size_t attributes_limit;
    json_t *last_sent;
    bool is_ending;

    struct loop *loop; /* from here on: the test's thread */
    pthread_t ticker;
    struct http_server *server;
    struct http_client *http;
    struct aws_credentials_provider *credentials;
    struct sqs_client *sqs;
    struct metrics *metrics;
    struct poller *pollers[POLLERS_MAX];
    size_t poller_count;
    struct settings settings;
    struct settings_queue queue;
    struct settings_route routes[ROUTES_MAX];
    char *urls[URLS_MAX];
    size_t url_count;
    char endpoint[64];
    bool poller_is_ready;
    bool is_drained;
    char reason[TEXT_MAX_BYTES];
};

/* --- the journal (mutex held) ------------------------------------------------------------------------------------- */

static void PRINTF_LIKE(2, 3) note(struct fakes *fakes, const char *format, ...)
{
    char line[TEXT_MAX_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    assert_true(fakes->line_count < LINES_MAX);
    fakes->lines[fakes->line_count++] = memory_copy_string(line);
}

static void lock(struct fakes *fakes)
{
    assert_int_equal(pthread_mutex_lock(&fakes->mutex), 0);
}

static void unlock(struct fakes *fakes)
{
    assert_int_equal(pthread_mutex_unlock(&fakes->mutex), 0);
}

static struct fake_message *find(struct fakes *fakes, const char *id)
{
    for (size_t i = 0; i < fakes->message_count; i++) {
        if (strcmp(fakes->messages[i].id, id) == 0) {
            return &fakes->messages[i];
        }
    }
    return NULL;
}

static void reply_json(struct http_exchange *exchange, int status, json_t *take)
{
    char *text = json_dumps(take, JSON_COMPACT);
    http_exchange_reply(exchange, status, "application/x-amz-json-1.0", NULL, 0, text, strlen(text));
    free(text);
    json_decref(take);
}

/* --- the queue (mutex held) --------------------------------------------------------------------------------------- */

static bool is_given_out(const struct fake_message *message, int64_t now_ms)
{
    return !message->is_deleted && message->visible_ms > now_ms;
}

/* lock_time: groups that are locked because of messages given out before this receive. */
static bool is_available(const struct fakes *fakes, const struct fake_message *message, int64_t now_ms,
                         const bool *given_now)
{
    if (message->is_deleted || message->visible_ms > now_ms) {
        return false;
    }
    for (size_t i = 0; fakes->is_fifo && i < fakes->message_count; i++) {
        const struct fake_message *other = &fakes->messages[i];
        if (strcmp(other->group, message->group) == 0 && is_given_out(other, now_ms) && !given_now[i]) {
            return false;
        }
    }
    return true;
}

static json_t *give(struct fakes *fakes, struct fake_message *message, int visibility_seconds, int64_t now_ms)
{
    char handle[TEXT_MAX_BYTES];
    char count[16];
    message->receives++;
    message->visible_ms = now_ms + (int64_t)visibility_seconds * 1000 + GENEROUS_MS;
    (void)snprintf(handle, sizeof handle, "%s#%d", message->id, message->receives);
    (void)snprintf(count, sizeof count, "%d", message->receives);
    note(fakes, "give %s", message->id);
    json_t *attributes = json_pack("{s:s, s:s}", "ApproximateReceiveCount", count, "SentTimestamp", "1700000000000");
    if (fakes->is_fifo) {
        (void)json_object_set_new(attributes, "MessageGroupId", json_string(message->group));
        (void)json_object_set_new(attributes, "SequenceNumber", json_string(message->sequence));
    }
    json_t *out = json_pack("{s:s, s:s, s:s, s:o}", "MessageId", message->id, "ReceiptHandle", handle, "Body",
                            message->body != NULL ? message->body : "{\"message\":\"hi\"}", "Attributes", attributes);
    if (message->attributes != NULL) {
        (void)json_object_set_new(out, "MessageAttributes", json_loads(message->attributes, 0, NULL));
    }
    if (message->is_damaged) {
        (void)json_object_set_new(out, "MD5OfBody", json_string("00000000000000000000000000000000"));
    }
    return out;
}

static json_t *take_visible(struct fakes *fakes, int max_messages, int visibility_seconds)
{
    int64_t now_ms = clock_monotonic_ms();
    json_t *list = json_array();
    bool given_now[MESSAGES_MAX] = {false};
    for (size_t i = 0; i < fakes->message_count && json_array_size(list) < (size_t)max_messages; i++) {
        if (is_available(fakes, &fakes->messages[i], now_ms, given_now)) {
            given_now[i] = true;
            (void)json_array_append_new(list, give(fakes, &fakes->messages[i], visibility_seconds, now_ms));
        }
    }
    return list;
}

static struct open_poll *keep(struct fakes *fakes, struct http_exchange *exchange, int64_t deadline_ms)
{
    for (size_t i = 0; i < POLLS_MAX; i++) {
        if (fakes->polls[i].exchange == NULL) {
            fakes->polls[i] = (struct open_poll){.exchange = exchange, .deadline_ms = deadline_ms};
            return &fakes->polls[i];
        }
    }
    fail_msg("more requests are open than the fakes can keep");
    return NULL;
}

static int integer_of(json_t *body, const char *name)
{
    return (int)json_integer_value(json_object_get(body, name));
}

/* The handle is "ID#receives": good while it is the newest and the message is there and given out. */
static struct fake_message *by_handle(struct fakes *fakes, const char *handle)
{
    char id[TEXT_MAX_BYTES];
    const char *hash = strrchr(handle, '#');
    assert_non_null(hash);
    (void)snprintf(id, sizeof id, "%.*s", (int)(hash - handle), handle);
    struct fake_message *message = find(fakes, id);
    assert_non_null(message);
    char newest[16];
    (void)snprintf(newest, sizeof newest, "%d", message->receives);
    bool is_good = !message->is_deleted && strcmp(hash + 1, newest) == 0 &&
                   message->visible_ms > clock_monotonic_ms();
    return is_good ? message : NULL;
}

static json_t *batch_entry(struct fakes *fakes, json_t *entry, bool is_delete, bool *out_is_ok)
{
    const char *handle = json_string_value(json_object_get(entry, "ReceiptHandle"));
    const char *entry_id = json_string_value(json_object_get(entry, "Id"));
    struct fake_message *message = by_handle(fakes, handle);
    *out_is_ok = message != NULL;
    if (message == NULL) {
        note(fakes, "refused %s %.*s", is_delete ? "delete" : "visibility", (int)(strrchr(handle, '#') - handle),
             handle);
        return json_pack("{s:s, s:s, s:b, s:s}", "Id", entry_id, "Code", "ReceiptHandleIsInvalid", "SenderFault", 1,
                         "Message", "The receipt handle has expired");
    }
    if (is_delete) {
        message->is_deleted = true;
        note(fakes, "delete %s", message->id);
    } else {
        int seconds = integer_of(entry, "VisibilityTimeout");
        message->visible_ms = clock_monotonic_ms() + (seconds > 0 ? (int64_t)seconds * 1000 + GENEROUS_MS : 0);
        note(fakes, "visibility %s %d", message->id, seconds);
    }
    return json_pack("{s:s}", "Id", entry_id);
}

static json_t *batch(struct fakes *fakes, json_t *body, bool is_delete)
{
    json_t *ok = json_array();
    json_t *failed = json_array();
    size_t index = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(body, "Entries"), index, entry)
    {
        bool is_ok = false;
        json_t *result = batch_entry(fakes, entry, is_delete, &is_ok);
        (void)json_array_append_new(is_ok ? ok : failed, result);
    }
    note(fakes, "end of batch");
    return json_pack("{s:o, s:o}", "Successful", ok, "Failed", failed);
}

static bool is_renewal(json_t *body)
{
    size_t index = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(body, "Entries"), index, entry)
    {
        if (integer_of(entry, "VisibilityTimeout") == 0) {
            return false;
        }
    }
    return true;
}

/* "dead" of ".../dead" with what names the message. */
static void reply_sent(struct fakes *fakes, struct http_exchange *exchange, json_t *body)
{
    const char *url = json_string_value(json_object_get(body, "QueueUrl"));
    const char *id = json_string_value(json_object_get(body, "MessageDeduplicationId"));
    const json_t *attributes = json_object_get(body, "MessageAttributes");
    const char *text = json_string_value(
        json_object_get(json_object_get(attributes, "FerryDeadLetter"), "StringValue"));
    json_t *about = text != NULL ? json_loads(text, 0, NULL) : NULL;
    if (id == NULL) {
        id = json_string_value(json_object_get(about, "messageId"));
    }
    if (json_object_size(attributes) > fakes->attributes_limit) {
        note(fakes, "refused send %s %s", strrchr(url, '/') + 1, id != NULL ? id : "");
        reply_json(exchange, 400, json_pack("{s:s, s:s}", "__type", "com.amazonaws.sqs#InvalidParameterValue",
                                            "message", "Number of message attributes exceeds the allowed maximum."));
    } else {
        note(fakes, "send %s %s", strrchr(url, '/') + 1, id != NULL ? id : "");
        json_decref(fakes->last_sent);
        fakes->last_sent = json_incref(body);
        reply_json(exchange, 200, json_pack("{s:s}", "MessageId", "dead-1"));
    }
    json_decref(about);
}

static void reply_failure(struct fakes *fakes, struct http_exchange *exchange, const char *action)
{
    const struct http_header header = {.name = "Retry-After", .value = fakes->retry_after};
    char *text = memory_format("{\"__type\":\"%s\",\"message\":\"scripted\"}", fakes->failing_type);
    note(fakes, "failed %s", action);
    http_exchange_reply(exchange, fakes->failing_status, "application/x-amz-json-1.0", &header,
                        fakes->retry_after != NULL ? 1 : 0, text, strlen(text));
    free(text);
}

static void on_sqs(struct http_exchange *exchange, void *user)
{
    struct fakes *fakes = user;
    size_t length = 0;
    const char *text = http_exchange_body(exchange, &length);
    json_t *body = json_loadb(text, length, 0, NULL);
    const char *target = http_exchange_header(exchange, "x-amz-target");
    const char *action = target != NULL ? strchr(target, '.') + 1 : "";
    bool is_other_queue = strstr(json_string_value(json_object_get(body, "QueueUrl")), "other") != NULL;
    lock(fakes);
    if (fakes->failing_action != NULL && strcmp(fakes->failing_action, action) == 0 && !is_other_queue) {
        reply_failure(fakes, exchange, action);
    } else if (strcmp(action, "ReceiveMessage") == 0) {
        note(fakes, is_other_queue ? "receive other" : "receive");
        json_t *list = is_other_queue ? json_array()
                                      : take_visible(fakes, integer_of(body, "MaxNumberOfMessages"),
                                                     integer_of(body, "VisibilityTimeout"));
        if (json_array_size(list) > 0) {
            reply_json(exchange, 200, json_pack("{s:o}", "Messages", list));
        } else {
            json_decref(list);
            struct open_poll *poll =
                keep(fakes, exchange, clock_monotonic_ms() + (int64_t)integer_of(body, "WaitTimeSeconds") * 1000);
            poll->visibility_seconds = integer_of(body, "VisibilityTimeout");
            poll->max_messages = is_other_queue ? 0 : integer_of(body, "MaxNumberOfMessages");
        }
    } else if (strcmp(action, "SendMessage") == 0) {
        reply_sent(fakes, exchange, body);
    } else if (strcmp(action, "DeleteMessageBatch") == 0) {
        reply_json(exchange, 200, batch(fakes, body, true));
    } else if (strcmp(action, "ChangeMessageVisibilityBatch") == 0 && fakes->are_renewals_held && is_renewal(body)) {
        note(fakes, "renewal arrived");
        keep(fakes, exchange, INT64_MAX)->renewals = json_incref(body);
    } else if (strcmp(action, "ChangeMessageVisibilityBatch") == 0) {
        reply_json(exchange, 200, batch(fakes, body, false));
    } else {
        reply_json(exchange, 200, json_pack("{s:{s:s}}", "Attributes", "VisibilityTimeout", "30"));
    }
    unlock(fakes);
    json_decref(body);
}

/* --- the gateway (mutex held) ------------------------------------------------------------------------------------- */

static bool has_ended_badly(const char *status)
{
    return status != NULL && strcmp(status, "Completed") != 0;
}

static void run_id_of(const struct fake_message *message, char out[TEXT_MAX_BYTES])
{
    (void)snprintf(out, TEXT_MAX_BYTES, "run-%s-%d", message->id, message->run > 0 ? message->run : 1);
}

static json_t *run_entry(struct fakes *fakes, const struct fake_message *message, const char *outcome,
                         const char *status)
{
    char workflow_id[TEXT_MAX_BYTES];
    char run_id[TEXT_MAX_BYTES];
    (void)snprintf(workflow_id, sizeof workflow_id, "hello-world/%s", message->id);
    run_id_of(message, run_id);
    json_t *entry = json_pack("{s:s, s:s, s:s, s:s, s:i}", "outcome", outcome, "workflowId", workflow_id, "runId",
                              run_id, "firstRunId", run_id, "attempt", message->attempt > 0 ? message->attempt : 1);
    if (status != NULL) {
        (void)json_object_set_new(entry, "status", json_string(status));
        (void)json_object_set_new(entry, "failureType", json_string("Broken"));
        (void)json_object_set_new(entry, "failureMessage", json_string("it broke"));
        (void)json_object_set_new(entry, "nonRetryable", json_boolean(fakes->are_non_retryable));
    }
    return entry;
}

static json_t *result_of(struct fakes *fakes, const json_t *event)
{
    struct fake_message *message = find(fakes, json_string_value(json_object_get(event, "id")));
    char run_id[TEXT_MAX_BYTES];
    assert_non_null(message);
    const char *after = json_string_value(json_object_get(event, "ferryafter"));
    const char *outcome = message->outcome != NULL ? message->outcome : "started";
    const char *colon = strchr(outcome, ':');
    json_decref(message->last_event);
    message->last_event = json_deep_copy(event);
    if (strcmp(outcome, "retry") == 0 || strcmp(outcome, "rejected") == 0) {
        return json_pack("{s:s, s:s, s:s}", "outcome", outcome, "reason", "scripted", "class", "schema");
    }
    if (colon != NULL) {
        return run_entry(fakes, message, "closed", colon + 1);
    }
    run_id_of(message, run_id);
    if (message->run > 0 && after != NULL && strcmp(after, run_id) == 0 && has_ended_badly(message->status)) {
        message->run++;
        message->attempt = json_is_true(json_object_get(event, "ferryanew")) ? 1 : message->attempt + 1;
        message->status = fakes->auto_close;
        note(fakes, "attempt %d of %s", message->attempt, message->id);
        return run_entry(fakes, message, "started", NULL);
    }
    if (message->run == 0) {
        message->run = 1;
        message->attempt = 1;
        if (message->status == NULL) {
            message->status = fakes->auto_close;
        }
        return run_entry(fakes, message, "started", NULL);
    }
    return run_entry(fakes, message, message->status != NULL ? "closed" : "attached", message->status);
}

static void reply_events(struct fakes *fakes, struct http_exchange *exchange, json_t *events, const char *route)
{
    char ids[TEXT_MAX_BYTES] = "";
    json_t *results = json_array();
    size_t index = 0;
    json_t *event = NULL;
    int status = fakes->gateway_status;
    bool is_first = strcmp(route, fakes->routes[0].name) == 0;
    json_array_foreach(events, index, event)
    {
        size_t length = strlen(ids);
        (void)snprintf(ids + length, sizeof ids - length, "%s%s", index == 0 ? "" : ",",
                       json_string_value(json_object_get(event, "id")));
    }
    note(fakes, "forward%s%s %s", is_first ? "" : "@", is_first ? "" : route, ids);
    if (fakes->failing_route != NULL && strcmp(fakes->failing_route, route) == 0) {
        status = fakes->failing_route_status;
    }
    if (json_array_size(events) > fakes->batch_limit || status != 200) {
        http_exchange_problem(exchange, status != 200 ? status : 413, "scripted", "scripted", "scripted", 0);
    } else {
        json_array_foreach(events, index, event)
        {
            (void)json_array_append_new(results, result_of(fakes, event));
        }
        reply_json(exchange, 200, json_pack("{s:O}", "results", results));
    }
    json_decref(results);
}

static bool are_held(const struct fakes *fakes, const json_t *events)
{
    size_t index = 0;
    const json_t *event = NULL;
    bool is_held = fakes->are_events_held;
    json_array_foreach(events, index, event)
    {
        is_held = is_held || (fakes->held_id != NULL &&
                              strcmp(fakes->held_id, json_string_value(json_object_get(event, "id"))) == 0);
    }
    return is_held && !fakes->is_ending;
}

static void on_events(struct http_exchange *exchange, void *user)
{
    struct fakes *fakes = user;
    size_t length = 0;
    const char *text = http_exchange_body(exchange, &length);
    json_t *events = json_loadb(text, length, 0, NULL);
    lock(fakes);
    if (are_held(fakes, events)) {
        note(fakes, "events arrived");
        keep(fakes, exchange, INT64_MAX)->events = json_incref(events);
    } else {
        reply_events(fakes, exchange, events, http_exchange_parameter(exchange, "route"));
    }
    unlock(fakes);
    json_decref(events);
}

/* The runs of a wait that have closed. */
static json_t *closed_of(struct fakes *fakes, json_t *runs)
{
    json_t *closed = json_array();
    size_t index = 0;
    json_t *run = NULL;
    json_array_foreach(runs, index, run)
    {
        const char *workflow_id = json_string_value(json_object_get(run, "workflowId"));
        const struct fake_message *message = find(fakes, strchr(workflow_id, '/') + 1);
        if (message->status != NULL) {
            json_t *entry = run_entry(fakes, message, "", message->status);
            (void)json_object_del(entry, "attempt");
            (void)json_object_set(entry, "firstRunId", json_object_get(run, "firstRunId"));
            (void)json_array_append_new(closed, entry);
        }
    }
    return closed;
}

static void on_wait(struct http_exchange *exchange, void *user)
{
    struct fakes *fakes = user;
    size_t length = 0;
    const char *text = http_exchange_body(exchange, &length);
    json_t *body = json_loadb(text, length, 0, NULL);
    lock(fakes);
    note(fakes, "wait");
    struct open_poll *poll = keep(fakes, exchange, clock_monotonic_ms() + integer_of(body, "waitMs"));
    poll->runs = json_incref(json_object_get(body, "runs"));
    unlock(fakes);
    json_decref(body);
}

static void on_ready_asked(struct http_exchange *exchange, void *user)
{
    struct fakes *fakes = user;
    lock(fakes);
    if (fakes->are_probes_held) {
        note(fakes, "probe arrived");
        keep(fakes, exchange, INT64_MAX)->is_probe = true;
    } else {
        http_exchange_reply(exchange, fakes->is_ready ? 200 : 503, "text/plain", NULL, 0, "", 0);
    }
    unlock(fakes);
}

/* --- long polls --------------------------------------------------------------------------------------------------- */

/* true: answered. */
static bool answer_poll(struct fakes *fakes, struct open_poll *poll)
{
    bool is_over = poll->deadline_ms <= clock_monotonic_ms() || fakes->is_ending;
    if (poll->events != NULL) {
        if (are_held(fakes, poll->events)) {
            return false;
        }
        reply_events(fakes, poll->exchange, poll->events, http_exchange_parameter(poll->exchange, "route"));
        return true;
    }
    if (poll->is_probe) {
        if (fakes->are_probes_held && !fakes->is_ending) {
            return false;
        }
        http_exchange_reply(poll->exchange, fakes->is_ready ? 200 : 503, "text/plain", NULL, 0, "", 0);
        return true;
    }
    if (poll->renewals != NULL) {
        if (fakes->are_renewals_held && !fakes->is_ending) {
            return false;
        }
        reply_json(poll->exchange, 200, batch(fakes, poll->renewals, false));
        return true;
    }
    json_t *list = poll->runs != NULL ? closed_of(fakes, poll->runs)
                                      : take_visible(fakes, poll->max_messages, poll->visibility_seconds);
    if (json_array_size(list) == 0 && !is_over) {
        json_decref(list);
        return false;
    }
    reply_json(poll->exchange, 200, json_pack("{s:o}", poll->runs != NULL ? "runs" : "Messages", list));
    return true;
}

static void tick(void *argument)
{
    struct fakes *fakes = argument;
    pthread_cond_t never;
    thread_condition_init(&never);
    lock(fakes);
    while (!fakes->is_ending) {
        for (size_t i = 0; i < POLLS_MAX; i++) {
            struct open_poll *poll = &fakes->polls[i];
            if (poll->exchange != NULL && answer_poll(fakes, poll)) {
                json_decref(poll->runs);
                json_decref(poll->events);
                json_decref(poll->renewals);
                *poll = (struct open_poll){0};
            }
        }
        (void)thread_condition_wait(&never, &fakes->mutex, clock_monotonic_ms() + 3); /* the tick */
    }
    for (size_t i = 0; i < POLLS_MAX; i++) {
        struct open_poll *poll = &fakes->polls[i];
        if (poll->exchange != NULL) {
            (void)answer_poll(fakes, poll); /* is_ending: always answers */
            json_decref(poll->runs);
            json_decref(poll->events);
            json_decref(poll->renewals);
            *poll = (struct open_poll){0};
        }
    }
    unlock(fakes);
    (void)pthread_cond_destroy(&never);
}

/* --- set-up ------------------------------------------------------------------------------------------------------- */

static void on_poller_ready(void *user, bool is_ready, const char *reason)
{
    struct fakes *fakes = user;
    fakes->poller_is_ready = is_ready;
    (void)snprintf(fakes->reason, sizeof fakes->reason, "%s", reason != NULL ? reason : "");
}

static void on_poller_drained(void *user)
{
    struct fakes *fakes = user;
    fakes->is_drained = true;
}

struct fakes *fakes_new(bool is_fifo, int visibility_seconds)
{
    struct fakes *fakes = memory_alloc(sizeof *fakes);
    struct aws_credentials credentials = {0};
    const struct log_options log_options = {
        .service = "test", .level = LOG_LEVEL_ERROR, .format = LOG_FORMAT_TEXT, .file_descriptor = 2};
    log_configure(&log_options);
    (void)pthread_mutex_init(&fakes->mutex, NULL);
    fakes->is_fifo = is_fifo;
    fakes->gateway_status = 200;
    fakes->batch_limit = SIZE_MAX;
    fakes->is_ready = true;
    fakes->loop = loop_new();
    const struct http_route routes[] = {
        {.method = "POST", .path = "/", .handler = on_sqs, .user = fakes},
        {.method = "POST", .path = "/v1/routes/{route}/events", .handler = on_events, .user = fakes},
        {.method = "POST", .path = "/v1/runs/wait", .handler = on_wait, .user = fakes},
        {.method = "GET", .path = "/readyz", .handler = on_ready_asked, .user = fakes},
    };
    const struct http_server_options server_options = {
        .listen = "127.0.0.1:0", .routes = routes, .route_count = sizeof routes / sizeof routes[0]};
    const struct http_client_options client_options = {.max_connections_per_host = 200};
    assert_int_equal(http_server_start(&server_options, &fakes->server, NULL), STATUS_OK);
    (void)snprintf(fakes->endpoint, sizeof fakes->endpoint, "http://127.0.0.1:%d", http_server_port(fakes->server));
    assert_int_equal(http_client_new(fakes->loop, &client_options, &fakes->http, NULL), STATUS_OK);
    aws_credentials_init(&credentials, "test", "test", NULL, AWS_CREDENTIALS_NEVER_EXPIRE);
    fakes->credentials = aws_credentials_provider_new_static(fakes->loop, &credentials);
    aws_credentials_deinit(&credentials);
    const struct sqs_client_options sqs_options = {.loop = fakes->loop,
                                                   .http = fakes->http,
                                                   .credentials = fakes->credentials,
                                                   .region = "us-east-1",
                                                   .endpoint = fakes->endpoint};
    assert_int_equal(sqs_client_new(&sqs_options, &fakes->sqs, NULL), STATUS_OK);
    fakes->metrics = metrics_new();
    fakes->queue = (struct settings_queue){
        .url = memory_format("%s/000000000000/test%s", fakes->endpoint, is_fifo ? ".fifo" : ""),
        .name = memory_copy_string(is_fifo ? "test.fifo" : "test"),
        .routes = memory_alloc_array(ROUTES_MAX, sizeof(char *)),
        .route_count = 1,
        .visibility_ms = (int64_t)visibility_seconds * 1000,
        .wait_ms = 1000,
        .max_in_flight = 100,
        .max_in_flight_bytes = 1 << 20,
        .receives = 2,
    };
    fakes->queue.routes[0] = memory_copy_string("hello-world");
    fakes->routes[0] = (struct settings_route){.name = fakes->queue.routes[0],
                                               .ack = SETTINGS_ACK_COMPLETION,
                                               .order = SETTINGS_ORDER_AUTO,
                                               .max_attempts = 1,
                                               .backoff_ms = 10,
                                               .backoff_max_ms = 40};
    fakes->attributes_limit = 10;
    fakes->settings = (struct settings){
        .queues = &fakes->queue,
        .queue_count = 1,
        .routes = fakes->routes,
        .route_count = 1,
        .poller = {.grace_ms = 4000},
        .gateway = {.url = fakes->endpoint},
    };
    assert_int_equal(thread_start(&fakes->ticker, "ticker", 0, tick, fakes, NULL), STATUS_OK);
    return fakes;
}

static struct event_pattern *compile(const char *filter)
{
    struct event_pattern *pattern = NULL;
    json_t *json = json_loads(filter, 0, NULL);
    assert_int_equal(event_pattern_compile(json, &pattern, NULL), STATUS_OK);
    json_decref(json);
    return pattern;
}

struct settings_queue *fakes_queue(struct fakes *fakes)
{
    return &fakes->queue;
}

struct settings_route *fakes_route(struct fakes *fakes)
{
    return &fakes->routes[0];
}

struct settings_route *fakes_add_route(struct fakes *fakes, const char *name, const char *filter)
{
    size_t place = fakes->queue.route_count;
    assert_true(place < ROUTES_MAX);
    fakes->queue.routes[place] = memory_copy_string(name);
    fakes->routes[place] = fakes->routes[0];
    fakes->routes[place].name = fakes->queue.routes[place];
    fakes->routes[place].pattern = filter != NULL ? compile(filter) : NULL;
    fakes->queue.route_count++;
    fakes->settings.route_count++;
    return &fakes->routes[place];
}

void fakes_set_filter(struct fakes *fakes, const char *filter)
{
    fakes->routes[0].pattern = compile(filter);
}

char *fakes_queue_url(struct fakes *fakes, const char *name)
{
    assert_true(fakes->url_count < URLS_MAX);
    char *url = memory_format("%s/000000000000/%s", fakes->endpoint, name);
    fakes->urls[fakes->url_count++] = url;
    return url;
}

struct settings *fakes_settings(struct fakes *fakes)
{
    return &fakes->settings;
}

void fakes_start(struct fakes *fakes)
{
    const struct poller_options options = {
        .loop = fakes->loop,
        .http = fakes->http,
        .sqs = fakes->sqs,
        .metrics = fakes->metrics,
        .settings = &fakes->settings,
        .ready = on_poller_ready,
        .drained = on_poller_drained,
        .user = fakes,
    };
    assert_true(fakes->poller_count < POLLERS_MAX);
    struct poller *poller = poller_new(&options);
    fakes->pollers[fakes->poller_count++] = poller;
    poller_start(poller);
}

struct poller *fakes_poller(struct fakes *fakes)
{
    return fakes->pollers[0];
}

struct loop *fakes_loop(struct fakes *fakes)
{
    return fakes->loop;
}

struct http_client *fakes_http(struct fakes *fakes)
{
    return fakes->http;
}

struct metrics *fakes_metrics(struct fakes *fakes)
{
    return fakes->metrics;
}

void fakes_stop(struct fakes *fakes)
{
    poller_stop(fakes->pollers[0]);
}

void fakes_destroy(struct fakes *fakes)
{
    for (size_t i = 0; i < fakes->poller_count; i++) {
        poller_destroy(fakes->pollers[i]);
    }
    sqs_client_destroy(fakes->sqs);
    aws_credentials_provider_destroy(fakes->credentials);
    http_client_destroy(fakes->http);
    loop_destroy(fakes->loop);
    lock(fakes);
    fakes->is_ending = true;
    unlock(fakes);
    thread_join(fakes->ticker);
    (void)http_server_drain(fakes->server, clock_monotonic_ms() + 2000);
    http_server_destroy(fakes->server);
    metrics_destroy(fakes->metrics);
    for (size_t i = 0; i < fakes->line_count; i++) {
        free(fakes->lines[i]);
    }
    for (size_t i = 0; i < fakes->message_count; i++) {
        json_decref(fakes->messages[i].last_event);
    }
    json_decref(fakes->last_sent);
    for (size_t i = 0; i < fakes->url_count; i++) {
        free(fakes->urls[i]);
    }
    for (size_t i = 0; i < fakes->queue.route_count; i++) {
        event_pattern_destroy(fakes->routes[i].pattern);
        free(fakes->queue.routes[i]);
    }
    free(fakes->queue.url);
    free(fakes->queue.routes);
    free(fakes->queue.name);
    (void)pthread_mutex_destroy(&fakes->mutex);
    free(fakes);
}

/* --- scripting ---------------------------------------------------------------------------------------------------- */

static void send_message(struct fakes *fakes, const char *id, const char *group, const char *sequence, bool is_damaged)
{
    lock(fakes);
    assert_true(fakes->message_count < MESSAGES_MAX);
    fakes->messages[fakes->message_count++] =
        (struct fake_message){.id = id, .group = group, .sequence = sequence, .is_damaged = is_damaged};
    unlock(fakes);
}

void fakes_send(struct fakes *fakes, const char *id, const char *group, const char *sequence)
{
    send_message(fakes, id, group, sequence, false);
}

void fakes_send_damaged(struct fakes *fakes, const char *id, const char *group, const char *sequence)
{
    send_message(fakes, id, group, sequence, true);
}

void fakes_set_content(struct fakes *fakes, const char *id, const char *body, const char *attributes)
{
    lock(fakes);
    find(fakes, id)->body = body;
    find(fakes, id)->attributes = attributes;
    unlock(fakes);
}

void fakes_set_non_retryable(struct fakes *fakes, bool are_non_retryable)
{
    lock(fakes);
    fakes->are_non_retryable = are_non_retryable;
    unlock(fakes);
}

void fakes_set_route_status(struct fakes *fakes, const char *route, int http_status)
{
    lock(fakes);
    fakes->failing_route = route;
    fakes->failing_route_status = http_status;
    unlock(fakes);
}

void fakes_set_attributes_limit(struct fakes *fakes, size_t count)
{
    lock(fakes);
    fakes->attributes_limit = count;
    unlock(fakes);
}

json_t *fakes_last_sent(struct fakes *fakes)
{
    lock(fakes);
    json_t *sent = json_deep_copy(fakes->last_sent);
    unlock(fakes);
    return sent;
}

json_t *fakes_last_event(struct fakes *fakes, const char *id)
{
    lock(fakes);
    json_t *event = json_deep_copy(find(fakes, id)->last_event);
    unlock(fakes);
    return event;
}

void fakes_give_again(struct fakes *fakes, const char *id)
{
    lock(fakes);
    find(fakes, id)->visible_ms = 0;
    unlock(fakes);
}

void fakes_take_away(struct fakes *fakes, const char *id)
{
    lock(fakes);
    find(fakes, id)->is_deleted = true;
    unlock(fakes);
}

void fakes_fail_action(struct fakes *fakes, const char *action, int http_status, const char *type)
{
    lock(fakes);
    fakes->failing_action = type != NULL ? action : NULL;
    fakes->failing_status = http_status;
    fakes->failing_type = type;
    unlock(fakes);
}

void fakes_set_retry_after(struct fakes *fakes, const char *seconds)
{
    lock(fakes);
    fakes->retry_after = seconds;
    unlock(fakes);
}

void fakes_set_outcome(struct fakes *fakes, const char *id, const char *outcome)
{
    lock(fakes);
    find(fakes, id)->outcome = outcome;
    unlock(fakes);
}

void fakes_set_gateway_status(struct fakes *fakes, int http_status)
{
    lock(fakes);
    fakes->gateway_status = http_status;
    unlock(fakes);
}

void fakes_set_batch_limit(struct fakes *fakes, size_t events)
{
    lock(fakes);
    fakes->batch_limit = events;
    unlock(fakes);
}

void fakes_set_events_held(struct fakes *fakes, bool are_held)
{
    lock(fakes);
    fakes->are_events_held = are_held;
    unlock(fakes);
}

void fakes_hold_events_of(struct fakes *fakes, const char *id)
{
    lock(fakes);
    fakes->held_id = id;
    unlock(fakes);
}

void fakes_set_probes_held(struct fakes *fakes, bool are_held)
{
    lock(fakes);
    fakes->are_probes_held = are_held;
    unlock(fakes);
}

void fakes_set_renewals_held(struct fakes *fakes, bool are_held)
{
    lock(fakes);
    fakes->are_renewals_held = are_held;
    unlock(fakes);
}

void fakes_set_ready(struct fakes *fakes, bool is_ready)
{
    lock(fakes);
    fakes->is_ready = is_ready;
    unlock(fakes);
}

void fakes_set_auto_close(struct fakes *fakes, const char *status)
{
    lock(fakes);
    fakes->auto_close = status;
    unlock(fakes);
}

void fakes_close_run(struct fakes *fakes, const char *id, const char *status)
{
    lock(fakes);
    find(fakes, id)->status = status;
    unlock(fakes);
}

/* --- looking ------------------------------------------------------------------------------------------------------ */

bool fakes_is_drained(const struct fakes *fakes)
{
    return fakes->is_drained;
}

bool fakes_is_ready(const struct fakes *fakes)
{
    return fakes->poller_is_ready;
}

const char *fakes_ready_reason(const struct fakes *fakes)
{
    return fakes->reason;
}

size_t fakes_count(struct fakes *fakes, const char *line)
{
    size_t count = 0;
    lock(fakes);
    for (size_t i = 0; i < fakes->line_count; i++) {
        count += strcmp(fakes->lines[i], line) == 0;
    }
    unlock(fakes);
    return count;
}

size_t fakes_count_prefix(struct fakes *fakes, const char *prefix)
{
    size_t count = 0;
    lock(fakes);
    for (size_t i = 0; i < fakes->line_count; i++) {
        count += strncmp(fakes->lines[i], prefix, strlen(prefix)) == 0;
    }
    unlock(fakes);
    return count;
}

size_t fakes_index(struct fakes *fakes, const char *line)
{
    size_t index = SIZE_MAX;
    lock(fakes);
    for (size_t i = 0; i < fakes->line_count && index == SIZE_MAX; i++) {
        if (strcmp(fakes->lines[i], line) == 0) {
            index = i;
        }
    }
    unlock(fakes);
    return index;
}

void fakes_print(struct fakes *fakes)
{
    lock(fakes);
    for (size_t i = 0; i < fakes->line_count; i++) {
        print_message("  %zu %s\n", i, fakes->lines[i]);
    }
    unlock(fakes);
}

void fakes_expect(struct fakes *fakes, const char *line, size_t times)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (fakes_count(fakes, line) < times) {
        if (clock_monotonic_ms() > until_ms) {
            fakes_print(fakes);
            fail_msg("not seen %zu times: %s", times, line);
        }
        loop_run_once(fakes->loop, 20);
    }
}

void fakes_run_until(struct fakes *fakes, bool (*is_true)(struct fakes *fakes), const char *what)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (!is_true(fakes)) {
        if (clock_monotonic_ms() > until_ms) {
            fakes_print(fakes);
            fail_msg("never true: %s", what);
        }
        loop_run_once(fakes->loop, 20);
    }
}

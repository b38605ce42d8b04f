/* See history_stream.h.
 *
 * A stream asks for a page of events, writes them while the peer takes them, and asks for the next, which Temporal
 * holds until there is one. So of each stream there is one page in memory and one event beyond AHEAD_BYTES that the
 * peer has not taken yet. All of it runs on the rpc thread, but for the notices of the server's threads, which post. */
#include "history_stream.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "event_stream.h"
#include "json_text.h"

#define EVENT_MAX ((size_t)2 << 30) /* far beyond what an event of the server's becomes: it takes 4 MB at once */
#define PAGE_EVENTS 20
#define AHEAD_BYTES ((size_t)64 << 10)
#define HEARTBEAT_MS 15000 /* proxies take a connection for dead after 30 s at the least */
#define LONG_POLL_MS 70000 /* the server answers after about 20 s */
/* An answer without events, or a failure, that comes at once is not asked for again at once. */
#define PAUSE_MS 1000
#define BUSY_RETRY_AFTER_SECONDS 5

struct history_stream {
    atomic_int references; /* one until it is over, one for each call and each notice under way */
    struct gateway *gateway;
    struct workflow_call *call; /* until the stream begins; NULL then */
    struct http_stream *stream; /* NULL: not begun, or over */
    enum problem_subject subject;
    char *namespace_name;
    char *workflow_id;
    char *run_id;
    enum temporal_payload_form form;
    int64_t position; /* the last event that the peer has */
    struct temporal_cancel_token *cancel_token;
    struct temporal_history_result page; /* its token is page_token */
    size_t next;                         /* event of the page */
    char *page_token;                    /* of the page that comes next; NULL: the first */
    bool is_complete;                    /* the page is the last: the run has closed */
    bool is_asking;                      /* or pauses before it asks */
    int64_t asked_ms;
    enum temporal_run_status status; /* UNKNOWN: no event has said it yet */
    char *next_run_id;
    struct loop_timer heartbeat;
    struct loop_timer pause;
};

static void retain(struct history_stream *history)
{
    (void)atomic_fetch_add(&history->references, 1);
}

/* gcc's analyser does not count references: it sees two given back in a row and takes the first for the last. */
#ifndef __clang__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-use-after-free"
#endif
static void release(struct history_stream *history)
{
    if (atomic_fetch_sub(&history->references, 1) == 1) {
        temporal_history_result_deinit(&history->page);
        temporal_cancel_token_release(history->cancel_token);
        free(history->page_token);
        free(history->namespace_name);
        free(history->workflow_id);
        free(history->run_id);
        free(history->next_run_id);
        free(history);
    }
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

/* Its answer is given, or its stream has ended. */
static void leave(struct history_stream *history)
{
    struct gateway *gateway = history->gateway;
    loop_timer_stop(gateway->loop, &history->heartbeat);
    loop_timer_stop(gateway->loop, &history->pause);
    metric_gauge_set(gateway->history_stream_gauge, (int64_t)atomic_fetch_sub(&gateway->history_streams, 1) - 1);
    release(history);
}

static void end(struct history_stream *history)
{
    http_stream_end(history->stream);
    history->stream = NULL;
    temporal_cancel_token_cancel(history->cancel_token);
    leave(history);
}

/* ---- writing ---- */

static void write_event(struct history_stream *history, const char *id, const char *name, const char *data,
                        size_t length)
{
    struct buffer text;
    buffer_init(&text, EVENT_MAX);
    if (event_stream_append(&text, id, name, data, length)) {
        (void)http_stream_write(history->stream, text.data, text.length); /* false: gone tells */
    }
    buffer_deinit(&text);
}

static void write_next(struct history_stream *history)
{
    const struct temporal_history *page = history->page.history;
    size_t index = history->next++;
    int64_t event_id = temporal_history_event_id(page, index);
    const char *name = temporal_history_event_type_name(page, index);
    const char *next_run_id = "";
    enum temporal_run_status status = temporal_history_event_closes(page, index, &next_run_id);
    if (status != TEMPORAL_RUN_UNKNOWN) {
        history->status = status;
        free(history->next_run_id);
        history->next_run_id = *next_run_id != '\0' ? memory_copy_string(next_run_id) : NULL;
    }
    if (event_id > history->position) {
        size_t length = 0;
        char *json = temporal_history_event_json(page, index, history->form, &length);
        char *id = event_stream_position_text(history->run_id, event_id);
        write_event(history, id, name != NULL ? name : "EVENT_TYPE_UNSPECIFIED", json, length);
        history->position = event_id;
        free(id);
        free(json);
    }
}

static void write_end(struct history_stream *history)
{
    struct buffer body;
    buffer_init(&body, GATEWAY_REPLY_MAX);
    json_object_begin(&body);
    json_member_text(&body, "workflowId", history->workflow_id);
    json_member_text(&body, "runId", history->run_id);
    json_member_text(&body, "status", temporal_run_status_name(history->status));
    json_member_text(&body, "nextRunId", history->next_run_id);
    json_object_end(&body);
    write_event(history, NULL, "end", body.data, body.length);
    buffer_deinit(&body);
}

static void write_problem(struct history_stream *history, const struct error *error)
{
    struct buffer body;
    const struct problem problem = problem_of_error(history->subject, error, gateway_is_namespace_missing(error));
    char *details = temporal_connection_error_details(history->gateway->connection);
    buffer_init(&body, GATEWAY_REPLY_MAX);
    problem_append(&body, &problem, error->text, &(struct problem_origin){.error = error, .grpc_details = details});
    free(details);
    write_event(history, NULL, "problem", body.data, body.length);
    buffer_deinit(&body);
}

static void beat(void *argument)
{
    struct history_stream *history = argument;
    if (http_stream_waiting(history->stream) == 0) {
        (void)http_stream_write(history->stream, EVENT_STREAM_HEARTBEAT, strlen(EVENT_STREAM_HEARTBEAT));
    }
    loop_timer_start(history->gateway->loop, &history->heartbeat, clock_monotonic_ms() + HEARTBEAT_MS, beat, history);
}

/* ---- reading ---- */

static void pump(struct history_stream *history);

static void on_page(void *user, enum status status, struct temporal_history_result *page, const struct error *error);

static void ask(void *argument)
{
    struct history_stream *history = argument;
    history->asked_ms = clock_monotonic_ms();
    const struct temporal_history_options options = {
        .run = {.workflow_id = history->workflow_id,
                .run_id = history->run_id,
                .namespace_name = history->namespace_name},
        .maximum = PAGE_EVENTS,
        .page_token = history->page_token,
        .is_wait = true,
        .deadline_ms = history->asked_ms + LONG_POLL_MS,
        .cancel_token = history->cancel_token,
        .keeps_encoded = history->form == TEMPORAL_PAYLOAD_ENCODED,
    };
    retain(history);
    temporal_client_history_async(history->gateway->connection, &options, on_page, history);
}

static void ask_for_page(struct history_stream *history, bool is_pause_due)
{
    history->is_asking = true;
    temporal_history_result_deinit(&history->page);
    if (is_pause_due && clock_monotonic_ms() - history->asked_ms < PAUSE_MS) {
        loop_timer_start(history->gateway->loop, &history->pause, history->asked_ms + PAUSE_MS, ask, history);
    } else {
        ask(history);
    }
}

/* As far as the peer takes it. */
static void pump(struct history_stream *history)
{
    size_t count = history->page.history != NULL ? temporal_history_count(history->page.history) : 0;
    while (history->next < count && http_stream_waiting(history->stream) < AHEAD_BYTES) {
        write_next(history);
    }
    if (history->next < count) {
        return; /* on_drained goes on */
    }
    if (history->is_complete) {
        write_end(history);
        end(history);
    } else if (!history->is_asking && http_stream_waiting(history->stream) < AHEAD_BYTES) {
        ask_for_page(history, count == 0);
    }
}

static void on_page(void *user, enum status status, struct temporal_history_result *page, const struct error *error)
{
    struct history_stream *history = user;
    history->is_asking = false;
    if (history->stream == NULL) { /* it is over */
    } else if (status == STATUS_OK) {
        history->page = *page;
        *page = (struct temporal_history_result){0};
        free(history->page_token);
        history->page_token = history->page.next_page_token;
        history->page.next_page_token = NULL;
        history->is_complete = history->page_token == NULL;
        history->next = 0;
        pump(history);
    } else if (error->retryable || status == STATUS_DEADLINE_EXCEEDED) {
        ask_for_page(history, true);
    } else {
        write_problem(history, error);
        end(history);
    }
    release(history); /* NOLINT(clang-analyzer-unix.Malloc): end gave back a reference of its own */
}

/* ---- notices of the server ---- */

static void drained_step(void *argument)
{
    struct history_stream *history = argument;
    if (history->stream != NULL) {
        pump(history);
    }
    release(history);
}

static void on_drained(void *user)
{
    struct history_stream *history = user;
    retain(history);
    loop_post(history->gateway->loop, drained_step, history);
}

static void gone_step(void *argument)
{
    struct history_stream *history = argument;
    if (history->stream != NULL) {
        end(history);
    }
    release(history); /* NOLINT(clang-analyzer-unix.Malloc): end gave back a reference of its own */
}

/* The peer has hung up or was too slow, or the server drains. */
static void on_gone(void *user)
{
    struct history_stream *history = user;
    retain(history);
    loop_post(history->gateway->loop, gone_step, history);
}

/* ---- the beginning ---- */

static void begin(struct history_stream *history)
{
    static const struct http_header headers[] = {
        {.name = "Cache-Control", .value = "no-store"},
        {.name = "X-Accel-Buffering", .value = "no"}, /* nginx would keep events back */
    };
    const struct http_stream_options options = {
        .content_type = EVENT_STREAM_TYPE,
        .headers = headers,
        .header_count = sizeof headers / sizeof headers[0],
        .buffer_bytes = EVENT_MAX, /* pump keeps it short */
        .gone = on_gone,
        .drained = on_drained,
        .user = history,
    };
    struct workflow_call *call = history->call;
    history->call = NULL;
    history->stream = workflow_call_stream(call, &options);
    loop_timer_start(history->gateway->loop, &history->heartbeat, clock_monotonic_ms() + HEARTBEAT_MS, beat, history);
    pump(history);
}

static void refuse_position(struct history_stream *history, int64_t length)
{
    char *detail = memory_format("Last-Event-ID: the run has %lld events", (long long)length);
    workflow_call_invalid(history->call, detail);
    free(detail);
    leave(history);
}

static void on_described(void *user, enum status status, struct temporal_describe_result *run,
                         const struct error *error)
{
    struct history_stream *history = user;
    if (status != STATUS_OK) {
        workflow_call_fail(history->call, error);
        leave(history);
    } else if (history->position > run->history_length) {
        refuse_position(history, run->history_length);
    } else if (history->position == run->history_length && !temporal_run_status_is_open(run->status)) {
        workflow_call_answer(history->call, 204, NULL, NULL); /* readers come again unless they are told so */
        leave(history);
    } else {
        free(history->run_id);
        history->run_id = memory_copy_string(run->run_id);
        begin(history);
    }
    temporal_describe_result_deinit(run);
}

/* false: it has replied. */
static bool read_position(struct workflow_call *call, struct event_stream_position *position)
{
    struct error error = {0};
    if (event_stream_position_read(http_exchange_header(call->exchange, "last-event-id"), position, &error) !=
        STATUS_OK) {
        workflow_call_refuse(call, &error);
        return false;
    }
    if (position->run_id != NULL && call->run.run_id != NULL && strcmp(position->run_id, call->run.run_id) != 0) {
        workflow_call_invalid(call, "Last-Event-ID: it is of another run than runId");
        free(position->run_id);
        return false;
    }
    return true;
}

/* A place among the streams. false: it has replied. */
static bool enter(struct workflow_call *call)
{
    struct gateway *gateway = call->gateway;
    size_t count = atomic_fetch_add(&gateway->history_streams, 1) + 1;
    if (count > (size_t)gateway->settings->gateway.history_streams) {
        (void)atomic_fetch_sub(&gateway->history_streams, 1);
        workflow_call_problem(call, &(struct problem){503, "too-many-streams", "The gateway follows too many histories",
                                                      BUSY_RETRY_AFTER_SECONDS},
                              "gateway.history_streams are open: come again, or ask for pages with ?wait=", NULL, NULL);
        return false;
    }
    metric_gauge_set(gateway->history_stream_gauge, (int64_t)count);
    return true;
}

void history_stream_begin(struct workflow_call *call, enum temporal_payload_form form)
{
    struct event_stream_position position = {0};
    if (!read_position(call, &position)) {
        return;
    }
    if (!enter(call)) {
        free(position.run_id);
        return;
    }
    struct history_stream *history = memory_alloc(sizeof *history);
    atomic_init(&history->references, 1);
    history->gateway = call->gateway;
    history->call = call;
    history->subject = workflow_call_subject(call);
    history->namespace_name = memory_copy_string(call->run.namespace_name);
    history->workflow_id = memory_copy_string(call->run.workflow_id);
    history->run_id = position.run_id != NULL ? position.run_id : memory_copy_string(call->run.run_id);
    history->form = form;
    history->position = position.event_id;
    history->cancel_token = temporal_cancel_token_new();
    const struct temporal_run run = {.workflow_id = history->workflow_id,
                                     .run_id = history->run_id,
                                     .namespace_name = history->namespace_name};
    temporal_client_describe_async(call->gateway->connection, &run, 0, on_described, history);
}

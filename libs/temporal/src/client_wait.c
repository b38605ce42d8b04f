/* Client: waiting for the end of a chain of runs by long polls of its history. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "client_close.h"
#include "client_common.h"
#include "connection.h"

#define LONG_POLL_TIMEOUT_MS 70000 /* the server answers after about 20 s */

/* The server answers a long poll a second before the deadline that it is told, and at once where there is less: told
 * our own deadline it would be asked again and again. So it is told a later one, and a pause ends the wait. */
#define DEADLINE_SURPLUS_MS 5000

/* An empty page that comes faster is not the end of a long poll: the next one is not asked for at once. */
#define EMPTY_PAGE_MIN_MS 1000
#define EMPTY_PAGE_PAUSE_MS 250

/* Until done has returned it belongs to the rpc thread, but for what the lock guards. */
struct temporal_wait {
    struct temporal_connection *connection;
    char *namespace_name; /* NULL: the connection's */
    char *workflow_id;
    char *run_id; /* of the run that is polled; NULL: not yet known */
    uint8_t *page_token;
    size_t page_token_length;
    int64_t deadline_ms;
    temporal_wait_done_fn *done;
    void *user;
    bool is_timed_out;
    int64_t polled_ms;      /* when the page was asked for */
    struct rpc_call *timer; /* the deadline's; NULL: none */
    atomic_int references;  /* one for the handle, one for the timer, one until done has returned */

    pthread_mutex_t lock;
    bool is_canceled;          /* lock */
    struct service_call *call; /* lock; under way; NULL: none */
    struct rpc_call *pause;    /* lock; under way; NULL: none */
};

static void poll_history(struct temporal_wait *wait);
static void start_pause(struct temporal_wait *wait);

/* Ends the wait; result's contents are given. */
static void finish(struct temporal_wait *wait, enum status status, struct temporal_close_result *result,
                   const struct error *error)
{
    rpc_call_cancel(wait->timer);
    rpc_call_release(wait->timer);
    wait->timer = NULL;
    wait->done(wait->user, status, result, error);
    temporal_close_result_deinit(result);
    temporal_wait_release(wait);
}

static void fail(struct temporal_wait *wait, enum status status, struct error *error)
{
    struct temporal_close_result nothing = {0};
    if (wait->is_timed_out) {
        status = error_set(error, STATUS_DEADLINE_EXCEEDED, "the workflow is still open");
    }
    finish(wait, status, &nothing, error);
}

/* The call or pause under way has ended. */
static void drop_call(struct temporal_wait *wait)
{
    pthread_mutex_lock(&wait->lock);
    struct service_call *call = wait->call;
    struct rpc_call *pause = wait->pause;
    wait->call = NULL;
    wait->pause = NULL;
    pthread_mutex_unlock(&wait->lock);
    service_call_release(call);
    rpc_call_release(pause);
}

static void set_page_token(struct temporal_wait *wait, ProtobufCBinaryData token)
{
    free(wait->page_token);
    wait->page_token = token.len > 0 ? memory_copy(token.data, token.len) : NULL;
    wait->page_token_length = token.len;
}

static void follow_to(struct temporal_wait *wait, const char *run_id)
{
    free(wait->run_id);
    wait->run_id = memory_copy_string(run_id);
    set_page_token(wait, (ProtobufCBinaryData){0});
    poll_history(wait);
}

static void pause_over(void *user, const struct rpc_reply *reply)
{
    (void)reply; /* canceled or not: the next call ends at once if so */
    struct temporal_wait *wait = user;
    drop_call(wait);
    poll_history(wait);
}

static void start_pause(struct temporal_wait *wait)
{
    pthread_mutex_lock(&wait->lock);
    rpc_call_pause(connection_channel(wait->connection), clock_monotonic_ms() + EMPTY_PAGE_PAUSE_MS, pause_over, wait,
                   &wait->pause);
    if (wait->is_canceled) {
        rpc_call_cancel(wait->pause);
    }
    pthread_mutex_unlock(&wait->lock);
}

/* With the filter for the closing event a page holds that event, or nothing (the poll's time was over). */
static void read_page(struct temporal_wait *wait, const Pb__GetWorkflowExecutionHistoryResponse *reply)
{
    size_t count = reply->history != NULL ? reply->history->n_events : 0;
    struct temporal_close_result result = {0};
    const char *next_run_id = "";
    if (count > 0 && client_close_read(reply->history->events[count - 1], &result, &next_run_id)) {
        if (next_run_id[0] != '\0') {
            temporal_close_result_deinit(&result);
            follow_to(wait, next_run_id);
            return;
        }
        result.run_id = wait->run_id;
        wait->run_id = NULL;
        finish(wait, STATUS_OK, &result, NULL);
        return;
    }
    set_page_token(wait, reply->next_page_token);
    if (clock_monotonic_ms() - wait->polled_ms < EMPTY_PAGE_MIN_MS) {
        start_pause(wait);
    } else {
        poll_history(wait);
    }
}

static void polled(void *user, struct service_call_result *call_result)
{
    struct temporal_wait *wait = user;
    drop_call(wait);
    struct error error = {0};
    enum status status = client_status(call_result, &error);
    if (status == STATUS_OK) {
        read_page(wait, (const Pb__GetWorkflowExecutionHistoryResponse *)(const void *)call_result->reply);
    } else {
        fail(wait, status, &error);
    }
}

static void described(void *user, struct service_call_result *call_result)
{
    struct temporal_wait *wait = user;
    drop_call(wait);
    struct error error = {0};
    enum status status = client_status(call_result, &error);
    const char *run_id = NULL;
    if (status == STATUS_OK) {
        const Pb__DescribeWorkflowExecutionResponse *reply = (const void *)call_result->reply;
        const Pb__WorkflowExecutionInfo *info = reply->workflow_execution_info;
        if (info != NULL && info->execution != NULL) {
            run_id = info->execution->run_id;
        } else {
            status = error_set(&error, STATUS_MALFORMED, "DescribeWorkflowExecution: an answer without the workflow");
        }
    }
    if (run_id != NULL) {
        follow_to(wait, run_id);
    } else {
        fail(wait, status, &error);
    }
}

static void start_call(struct temporal_wait *wait, const struct service_method *method,
                       const ProtobufCMessage *request, service_call_done_fn *done)
{
    bool has_deadline = wait->deadline_ms < INT64_MAX - DEADLINE_SURPLUS_MS;
    struct service_call_options options = {.deadline_ms =
                                               has_deadline ? wait->deadline_ms + DEADLINE_SURPLUS_MS : INT64_MAX,
                                           .attempt_timeout_ms = LONG_POLL_TIMEOUT_MS,
                                           .retry = RPC_RETRY_STANDARD,
                                           .namespace_name = wait->namespace_name};
    /* Inside the lock: the call may end on the rpc thread before its handle is in wait->call, and be canceled by
     * any thread as soon as it is there. */
    pthread_mutex_lock(&wait->lock);
    service_call_start(wait->connection, method, request, &options, done, wait, &wait->call);
    if (wait->is_canceled) {
        service_call_cancel(wait->call);
    }
    pthread_mutex_unlock(&wait->lock);
}

static void poll_history(struct temporal_wait *wait)
{
    Pb__WorkflowExecution execution;
    client_execution(&(struct temporal_run){.workflow_id = wait->workflow_id, .run_id = wait->run_id}, &execution);
    Pb__GetWorkflowExecutionHistoryRequest request = PB__GET_WORKFLOW_EXECUTION_HISTORY_REQUEST__INIT;
    request.namespace_ = client_namespace(wait->connection, wait->namespace_name);
    request.execution = &execution;
    request.wait_new_event = 1;
    request.skip_archival = 1;
    request.history_event_filter_type = PB__HISTORY_EVENT_FILTER_TYPE__HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT;
    request.next_page_token.data = wait->page_token;
    request.next_page_token.len = wait->page_token_length;
    wait->polled_ms = clock_monotonic_ms();
    start_call(wait, &service_get_workflow_execution_history, &request.base, polled);
}

/* The pause until the deadline has ended: by itself, or because the wait has. */
static void deadline_came(void *user, const struct rpc_reply *reply)
{
    struct temporal_wait *wait = user;
    if (reply->code == RPC_OK) {
        wait->is_timed_out = true;
        temporal_wait_cancel(wait);
    }
    temporal_wait_release(wait);
}

static void describe(struct temporal_wait *wait)
{
    Pb__WorkflowExecution execution;
    client_execution(&(struct temporal_run){.workflow_id = wait->workflow_id}, &execution);
    Pb__DescribeWorkflowExecutionRequest request = PB__DESCRIBE_WORKFLOW_EXECUTION_REQUEST__INIT;
    request.namespace_ = client_namespace(wait->connection, wait->namespace_name);
    request.execution = &execution;
    start_call(wait, &service_describe_workflow_execution, &request.base, described);
}

void temporal_client_wait_async(struct temporal_connection *connection, const struct temporal_run *run,
                                int64_t deadline_ms, temporal_wait_done_fn *done, void *user,
                                struct temporal_wait **out_wait)
{
    struct temporal_wait *wait = memory_alloc(sizeof *wait);
    wait->connection = connection;
    wait->namespace_name = memory_copy_string(run->namespace_name);
    wait->workflow_id = memory_copy_string(client_text(run->workflow_id));
    wait->run_id = memory_copy_string(run->run_id);
    wait->deadline_ms = client_deadline(deadline_ms);
    wait->done = done;
    wait->user = user;
    bool has_deadline = wait->deadline_ms != INT64_MAX;
    atomic_init(&wait->references, 1 + (out_wait != NULL ? 1 : 0) + (has_deadline ? 1 : 0));
    CHECK(pthread_mutex_init(&wait->lock, NULL) == 0);
    if (out_wait != NULL) {
        *out_wait = wait;
    }
    if (has_deadline) {
        rpc_call_pause(connection_channel(connection), wait->deadline_ms, deadline_came, wait, &wait->timer);
    }
    if (wait->run_id != NULL) {
        poll_history(wait);
    } else {
        describe(wait);
    }
}

void temporal_wait_cancel(struct temporal_wait *wait)
{
    if (wait == NULL) {
        return;
    }
    pthread_mutex_lock(&wait->lock);
    wait->is_canceled = true;
    service_call_cancel(wait->call);
    rpc_call_cancel(wait->pause);
    pthread_mutex_unlock(&wait->lock);
}

void temporal_wait_release(struct temporal_wait *wait)
{
    if (wait != NULL && atomic_fetch_sub(&wait->references, 1) == 1) {
        free(wait->namespace_name);
        free(wait->workflow_id);
        free(wait->run_id);
        free(wait->page_token);
        pthread_mutex_destroy(&wait->lock);
        free(wait);
    }
}

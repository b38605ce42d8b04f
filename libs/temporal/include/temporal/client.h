/* The client: starts workflows, waits for them, talks to them.
 *
 *     struct temporal_start_result started;
 *     status = temporal_client_start(connection, &(struct temporal_start_options){
 *         .workflow_id = "order-17", .workflow_type = "order", .task_queue = "orders",
 *         .arguments = &(struct temporal_payload){.data = "{\"sum\":3}", .length = 9}, .argument_count = 1,
 *     }, &started, &error);                                                  // blocks
 *     ...
 *     temporal_start_result_deinit(&started);
 *
 * Every call has two forms. temporal_client_xxx blocks until the end; never call it on the rpc thread (from a done
 * function). temporal_client_xxx_async returns at once and calls done exactly once on the connection's rpc thread,
 * never inside the call; done must not block. Options are only read during the call. All calls are tried again after
 * transient failures until their deadline; they are safe to repeat.
 *
 * Statuses common to all: INVALID_ARGUMENT (an option is missing, a text is not UTF-8, or the server says so),
 * TOO_LARGE (never fits), UNAVAILABLE, DEADLINE_EXCEEDED (it may have happened), RESOURCE_EXHAUSTED, UNAUTHENTICATED,
 * PERMISSION_DENIED, CANCELED (the connection is destroyed), MALFORMED and INTERNAL (the server's answer). NOT_FOUND:
 * no such workflow; an unknown namespace is NOT_FOUND with error.retryable set, since servers under load answer it for
 * one that exists. */
#ifndef TEMPORAL_CLIENT_H
#define TEMPORAL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "temporal/cancel_token.h"
#include "temporal/connection.h"
#include "temporal/failure.h"
#include "temporal/payload.h"

struct temporal_retry_options; /* temporal/workflow.h */

#define TEMPORAL_CLIENT_DEADLINE_DEFAULT_MS 10000

/* A run's state; the numbers are Temporal's. */
enum temporal_run_status {
    TEMPORAL_RUN_UNKNOWN = 0,
    TEMPORAL_RUN_RUNNING = 1,
    TEMPORAL_RUN_COMPLETED = 2,
    TEMPORAL_RUN_FAILED = 3,
    TEMPORAL_RUN_CANCELED = 4,
    TEMPORAL_RUN_TERMINATED = 5,
    TEMPORAL_RUN_CONTINUED_AS_NEW = 6,
    TEMPORAL_RUN_TIMED_OUT = 7,
    TEMPORAL_RUN_PAUSED = 8
};
const char *temporal_run_status_name(enum temporal_run_status status); /* "Running", "TimedOut" ... */
bool temporal_run_status_is_open(enum temporal_run_status status);     /* running or paused */

/* ---- start ---- */

enum temporal_id_reuse { /* a run with this workflow ID has closed */
    TEMPORAL_REUSE_ALLOW,       /* start another */
    TEMPORAL_REUSE_FAILED_ONLY, /* start another unless that one completed */
    TEMPORAL_REUSE_REJECT       /* ALREADY_EXISTS */
};
enum temporal_id_conflict { /* a run with this workflow ID is open */
    TEMPORAL_CONFLICT_FAIL,         /* ALREADY_EXISTS */
    TEMPORAL_CONFLICT_USE_EXISTING, /* answer that run */
    TEMPORAL_CONFLICT_TERMINATE     /* terminate it and start another */
};

/* An entry of the memo, or a search attribute. */
struct temporal_memo_entry {
    const char *key;
    struct temporal_payload value;
};

struct temporal_header {
    const char *name;
    const char *value;
};

/* An HTTP request (POST) that the server sends when the chain of runs has closed: it follows retries, continue-as-new
 * and resets. INVALID_ARGUMENT: the server's callback.allowedAddresses does not name the address, or the URL is too
 * long (1,000 bytes by default). */
struct temporal_callback {
    const char *url;
    const struct temporal_header *headers;
    size_t header_count;
};

/* What the server's task queues order by. */
struct temporal_priority {
    int key;                  /* 1 first .. 5 last; 0: the default, 3 */
    const char *fairness_key; /* up to 64 bytes; NULL: none */
    double fairness_weight;   /* 0: 1.0 */
};

/* A signal that goes along with a start: to the run that is started, or to the one that is open. */
struct temporal_start_signal {
    const char *name;
    const struct temporal_payload *arguments;
    size_t argument_count;
};

/* Zero means the default. */
struct temporal_start_options {
    const char *namespace_name; /* NULL: the connection's */
    const char *workflow_id;   /* must be given */
    const char *workflow_type; /* must be given */
    const char *task_queue;    /* must be given */
    const struct temporal_payload *arguments;
    size_t argument_count;
    const char *request_id; /* the same ID is the same start, however often; NULL: a new one for this call */
    enum temporal_id_reuse id_reuse;
    enum temporal_id_conflict id_conflict;
    int64_t execution_timeout_ms; /* the whole chain; 0: none */
    int64_t run_timeout_ms;       /* 0: none */
    int64_t task_timeout_ms;      /* 0: the server's, 10 s */
    int64_t start_delay_ms;
    const struct temporal_retry_options *retry; /* NULL: a failed run is not retried */
    const struct temporal_memo_entry *memo;
    size_t memo_count;
    const struct temporal_memo_entry *search_attributes; /* JSON; the server knows the types by their names */
    size_t search_attribute_count;
    /* Go along with the run, for interceptors and other propagators: temporal/tracing.h has the one for traces. No
     * codec sees them. */
    const struct temporal_memo_entry *headers;
    size_t header_count;
    struct temporal_priority priority;
    /* With USE_EXISTING they are attached to the open run, too, together with the request ID. A request ID that the
     * run knows already attaches nothing. Not with a signal: the server takes none there. */
    const struct temporal_callback *callbacks;
    size_t callback_count;
    /* NULL: none. With a signal id_conflict must not be FAIL, the request ID is the signal's, and the result tells no
     * status. The server forgets a signal's request ID when the run continues as new. */
    const struct temporal_start_signal *signal;
    int64_t deadline_ms; /* clock_monotonic_ms; 0: in 10 s */
};

/* Texts are owned; NULL: not known. */
struct temporal_start_result {
    char *workflow_id;
    char *run_id;
    char *first_run_id; /* of the run's chain; NULL from older servers */
    /* As the server says it: true also for a repeated request ID, even when that run has closed since. */
    bool started;
    enum temporal_run_status status; /* UNKNOWN after a start with a signal */
};
void temporal_start_result_deinit(struct temporal_start_result *result);

/* ALREADY_EXISTS: by the policies; the result then tells workflow_id, run_id and first_run_id of the run that is
 * there, as far as the server does, and must be deinited too. */
MUST_CHECK enum status temporal_client_start(struct temporal_connection *connection,
                                             const struct temporal_start_options *options,
                                             struct temporal_start_result *out_result, struct error *error);

/* result is never NULL and belongs to the caller of done, unless done copies the struct and zeroes it. error: NULL
 * with STATUS_OK. */
typedef void temporal_start_done_fn(void *user, enum status status, struct temporal_start_result *result,
                                    const struct error *error);
void temporal_client_start_async(struct temporal_connection *connection, const struct temporal_start_options *options,
                                 temporal_start_done_fn *done, void *user);

/* ---- describe ---- */

struct temporal_memo_value {
    char *key;
    struct temporal_value value;
};

/* Texts are owned, never NULL ("": the server does not say). Times are wall clock milliseconds; 0: not yet. */
struct temporal_describe_result {
    enum temporal_run_status status;
    char *workflow_id;
    char *run_id;
    char *first_run_id;
    char *workflow_type;
    char *task_queue;
    int64_t start_wall_ms;
    int64_t close_wall_ms;
    int64_t history_length; /* events */
    struct temporal_memo_value *memo;
    size_t memo_count;
    struct temporal_memo_value *search_attributes;
    size_t search_attribute_count;
    char **callback_urls; /* who is told of the chain's end; a list does not say */
    size_t callback_count;
};
void temporal_describe_result_deinit(struct temporal_describe_result *result);
/* NULL: no such key. */
const struct temporal_value *temporal_describe_result_memo(const struct temporal_describe_result *result,
                                                           const char *key);

/* Which run is meant. */
struct temporal_run {
    const char *workflow_id;
    const char *run_id;         /* NULL: the current one */
    const char *namespace_name; /* NULL: the connection's */
};

MUST_CHECK enum status temporal_client_describe(struct temporal_connection *connection,
                                                const struct temporal_run *run, int64_t deadline_ms,
                                                struct temporal_describe_result *out_result, struct error *error);
typedef void temporal_describe_done_fn(void *user, enum status status, struct temporal_describe_result *result,
                                       const struct error *error);
void temporal_client_describe_async(struct temporal_connection *connection, const struct temporal_run *run,
                                    int64_t deadline_ms, temporal_describe_done_fn *done, void *user);

/* ---- list ---- */

#define TEMPORAL_LIST_MAX 1000 /* runs of a page */

/* What the server's visibility store knows of a run: some time after the run itself does. Newest start first. */
struct temporal_list_result {
    struct temporal_describe_result *runs;
    size_t count;
    bool has_more; /* there are more than fit the page */
    char *next_page_token; /* for the next page: visible ASCII; NULL: there is none */
};
void temporal_list_result_deinit(struct temporal_list_result *result);

struct temporal_list_options {
    const char *namespace_name; /* NULL: the connection's */
    const char *query;          /* "WorkflowType = 'order' AND ExecutionStatus = 'Running'"; NULL: all */
    size_t maximum;             /* 1 .. TEMPORAL_LIST_MAX; 0: 100 */
    int64_t deadline_ms;
    const char *page_token;     /* of the page before; NULL: the first page. With one there is one try alone, since the
                                   server answers one that is not its own with what elsewhere passes */
};
/* INVALID_ARGUMENT: the query does not parse, or names a search attribute that the namespace does not have; the token
 * is none. */
MUST_CHECK enum status temporal_client_list(struct temporal_connection *connection,
                                            const struct temporal_list_options *options,
                                            struct temporal_list_result *out_result, struct error *error);
typedef void temporal_list_done_fn(void *user, enum status status, struct temporal_list_result *result,
                                   const struct error *error);
void temporal_client_list_async(struct temporal_connection *connection, const struct temporal_list_options *options,
                                temporal_list_done_fn *done, void *user);

/* ---- count ---- */

/* One group of a query with GROUP BY. */
struct temporal_count_group {
    struct temporal_value *values; /* what the group has in common */
    size_t value_count;
    int64_t count;
};

/* As lists, some time after the runs themselves. */
struct temporal_count_result {
    int64_t count;
    struct temporal_count_group *groups;
    size_t group_count;
};
void temporal_count_result_deinit(struct temporal_count_result *result);

/* namespace_name, query NULL: as in lists. */
MUST_CHECK enum status temporal_client_count(struct temporal_connection *connection, const char *namespace_name,
                                             const char *query, int64_t deadline_ms,
                                             struct temporal_count_result *out_result, struct error *error);
typedef void temporal_count_done_fn(void *user, enum status status, struct temporal_count_result *result,
                                    const struct error *error);
void temporal_client_count_async(struct temporal_connection *connection, const char *namespace_name, const char *query,
                                 int64_t deadline_ms, temporal_count_done_fn *done, void *user);

/* ---- wait for the end ---- */

/* Texts are owned. */
struct temporal_close_result {
    enum temporal_run_status status; /* closed, never CONTINUED_AS_NEW */
    char *run_id;                    /* of the chain's last run */
    struct temporal_value result;    /* COMPLETED; encoding NULL: the workflow returned nothing */
    struct temporal_failure *failure; /* FAILED; NULL else */
    char *reason;                    /* TERMINATED; NULL else */
};
void temporal_close_result_deinit(struct temporal_close_result *result);

/* Follows the chain that run is in (by its retries, its cron schedule, and continue-as-new) until its last run has
 * closed. It does not follow a reset: the run that is reset ends as TERMINATED, describe by workflow ID finds the
 * other. DEADLINE_EXCEEDED: still open. deadline_ms 0: in 10 s; INT64_MAX: none. */
MUST_CHECK enum status temporal_client_wait(struct temporal_connection *connection, const struct temporal_run *run,
                                            int64_t deadline_ms, struct temporal_close_result *out_result,
                                            struct error *error);

struct temporal_wait; /* a wait under way; counted */
typedef void temporal_wait_done_fn(void *user, enum status status, struct temporal_close_result *result,
                                   const struct error *error);
/* out_wait NULL: not wanted. It is set before done can run. */
void temporal_client_wait_async(struct temporal_connection *connection, const struct temporal_run *run,
                                int64_t deadline_ms, temporal_wait_done_fn *done, void *user,
                                struct temporal_wait **out_wait);
/* Any thread; harmless after the end. done runs with CANCELED unless it already has another result. */
void temporal_wait_cancel(struct temporal_wait *wait);
void temporal_wait_release(struct temporal_wait *wait); /* NULL is fine */

/* ---- signal, cancel, terminate ---- */

typedef void temporal_client_done_fn(void *user, enum status status, const struct error *error);

struct temporal_signal_options {
    struct temporal_run run;
    const char *name;
    const struct temporal_payload *arguments;
    size_t argument_count;
    const char *request_id; /* NULL: a new one for this call. The server forgets it at continue-as-new */
    int64_t deadline_ms;
};
MUST_CHECK enum status temporal_client_signal(struct temporal_connection *connection,
                                              const struct temporal_signal_options *options, struct error *error);
void temporal_client_signal_async(struct temporal_connection *connection,
                                  const struct temporal_signal_options *options, temporal_client_done_fn *done,
                                  void *user);

/* Asks the workflow to cancel itself; it may take its time, or ignore it. reason: for people; NULL: none. */
MUST_CHECK enum status temporal_client_cancel(struct temporal_connection *connection, const struct temporal_run *run,
                                              const char *reason, int64_t deadline_ms, struct error *error);
void temporal_client_cancel_async(struct temporal_connection *connection, const struct temporal_run *run,
                                  const char *reason, int64_t deadline_ms, temporal_client_done_fn *done, void *user);

/* Ends the run at once; the workflow does not notice. A repeated call finds it closed: NOT_FOUND. */
MUST_CHECK enum status temporal_client_terminate(struct temporal_connection *connection,
                                                 const struct temporal_run *run, const char *reason,
                                                 int64_t deadline_ms, struct error *error);
void temporal_client_terminate_async(struct temporal_connection *connection, const struct temporal_run *run,
                                     const char *reason, int64_t deadline_ms, temporal_client_done_fn *done,
                                     void *user);

/* ---- history ---- */

struct temporal_history_options {
    struct temporal_run run;
    size_t maximum;         /* 1 .. TEMPORAL_LIST_MAX events of a page; 0: 100 */
    const char *page_token; /* of the page before; NULL: the first page */
    bool is_reverse;        /* newest event first */
    /* Holds the answer until there is an event after the token's; the page may be empty when the deadline comes. Not
     * with is_reverse. */
    bool is_wait;
    int64_t deadline_ms;
    struct temporal_cancel_token *cancel_token; /* NULL: none */
    bool keeps_encoded; /* payloads as the server has them: the connection's codec does not see them */
};

struct temporal_history; /* events of one page */
size_t temporal_history_count(const struct temporal_history *history);
int64_t temporal_history_event_id(const struct temporal_history *history, size_t index);
int temporal_history_event_type(const struct temporal_history *history, size_t index); /* Temporal's number */

enum temporal_payload_form {
    TEMPORAL_PAYLOAD_READABLE, /* JSON is itself, a list of payloads an array; others {"metadata": {texts}, "data"} */
    TEMPORAL_PAYLOAD_ENCODED   /* as proto3's JSON has it: {"metadata": {base64}, "data"} */
};
/* The events as an array in proto3's JSON. free() it. */
char *temporal_history_json(const struct temporal_history *history, enum temporal_payload_form form,
                            size_t *out_length);
/* One of them. */
char *temporal_history_event_json(const struct temporal_history *history, size_t index,
                                  enum temporal_payload_form form, size_t *out_length);
/* Whether it has fields that are newer than what this SDK knows: they are not in its JSON. */
bool temporal_history_event_is_incomplete(const struct temporal_history *history, size_t index);
/* "EVENT_TYPE_TIMER_FIRED"; NULL: newer than what this SDK knows. */
const char *temporal_history_event_type_name(const struct temporal_history *history, size_t index);
/* Whether the event closes its run: how, and the run that the chain goes on with ("": none; borrowed). UNKNOWN: it does
 * not. */
enum temporal_run_status temporal_history_event_closes(const struct temporal_history *history, size_t index,
                                                       const char **out_next_run_id);

struct temporal_history_result {
    struct temporal_history *history;
    char *next_page_token; /* NULL: that was all */
};
void temporal_history_result_deinit(struct temporal_history_result *result);

/* result is never NULL; as with the other results. */
typedef void temporal_history_done_fn(void *user, enum status status, struct temporal_history_result *result,
                                      const struct error *error);
void temporal_client_history_async(struct temporal_connection *connection,
                                   const struct temporal_history_options *options, temporal_history_done_fn *done,
                                   void *user);

/* ---- reset, delete ---- */

struct temporal_reset_options {
    struct temporal_run run;
    int64_t event_id;       /* a WorkflowTaskCompleted, or one of the other events that end a workflow task */
    const char *reason;     /* for people; NULL: none */
    const char *request_id; /* the same ID is the same reset; NULL: a new one for this call */
    int64_t deadline_ms;
};
typedef void temporal_reset_done_fn(void *user, enum status status, const char *run_id, const struct error *error);
/* Ends the run, if it is open, and begins another with its history up to the event. run_id: the new one. */
MUST_CHECK enum status temporal_client_reset(struct temporal_connection *connection,
                                             const struct temporal_reset_options *options, char **out_run_id,
                                             struct error *error);
void temporal_client_reset_async(struct temporal_connection *connection, const struct temporal_reset_options *options,
                                 temporal_reset_done_fn *done, void *user);

/* The server deletes the run some time after, an open one, too. */
MUST_CHECK enum status temporal_client_delete(struct temporal_connection *connection, const struct temporal_run *run,
                                              int64_t deadline_ms, struct error *error);
void temporal_client_delete_async(struct temporal_connection *connection, const struct temporal_run *run,
                                  int64_t deadline_ms, temporal_client_done_fn *done, void *user);

/* ---- query ---- */

enum temporal_query_reject {      /* a query is not put to a run that is */
    TEMPORAL_QUERY_REJECT_NONE,
    TEMPORAL_QUERY_REJECT_NOT_OPEN,
    TEMPORAL_QUERY_REJECT_NOT_COMPLETED_CLEANLY /* neither open nor completed */
};

struct temporal_query_options {
    struct temporal_run run;
    const char *type;
    const struct temporal_payload *arguments;
    size_t argument_count;
    int64_t deadline_ms;
    enum temporal_query_reject reject_condition;
    struct temporal_cancel_token *cancel_token; /* NULL: none */
};

struct temporal_query_result {
    struct temporal_value value;
    enum temporal_run_status rejected; /* the status that the query was rejected for; UNKNOWN: it was not */
    struct temporal_failure *failure;  /* the handler's, with INVALID_ARGUMENT; NULL: the error is another */
};
void temporal_query_result_deinit(struct temporal_query_result *result);

/* INVALID_ARGUMENT: the handler failed, or there is none of that name (the error tells what it said).
 * FAILED_PRECONDITION and DEADLINE_EXCEEDED: no worker answers. The caller deinits out_result after STATUS_OK. */
MUST_CHECK enum status temporal_client_query(struct temporal_connection *connection,
                                             const struct temporal_query_options *options,
                                             struct temporal_query_result *out_result, struct error *error);
/* result is never NULL; as with the other results. */
typedef void temporal_query_done_fn(void *user, enum status status, struct temporal_query_result *result,
                                    const struct error *error);
void temporal_client_query_async(struct temporal_connection *connection,
                                 const struct temporal_query_options *options, temporal_query_done_fn *done,
                                 void *user);

/* ---- update ---- */

enum temporal_update_stage { /* the numbers are Temporal's */
    TEMPORAL_UPDATE_UNKNOWN = 0,
    TEMPORAL_UPDATE_ADMITTED = 1,
    TEMPORAL_UPDATE_ACCEPTED = 2, /* it is in the history */
    TEMPORAL_UPDATE_COMPLETED = 3 /* it has an outcome; also when its validator has refused it */
};

struct temporal_update_options {
    struct temporal_run run;
    const char *name;      /* of the handler */
    const char *update_id; /* the same ID is the same update of that run; NULL: a new one for this call */
    const struct temporal_payload *arguments;
    size_t argument_count;
    enum temporal_update_stage wait_stage; /* ACCEPTED or COMPLETED */
    int64_t deadline_ms;                   /* clock_monotonic_ms; 0: in 10 s */
    struct temporal_cancel_token *cancel_token; /* of the waiting, not of the update; NULL: none */
};

/* Texts are owned. An outcome is a value or a failure. */
struct temporal_update_result {
    enum temporal_update_stage stage; /* ACCEPTED: also when COMPLETED was waited for, and the deadline came */
    char *update_id;
    char *run_id;
    bool has_outcome;
    struct temporal_value value;
    struct temporal_failure *failure; /* of the handler or of the validator */
    bool is_rejected;                 /* the validator's: nothing of it is in the history */
};
void temporal_update_result_deinit(struct temporal_update_result *result);

/* DEADLINE_EXCEEDED: no worker has accepted it; ask again with the same ID. NOT_FOUND: no such run, or it is closed. */
MUST_CHECK enum status temporal_client_update(struct temporal_connection *connection,
                                              const struct temporal_update_options *options,
                                              struct temporal_update_result *out_result, struct error *error);
/* result is never NULL; as with the other results. */
typedef void temporal_update_done_fn(void *user, enum status status, struct temporal_update_result *result,
                                     const struct error *error);
void temporal_client_update_async(struct temporal_connection *connection,
                                  const struct temporal_update_options *options, temporal_update_done_fn *done,
                                  void *user);
/* How an update stands; of the options, run, update_id, wait_stage and deadline_ms count. NOT_FOUND: the run does not
 * know it: it was never accepted. */
void temporal_client_poll_update_async(struct temporal_connection *connection,
                                       const struct temporal_update_options *options, temporal_update_done_fn *done,
                                       void *user);

/* Starts a workflow, unless one is open that id_conflict lets it use, and updates it, both or neither. The run is that
 * of start; start's id_conflict must not be TERMINATE. update's result tells the rest. */
typedef void temporal_update_with_start_done_fn(void *user, enum status status, struct temporal_start_result *start,
                                                struct temporal_update_result *update, const struct error *error);
void temporal_client_update_with_start_async(struct temporal_connection *connection,
                                             const struct temporal_start_options *start,
                                             const struct temporal_update_options *update,
                                             temporal_update_with_start_done_fn *done, void *user);

/* ---- the server ---- */

/* One attempt, for readiness: does the server answer, and does it know the namespace? out_version (free it; NULL: not
 * wanted) is the server's. */
MUST_CHECK enum status temporal_client_check(struct temporal_connection *connection, int64_t deadline_ms,
                                             char **out_version, struct error *error);
typedef void temporal_check_done_fn(void *user, enum status status, const char *version, const struct error *error);
void temporal_client_check_async(struct temporal_connection *connection, int64_t deadline_ms,
                                 temporal_check_done_fn *done, void *user);
/* The same for another namespace. */
void temporal_client_check_namespace_async(struct temporal_connection *connection, const char *namespace_name,
                                           int64_t deadline_ms, temporal_check_done_fn *done, void *user);

#endif

/* Follows one chain of runs to its end, or looks once how it stands: the watch table's source. A run that ended in
 * any other way than completed is looked at again by its workflow ID: a reset terminates the run, or comes after its
 * end, and goes on in another run of the same chain. So is a run that the server does not know: a chain may outlive
 * the retention of its first runs. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "gateway.h"
#include "run_result.h"

/* At any time one call is under way, or one step is posted to the loop. Answers are put down here by the rpc thread
 * before it posts; everything else belongs to the loop's thread. */
struct following {
    struct gateway *gateway;
    struct watch *watch; /* NULL: canceled; whoever comes next frees this */
    struct temporal_wait *wait;
    char *workflow_id;
    char *first_run_id;
    char *namespace_name; /* NULL: the connection's */
    bool is_open;         /* from describing, of a look */
    bool has_callback;    /* likewise */
    struct watch_result result;
    char *current_run_id; /* from describing: the run that goes on; NULL: none does */
    bool is_lost;         /* a run of the chain was not found: the current one is looked for once */
    enum status status;
    struct error error;
};

static void following_destroy(struct following *following)
{
    temporal_wait_release(following->wait);
    watch_result_deinit(&following->result);
    free(following->current_run_id);
    free(following->workflow_id);
    free(following->first_run_id);
    free(following->namespace_name);
    free(following);
}

static void wait_for(struct following *following, const char *run_id);

static void report(struct following *following)
{
    watch_finish(following->watch, &following->result);
    following_destroy(following);
}

static void on_described_step(void *argument)
{
    struct following *following = argument;
    if (following->watch == NULL) {
        following_destroy(following);
    } else if (following->current_run_id != NULL) {
        char *run_id = following->current_run_id;
        following->current_run_id = NULL;
        watch_result_deinit(&following->result);
        wait_for(following, run_id);
        free(run_id);
    } else if (following->status != STATUS_OK &&
               (following->status != STATUS_NOT_FOUND || gateway_is_namespace_missing(&following->error))) {
        watch_fail(following->watch, &following->error);
        following_destroy(following);
    } else {
        report(following);
    }
}

/* rpc thread */
static void on_described(void *user, enum status status, struct temporal_describe_result *result,
                         const struct error *error)
{
    struct following *following = user;
    following->status = status;
    if (error != NULL) {
        following->error = *error;
    }
    const char *known_run_id = following->result.run_id != NULL ? following->result.run_id : "";
    if (status == STATUS_OK && strcmp(result->first_run_id, following->first_run_id) == 0 &&
        strcmp(result->run_id, known_run_id) != 0) {
        following->current_run_id = memory_copy_string(result->run_id);
    }
    temporal_describe_result_deinit(result);
    loop_post(following->gateway->loop, on_described_step, following);
}

static void describe(struct following *following)
{
    const struct temporal_run run = {.workflow_id = following->workflow_id,
                                     .namespace_name = following->namespace_name};
    temporal_client_describe_async(following->gateway->connection, &run, 0, on_described, following);
}

static bool may_be_reset(const struct following *following)
{
    return strcmp(following->result.status, temporal_run_status_name(TEMPORAL_RUN_COMPLETED)) != 0;
}

static bool is_unknown_run(const struct following *following)
{
    return (following->status == STATUS_NOT_FOUND && !gateway_is_namespace_missing(&following->error)) ||
           following->status == STATUS_INVALID_ARGUMENT;
}

static void on_closed_step(void *argument)
{
    struct following *following = argument;
    if (following->watch == NULL) {
        following_destroy(following);
    } else if (following->status == STATUS_OK && may_be_reset(following)) {
        describe(following);
    } else if (following->status == STATUS_OK) {
        report(following);
    } else if (is_unknown_run(following)) {
        following->result = (struct watch_result){.status = "NotFound"};
        if (following->is_lost || following->status == STATUS_INVALID_ARGUMENT) {
            report(following);
        } else {
            following->is_lost = true;
            describe(following);
        }
    } else {
        watch_fail(following->watch, &following->error);
        following_destroy(following);
    }
}

/* rpc thread */
static void on_closed(void *user, enum status status, struct temporal_close_result *result, const struct error *error)
{
    struct following *following = user;
    following->status = status;
    if (error != NULL) {
        following->error = *error;
    }
    if (status == STATUS_OK) {
        run_result_take(result, &following->result);
    }
    temporal_close_result_deinit(result);
    loop_post(following->gateway->loop, on_closed_step, following);
}

static void wait_for(struct following *following, const char *run_id)
{
    const struct temporal_run run = {.workflow_id = following->workflow_id, .run_id = run_id,
                                     .namespace_name = following->namespace_name};
    temporal_wait_release(following->wait);
    following->wait = NULL;
    temporal_client_wait_async(following->gateway->connection, &run, INT64_MAX, on_closed, following,
                               &following->wait);
}

/* ---- looks ---- */

static void on_look_step(void *argument)
{
    struct following *following = argument;
    if (following->watch == NULL) {
        following_destroy(following);
    } else if (following->status == STATUS_OK && following->is_open) {
        watch_still_open(following->watch, following->has_callback);
        following_destroy(following);
    } else if (following->status == STATUS_OK && following->result.status != NULL) {
        report(following);
    } else if (following->status == STATUS_OK || following->status == STATUS_INVALID_ARGUMENT ||
               (following->status == STATUS_NOT_FOUND && !gateway_is_namespace_missing(&following->error))) {
        /* Closed: its last event says how; or another chain has taken its place. */
        char *run_id = following->current_run_id;
        following->current_run_id = NULL;
        wait_for(following, run_id != NULL ? run_id : following->first_run_id);
        free(run_id);
    } else {
        watch_fail(following->watch, &following->error);
        following_destroy(following);
    }
}

static bool has_own_callback(const struct following *following, const struct temporal_describe_result *result)
{
    char token[WATCH_TOKEN_SIZE];
    if (!callbacks_token(following->gateway->callbacks, following->namespace_name, following->workflow_id, token)) {
        return false;
    }
    char *url = callbacks_url(following->gateway->callbacks, token);
    bool found = false;
    for (size_t i = 0; i < result->callback_count; i++) {
        found = found || strcmp(result->callback_urls[i], url) == 0;
    }
    free(url);
    return found;
}

/* rpc thread */
static void on_looked(void *user, enum status status, struct temporal_describe_result *result,
                      const struct error *error)
{
    struct following *following = user;
    following->status = status;
    if (error != NULL) {
        following->error = *error;
    }
    if (status == STATUS_OK && strcmp(result->first_run_id, following->first_run_id) == 0) {
        following->is_open = temporal_run_status_is_open(result->status);
        following->has_callback = following->is_open && has_own_callback(following, result);
        if (result->status == TEMPORAL_RUN_COMPLETED) {
            following->result = (struct watch_result){.status = temporal_run_status_name(result->status),
                                                      .run_id = memory_copy_string(result->run_id)};
        } else if (!following->is_open) {
            following->current_run_id = memory_copy_string(result->run_id);
        }
    }
    temporal_describe_result_deinit(result);
    loop_post(following->gateway->loop, on_look_step, following);
}

/* ---- the source ---- */

static struct following *following_new(struct gateway *gateway, const struct watch_run *run, struct watch *watch)
{
    struct following *following = memory_alloc(sizeof *following);
    following->gateway = gateway;
    following->watch = watch;
    following->workflow_id = memory_copy_string(run->workflow_id);
    following->first_run_id = memory_copy_string(run->first_run_id);
    following->namespace_name = memory_copy_string(run->namespace_name);
    return following;
}

static void *follow(void *user, const struct watch_run *run, struct watch *watch)
{
    struct following *following = following_new(user, run, watch);
    wait_for(following, following->first_run_id);
    return following;
}

static void *look(void *user, const struct watch_run *run, struct watch *watch)
{
    struct following *following = following_new(user, run, watch);
    const struct temporal_run chain = {.workflow_id = following->workflow_id,
                                       .namespace_name = following->namespace_name};
    temporal_client_describe_async(following->gateway->connection, &chain, 0, on_looked, following);
    return following;
}

static bool token_of(void *user, const struct watch_run *run, char out_token[WATCH_TOKEN_SIZE])
{
    const struct gateway *gateway = user;
    return callbacks_token(gateway->callbacks, run->namespace_name, run->workflow_id, out_token);
}

static void cancel(void *user, void *argument)
{
    struct following *following = argument;
    (void)user;
    following->watch = NULL;
    if (following->wait != NULL) {
        temporal_wait_cancel(following->wait);
    }
}

struct watch_source gateway_watch_source(struct gateway *gateway)
{
    return (struct watch_source){.follow = follow, .look = look, .cancel = cancel, .token = token_of, .user = gateway};
}

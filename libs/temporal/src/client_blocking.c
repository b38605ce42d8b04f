/* Client: the blocking forms, each an asynchronous call and a condition to wait on. */
#include <pthread.h>

#include "base/check.h"
#include "base/memory.h"
#include "client_common.h"

/* On the stack of the thread that waits. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_done;        /* lock */
    enum status status;  /* lock */
    struct error *error; /* the caller's; NULL: not wanted */
    void *result;        /* the caller's storage */
};

static void begin(struct waiter *waiter, void *result, struct error *error)
{
    *waiter = (struct waiter){.error = error, .result = result};
    CHECK(pthread_mutex_init(&waiter->lock, NULL) == 0);
    CHECK(pthread_cond_init(&waiter->changed, NULL) == 0);
}

static enum status await(struct waiter *waiter)
{
    pthread_mutex_lock(&waiter->lock);
    while (!waiter->is_done) {
        pthread_cond_wait(&waiter->changed, &waiter->lock);
    }
    pthread_mutex_unlock(&waiter->lock);
    pthread_cond_destroy(&waiter->changed);
    pthread_mutex_destroy(&waiter->lock);
    return waiter->status;
}

static void end(struct waiter *waiter, enum status status, const struct error *error)
{
    pthread_mutex_lock(&waiter->lock);
    waiter->is_done = true;
    waiter->status = status;
    if (error != NULL && waiter->error != NULL) {
        *waiter->error = *error;
    }
    pthread_cond_signal(&waiter->changed);
    pthread_mutex_unlock(&waiter->lock);
}

static void end_plain(void *user, enum status status, const struct error *error)
{
    end(user, status, error);
}

static void end_start(void *user, enum status status, struct temporal_start_result *result,
                      const struct error *error)
{
    struct waiter *waiter = user;
    if (status == STATUS_OK || status == STATUS_ALREADY_EXISTS) {
        *(struct temporal_start_result *)waiter->result = *result;
        *result = (struct temporal_start_result){0};
    }
    end(waiter, status, error);
}

enum status temporal_client_start(struct temporal_connection *connection, const struct temporal_start_options *options,
                                  struct temporal_start_result *out_result, struct error *error)
{
    struct waiter waiter;
    begin(&waiter, out_result, error);
    temporal_client_start_async(connection, options, end_start, &waiter);
    return await(&waiter);
}

static void end_describe(void *user, enum status status, struct temporal_describe_result *result,
                         const struct error *error)
{
    struct waiter *waiter = user;
    if (status == STATUS_OK) {
        *(struct temporal_describe_result *)waiter->result = *result;
        *result = (struct temporal_describe_result){0};
    }
    end(waiter, status, error);
}

enum status temporal_client_describe(struct temporal_connection *connection, const struct temporal_run *run,
                                     int64_t deadline_ms, struct temporal_describe_result *out_result,
                                     struct error *error)
{
    struct waiter waiter;
    begin(&waiter, out_result, error);
    temporal_client_describe_async(connection, run, deadline_ms, end_describe, &waiter);
    return await(&waiter);
}

static void end_list(void *user, enum status status, struct temporal_list_result *result, const struct error *error)
{
    struct waiter *waiter = user;
    if (status == STATUS_OK) {
        *(struct temporal_list_result *)waiter->result = *result;
        *result = (struct temporal_list_result){0};
    }
    end(waiter, status, error);
}

enum status temporal_client_list(struct temporal_connection *connection, const struct temporal_list_options *options,
                                 struct temporal_list_result *out_result, struct error *error)
{
    struct waiter waiter;
    begin(&waiter, out_result, error);
    temporal_client_list_async(connection, options, end_list, &waiter);
    return await(&waiter);
}

static void end_wait(void *user, enum status status, struct temporal_close_result *result, const struct error *error)
{
    struct waiter *waiter = user;
    if (status == STATUS_OK) {
        *(struct temporal_close_result *)waiter->result = *result;
        *result = (struct temporal_close_result){0};
    }
    end(waiter, status, error);
}

enum status temporal_client_wait(struct temporal_connection *connection, const struct temporal_run *run,
                                 int64_t deadline_ms, struct temporal_close_result *out_result, struct error *error)
{
    struct waiter waiter;
    begin(&waiter, out_result, error);
    temporal_client_wait_async(connection, run, deadline_ms, end_wait, &waiter, NULL);
    return await(&waiter);
}

enum status temporal_client_signal(struct temporal_connection *connection,
                                   const struct temporal_signal_options *options, struct error *error)
{
    struct waiter waiter;
    begin(&waiter, NULL, error);
    temporal_client_signal_async(connection, options, end_plain, &waiter);
    return await(&waiter);
}

enum status temporal_client_cancel(struct temporal_connection *connection, const struct temporal_run *run,
                                   const char *reason, int64_t deadline_ms, struct error *error)
{
    struct waiter waiter;
    begin(&waiter, NULL, error);
    temporal_client_cancel_async(connection, run, reason, deadline_ms, end_plain, &waiter);
    return await(&waiter);
}

enum status temporal_client_terminate(struct temporal_connection *connection, const struct temporal_run *run,
                                      const char *reason, int64_t deadline_ms, struct error *error)
{
    struct waiter waiter;
    begin(&waiter, NULL, error);
    temporal_client_terminate_async(connection, run, reason, deadline_ms, end_plain, &waiter);
    return await(&waiter);
}

static void end_query(void *user, enum status status, struct temporal_query_result *result, const struct error *error)
{
    struct waiter *waiter = user;
    if (status == STATUS_OK) {
        *(struct temporal_query_result *)waiter->result = *result;
        *result = (struct temporal_query_result){0};
    }
    end(waiter, status, error);
}

enum status temporal_client_query(struct temporal_connection *connection,
                                  const struct temporal_query_options *options,
                                  struct temporal_query_result *out_result, struct error *error)
{
    struct waiter waiter;
    begin(&waiter, out_result, error);
    temporal_client_query_async(connection, options, end_query, &waiter);
    return await(&waiter);
}

static void end_count(void *user, enum status status, struct temporal_count_result *result, const struct error *error)
{
    struct waiter *waiter = user;
    if (status == STATUS_OK) {
        *(struct temporal_count_result *)waiter->result = *result;
        *result = (struct temporal_count_result){0};
    }
    end(waiter, status, error);
}

enum status temporal_client_count(struct temporal_connection *connection, const char *namespace_name,
                                  const char *query, int64_t deadline_ms, struct temporal_count_result *out_result,
                                  struct error *error)
{
    struct waiter waiter;
    begin(&waiter, out_result, error);
    temporal_client_count_async(connection, namespace_name, query, deadline_ms, end_count, &waiter);
    return await(&waiter);
}

static void end_update(void *user, enum status status, struct temporal_update_result *result,
                       const struct error *error)
{
    struct waiter *waiter = user;
    if (status == STATUS_OK) {
        *(struct temporal_update_result *)waiter->result = *result;
        *result = (struct temporal_update_result){0};
    }
    end(waiter, status, error);
}

enum status temporal_client_update(struct temporal_connection *connection,
                                   const struct temporal_update_options *options,
                                   struct temporal_update_result *out_result, struct error *error)
{
    struct waiter waiter;
    begin(&waiter, out_result, error);
    temporal_client_update_async(connection, options, end_update, &waiter);
    return await(&waiter);
}

static void end_reset(void *user, enum status status, const char *run_id, const struct error *error)
{
    struct waiter *waiter = user;
    if (status == STATUS_OK) {
        *(char **)waiter->result = memory_copy_string(run_id);
    }
    end(waiter, status, error);
}

enum status temporal_client_reset(struct temporal_connection *connection,
                                  const struct temporal_reset_options *options, char **out_run_id,
                                  struct error *error)
{
    struct waiter waiter;
    begin(&waiter, out_run_id, error);
    temporal_client_reset_async(connection, options, end_reset, &waiter);
    return await(&waiter);
}

enum status temporal_client_delete(struct temporal_connection *connection, const struct temporal_run *run,
                                   int64_t deadline_ms, struct error *error)
{
    struct waiter waiter;
    begin(&waiter, NULL, error);
    temporal_client_delete_async(connection, run, deadline_ms, end_plain, &waiter);
    return await(&waiter);
}

static void end_check(void *user, enum status status, const char *version, const struct error *error)
{
    struct waiter *waiter = user;
    if (status == STATUS_OK && waiter->result != NULL) {
        *(char **)waiter->result = memory_copy_string(version);
    }
    end(waiter, status, error);
}

enum status temporal_client_check(struct temporal_connection *connection, int64_t deadline_ms, char **out_version,
                                  struct error *error)
{
    struct waiter waiter;
    begin(&waiter, out_version, error);
    temporal_client_check_async(connection, deadline_ms, end_check, &waiter);
    return await(&waiter);
}

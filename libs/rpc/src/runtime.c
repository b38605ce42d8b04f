/* gRPC's life in this process, its completion queue, and the one thread that serves it. */
#include <grpc/support/log.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "crypto/exit.h"
#include "internal.h"

#define COMPLAINT_INTERVAL_MS 10000 /* one comes with every failed handshake */

static pthread_mutex_t s_complaints_lock = PTHREAD_MUTEX_INITIALIZER; /* guards s_complaints */
static struct log_limiter s_complaints;

/* gRPC's own complaints become log lines of ours. Any thread. */
static void forward_log(gpr_log_func_args *arguments)
{
    bool is_complaint = arguments->severity == GPR_LOG_SEVERITY_ERROR;
    int64_t suppressed = 0;
    if (is_complaint) {
        pthread_mutex_lock(&s_complaints_lock);
        bool is_allowed = log_limiter_allows(&s_complaints, COMPLAINT_INTERVAL_MS, &suppressed);
        pthread_mutex_unlock(&s_complaints_lock);
        if (!is_allowed) {
            return;
        }
    }
    log_event(is_complaint ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "grpc", LOG_STRING("detail", arguments->message),
              LOG_STRING("file", arguments->file), LOG_INTEGER("line", arguments->line),
              LOG_INTEGER("suppressed", suppressed));
}

/* One event, or none in timeout_ms. */
static void wait_for_event(void *user, int64_t timeout_ms)
{
    struct rpc_runtime *runtime = user;
    gpr_timespec deadline = gpr_inf_past(GPR_CLOCK_MONOTONIC);
    if (timeout_ms > 0) {
        int64_t due_ms = clock_monotonic_ms() + timeout_ms;
        deadline = (gpr_timespec){.tv_sec = due_ms / 1000,
                                  .tv_nsec = (int32_t)(due_ms % 1000) * 1000000,
                                  .clock_type = GPR_CLOCK_MONOTONIC};
    }
    grpc_event event = grpc_completion_queue_next(runtime->queue, deadline, NULL);
    if (event.type == GRPC_OP_COMPLETE && event.tag != runtime) {
        rpc_call_attempted(event.tag);
    }
}

/* gRPC's C interface has no way to put an event of our own into a completion queue. Watching the connectivity of a
 * channel without connectivity until a moment that has passed is one: the watch ends at once, as an event. */
static void wakeup(void *user)
{
    struct rpc_runtime *runtime = user;
    grpc_channel_watch_connectivity_state(runtime->waker, GRPC_CHANNEL_TRANSIENT_FAILURE,
                                          gpr_inf_past(GPR_CLOCK_MONOTONIC), runtime->queue, runtime);
}

/* Debian builds abseil with its search for deadlocks on: each lock that gRPC takes is entered in a graph of all locks,
 * for about 4 % of what a call costs. This is absl::SetMutexDeadlockDetectionMode(OnDeadlockCycle::kIgnore), which
 * other distributions' abseil has under another name, or not at all: then nothing is called. */
extern void abseil_set_deadlock_detection(int mode)
    __asm__("_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE") __attribute__((weak));

static void turn_deadlock_detection_off(void)
{
    if (abseil_set_deadlock_detection != NULL) {
        abseil_set_deadlock_detection(0);
    }
}

static void serve(void *argument)
{
    struct rpc_runtime *runtime = argument;
    loop_run(runtime->loop);
}

static void dispose(struct rpc_runtime *runtime)
{
    /* All that can still come are events of wakeup(). */
    grpc_completion_queue_shutdown(runtime->queue);
    grpc_event event = {.type = GRPC_OP_COMPLETE};
    while (event.type != GRPC_QUEUE_SHUTDOWN) {
        event = grpc_completion_queue_next(runtime->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        CHECK(event.type == GRPC_QUEUE_SHUTDOWN || event.tag == runtime);
    }
    loop_destroy(runtime->loop);
    grpc_channel_destroy(runtime->waker);
    grpc_completion_queue_destroy(runtime->queue);
    grpc_shutdown_blocking();
    free(runtime);
}

struct rpc_runtime *rpc_runtime_new(void)
{
    struct rpc_runtime *runtime = memory_alloc(sizeof *runtime);
    gpr_set_log_function(forward_log);
    turn_deadlock_detection_off();
    crypto_keep_at_exit(); /* gRPC's own threads may be at work in there until the process is gone */
    grpc_init();
    runtime->queue = grpc_completion_queue_create_for_next(NULL);
    runtime->waker = grpc_lame_client_channel_create(NULL, GRPC_STATUS_UNAVAILABLE, "only for waking up");
    runtime->loop = loop_new();
    loop_set_source(runtime->loop,
                    &(struct loop_source){.wait = wait_for_event, .wakeup = wakeup, .user = runtime});
    struct error error;
    if (thread_start(&runtime->thread, "rpc", 0, serve, runtime, &error) != STATUS_OK) {
        log_event(LOG_LEVEL_ERROR, "no thread for gRPC", LOG_ERROR(&error));
        dispose(runtime);
        return NULL;
    }
    return runtime;
}

void rpc_runtime_destroy(struct rpc_runtime *runtime)
{
    if (runtime == NULL) {
        return;
    }
    CHECK(!pthread_equal(pthread_self(), runtime->thread));
    loop_stop(runtime->loop);
    thread_join(runtime->thread);
    dispose(runtime);
}

struct loop *rpc_runtime_loop(struct rpc_runtime *runtime)
{
    return runtime->loop;
}

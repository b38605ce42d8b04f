/* What runtime.c, channel.c and call.c share. */
#ifndef RPC_INTERNAL_H
#define RPC_INTERNAL_H

#include <grpc/grpc.h>
#include <grpc/slice.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/list.h"
#include "base/loop.h"
#include "rpc/channel.h"

/* gRPC orders what one thread gives to it before what another takes from it, but by means that ThreadSanitizer does
 * not see: the distribution's library is not instrumented. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RPC_HAS_THREAD_SANITIZER
#endif
#elif defined(__SANITIZE_THREAD__)
#define RPC_HAS_THREAD_SANITIZER
#endif
#ifdef RPC_HAS_THREAD_SANITIZER
void __tsan_acquire(void *address); /* of the compiler's run-time library */
void __tsan_release(void *address);
#define HANDED_TO_GRPC(object) __tsan_release(object)
#define TAKEN_FROM_GRPC(object) __tsan_acquire(object)
#else
#define HANDED_TO_GRPC(object) ((void)0)
#define TAKEN_FROM_GRPC(object) ((void)0)
#endif

#define RPC_METHODS_MAX 64   /* of one channel */
#define RPC_METADATA_MAX 32  /* on every call */
#define RPC_MESSAGE_MAX 1024 /* bytes of a status message that are kept */

/* The rpc thread runs a loop whose source of events is gRPC's completion queue. */
struct rpc_runtime {
    grpc_completion_queue *queue;
    struct loop *loop;
    grpc_channel *waker; /* goes nowhere: see wakeup() */
    pthread_t thread;
};

/* The metadata that every call carries, made once and shared until the API key changes. Counted. */
struct rpc_metadata_set {
    int references; /* the channel's lock */
    size_t count;
    grpc_metadata entries[RPC_METADATA_MAX];
};

struct rpc_method {
    const char *name; /* the caller's constant */
    void *handle;     /* gRPC's; lives as long as the channel */
};

struct rpc_channel {
    struct rpc_runtime *runtime;
    grpc_channel *grpc;
    struct metrics *metrics;
    pthread_mutex_t lock;
    pthread_cond_t is_idle; /* lock: live became empty */

    /* lock: */
    struct list live; /* struct rpc_call.link, from rpc_call_start until done has returned */
    bool is_closing;
    struct rpc_metadata_set *metadata;
    struct rpc_method methods[RPC_METHODS_MAX];
    size_t method_count;

    struct metric_counter *calls[RPC_UNAUTHENTICATED + 1]; /* rpc thread; NULL until first used */
    struct metric_counter *retries;                        /* NULL: no metrics */
};

enum rpc_call_phase {
    RPC_CALL_ATTEMPT, /* a batch is under way */
    RPC_CALL_BACKOFF, /* timer runs until the next attempt */
    RPC_CALL_PAUSE,   /* no attempt is made: timer runs until deadline_ms */
    RPC_CALL_REFUSED  /* no attempt is made: the result is in code and refusal */
};

/* From rpc_call_start to the end of done it belongs to the rpc thread, but for what its lock guards. A handle may
 * outlive channel and runtime: other threads look at them only while is_ended is false. */
struct rpc_call {
    struct rpc_channel *channel;
    struct list link;
    rpc_done_fn *done;
    void *user;
    void *method; /* gRPC's handle */
    int64_t deadline_ms;
    int64_t attempt_timeout_ms;
    enum rpc_retry retry;
    bool wait_for_ready;
    enum rpc_call_phase phase;
    struct loop_timer timer;
    struct backoff backoff;
    struct backoff exhausted_backoff; /* for RESOURCE_EXHAUSTED */
    grpc_byte_buffer *request; /* as it was given */
    struct rpc_metadata_set *metadata;
    char *cause; /* code and message of the last attempt that did not just run out of time; NULL: there was none */

    /* one attempt */
    grpc_byte_buffer *sent; /* a reference to request's bytes: gRPC empties what it sends */
    grpc_call *answered; /* grpc, once the batch is complete: it owns the metadata */
    grpc_metadata_array initial_metadata;
    grpc_metadata_array trailing_metadata;
    grpc_byte_buffer *response;
    grpc_status_code code;
    grpc_slice message;
    const char *refusal; /* RPC_CALL_REFUSED: the message instead, a constant */

    atomic_int references; /* one for the handle, one until done has returned */
    pthread_mutex_t lock;
    /* lock: */
    bool is_canceled;
    bool is_ended;   /* done has returned */
    grpc_call *grpc; /* while an attempt is under way */
};

/* The attempt's batch is complete. rpc thread. */
void rpc_call_attempted(struct rpc_call *call);

/* Under the channel's lock. */
struct rpc_metadata_set *rpc_metadata_acquire(struct rpc_channel *channel);
void rpc_metadata_release(struct rpc_metadata_set *set);
/* The channel's set with that entry instead of the one with its key; the channel's own if that makes no difference. */
struct rpc_metadata_set *rpc_metadata_replace(struct rpc_channel *channel, const struct rpc_metadata *instead);
void *rpc_channel_method(struct rpc_channel *channel, const char *name);

bool rpc_code_is_transient(enum rpc_code code, const char *message);
bool rpc_message_is_about_size(const char *message);

#endif

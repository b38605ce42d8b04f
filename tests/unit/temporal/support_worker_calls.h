/* A fake behind worker_calls.h: calls wait until the test answers them.
 * Any thread may start; the test's own thread answers. */
#ifndef SUPPORT_WORKER_CALLS_H
#define SUPPORT_WORKER_CALLS_H

#include <pthread.h>
#include <stdbool.h>

#include "worker_calls.h"

#define FAKE_CALLS_MAX 64

struct fake_call {
    const struct service_method *method;
    ProtobufCMessage *request; /* a copy */
    service_call_done_fn *done;
    void *user;
    int64_t timeout_ms; /* from the start to the deadline; 0: none was given */
    bool is_answered;
    bool is_cancelled;
    int releases;
};

struct fake_calls {
    pthread_mutex_t lock;
    pthread_cond_t started;
    struct fake_call calls[FAKE_CALLS_MAX];
    int count;
};

void fake_calls_init(struct fake_calls *fake);

struct worker_calls fake_calls_seam(struct fake_calls *fake);
/* The oldest call of that method that was not answered; NULL: none. */
struct fake_call *fake_calls_waiting(struct fake_calls *fake, const struct service_method *method);
/* Waits for one; NULL: none came within 20 s. */
struct fake_call *fake_calls_wait(struct fake_calls *fake, const struct service_method *method);
int fake_calls_waiting_count(struct fake_calls *fake, const struct service_method *method);
void fake_calls_answer(struct fake_call *call, ProtobufCMessage *reply); /* takes reply */
void fake_calls_fail(struct fake_call *call, enum status status, enum rpc_code code);
void fake_calls_deinit(struct fake_calls *fake);

#endif

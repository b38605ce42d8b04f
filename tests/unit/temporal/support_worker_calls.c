#include "support_worker_calls.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"

void fake_calls_init(struct fake_calls *fake)
{
    *fake = (struct fake_calls){0};
    pthread_mutex_init(&fake->lock, NULL);
    thread_condition_init(&fake->started);
}

static void start(void *context, const struct service_method *method, const ProtobufCMessage *request,
                  const struct service_call_options *options, service_call_done_fn *done, void *user,
                  struct service_call **out_call)
{
    struct fake_calls *fake = context;
    pthread_mutex_lock(&fake->lock);
    CHECK(fake->count < FAKE_CALLS_MAX);
    struct fake_call *call = &fake->calls[fake->count++];
    size_t size = protobuf_c_message_get_packed_size(request);
    uint8_t *bytes = memory_alloc(size + 1);
    protobuf_c_message_pack(request, bytes);
    *call = (struct fake_call){.method = method, .done = done, .user = user};
    call->timeout_ms = options->deadline_ms > 0 ? options->deadline_ms - clock_monotonic_ms() : 0;
    call->request = protobuf_c_message_unpack(method->request, NULL, size, bytes);
    free(bytes);
    if (out_call) {
        *out_call = (struct service_call *)(void *)call;
    }
    pthread_cond_broadcast(&fake->started);
    pthread_mutex_unlock(&fake->lock);
}

static void cancel(struct service_call *handle)
{
    ((struct fake_call *)(void *)handle)->is_cancelled = true;
}

static void release(struct service_call *handle)
{
    if (handle) {
        ((struct fake_call *)(void *)handle)->releases++;
    }
}

struct worker_calls fake_calls_seam(struct fake_calls *fake)
{
    return (struct worker_calls){.start = start, .cancel = cancel, .release = release, .context = fake};
}

static struct fake_call *find(struct fake_calls *fake, const struct service_method *method)
{
    for (int i = 0; i < fake->count; i++) {
        if (fake->calls[i].method == method && !fake->calls[i].is_answered) {
            return &fake->calls[i];
        }
    }
    return NULL;
}

struct fake_call *fake_calls_waiting(struct fake_calls *fake, const struct service_method *method)
{
    pthread_mutex_lock(&fake->lock);
    struct fake_call *call = find(fake, method);
    pthread_mutex_unlock(&fake->lock);
    return call;
}

struct fake_call *fake_calls_wait(struct fake_calls *fake, const struct service_method *method)
{
    int64_t deadline_ms = clock_monotonic_ms() + 20000;
    bool in_time = true;
    pthread_mutex_lock(&fake->lock);
    struct fake_call *call = find(fake, method);
    while (!call && in_time) {
        in_time = thread_condition_wait(&fake->started, &fake->lock, deadline_ms);
        call = find(fake, method);
    }
    pthread_mutex_unlock(&fake->lock);
    return call;
}

int fake_calls_waiting_count(struct fake_calls *fake, const struct service_method *method)
{
    int count = 0;
    pthread_mutex_lock(&fake->lock);
    for (int i = 0; i < fake->count; i++) {
        count += fake->calls[i].method == method && !fake->calls[i].is_answered;
    }
    pthread_mutex_unlock(&fake->lock);
    return count;
}

void fake_calls_answer(struct fake_call *call, ProtobufCMessage *reply)
{
    struct error none = {0};
    struct service_call_result result = {.status = STATUS_OK, .code = RPC_OK, .reply = reply, .error = &none};
    CHECK(!call->is_answered);
    result.reply_bytes = protobuf_c_message_get_packed_size(reply);
    call->is_answered = true;
    call->done(call->user, &result);
    if (result.reply) {
        protobuf_c_message_free_unpacked(result.reply, NULL);
    }
}

void fake_calls_fail(struct fake_call *call, enum status status, enum rpc_code code)
{
    struct error error;
    error_set(&error, status, "the test says so");
    struct service_call_result result = {.status = status, .code = code, .error = &error};
    CHECK(!call->is_answered);
    call->is_answered = true;
    call->done(call->user, &result);
}

void fake_calls_deinit(struct fake_calls *fake)
{
    pthread_cond_destroy(&fake->started);
    pthread_mutex_destroy(&fake->lock);
    for (int i = 0; i < fake->count; i++) {
        protobuf_c_message_free_unpacked(fake->calls[i].request, NULL);
    }
}

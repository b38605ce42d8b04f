/* Ready means that Temporal answers and knows the namespace: the connection's, or, where every route names one of its
 * own and nobody needs that, the first route's. A route whose namespace is unknown fails alone. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "gateway.h"

#define CHECK_DEADLINE_MS 3000
#define AGAIN_MS 1000        /* while not ready */
#define AGAIN_READY_MS 5000

/* One answer on its way from the rpc thread to the loop. */
struct check {
    struct gateway *gateway;
    enum status status;
    struct error error;
};

static void on_answer_step(void *argument)
{
    struct check *check = argument;
    struct gateway *gateway = check->gateway;
    bool ready = check->status == STATUS_OK;
    if (!gateway->stopping) {
        atomic_store(&gateway->ready, ready);
        service_set_ready(gateway->service, ready, ready ? "" : check->error.text);
        loop_timer_start(gateway->loop, &gateway->ready_timer,
                         clock_monotonic_ms() + (ready ? AGAIN_READY_MS : AGAIN_MS), gateway_start_readiness, gateway);
    }
    free(check);
}

/* rpc thread */
static void on_answer(void *user, enum status status, const char *version, const struct error *error)
{
    struct check *check = user;
    (void)version; /* any server that answers will do */
    check->status = status;
    if (error != NULL) {
        check->error = *error;
        error_prefix(&check->error, "Temporal at %s: ", check->gateway->settings->temporal.address);
    }
    loop_post(check->gateway->loop, on_answer_step, check);
}

/* NULL: the connection's. */
static const char *namespace_to_check(const struct settings *settings)
{
    for (size_t i = 0; i < settings->route_count; i++) {
        if (settings->routes[i].namespace_ == NULL) {
            return NULL;
        }
    }
    return settings->route_count > 0 ? settings->routes[0].namespace_ : NULL;
}

void gateway_start_readiness(void *argument)
{
    struct gateway *gateway = argument;
    struct check *check = memory_alloc(sizeof *check);
    check->gateway = gateway;
    temporal_client_check_namespace_async(gateway->connection, namespace_to_check(gateway->settings),
                                          clock_monotonic_ms() + CHECK_DEADLINE_MS, on_answer, check);
}

void gateway_stop_readiness(struct gateway *gateway)
{
    gateway->stopping = true;
    loop_timer_stop(gateway->loop, &gateway->ready_timer);
}

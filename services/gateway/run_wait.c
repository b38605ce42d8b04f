/* See run_wait.h. All of it runs on the rpc thread, but for the notice of a client that has hung up. */
#include "run_wait.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/memory.h"

struct run_wait {
    struct list node;
    struct http_exchange *exchange;
    struct temporal_wait *handle;
    temporal_wait_done_fn *done;
    void *user;
};

static void on_gone(void *user)
{
    struct run_wait *wait = user;
    temporal_wait_cancel(wait->handle);
}

static void on_end(void *user, enum status status, struct temporal_close_result *result, const struct error *error)
{
    struct run_wait *wait = user;
    http_exchange_on_gone(wait->exchange, NULL, NULL); /* it is not running after this */
    temporal_wait_release(wait->handle);
    list_remove(&wait->node);
    wait->done(wait->user, status, result, error);
    free(wait);
}

void run_wait_begin(struct gateway *gateway, struct http_exchange *exchange, const struct temporal_run *run,
                    int64_t deadline_ms, temporal_wait_done_fn *done, void *user)
{
    struct run_wait *wait = memory_alloc(sizeof *wait);
    wait->exchange = exchange;
    wait->done = done;
    wait->user = user;
    list_append(&gateway->run_waits, &wait->node);
    /* on_end comes on this thread, so not before this function's end. */
    temporal_client_wait_async(gateway->connection, run, deadline_ms, on_end, wait, &wait->handle);
    http_exchange_on_gone(exchange, on_gone, wait);
    if (gateway->stopping) {
        temporal_wait_cancel(wait->handle);
    }
}

void run_waits_end(struct gateway *gateway)
{
    for (struct list *node = gateway->run_waits.next; node != &gateway->run_waits; node = node->next) {
        temporal_wait_cancel(LIST_ITEM(node, struct run_wait, node)->handle);
    }
}

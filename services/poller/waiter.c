/* See waiter.h. */
#include "waiter.h"

#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#define WAIT_MS 20000          /* how long the gateway may keep a wait */
#define ANSWER_MS 10000        /* beyond that, for its answer */
#define GROUP_SIZE 64          /* runs in a wait while there are places */
#define CALLS_MAX 32           /* waits at once */
#define DELAY_MS 4             /* runs are gathered for so long, and a millisecond more for each run watched, up to */
#define DELAY_MAX_MS 40
#define CROWD 40               /* and a millisecond for so many more: each asking again costs a crowd much */
#define EMPTY_ANSWER_MS 1000   /* a wait that answers sooner without a closed run is asked again only after this */
#define LOG_INTERVAL_MS 10000

struct wait_call {
    struct list link;    /* waiter.calls */
    struct list watches; /* run_watch.link */
    size_t count;
    struct waiter *waiter;
    struct http_call *call;
    int64_t sent_ms;
};

struct waiter {
    struct waiter_options options;
    struct list pool; /* run_watch.link: to be asked */
    size_t pool_count;
    size_t watched; /* in the pool and in calls */
    struct list calls;
    size_t call_count;
    struct loop_timer timer;
    struct backoff backoff;
    int64_t not_before_ms; /* after a failure */
    struct log_limiter limiter;
    bool is_stopped;
    struct metric_counter *answered;
    struct metric_counter *failed;
};

static void flush(void *argument);

struct waiter *waiter_new(const struct waiter_options *options)
{
    static const char name[] = "ferry_poller_waits";
    static const char help[] = "Wait requests to the gateway by result";
    struct waiter *waiter = memory_alloc(sizeof *waiter);
    waiter->options = *options;
    list_init(&waiter->pool);
    list_init(&waiter->calls);
    backoff_init(&waiter->backoff, 1000, 30000, 2.0, 0.2);
    waiter->answered = metrics_counter(options->metrics, name, help, METRIC_LABELS({"result", "answered"}));
    waiter->failed = metrics_counter(options->metrics, name, help, METRIC_LABELS({"result", "failed"}));
    return waiter;
}

static void schedule(struct waiter *waiter, int64_t delay_ms)
{
    int64_t due_ms = clock_monotonic_ms() + delay_ms;
    if (waiter->is_stopped) {
        return;
    }
    if (due_ms < waiter->not_before_ms) {
        due_ms = waiter->not_before_ms;
    }
    if (!loop_timer_is_running(&waiter->timer) || waiter->timer.due_ms > due_ms) {
        loop_timer_start(waiter->options.loop, &waiter->timer, due_ms, flush, waiter);
    }
}

/* Few runs: latency counts. Many: what is asked together costs less. At 10,000 runs a group of some 300 is asked again
 * at most three times in a second, instead of each time one of its runs closes. */
static int64_t gather_ms(const struct waiter *waiter)
{
    int64_t delay_ms = DELAY_MS + (int64_t)waiter->watched;
    return (delay_ms < DELAY_MAX_MS ? delay_ms : DELAY_MAX_MS) + (int64_t)(waiter->watched / CROWD);
}

static void pool_add(struct waiter *waiter, struct run_watch *watch)
{
    list_remove(&watch->link);
    list_append(&waiter->pool, &watch->link);
    watch->call = NULL;
    waiter->pool_count++;
}

/* What the call waited for goes back to the pool; the call itself is gone. */
static void call_end(struct wait_call *call)
{
    struct waiter *waiter = call->waiter;
    for (struct list *node = list_take_first(&call->watches); node != NULL;
         node = list_take_first(&call->watches)) {
        pool_add(waiter, LIST_ITEM(node, struct run_watch, link));
    }
    list_remove(&call->link);
    waiter->call_count--;
    free(call);
}

static struct run_watch *find_watch(struct wait_call *call, const struct closed_run *run)
{
    for (struct list *node = call->watches.next; node != &call->watches; node = node->next) {
        struct run_watch *watch = LIST_ITEM(node, struct run_watch, link);
        if (strcmp(watch->first_run_id, run->first_run_id) == 0 &&
            strcmp(watch->workflow_id, run->workflow_id) == 0) {
            return watch;
        }
    }
    return NULL;
}

static size_t report_closed(struct wait_call *call, const struct closed_runs *runs)
{
    size_t closed = 0;
    for (size_t i = 0; i < runs->count; i++) {
        struct run_watch *watch = find_watch(call, &runs->entries[i]);
        if (watch == NULL || runs->entries[i].status == RUN_OPEN || runs->entries[i].status == RUN_UNKNOWN) {
            continue;
        }
        list_remove(&watch->link);
        call->count--;
        watch->call = NULL;
        watch->is_watched = false;
        call->waiter->watched--;
        closed++;
        call->waiter->options.closed(watch, &runs->entries[i]);
    }
    return closed;
}

static void waiter_failed(struct waiter *waiter, const char *reason)
{
    int64_t suppressed = 0;
    int64_t now_ms = clock_monotonic_ms();
    metric_counter_add(waiter->failed, 1);
    if (waiter->not_before_ms <= now_ms) {
        waiter->not_before_ms = now_ms + backoff_next_ms(&waiter->backoff);
    }
    if (log_limiter_allows(&waiter->limiter, LOG_INTERVAL_MS, &suppressed)) {
        log_event(LOG_LEVEL_WARN, "waiting for runs failed", LOG_STRING("error", reason),
                  LOG_INTEGER("suppressed", suppressed));
    }
}

static void on_answer(void *user, const struct http_response *response, const struct error *error)
{
    struct wait_call *call = user;
    struct waiter *waiter = call->waiter;
    struct closed_runs runs = {0};
    struct error problem = {0};
    bool was_soon = clock_monotonic_ms() - call->sent_ms < WAIT_MS / 2;
    bool is_ok = response != NULL && response->status == 200;
    gateway_note_answer(waiter->options.gateway, response);
    int64_t delay_ms = 0;
    if (!is_ok) {
        char reason[ERROR_TEXT_SIZE];
        gateway_describe(response, error, reason, sizeof reason);
        waiter_failed(waiter, reason);
    } else if (closed_runs_parse(response->body, response->body_length, &runs, &problem) != STATUS_OK) {
        waiter_failed(waiter, problem.text);
    } else {
        metric_counter_add(waiter->answered, 1);
        backoff_reset(&waiter->backoff);
        if (report_closed(call, &runs) == 0 && was_soon) {
            delay_ms = EMPTY_ANSWER_MS; /* never a hot loop, whatever the gateway does */
        }
        closed_runs_deinit(&runs);
    }
    call_end(call);
    if (waiter->pool_count > 0) {
        schedule(waiter, delay_ms != 0 ? delay_ms : gather_ms(waiter));
    }
}

/* Takes the smallest wait back, so that its place is free. */
static void take_back_smallest(struct waiter *waiter)
{
    struct wait_call *smallest = NULL;
    for (struct list *node = waiter->calls.next; node != &waiter->calls; node = node->next) {
        struct wait_call *call = LIST_ITEM(node, struct wait_call, link);
        if (smallest == NULL || call->count < smallest->count) {
            smallest = call;
        }
    }
    CHECK(smallest != NULL);
    http_call_cancel(smallest->call);
    call_end(smallest);
}

static void send_group(struct waiter *waiter, size_t size)
{
    struct wait_call *call = memory_alloc(sizeof *call);
    struct buffer body;
    struct error error = {0};
    int64_t now_ms = clock_monotonic_ms();
    call->waiter = waiter;
    call->sent_ms = now_ms;
    list_init(&call->watches);
    while (call->count < size && waiter->pool_count > 0) {
        struct list *node = list_take_first(&waiter->pool);
        CHECK(node != NULL);
        list_append(&call->watches, node);
        LIST_ITEM(node, struct run_watch, link)->call = call;
        waiter->pool_count--;
        call->count++;
    }
    list_append(&waiter->calls, &call->link);
    waiter->call_count++;
    buffer_init(&body, RUNS_REQUEST_MAX);
    /* Both were checked when the gateway's answer was parsed: IDs are UTF-8 and at most some kilobytes in all. */
    if (runs_request(&body, &call->watches, WAIT_MS, &error) == STATUS_OK) {
        call->call = gateway_wait_runs(waiter->options.gateway, body.data, body.length,
                                       now_ms + WAIT_MS + ANSWER_MS, on_answer, call);
    } else {
        waiter_failed(waiter, error.text);
        call_end(call);
    }
    buffer_deinit(&body);
}

static void flush(void *argument)
{
    struct waiter *waiter = argument;
    size_t rounds = CALLS_MAX; /* a wait that cannot even be written goes back to the pool: do not spin on it */
    while (waiter->pool_count > 0 && rounds-- > 0 && !waiter->is_stopped) {
        size_t size = GROUP_SIZE;
        if (waiter->call_count == CALLS_MAX) {
            take_back_smallest(waiter);
        }
        size_t places = CALLS_MAX - waiter->call_count;
        CHECK(places > 0);
        if (waiter->pool_count > places * size) {
            size = (waiter->pool_count + places - 1) / places;
        }
        send_group(waiter, size < RUNS_WAIT_MAX ? size : RUNS_WAIT_MAX);
    }
    if (waiter->pool_count > 0) {
        schedule(waiter, EMPTY_ANSWER_MS);
    }
}

void waiter_add(struct waiter *waiter, struct run_watch *watch)
{
    CHECK(!watch->is_watched);
    watch->is_watched = true;
    waiter->watched++;
    pool_add(waiter, watch);
    schedule(waiter, waiter->pool_count >= GROUP_SIZE ? 0 : gather_ms(waiter));
}

void waiter_remove(struct waiter *waiter, struct run_watch *watch)
{
    if (!watch->is_watched) {
        return;
    }
    watch->is_watched = false;
    waiter->watched--;
    list_remove(&watch->link);
    if (watch->call != NULL) {
        watch->call->count--;
        watch->call = NULL;
    } else {
        waiter->pool_count--;
    }
}

void waiter_stop(struct waiter *waiter)
{
    waiter->is_stopped = true;
    loop_timer_stop(waiter->options.loop, &waiter->timer);
    struct list *node = waiter->calls.next;
    while (node != &waiter->calls) {
        struct wait_call *call = LIST_ITEM(node, struct wait_call, link);
        node = node->next;
        http_call_cancel(call->call);
        call_end(call);
    }
}

void waiter_destroy(struct waiter *waiter)
{
    if (waiter == NULL) {
        return;
    }
    waiter_stop(waiter);
    while (!list_is_empty(&waiter->pool)) {
        struct run_watch *watch = LIST_ITEM(waiter->pool.next, struct run_watch, link);
        watch->is_watched = false;
        list_remove(&watch->link);
    }
    free(waiter);
}

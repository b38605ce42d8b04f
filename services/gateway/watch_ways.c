/* How a watch learns of its run's end: long polls, callbacks, looks. See watch.h. */
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "watch_internal.h"

#define FAILURE_LOG_MS 10000
#define LOOKS_AT_ONCE 64
#define LOOK_TICK_MS 20
#define LOOK_BURST 10.0 /* looks that may begin at once after a pause */

static void look_on(void *argument);

/* ---- long polls ---- */

static void follow(void *argument)
{
    struct watch *watch = argument;
    struct watch_source *source = &watch->table->options.source;
    watch->following = source->follow(source->user, &watch->run, watch);
}

static void set_poll_count(struct watch_table *table, size_t count)
{
    table->poll_count = count;
    if (table->poll_gauge != NULL) {
        metric_gauge_set(table->poll_gauge, (int64_t)count);
    }
}

static void begin_poll(struct watch *watch)
{
    watch->way = WATCH_WAY_POLL;
    set_poll_count(watch->table, watch->table->poll_count + 1);
    follow(watch);
}

/* A poll has become free: the run that has waited longest without poll and callback takes it. */
static void promote(struct watch_table *table)
{
    while (table->poll_count < table->options.long_polls && !list_is_empty(&table->looked_at)) {
        struct list *node = list_take_first(&table->looked_at);
        begin_poll(LIST_ITEM(node, struct watch, in_queue));
    }
}

/* ---- looks ---- */

static int64_t due_of(const struct list *queue)
{
    return list_is_empty(queue) ? INT64_MAX : LIST_ITEM(queue->next, struct watch, in_queue)->look_at_ms;
}

/* Never moves a timer that runs to a later time: new watches would put off the looks at all others. */
static void plan_looks(struct watch_table *table, int64_t due_ms)
{
    int64_t soon_ms = clock_monotonic_ms() + LOOK_TICK_MS;
    due_ms = due_ms > soon_ms ? due_ms : soon_ms;
    if (!loop_timer_is_running(&table->look_timer) || table->look_timer.due_ms > due_ms) {
        loop_timer_start(table->options.loop, &table->look_timer, due_ms, look_on, table);
    }
}

/* Not under way, not in a queue. */
static void enqueue(struct watch *watch, int64_t look_at_ms)
{
    struct watch_table *table = watch->table;
    struct list *queue = watch->way == WATCH_WAY_CALLBACK ? &table->called_back : &table->looked_at;
    struct list *where = queue;
    /* Nearly always the last place: the pause of a queue is always the same. */
    while (where->previous != queue && LIST_ITEM(where->previous, struct watch, in_queue)->look_at_ms > look_at_ms) {
        where = where->previous;
    }
    watch->look_at_ms = look_at_ms;
    list_insert_before(where, &watch->in_queue);
    plan_looks(table, look_at_ms);
}

static void look(struct watch *watch)
{
    struct watch_table *table = watch->table;
    struct watch_source *source = &table->options.source;
    list_remove(&watch->in_queue);
    table->look_count++;
    if (table->looks != NULL) {
        metric_counter_add(table->looks, 1);
    }
    watch->following = source->look(source->user, &watch->run, watch);
}

static void earn_credit(struct watch_table *table, int64_t now_ms)
{
    double earned = (double)(now_ms - table->look_credit_ms) * (double)table->options.looks_per_second / 1000.0;
    table->look_credit = table->look_credit + earned < LOOK_BURST ? table->look_credit + earned : LOOK_BURST;
    table->look_credit_ms = now_ms;
}

static void look_along(struct watch_table *table, struct list *queue, int64_t now_ms)
{
    while (!list_is_empty(queue) && table->look_credit >= 1 && table->look_count < LOOKS_AT_ONCE) {
        struct watch *watch = LIST_ITEM(queue->next, struct watch, in_queue);
        if (watch->look_at_ms > now_ms) {
            return;
        }
        table->look_credit -= 1;
        look(watch);
    }
}

static void look_on(void *argument)
{
    struct watch_table *table = argument;
    int64_t now_ms = clock_monotonic_ms();
    earn_credit(table, now_ms);
    look_along(table, &table->looked_at, now_ms);
    look_along(table, &table->called_back, now_ms);
    int64_t due_ms = due_of(&table->looked_at);
    due_ms = due_of(&table->called_back) < due_ms ? due_of(&table->called_back) : due_ms;
    if (due_ms != INT64_MAX) {
        plan_looks(table, due_ms);
    }
}

static int64_t pause_ms(const struct watch *watch)
{
    const struct watch_table_options *options = &watch->table->options;
    return watch->way == WATCH_WAY_CALLBACK ? options->look_again_callback_ms : options->look_again_ms;
}

void watch_still_open(struct watch *watch, bool has_callback)
{
    struct watch_table *table = watch->table;
    CHECK(watch->way == WATCH_WAY_LOOK || watch->way == WATCH_WAY_CALLBACK);
    table->look_count--;
    watch->following = NULL;
    watch->way = has_callback ? WATCH_WAY_CALLBACK : WATCH_WAY_LOOK;
    backoff_reset(&watch->backoff);
    if (watch->is_hinted) {
        watch->is_hinted = false;
        look(watch);
    } else if (!has_callback && table->poll_count < table->options.long_polls) {
        begin_poll(watch);
    } else {
        enqueue(watch, clock_monotonic_ms() + pause_ms(watch));
    }
}

void watch_fail(struct watch *watch, const struct error *error)
{
    struct watch_table *table = watch->table;
    int64_t suppressed = 0;
    int64_t again_ms = clock_monotonic_ms() + backoff_next_ms(&watch->backoff);
    watch->following = NULL;
    if (log_limiter_allows(&table->failures, FAILURE_LOG_MS, &suppressed)) {
        log_event(LOG_LEVEL_WARN, "waiting for a run broke off", LOG_STRING("workflow_id", watch->run.workflow_id),
                  LOG_ERROR(error), LOG_INTEGER("suppressed", suppressed));
    }
    if (watch->way == WATCH_WAY_POLL) {
        loop_timer_start(table->options.loop, &watch->again, again_ms, follow, watch);
        return;
    }
    table->look_count--;
    watch->is_hinted = false; /* the next look sees what it was about */
    enqueue(watch, again_ms);
}

/* ---- callbacks ---- */

static void join_ring(struct watch *watch)
{
    struct watch_table *table = watch->table;
    struct watch *first = map_get(table->tokens, watch->token);
    if (first != NULL) {
        list_append(&first->same_token, &watch->same_token);
    } else {
        (void)map_put(table->tokens, watch->token, watch); /* it was not there */
    }
}

static void leave_ring(struct watch *watch)
{
    struct watch_table *table = watch->table;
    if (watch->token[0] == '\0') {
        return;
    }
    if (map_get(table->tokens, watch->token) == watch) {
        if (list_is_empty(&watch->same_token)) {
            (void)map_remove(table->tokens, watch->token); /* the watch itself */
        } else {
            struct watch *next = LIST_ITEM(watch->same_token.next, struct watch, same_token);
            (void)map_put(table->tokens, watch->token, next); /* takes the watch's place */
        }
    }
    list_remove(&watch->same_token);
}

static void hint(struct watch *watch)
{
    if (watch->way != WATCH_WAY_LOOK && watch->way != WATCH_WAY_CALLBACK) {
        return;
    }
    if (watch->following != NULL) {
        watch->is_hinted = true;
    } else {
        look(watch);
    }
}

void watch_table_hint(struct watch_table *table, const char *token)
{
    struct watch *first = map_get(table->tokens, token);
    if (table->hints != NULL) {
        metric_counter_add(table->hints, 1);
    }
    if (first == NULL) {
        token_set_add(&table->orphans, token);
        return;
    }
    /* A look never ends inside hint: the ring stays as it is. */
    for (struct list *node = first->same_token.next; node != &first->same_token; node = node->next) {
        hint(LIST_ITEM(node, struct watch, same_token));
    }
    hint(first);
}

void watch_table_expect_callback(struct watch_table *table, const char *token)
{
    token_set_add(&table->expected, token);
}

/* ---- beginning and end ---- */

void watch_begin(struct watch *watch)
{
    struct watch_table *table = watch->table;
    const struct watch_source *source = &table->options.source;
    int64_t now_ms = clock_monotonic_ms();
    list_init(&watch->in_queue);
    list_init(&watch->same_token);
    (void)atomic_fetch_add(&table->open_count, 1);
    if (source->token != NULL && source->token(source->user, &watch->run, watch->token)) {
        join_ring(watch);
    }
    /* Taken in any case: a token is the workflow's, and the next run for the message may have no callback. */
    bool has_token = watch->token[0] != '\0';
    bool is_over = has_token && token_set_take(&table->orphans, watch->token);
    bool has_callback = has_token && token_set_take(&table->expected, watch->token);
    if (table->poll_count < table->options.long_polls) {
        begin_poll(watch);
        return;
    }
    watch->way = has_callback ? WATCH_WAY_CALLBACK : WATCH_WAY_LOOK;
    if (is_over) {
        look(watch);
    } else {
        enqueue(watch, has_callback ? now_ms + pause_ms(watch) : now_ms);
    }
}

void watch_end(struct watch *watch)
{
    struct watch_table *table = watch->table;
    if (watch->way == WATCH_WAY_NONE) {
        return;
    }
    (void)atomic_fetch_sub(&table->open_count, 1);
    leave_ring(watch);
    list_remove(&watch->in_queue);
    loop_timer_stop(table->options.loop, &watch->again);
    if (watch->way == WATCH_WAY_POLL) {
        set_poll_count(table, table->poll_count - 1);
    } else if (watch->following != NULL) {
        table->look_count--;
    }
    watch->way = WATCH_WAY_NONE;
    watch->following = NULL;
    promote(table);
}

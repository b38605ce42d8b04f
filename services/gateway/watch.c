/* The table, requests and their answers. See watch.h. */
#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "watch_internal.h"

#define SWEEP_MS 5000
#define REFUSAL_LOG_MS 10000

struct link {
    struct list in_watch;
    struct watch *watch;
    struct watch_request *request;
};

struct watch_request {
    struct list in_table;
    struct watch_table *table;
    struct loop_timer deadline;
    int64_t deadline_ms;
    bool is_gathering; /* one has closed: the deadline is near now */
    watch_answer_fn *answer;
    void *user;
    size_t count;
    struct link links[];
};

void watch_result_deinit(struct watch_result *result)
{
    free(result->run_id);
    free(result->failure_type);
    free(result->failure_message);
    *result = (struct watch_result){0};
}

static void sweep(void *argument);

struct watch_table *watch_table_new(const struct watch_table_options *options)
{
    struct watch_table *table = memory_alloc(sizeof *table);
    table->options = *options;
    table->watches = map_new();
    table->tokens = map_new();
    list_init(&table->requests);
    list_init(&table->told);
    list_init(&table->looked_at);
    list_init(&table->called_back);
    atomic_init(&table->open_count, 0);
    table->look_credit_ms = clock_monotonic_ms();
    if (options->metrics != NULL) {
        table->count_gauge = metrics_gauge(options->metrics, "ferry_gateway_watches", "Runs being watched.", NULL);
        table->started = metrics_counter(options->metrics, "ferry_gateway_watches_started",
                                         "Runs that began to be watched.", NULL);
        table->poll_gauge = metrics_gauge(options->metrics, "ferry_gateway_long_polls",
                                          "Runs that are waited for by a long poll.", NULL);
        table->looks = metrics_counter(options->metrics, "ferry_gateway_looks",
                                       "Looks at runs that are waited for without a long poll.", NULL);
        table->hints = metrics_counter(options->metrics, "ferry_gateway_callbacks",
                                       "Completion callbacks that came from Temporal.", NULL);
    }
    return table;
}

size_t watch_table_count(const struct watch_table *table)
{
    return map_count(table->watches);
}

size_t watch_table_open_count(const struct watch_table *table)
{
    return atomic_load(&table->open_count);
}

static void update_gauge(struct watch_table *table)
{
    if (table->count_gauge != NULL) {
        metric_gauge_set(table->count_gauge, (int64_t)map_count(table->watches));
    }
}

static void watch_destroy(struct watch *watch)
{
    struct watch_table *table = watch->table;
    CHECK(list_is_empty(&watch->links));
    if (watch->following != NULL) {
        table->options.source.cancel(table->options.source.user, watch->following);
    }
    watch_end(watch);
    list_remove(&watch->in_queue);
    watch_result_deinit(&watch->result);
    free(watch->key);
    free(watch);
}

void watch_table_destroy(struct watch_table *table)
{
    if (table == NULL) {
        return;
    }
    size_t position = 0;
    const char *key = NULL;
    void *value = NULL;
    CHECK(list_is_empty(&table->requests));
    loop_timer_stop(table->options.loop, &table->sweep);
    table->options.long_polls = 0; /* what ends frees no place for another */
    while (map_next(table->watches, &position, &key, &value)) {
        watch_destroy(value);
    }
    loop_timer_stop(table->options.loop, &table->look_timer);
    map_destroy(table->watches);
    map_destroy(table->tokens);
    free(table);
}

/* Takes out what nobody has asked for since last_used_ms + linger. */
static void remove_unused(struct watch_table *table, int64_t now_ms)
{
    size_t position = 0;
    const char *key = NULL;
    void *value = NULL;
    while (map_next(table->watches, &position, &key, &value)) {
        struct watch *watch = value;
        if (list_is_empty(&watch->links) && now_ms - watch->last_used_ms >= table->options.linger_ms) {
            (void)map_remove(table->watches, watch->key);
            watch_destroy(watch);
        }
    }
    update_gauge(table);
}

/* What has been told is kept only in case that its answer was lost: it goes first, the oldest first, or some thousand
 * runs a second would fill the table with the past. */
static void forget_one_told(struct watch_table *table)
{
    struct list *node = list_take_first(&table->told);
    if (node != NULL) {
        struct watch *watch = LIST_ITEM(node, struct watch, in_queue);
        (void)map_remove(table->watches, watch->key);
        watch_destroy(watch);
    }
}

/* Runs while there are watches: an idle gateway wakes up for nothing. */
static void start_sweep(struct watch_table *table)
{
    if (map_count(table->watches) > 0 && !loop_timer_is_running(&table->sweep)) {
        loop_timer_start(table->options.loop, &table->sweep, clock_monotonic_ms() + SWEEP_MS, sweep, table);
    }
}

static void sweep(void *argument)
{
    struct watch_table *table = argument;
    remove_unused(table, clock_monotonic_ms());
    start_sweep(table);
}

/* The chain had ended in another way than completed when somebody was told so last: a reset may have reopened it. */
static bool may_go_on(const struct watch *watch)
{
    return list_is_empty(&watch->links) && watch->is_told && strcmp(watch->result.status, "Completed") != 0;
}

/* One block for the key and the three texts that it is made of: a chain's name, and where it is looked up. */
static void set_names(struct watch *watch, const struct watch_run *run, char *key)
{
    size_t first_length = strlen(run->first_run_id);
    size_t id_length = strlen(run->workflow_id);
    watch->key = memory_format("%s%c%s%c%s%c%s", key, 0, run->first_run_id, 0, run->workflow_id, 0,
                               run->namespace_name != NULL ? run->namespace_name : "");
    char *text = watch->key + strlen(key) + 1;
    watch->run.first_run_id = text;
    watch->run.workflow_id = text + first_length + 1;
    watch->run.namespace_name = run->namespace_name != NULL ? text + first_length + id_length + 2 : NULL;
}

/* NULL: the table is full. */
static struct watch *find_or_make(struct watch_table *table, const struct watch_run *run)
{
    char *key = memory_format("%s\n%s\n%s", run->first_run_id,
                              run->namespace_name != NULL ? run->namespace_name : "", run->workflow_id);
    struct watch *watch = map_get(table->watches, key);
    if (watch != NULL && may_go_on(watch)) {
        (void)map_remove(table->watches, key); /* the value is watch itself */
        watch_destroy(watch);
        watch = NULL;
    }
    if (watch == NULL && map_count(table->watches) >= table->options.maximum) {
        forget_one_told(table);
    }
    if (watch != NULL || map_count(table->watches) >= table->options.maximum) {
        free(key);
        return watch;
    }
    watch = memory_alloc(sizeof *watch);
    watch->table = table;
    set_names(watch, run, key);
    free(key);
    backoff_init(&watch->backoff, 200, 10000, 2.0, 0.2);
    list_init(&watch->links);
    (void)map_put(table->watches, watch->key, watch); /* it was not there */
    if (table->started != NULL) {
        metric_counter_add(table->started, 1);
    }
    watch_begin(watch);
    return watch;
}

/* The request is out of the table's list already. */
static void answer(struct watch_request *request)
{
    struct watch_table *table = request->table;
    int64_t now_ms = clock_monotonic_ms();
    struct watch_closed *closed = memory_alloc_array(request->count + 1, sizeof *closed);
    size_t count = 0;
    loop_timer_stop(table->options.loop, &request->deadline);
    for (size_t i = 0; i < request->count; i++) {
        struct watch *watch = request->links[i].watch;
        list_remove(&request->links[i].in_watch);
        watch->last_used_ms = now_ms;
        if (watch->result.status != NULL) {
            watch->is_told = true;
            if (list_is_empty(&watch->links)) {
                list_append(&table->told, &watch->in_queue);
            }
            closed[count++] = (struct watch_closed){
                .run = watch->run,
                .result = &watch->result,
            };
        }
    }
    request->answer(request->user, closed, count);
    free(closed);
    free(request);
}

static void on_deadline(void *argument)
{
    struct watch_request *request = argument;
    list_remove(&request->in_table);
    answer(request);
}

/* Runs close in droves: one answer for some of them costs far less than one for each. */
static void begin_gathering(struct watch_request *request)
{
    const struct watch_table_options *options = &request->table->options;
    int64_t due_ms = clock_monotonic_ms() + options->gather_ms;
    if (request->is_gathering) {
        return;
    }
    if (options->gather_runs > 0) {
        due_ms += (int64_t)(request->count / options->gather_runs);
    }
    request->is_gathering = true;
    due_ms = due_ms < request->deadline_ms ? due_ms : request->deadline_ms;
    loop_timer_start(request->table->options.loop, &request->deadline, due_ms, on_deadline, request);
}

void watch_finish(struct watch *watch, struct watch_result *result)
{
    CHECK(result->status != NULL && watch->result.status == NULL);
    watch_end(watch);
    watch->result = *result;
    watch->last_used_ms = clock_monotonic_ms();
    *result = (struct watch_result){0};
    for (struct list *node = watch->links.next; node != &watch->links; node = node->next) {
        begin_gathering(LIST_ITEM(node, struct link, in_watch)->request);
    }
}

/* true: the run has closed. */
static bool link_run(struct watch_request *request, const struct watch_run *run)
{
    struct watch_table *table = request->table;
    struct watch *watch = find_or_make(table, run);
    int64_t suppressed = 0;
    if (watch == NULL) {
        if (log_limiter_allows(&table->refusals, REFUSAL_LOG_MS, &suppressed)) {
            log_event(LOG_LEVEL_WARN, "too many runs to watch", LOG_INTEGER("watches", map_count(table->watches)),
                      LOG_INTEGER("suppressed", suppressed));
        }
        return false;
    }
    if (watch->stamp == table->stamp) {
        return false;
    }
    struct link *link = &request->links[request->count++];
    watch->stamp = table->stamp;
    link->watch = watch;
    link->request = request;
    if (watch->way == WATCH_WAY_NONE) {
        list_remove(&watch->in_queue);
    }
    list_append(&watch->links, &link->in_watch);
    return watch->result.status != NULL;
}

void watch_table_wait(struct watch_table *table, const struct watch_run *runs, size_t count, int64_t deadline_ms,
                      watch_answer_fn *answer_fn, void *user)
{
    struct watch_request *request = memory_alloc(sizeof *request + count * sizeof request->links[0]);
    bool any_closed = false;
    request->table = table;
    request->deadline_ms = deadline_ms;
    request->answer = answer_fn;
    request->user = user;
    list_append(&table->requests, &request->in_table);
    if (map_count(table->watches) + count > table->options.maximum && list_is_empty(&table->told)) {
        remove_unused(table, clock_monotonic_ms());
    }
    table->stamp++;
    for (size_t i = 0; i < count; i++) {
        any_closed = link_run(request, &runs[i]) || any_closed;
    }
    start_sweep(table);
    update_gauge(table);
    if (any_closed || count == 0) {
        list_remove(&request->in_table);
        answer(request);
        return;
    }
    loop_timer_start(table->options.loop, &request->deadline, deadline_ms, on_deadline, request);
}

void watch_table_answer_all(struct watch_table *table)
{
    struct list *node = table->requests.next;
    list_init(&table->requests);
    while (node != &table->requests) {
        struct watch_request *request = LIST_ITEM(node, struct watch_request, in_table);
        node = node->next;
        answer(request);
    }
}

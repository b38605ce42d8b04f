/* The parent of --processes: keeps the children alive, and answers on the admin port for all of them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/supervisor.h"
#include "base/thread.h"
#include "http/client.h"
#include "api_merge.h"
#include "internal.h"

#define ASK_MS 2000
#define ADMIN_DRAIN_MS 3000
#define GRACE_EXTRA_MS 2000 /* children keep their own grace period; this one only ends a child that hangs */

/* A route of the service's own, as the parent serves it. */
struct parent_binding {
    struct parent *parent;
    const struct service_api_route *route;
};

/* Main thread makes it; the server's thread starts gathers, the loop's thread runs them. */
struct parent {
    const struct service_definition *definition;
    struct supervisor *supervisor;
    struct metrics *metrics;
    struct metric_counter *respawns;
    struct metric_gauge *running;
    struct process_metrics process_metrics;
    struct loop *loop;
    struct http_client *client; /* loop's thread */
    pthread_t thread;
    bool has_thread;
    struct http_server *server;

    size_t child_count;
    struct supervisor_child *children;
    char **names;
    char **admin; /* "unix:@ferry-poller-4711-1" */
    char ***environments;
    struct parent_binding bindings[SERVICE_API_ROUTES_MAX];
};

/* The same question to every child; the answer goes out when the last of them has spoken. Loop's thread. */
struct gather {
    struct parent *parent;
    struct http_exchange *exchange;
    char *target;        /* path and query */
    const char *method;
    char *authorization; /* NULL: none */
    const struct service_api_route *route; /* NULL: a route of every service */
    void (*finish)(struct gather *gather);
    size_t open;
    size_t good;
    struct gather_answer {
        struct gather *gather;
        int status; /* 0: no answer */
        char *body; /* NULL: no answer, or not 200 where only that counts */
        size_t length;
    } *answers;
};


static void gather_destroy(struct gather *gather)
{
    for (size_t i = 0; i < gather->parent->child_count; i++) {
        free(gather->answers[i].body);
    }
    free(gather->answers);
    free(gather->target);
    memory_wipe_string(gather->authorization);
    free(gather->authorization);
    free(gather);
}

static void finish_metrics(struct gather *gather)
{
    struct parent *parent = gather->parent;
    const char **texts = memory_alloc_array(parent->child_count + 1, sizeof *texts);
    struct buffer own;
    struct buffer sum;
    size_t count = 0;
    buffer_init(&own, METRICS_TEXT_MAX);
    buffer_init(&sum, METRICS_TEXT_MAX);
    metrics_write(parent->metrics, &own);
    texts[count++] = own.data;
    for (size_t i = 0; i < parent->child_count; i++) {
        if (gather->answers[i].body != NULL) {
            texts[count++] = gather->answers[i].body;
        }
    }
    metrics_merge(texts, count, &sum);
    http_exchange_reply(gather->exchange, 200, METRICS_CONTENT_TYPE, NULL, 0, sum.data, sum.length);
    buffer_deinit(&sum);
    buffer_deinit(&own);
    free(texts);
}

static void finish_ready(struct gather *gather)
{
    char reason[64];
    if (gather->good == gather->parent->child_count) {
        service_reply_text(gather->exchange, "ok\n");
        return;
    }
    (void)snprintf(reason, sizeof reason, "%zu of %zu processes are ready", gather->good, gather->parent->child_count);
    service_reply_not_ready(gather->exchange, reason);
}

static void on_answer(void *user, const struct http_response *response, const struct error *error)
{
    struct gather_answer *answer = user;
    struct gather *gather = answer->gather;
    (void)error; /* a child that does not answer is being started again; the supervisor logs it */
    if (response != NULL && (response->status == 200 || gather->route != NULL)) {
        answer->body = memory_copy(response->body, response->body_length);
        answer->length = response->body_length;
        answer->status = response->status;
        gather->good++;
    }
    if (--gather->open == 0) {
        gather->finish(gather);
        gather_destroy(gather);
    }
}

static void start_gather(void *argument)
{
    struct gather *gather = argument;
    struct parent *parent = gather->parent;
    char *url = memory_format("http://child%s", gather->target);
    const struct http_header header = {"Authorization", gather->authorization};
    gather->open = parent->child_count;
    gather->answers = memory_alloc_array(parent->child_count, sizeof *gather->answers);
    for (size_t i = 0; i < parent->child_count; i++) {
        gather->answers[i].gather = gather;
    }
    for (size_t i = 0; i < parent->child_count; i++) {
        struct http_request request = {
            .method = gather->method,
            .url = url,
            .headers = &header,
            .header_count = gather->authorization != NULL ? 1 : 0,
            .deadline_ms = clock_monotonic_ms() + ASK_MS,
            .max_response_bytes = METRICS_TEXT_MAX,
            .unix_socket = parent->admin[i] + strlen("unix:"),
        };
        (void)http_client_send(parent->client, &request, on_answer, &gather->answers[i]); /* never cancelled */
    }
    free(url);
}

static void gather_from(struct parent *parent, struct http_exchange *exchange, const char *path,
                        void (*finish)(struct gather *gather))
{
    struct gather *gather = memory_alloc(sizeof *gather);
    gather->parent = parent;
    gather->exchange = exchange;
    gather->method = "GET";
    gather->target = memory_copy_string(path);
    gather->finish = finish;
    loop_post(parent->loop, start_gather, gather);
}

static void handle_metrics(struct http_exchange *exchange, void *user)
{
    gather_from(user, exchange, "/metrics", finish_metrics);
}

static void handle_ready(struct http_exchange *exchange, void *user)
{
    gather_from(user, exchange, "/readyz", finish_ready);
}

static void handle_live(struct http_exchange *exchange, void *user)
{
    (void)user;
    service_reply_text(exchange, "ok\n");
}

static void handle_version(struct http_exchange *exchange, void *user)
{
    struct parent *parent = user;
    service_reply_version(exchange, parent->definition->name);
}

/* --- the service's own -------------------------------------------------------------------------------------------- */

static void finish_api(struct gather *gather)
{
    size_t count = gather->parent->child_count;
    struct api_answer *answers = memory_alloc_array(count, sizeof *answers);
    struct api_merged merged = {0};
    for (size_t i = 0; i < count; i++) {
        answers[i] = (struct api_answer){
            .status = gather->answers[i].status, .body = gather->answers[i].body, .length = gather->answers[i].length};
    }
    api_merge(gather->route, answers, count, &merged);
    if (merged.problem != NULL) {
        http_exchange_problem(gather->exchange, merged.status, "not-all-processes",
                              "Not every process of the service has answered", merged.problem, 1);
    } else {
        const char *type = merged.status < 400 ? "application/json" : "application/problem+json";
        http_exchange_reply(gather->exchange, merged.status, type, NULL, 0, merged.body, strlen(merged.body));
    }
    api_merged_deinit(&merged);
    free(answers);
}

static void handle_api(struct http_exchange *exchange, void *user)
{
    const struct parent_binding *binding = user;
    struct gather *gather = memory_alloc(sizeof *gather);
    gather->parent = binding->parent;
    gather->exchange = exchange;
    gather->route = binding->route;
    gather->method = binding->route->method;
    gather->target = api_target(binding->route, exchange);
    gather->authorization = memory_copy_string(http_exchange_header(exchange, "authorization"));
    gather->finish = finish_api;
    loop_post(binding->parent->loop, start_gather, gather);
}

static size_t api_routes(struct parent *parent, struct http_route *out_routes)
{
    const struct service_definition *definition = parent->definition;
    CHECK(definition->api_count <= SERVICE_API_ROUTES_MAX);
    for (size_t i = 0; i < definition->api_count; i++) {
        const struct service_api_route *route = &definition->api[i];
        parent->bindings[i] = (struct parent_binding){.parent = parent, .route = route};
        out_routes[i] = (struct http_route){
            .method = route->method, .path = route->path, .handler = handle_api, .user = &parent->bindings[i]};
    }
    return definition->api_count;
}

static void collect(void *user)
{
    struct parent *parent = user;
    uint64_t seen = metric_counter_value(parent->respawns);
    uint64_t now = supervisor_respawns(parent->supervisor);
    if (now > seen) {
        metric_counter_add(parent->respawns, now - seen);
    }
    metric_gauge_set(parent->running, (int64_t)supervisor_running(parent->supervisor));
}

static void run_loop(void *argument)
{
    struct parent *parent = argument;
    loop_run(parent->loop);
    http_client_destroy(parent->client);
}

static enum status start_admin(struct parent *parent, const char *listen, struct error *error)
{
    struct http_route routes[SERVICE_ADMIN_ROUTES + SERVICE_API_ROUTES_MAX] = {
        {.method = "GET", .path = "/livez", .handler = handle_live, .user = parent},
        {.method = "GET", .path = "/readyz", .handler = handle_ready, .user = parent},
        {.method = "GET", .path = "/healthz", .handler = handle_ready, .user = parent},
        {.method = "GET", .path = "/metrics", .handler = handle_metrics, .user = parent},
        {.method = "GET", .path = "/version", .handler = handle_version, .user = parent},
    };
    const struct http_server_options options = {
        .listen = listen,
        .routes = routes,
        .route_count = SERVICE_ADMIN_ROUTES + api_routes(parent, routes + SERVICE_ADMIN_ROUTES),
        .limits = {.max_connections = 64},
    };
    const struct http_client_options client_options = {0};
    parent->loop = loop_new();
    enum status status = http_client_new(parent->loop, &client_options, &parent->client, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = thread_start(&parent->thread, "admin-loop", 0, run_loop, parent, error);
    if (status != STATUS_OK) {
        http_client_destroy(parent->client);
        return status;
    }
    parent->has_thread = true;
    return http_server_start(&options, &parent->server, error);
}

/* Server first, so that no gather is made any more; then the loop, whose client ends what is under way. */
static void stop_admin(struct parent *parent)
{
    if (parent->server != NULL) {
        (void)http_server_drain(parent->server, clock_monotonic_ms() + ADMIN_DRAIN_MS); /* gathers end by themselves */
        http_server_destroy(parent->server);
    }
    if (parent->has_thread) {
        loop_stop(parent->loop);
        thread_join(parent->thread);
    }
    if (parent->loop != NULL) {
        loop_destroy(parent->loop);
    }
}

static void make_children(struct parent *parent, int processes, const char *const *arguments)
{
    parent->child_count = (size_t)processes;
    parent->children = memory_alloc_array(parent->child_count, sizeof *parent->children);
    parent->names = memory_alloc_array(parent->child_count, sizeof *parent->names);
    parent->admin = memory_alloc_array(parent->child_count, sizeof *parent->admin);
    parent->environments = memory_alloc_array(parent->child_count, sizeof *parent->environments);
    for (size_t i = 0; i < parent->child_count; i++) {
        char **environment = memory_alloc_array(3, sizeof *environment);
        parent->names[i] = memory_format("%s.%zu", parent->definition->name, i + 1);
        parent->admin[i] = memory_format("unix:@%s-%d-%zu", parent->definition->name, (int)getpid(), i + 1);
        environment[0] = memory_format("%s=%zu", SERVICE_CHILD_VARIABLE, i + 1);
        environment[1] = memory_format("%s=%s", SERVICE_CHILD_ADMIN_VARIABLE, parent->admin[i]);
        parent->environments[i] = environment;
        parent->children[i] = (struct supervisor_child){
            .name = parent->names[i],
            .arguments = arguments,
            .environment = (const char *const *)environment,
        };
    }
}

static void free_children(struct parent *parent)
{
    for (size_t i = 0; i < parent->child_count; i++) {
        free(parent->names[i]);
        free(parent->admin[i]);
        free(parent->environments[i][0]);
        free(parent->environments[i][1]);
        free(parent->environments[i]);
    }
    free(parent->children);
    free(parent->names);
    free(parent->admin);
    free(parent->environments);
}

/* This program again, by its path, so that ps shows its name. */
static const char **make_arguments(int argc, char *const *argv, char program[PATH_MAX])
{
    const char **arguments = memory_alloc_array((size_t)argc + 1, sizeof *arguments);
    ssize_t length = readlink("/proc/self/exe", program, PATH_MAX - 1);
    program[length > 0 ? length : 0] = '\0';
    arguments[0] = length > 0 && access(program, X_OK) == 0 ? program : "/proc/self/exe";
    for (int i = 1; i < argc; i++) {
        arguments[i] = argv[i];
    }
    return arguments;
}

static int64_t longest_grace(const struct settings *settings)
{
    int64_t grace_ms = settings->poller.grace_ms;
    grace_ms = settings->gateway.grace_ms > grace_ms ? settings->gateway.grace_ms : grace_ms;
    return settings->worker.grace_ms > grace_ms ? settings->worker.grace_ms : grace_ms;
}

enum status service_run_parent(const struct service_definition *definition, const struct settings *settings,
                               int processes, int argc, char *const *argv, struct error *error)
{
    struct parent parent = {.definition = definition};
    char program[PATH_MAX];
    const char **arguments = make_arguments(argc, argv, program);
    const char *listen = definition->admin_listen(settings);
    enum status status = STATUS_OK;
    make_children(&parent, processes, arguments);
    parent.metrics = metrics_new();
    parent.respawns = metrics_counter(parent.metrics, "ferry_process_respawns", "Children started again.",
                                      METRIC_LABELS({"service", definition->name}));
    parent.running = metrics_gauge(parent.metrics, "ferry_processes", "Children running now.",
                                   METRIC_LABELS({"service", definition->name}));
    parent.supervisor = supervisor_new(&(struct supervisor_options){
        .children = parent.children,
        .child_count = parent.child_count,
        .grace_ms = longest_grace(settings) + GRACE_EXTRA_MS,
    });
    metrics_on_collect(parent.metrics, collect, &parent);
    process_metrics_init(&parent.process_metrics, parent.metrics, definition->name);
    log_event(LOG_LEVEL_INFO, "supervising", LOG_INTEGER("processes", processes),
              LOG_STRING("version", FERRY_VERSION), LOG_INTEGER("pid", getpid()));
    if (listen != NULL) {
        status = start_admin(&parent, listen, error);
        if (status != STATUS_OK) {
            error_prefix(error, "admin port: ");
        }
    }
    if (status == STATUS_OK) {
        status = supervisor_run(parent.supervisor, error);
    }
    stop_admin(&parent);
    supervisor_destroy(parent.supervisor);
    metrics_destroy(parent.metrics);
    free_children(&parent);
    free(arguments);
    return status;
}

/* The fakes' server, and the pollers with their settings. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_fakes_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "rules/event_pattern.h"

/* --- what the fakes share ----------------------------------------------------------------------------------------- */

struct fake_message *fakes_find(struct fakes *fakes, const char *id)
{
    for (size_t i = 0; i < fakes->message_count; i++) {
        if (strcmp(fakes->messages[i].id, id) == 0) {
            return &fakes->messages[i];
        }
    }
    return NULL;
}

void fakes_reply_json(struct http_exchange *exchange, int status, json_t *take)
{
    char *text = json_dumps(take, JSON_COMPACT);
    http_exchange_reply(exchange, status, "application/x-amz-json-1.0", NULL, 0, text, strlen(text));
    free(text);
    json_decref(take);
}

/* --- set-up ------------------------------------------------------------------------------------------------------- */

static void on_poller_ready(void *user, bool is_ready, const char *reason)
{
    struct fakes *fakes = user;
    fakes->poller_is_ready = is_ready;
    (void)snprintf(fakes->reason, sizeof fakes->reason, "%s", reason != NULL ? reason : "");
}

static void on_poller_drained(void *user)
{
    struct fakes *fakes = user;
    fakes->is_drained = true;
}

struct fakes *fakes_new(bool is_fifo, int visibility_seconds)
{
    struct fakes *fakes = memory_alloc(sizeof *fakes);
    struct aws_credentials credentials = {0};
    const struct log_options log_options = {
        .service = "test", .level = LOG_LEVEL_ERROR, .format = LOG_FORMAT_TEXT, .file_descriptor = 2};
    log_configure(&log_options);
    (void)pthread_mutex_init(&fakes->mutex, NULL);
    fakes->is_fifo = is_fifo;
    fakes->gateway_status = 200;
    fakes->batch_limit = SIZE_MAX;
    fakes->is_ready = true;
    fakes->loop = loop_new();
    const struct http_route routes[] = {
        {.method = "POST", .path = "/", .handler = fake_sqs_on_action, .user = fakes},
        {.method = "POST", .path = "/v1/routes/{route}/events", .handler = fake_gateway_on_events, .user = fakes},
        {.method = "POST", .path = "/v1/runs/wait", .handler = fake_gateway_on_wait, .user = fakes},
        {.method = "GET", .path = "/readyz", .handler = fake_gateway_on_probe, .user = fakes},
    };
    const struct http_server_options server_options = {
        .listen = "127.0.0.1:0", .routes = routes, .route_count = sizeof routes / sizeof routes[0]};
    const struct http_client_options client_options = {.max_connections_per_host = 200};
    assert_int_equal(http_server_start(&server_options, &fakes->server, NULL), STATUS_OK);
    (void)snprintf(fakes->endpoint, sizeof fakes->endpoint, "http://127.0.0.1:%d", http_server_port(fakes->server));
    assert_int_equal(http_client_new(fakes->loop, &client_options, &fakes->http, NULL), STATUS_OK);
    aws_credentials_init(&credentials, "test", "test", NULL, AWS_CREDENTIALS_NEVER_EXPIRE);
    fakes->credentials = aws_credentials_provider_new_static(fakes->loop, &credentials);
    aws_credentials_deinit(&credentials);
    const struct sqs_client_options sqs_options = {.loop = fakes->loop,
                                                   .http = fakes->http,
                                                   .credentials = fakes->credentials,
                                                   .region = "us-east-1",
                                                   .endpoint = fakes->endpoint};
    assert_int_equal(sqs_client_new(&sqs_options, &fakes->sqs, NULL), STATUS_OK);
    fakes->metrics = metrics_new();
    fakes->queue = (struct settings_queue){
        .url = memory_format("%s/000000000000/test%s", fakes->endpoint, is_fifo ? ".fifo" : ""),
        .name = memory_copy_string(is_fifo ? "test.fifo" : "test"),
        .routes = memory_alloc_array(ROUTES_MAX, sizeof(char *)),
        .route_count = 1,
        .visibility_ms = (int64_t)visibility_seconds * 1000,
        .wait_ms = 1000,
        .max_in_flight = 100,
        .max_in_flight_bytes = 1 << 20,
        .receives = 2,
    };
    fakes->queue.routes[0] = memory_copy_string("hello-world");
    fakes->routes[0] = (struct settings_route){.name = fakes->queue.routes[0],
                                               .ack = SETTINGS_ACK_COMPLETION,
                                               .order = SETTINGS_ORDER_AUTO,
                                               .max_attempts = 1,
                                               .backoff_ms = 10,
                                               .backoff_max_ms = 40};
    fakes->attributes_limit = 10;
    fakes->settings = (struct settings){
        .queues = &fakes->queue,
        .queue_count = 1,
        .routes = fakes->routes,
        .route_count = 1,
        .poller = {.grace_ms = 4000},
        .gateway = {.url = fakes->endpoint},
    };
    assert_int_equal(thread_start(&fakes->ticker, "ticker", 0, fakes_tick, fakes, NULL), STATUS_OK);
    return fakes;
}

void fakes_destroy(struct fakes *fakes)
{
    for (size_t i = 0; i < fakes->poller_count; i++) {
        poller_destroy(fakes->pollers[i]);
    }
    sqs_client_destroy(fakes->sqs);
    aws_credentials_provider_destroy(fakes->credentials);
    http_client_destroy(fakes->http);
    loop_destroy(fakes->loop);
    fakes_lock(fakes);
    fakes->is_ending = true;
    fakes_unlock(fakes);
    thread_join(fakes->ticker);
    (void)http_server_drain(fakes->server, clock_monotonic_ms() + 2000);
    http_server_destroy(fakes->server);
    metrics_destroy(fakes->metrics);
    for (size_t i = 0; i < fakes->line_count; i++) {
        free(fakes->lines[i]);
    }
    for (size_t i = 0; i < fakes->message_count; i++) {
        json_decref(fakes->messages[i].last_event);
    }
    json_decref(fakes->last_sent);
    for (size_t i = 0; i < fakes->url_count; i++) {
        free(fakes->urls[i]);
    }
    for (size_t i = 0; i < fakes->queue.route_count; i++) {
        event_pattern_destroy(fakes->routes[i].pattern);
        free(fakes->queue.routes[i]);
    }
    free(fakes->queue.url);
    free(fakes->queue.routes);
    free(fakes->queue.name);
    (void)pthread_mutex_destroy(&fakes->mutex);
    free(fakes);
}

/* --- settings ----------------------------------------------------------------------------------------------------- */

struct settings_queue *fakes_queue(struct fakes *fakes)
{
    return &fakes->queue;
}

struct settings_route *fakes_route(struct fakes *fakes)
{
    return &fakes->routes[0];
}

struct settings *fakes_settings(struct fakes *fakes)
{
    return &fakes->settings;
}

static struct event_pattern *compile(const char *filter)
{
    struct event_pattern *pattern = NULL;
    json_t *json = json_loads(filter, 0, NULL);
    assert_int_equal(event_pattern_compile(json, &pattern, NULL), STATUS_OK);
    json_decref(json);
    return pattern;
}

struct settings_route *fakes_add_route(struct fakes *fakes, const char *name, const char *filter)
{
    size_t place = fakes->queue.route_count;
    assert_true(place < ROUTES_MAX);
    fakes->queue.routes[place] = memory_copy_string(name);
    fakes->routes[place] = fakes->routes[0];
    fakes->routes[place].name = fakes->queue.routes[place];
    fakes->routes[place].pattern = filter != NULL ? compile(filter) : NULL;
    fakes->queue.route_count++;
    fakes->settings.route_count++;
    return &fakes->routes[place];
}

void fakes_set_filter(struct fakes *fakes, const char *filter)
{
    fakes->routes[0].pattern = compile(filter);
}

char *fakes_queue_url(struct fakes *fakes, const char *name)
{
    assert_true(fakes->url_count < URLS_MAX);
    char *url = memory_format("%s/000000000000/%s", fakes->endpoint, name);
    fakes->urls[fakes->url_count++] = url;
    return url;
}

/* --- the pollers -------------------------------------------------------------------------------------------------- */

void fakes_start(struct fakes *fakes)
{
    const struct poller_options options = {
        .loop = fakes->loop,
        .http = fakes->http,
        .sqs = fakes->sqs,
        .metrics = fakes->metrics,
        .settings = &fakes->settings,
        .ready = on_poller_ready,
        .drained = on_poller_drained,
        .user = fakes,
    };
    assert_true(fakes->poller_count < POLLERS_MAX);
    struct poller *poller = poller_new(&options);
    fakes->pollers[fakes->poller_count++] = poller;
    poller_start(poller);
}

void fakes_stop(struct fakes *fakes)
{
    poller_stop(fakes->pollers[0]);
}

struct poller *fakes_poller(struct fakes *fakes)
{
    return fakes->pollers[0];
}

struct loop *fakes_loop(struct fakes *fakes)
{
    return fakes->loop;
}

struct http_client *fakes_http(struct fakes *fakes)
{
    return fakes->http;
}

struct metrics *fakes_metrics(struct fakes *fakes)
{
    return fakes->metrics;
}

bool fakes_is_drained(const struct fakes *fakes)
{
    return fakes->is_drained;
}

bool fakes_is_ready(const struct fakes *fakes)
{
    return fakes->poller_is_ready;
}

const char *fakes_ready_reason(const struct fakes *fakes)
{
    return fakes->reason;
}

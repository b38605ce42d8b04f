/* Counts answered requests: ferry_http_server_requests{method,route,status} and ferry_http_server_request_seconds
 * {method,route}. The route is the pattern, "none" where none fits, so that a peer cannot make series. */
#include <stdio.h>
#include <string.h>

#include "server_internal.h"

#define REQUESTS_NAME "ferry_http_server_requests"
#define REQUESTS_HELP "HTTP requests answered, by route pattern and status."
#define SECONDS_NAME "ferry_http_server_request_seconds"
#define SECONDS_HELP "Time from an HTTP request's first line to the end of its answer."
#define SECONDS_PER_MICROSECOND 1e-6

static const char *known_method(const char *method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; method != NULL && i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i], method) == 0) {
            return known[i];
        }
    }
    return "other";
}

static struct metric_counter *make_counter(struct metrics *metrics, const char *method, const char *route,
                                           unsigned status)
{
    char code[16];
    (void)snprintf(code, sizeof code, "%u", status);
    return metrics_counter(metrics, REQUESTS_NAME, REQUESTS_HELP,
                           METRIC_LABELS({"method", method}, {"route", route}, {"status", code}));
}

static struct metric_histogram *make_histogram(struct metrics *metrics, const char *method, const char *route)
{
    return metrics_histogram(metrics, SECONDS_NAME, SECONDS_HELP, metrics_latency_bounds, metrics_latency_bound_count,
                             METRIC_LABELS({"method", method}, {"route", route}));
}

void server_metrics_count(struct http_server *server, const struct http_exchange *exchange, int64_t now_us)
{
    if (server->metrics == NULL || exchange->status == 0) {
        return;
    }
    const struct http_route *route = exchange->match.route;
    double seconds = (double)(now_us - exchange->started_us) * SECONDS_PER_MICROSECOND;
    if (route == NULL || strcmp(route->method, exchange->method) != 0) {
        /* Nobody's route, or HEAD on a GET route: rare enough to look the series up. */
        const char *method = known_method(exchange->method);
        const char *pattern = route != NULL ? route->path : "none";
        metric_counter_add(make_counter(server->metrics, method, pattern, exchange->status), 1);
        metric_histogram_observe(make_histogram(server->metrics, method, pattern), seconds);
        return;
    }
    struct server_route_metrics *known = &server->route_metrics[route - server->routes];
    _Atomic(struct metric_counter *) *slot = &known->requests[exchange->status - SERVER_STATUS_FIRST];
    struct metric_counter *counter = atomic_load_explicit(slot, memory_order_acquire);
    if (counter == NULL) {
        counter = make_counter(server->metrics, route->method, route->path, exchange->status);
        atomic_store_explicit(slot, counter, memory_order_release);
    }
    struct metric_histogram *histogram = atomic_load_explicit(&known->seconds, memory_order_acquire);
    if (histogram == NULL) {
        histogram = make_histogram(server->metrics, route->method, route->path);
        atomic_store_explicit(&known->seconds, histogram, memory_order_release);
    }
    metric_counter_add(counter, 1);
    metric_histogram_observe(histogram, seconds);
}

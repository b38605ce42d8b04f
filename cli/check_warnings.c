/* See check_warnings.h. */
#include "check_warnings.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define VISIBILITY_SHORT_MS 20000
#define LEASE_TOTAL_MS ((int64_t)12 * 3600 * 1000) /* SQS gives a message out again after that, whatever is renewed */

static char *subject_of(const char *what, const char *name)
{
    return memory_format("%s %s", what, name);
}

static void check_run(const struct settings_queue *queue, const struct settings_route *route,
                      struct findings *findings)
{
    char *subject = subject_of("route", route->name);
    bool by_group = settings_effective_order(queue, route) == SETTINGS_ORDER_GROUP;
    if (route->target != SETTINGS_TARGET_WORKFLOW || !by_group) {
        free(subject);
        return;
    }
    if (route->execution_timeout_ms == 0) {
        findings_add(findings, &finding_no_execution_timeout, subject,
                     "order: group without execution_timeout; a run that never closes blocks its group");
    } else if (route->execution_timeout_ms > LEASE_TOTAL_MS) {
        findings_add(findings, &finding_runs_beyond_12h, subject,
                     "order: group with an execution_timeout over 12 h; SQS gives the message out again after 12 h, "
                     "and its redrive policy may move it away while its run is open");
    }
    free(subject);
}

static void check_dead_letter_type(const struct settings_queue *queue, const char *what, const char *name,
                                   const char *dead_letter_queue, struct findings *findings)
{
    if (dead_letter_queue == NULL || settings_url_is_fifo(dead_letter_queue) == settings_queue_is_fifo(queue)) {
        return;
    }
    char *subject = subject_of(what, name);
    findings_add(findings, &finding_dead_letter_type, subject,
                 "dead letters of the %s queue %s go to the %s queue %s; SQS itself demands the same type of a "
                 "redrive policy, and order is lost between a FIFO queue and a standard one",
                 settings_queue_is_fifo(queue) ? "FIFO" : "standard", queue->name,
                 settings_url_is_fifo(dead_letter_queue) ? "FIFO" : "standard", dead_letter_queue);
    free(subject);
}

static void check_queue(const struct settings *settings, const struct settings_queue *queue,
                        struct findings *findings)
{
    char *subject = subject_of("queue", queue->name);
    const struct settings_route *last = NULL;
    for (size_t i = 0; i < queue->route_count; i++) {
        const struct settings_route *route = settings_find_route(settings, queue->routes[i]);
        if (route != NULL) {
            check_run(queue, route, findings);
            check_dead_letter_type(queue, "route", route->name, route->dead_letter_queue, findings);
            last = route;
        }
    }
    check_dead_letter_type(queue, "queue", queue->name, queue->dead_letter_queue, findings);
    if (queue->visibility_ms < VISIBILITY_SHORT_MS) {
        findings_add(findings, &finding_visibility_short, subject,
                     "visibility of %" PRId64 " ms; who is slow for half of that loses leases, and messages are "
                     "received again",
                     queue->visibility_ms);
    }
    if (last != NULL && last->filter != NULL && queue->unmatched == SETTINGS_CLOSED_RETURN) {
        findings_add(findings, &finding_unmatched_returns, subject,
                     "a message that no filter takes is returned again and again%s",
                     settings_effective_order(queue, last) == SETTINGS_ORDER_GROUP ? ", and its group waits" : "");
    }
    free(subject);
}

/* Runs that are waited for by history long polls, or by callbacks. */
static void check_waiting(const struct settings *settings, struct findings *findings)
{
    int64_t most = 0;
    for (size_t i = 0; i < settings->queue_count; i++) {
        const struct settings_queue *queue = &settings->queues[i];
        bool waits = false;
        for (size_t j = 0; j < queue->route_count; j++) {
            const struct settings_route *route = settings_find_route(settings, queue->routes[j]);
            waits = waits || (route != NULL && route->ack != SETTINGS_ACK_START);
        }
        most += waits ? queue->max_in_flight : 0;
    }
    if (most > settings->gateway.long_polls && settings->gateway.callback_url == NULL) {
        findings_add(findings, &finding_beyond_long_polls, "gateway",
                     "up to %" PRId64 " runs of one poller are waited for, and long_polls is %" PRId64
                     "; beyond it ends are found by looking now and then",
                     most, settings->gateway.long_polls);
    }
}

/* "http://10.0.0.7:8080" → whether another machine may be meant. */
static bool is_plain_and_elsewhere(const char *url)
{
    static const char scheme[] = "http://";
    if (strncmp(url, scheme, sizeof scheme - 1) != 0) {
        return false;
    }
    const char *host = url + sizeof scheme - 1;
    size_t length = strcspn(host, "/?#");
    char *address = memory_format("%.*s:", (int)length, host); /* there may have been no port */
    bool is_elsewhere = !settings_listen_is_loopback(address);
    free(address);
    return is_elsewhere;
}

static void check_gateway(const struct settings *settings, struct findings *findings)
{
    const struct settings_gateway *gateway = &settings->gateway;
    bool has_token = gateway->token != NULL || gateway->token_file != NULL;
    if (has_token && is_plain_and_elsewhere(gateway->url)) {
        findings_add(findings, &finding_token_in_clear, "gateway", "the token goes to %s without TLS", gateway->url);
    }
    if (!has_token && gateway->token_count == 0 && !gateway->auth_none &&
        !settings_listen_is_loopback(gateway->listen)) {
        findings_add(findings, &finding_gateway_no_token, "gateway",
                     "others reach %s, and there is no token here: ferry-gateway starts only where there is one",
                     gateway->listen);
    }
    if (gateway->auth_none && !settings_listen_is_loopback(gateway->listen)) {
        findings_add(findings, &finding_gateway_open, "gateway",
                     "auth: none on %s; whoever reaches it starts workflows", gateway->listen);
    }
}

void check_warnings(const struct settings *settings, struct findings *findings)
{
    for (size_t i = 0; i < settings->queue_count; i++) {
        check_queue(settings, &settings->queues[i], findings);
    }
    if (settings->queue_count > 0) {
        check_waiting(settings, findings);
    }
    check_gateway(settings, findings);
}

/* The way of a message through poller and gateway: envelope, filters, event, request. */
#include "explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "explain_request.h"
#include "messages/message_event.h"
#include "messages/routing.h"
#include "settings/names.h"

#define REQUEST_MAX ((size_t)64 << 20) /* bytes of the poller's request */

/* ---- what is not accepted ---- */

static void set_then(json_t *explanation, enum settings_closed_action action, const char *dead_letter_queue)
{
    explain_set_text(explanation, "then", settings_action_name(action));
    explain_set_text(explanation, "deadLetterQueue", action == SETTINGS_CLOSED_DEAD_LETTER ? dead_letter_queue : NULL);
}

static void set_rejected(json_t *explanation, const char *class, const char *reason)
{
    explain_set_text(explanation, "decision", "rejected");
    explain_set_text(explanation, "class", class);
    explain_set_text(explanation, "reason", reason);
}

/* By the poller, or by the gateway and then by the poller: a dead letter where there is a queue for it. */
static void reject_message(json_t *explanation, const char *class, const char *reason, const char *dead_letter_queue)
{
    set_rejected(explanation, class, reason);
    set_then(explanation, dead_letter_queue != NULL ? SETTINGS_CLOSED_DEAD_LETTER : SETTINGS_CLOSED_RETURN,
             dead_letter_queue);
}

/* ---- the route ---- */

static void set_route(const struct settings_route *route, json_t *explanation)
{
    explain_set_text(explanation, "route", route->name);
    explain_set_text(explanation, "target", settings_target_name(route->target));
    explain_set_text(explanation, "schema", route->schema_file);
}

/* What follows once the request has been made. */
static void set_settlement(const struct settings_route *route, json_t *explanation)
{
    explain_set_text(explanation, "ack", settings_ack_name(route->ack));
    if (route->target == SETTINGS_TARGET_WORKFLOW && route->ack != SETTINGS_ACK_START) {
        CHECK(json_object_set_new(explanation, "maxAttempts", json_integer(route->max_attempts)) == 0);
        explain_set_text(explanation, "onFailed", settings_action_name(route->on_failed));
        explain_set_text(explanation, "onCanceled", settings_action_name(route->on_canceled));
    }
    explain_set_text(explanation, "deadLetterQueue", route->dead_letter_queue);
}

/* ---- a message ---- */

/* Its event, as the gateway reads it. */
static void explain_sent(const struct settings *settings, const struct settings_route *route, const char *body,
                         size_t length, json_t *explanation)
{
    const struct event_headers headers = {.content_type = MESSAGE_EVENT_CONTENT_TYPE};
    struct event_list list = {0};
    struct error error = {0};
    enum entry_class class = ENTRY_CLASS_BAD_EVENT;
    if (length > (size_t)settings->gateway.max_body_bytes) { /* it answers 413 */
        (void)error_set(&error, STATUS_TOO_LARGE, "a request of %zu bytes is longer than the gateway's max_body",
                        length);
        reject_message(explanation, "too_large", error.text, route->dead_letter_queue);
        return;
    }
    enum status status = event_list_parse(EVENT_FORM_BATCH, &headers, body, length, &list, &error);
    if (status == STATUS_OK) {
        status = explain_request(settings, route, &list.events[0], explanation, &class, &error);
    }
    if (status == STATUS_OK) {
        set_settlement(route, explanation);
    } else {
        reject_message(explanation, entry_class_name(class), error.text, route->dead_letter_queue);
    }
    event_list_deinit(&list);
}

static void explain_forward(const struct settings *settings, const struct settings_queue *queue,
                            const struct settings_route *route, const struct sqs_message *message,
                            json_t *explanation)
{
    struct buffer body;
    struct error error = {0};
    char *source = json_quote(queue->url, strlen(queue->url));
    CHECK(source != NULL); /* a URL that was checked */
    const struct message_event event = {.message = message, .envelope = queue->envelope, .quoted_source = source};
    buffer_init(&body, REQUEST_MAX);
    CHECK(buffer_append_string(&body, "["));
    enum status status = message_event_append(&body, &event, true, &error);
    if (status == STATUS_OK && !buffer_append_string(&body, "]")) {
        status = error_set(&error, STATUS_TOO_LARGE, "the message does not fit into a request to the gateway");
    }
    if (status == STATUS_OK) {
        explain_sent(settings, route, body.data, body.length, explanation);
    } else {
        reject_message(explanation, message_event_reject_class(status), error.text, route->dead_letter_queue);
    }
    buffer_deinit(&body);
    free(source);
}

static void set_refusals(const struct routing *routing, size_t line, char (*why)[EVENT_PATTERN_WHY_SIZE],
                         json_t *explanation)
{
    json_t *refusals = json_array();
    for (size_t i = 0; i < line; i++) {
        json_t *refusal = json_object();
        explain_set_text(refusal, "route", routing->routes[i]->name);
        explain_set_text(refusal, "why", why[i]);
        CHECK(json_array_append_new(refusals, refusal) == 0);
    }
    CHECK(json_object_set_new(explanation, "refusedBy", refusals) == 0);
}

static void explain_routed(const struct settings *settings, const struct settings_queue *queue,
                           const struct routing *routing, const struct sqs_message *message, json_t *explanation)
{
    char(*why)[EVENT_PATTERN_WHY_SIZE] = memory_alloc_array(routing->count, sizeof *why);
    struct error error = {0};
    size_t line = routing->count;
    enum status status = routing_explain(routing, message, &line, why, &error);
    if (status != STATUS_OK) {
        reject_message(explanation, "envelope", error.text, routing_dead_letter_queue(routing, routing->count));
    } else if (line == routing->count) {
        set_refusals(routing, line, why, explanation);
        explain_set_text(explanation, "decision", "unmatched");
        explain_set_text(explanation, "reason", "no route of the queue takes it");
        set_then(explanation, queue->unmatched, routing_dead_letter_queue(routing, line));
    } else {
        set_refusals(routing, line, why, explanation);
        set_route(routing->routes[line], explanation);
        explain_forward(settings, queue, routing->routes[line], message, explanation);
    }
    free(why);
}

static void set_place(const struct settings *settings, const struct settings_queue *queue,
                      const struct sqs_message *message, json_t *explanation)
{
    const struct settings_route *route = settings_find_route(settings, queue->routes[0]);
    CHECK(route != NULL); /* the settings were checked */
    enum settings_order order = settings_effective_order(queue, route);
    explain_set_text(explanation, "messageId", message->message_id);
    explain_set_text(explanation, "queue", queue->url);
    explain_set_text(explanation, "envelope", settings_envelope_name(queue->envelope));
    explain_set_text(explanation, "order", settings_order_name(order));
    if (order == SETTINGS_ORDER_GROUP) {
        explain_set_text(explanation, "lane", message->group_id);
        explain_set_text(explanation, "sequenceNumber", message->sequence_number);
    }
}

json_t *explain_message(const struct settings *settings, const struct settings_queue *queue,
                        const struct sqs_message *message)
{
    const struct settings_route *routes[SETTINGS_QUEUE_ROUTES_MAX];
    struct routing routing;
    json_t *explanation = json_object();
    set_place(settings, queue, message, explanation);
    for (size_t i = 0; i < queue->route_count; i++) {
        routes[i] = settings_find_route(settings, queue->routes[i]);
        CHECK(routes[i] != NULL);
    }
    routing_init(&routing, queue, routes, queue->route_count);
    if (message->is_damaged) {
        explain_set_text(explanation, "decision", "returned");
        explain_set_text(explanation, "reason", "damaged: the MD5 of its body or attributes is another");
        set_then(explanation, SETTINGS_CLOSED_RETURN, NULL);
    } else {
        explain_routed(settings, queue, &routing, message, explanation);
    }
    routing_deinit(&routing);
    return explanation;
}

/* ---- an event ---- */

json_t *explain_event(const struct settings *settings, const struct settings_route *route, const struct event *event)
{
    enum entry_class class = ENTRY_CLASS_BAD_EVENT;
    struct error error = {0};
    json_t *explanation = json_object();
    explain_set_text(explanation, "messageId", event->message_id);
    set_route(route, explanation);
    if (explain_request(settings, route, event, explanation, &class, &error) != STATUS_OK) {
        set_rejected(explanation, entry_class_name(class), error.text);
    }
    return explanation;
}

/* POST /v1/routes/{route}/events, and GET /v1/recent. */
#include "api_events.h"

#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/media_type.h"
#include "base/memory.h"
#include "events_call.h"
#include "messages/event.h"
#include "recent_events.h"
#include "wait_preference.h"

#define ATTRIBUTE_PREFIX "ce-"

/* What a request's headers say; attributes is the caller's room. */
struct header_list {
    struct event_headers headers;
    struct event_header attributes[EVENT_HEADERS_MAX];
    size_t count;
    bool is_full;
};

static void add_header(void *user, const char *name, const char *value)
{
    struct header_list *list = user;
    if (list->count == EVENT_HEADERS_MAX) {
        list->is_full = true;
        return;
    }
    list->attributes[list->count++] =
        (struct event_header){.name = name + strlen(ATTRIBUTE_PREFIX), .value = value};
}

static void read_headers(const struct http_exchange *exchange, struct header_list *list)
{
    list->count = 0;
    list->is_full = false;
    http_exchange_each_header(exchange, ATTRIBUTE_PREFIX, add_header, list);
    list->headers = (struct event_headers){
        .content_type = http_exchange_header(exchange, "content-type"),
        .idempotency_key = http_exchange_header(exchange, "idempotency-key"),
        .attributes = list->attributes,
        .attribute_count = list->count,
    };
}

static void refuse(struct http_exchange *exchange, const struct error *error)
{
    if (error->status == STATUS_MALFORMED) {
        http_exchange_problem(exchange, 400, "malformed-json", "The body is not the JSON that is due", error->text, 0);
    } else if (error->status == STATUS_TOO_LARGE) {
        http_exchange_problem(exchange, 413, "too-many-events", "The batch has too many events", error->text, 0);
    } else {
        gateway_reply_invalid(exchange, error->text);
    }
}

/* A preference that cannot be kept is as good as none; a demand is refused. false: it has replied. */
static bool read_wait(struct http_exchange *exchange, const struct settings_route *route, bool is_batch,
                      struct wait_preference *out_wait)
{
    struct error error = {0};
    const char *demand = http_exchange_query(exchange, "wait");
    bool is_possible = !is_batch && route->target != SETTINGS_TARGET_SQS;
    enum status status = STATUS_OK;
    if (demand != NULL && !is_possible) {
        status = error_set(&error, STATUS_INVALID_ARGUMENT,
                           is_batch ? "wait: expected a single event: a batch has many ends"
                                    : "wait: this route puts events on a queue: their runs start later");
    } else if (is_possible) {
        status = wait_preference_read(demand, http_exchange_header(exchange, "prefer"), GATEWAY_WAIT_MAX_MS, out_wait,
                                      &error);
    }
    if (status != STATUS_OK) {
        gateway_reply_invalid(exchange, error.text);
    }
    return status == STATUS_OK;
}

static bool check_media_types(struct http_exchange *exchange, enum event_form form)
{
    static const char json[] = "application/json";
    if (form == EVENT_FORM_UNSUPPORTED) {
        http_exchange_problem(exchange, 415, "unsupported-media-type", "The body's media type is not supported",
                              "Content-Type: expected application/json, application/cloudevents+json, "
                              "application/cloudevents-batch+json, or any with ce-specversion and the other ce-* "
                              "headers of a CloudEvent",
                              0);
    } else if (!media_type_is_acceptable(http_exchange_header(exchange, "accept"), json)) {
        http_exchange_problem(exchange, 406, "not-acceptable", "There is no answer in a media type that is accepted",
                              "Accept: answers are application/json", 0);
    } else {
        return true;
    }
    return false;
}

void gateway_take_plain_event(struct http_exchange *exchange, struct gateway *gateway,
                              const struct plain_event *plain)
{
    char *source = memory_format("/v1/routes/%s", plain->route->name);
    const struct event_header attributes[] = {
        {"specversion", "1.0"}, {"id", plain->message_id}, {"source", source}, {"type", plain->type}};
    bool has_attributes = plain->type != NULL;
    const struct event_headers headers = {
        .content_type = "application/json",
        .idempotency_key = plain->message_id != NULL ? NULL : http_exchange_header(exchange, "idempotency-key"),
        .attributes = attributes,
        .attribute_count = has_attributes ? sizeof attributes / sizeof attributes[0] : 0,
    };
    struct event_list list = {0};
    struct error error = {0};
    enum status status = event_list_parse(has_attributes ? EVENT_FORM_BINARY : EVENT_FORM_PLAIN, &headers, plain->body,
                                          plain->length, &list, &error);
    free(source);
    if (status != STATUS_OK) {
        refuse(exchange, &error);
        free(plain->owned);
        return;
    }
    if (plain->message_id != NULL) {
        event_set_message_id(&list.events[0], plain->message_id);
    }
    struct events_call *call = events_call_new(exchange, gateway, plain->route, list);
    call->owned_body = plain->owned;
    call->reply = plain->reply;
    events_call_begin(call);
}

void gateway_handle_events(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    const char *name = http_exchange_parameter(exchange, "route");
    const struct settings_route *route = settings_find_route(gateway->settings, name);
    struct header_list headers;
    struct event_list list = {0};
    struct error error = {0};
    struct wait_preference wait = {0};
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    if (route == NULL) {
        http_exchange_problem(exchange, 404, "unknown-route", "There is no such route",
                              "expected the name of a route in the gateway's configuration", 0);
        return;
    }
    read_headers(exchange, &headers);
    enum event_form form = event_form(&headers.headers);
    if (!check_media_types(exchange, form) || !read_wait(exchange, route, form == EVENT_FORM_BATCH, &wait)) {
        return;
    }
    if (headers.is_full && form == EVENT_FORM_BINARY) {
        gateway_reply_invalid(exchange, "expected at most 100 ce-* headers");
        return;
    }
    if (event_list_parse(form, &headers.headers, body, length, &list, &error) != STATUS_OK) {
        refuse(exchange, &error);
        return;
    }
    struct events_call *call = events_call_new(exchange, gateway, route, list);
    call->is_batch = form == EVENT_FORM_BATCH;
    call->wait = wait;
    events_call_begin(call);
}

static bool shows(const void *user, const char *route)
{
    return access_scope_shows(user, route);
}

void gateway_handle_recent(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    struct buffer body;
    buffer_init(&body, GATEWAY_REPLY_MAX);
    recent_events_write(gateway->recent_events, shows, gateway_access_grant(exchange), &body);
    gateway_reply_json(exchange, 200, NULL, 0, &body);
    buffer_deinit(&body);
}

/* POST /v1/webhooks/{route}[/{secret}], GET for Strava's challenge: what is proven becomes an event of the route. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "api_events.h"
#include "base/clock.h"
#include "base/json_scan.h"
#include "base/media_type.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "gateway.h"
#include "webhook_event.h"
#include "webhook_signature.h"

/* What is held against a secret. */
struct proof {
    enum settings_webhook_kind kind;
    const char *shown; /* the signature's header, or the secret itself; NULL: none */
    const char *body;
    size_t length;
};

static enum status try_signature(const void *user, const char *secret, struct error *error)
{
    const struct proof *proof = user;
    if (proof->kind == SETTINGS_WEBHOOK_GITHUB) {
        return webhook_check_github(proof->shown, proof->body, proof->length, secret, error);
    }
    return webhook_check_stripe(proof->shown, proof->body, proof->length, secret, clock_wall_ms() / 1000, error);
}

static enum status try_text(const void *user, const char *secret, struct error *error)
{
    const struct proof *proof = user;
    if (proof->shown == NULL || !crypto_equal_text(proof->shown, secret)) {
        return error_set(error, STATUS_UNAUTHENTICATED, "it is another");
    }
    return STATUS_OK;
}

static void refuse_path(struct http_exchange *exchange)
{
    http_exchange_problem(exchange, 404, "unknown-route", "There is no such route",
                          "expected the path of a webhook in the gateway's configuration", 0);
}

static void refuse_proof(struct gateway *gateway, struct http_exchange *exchange, const struct settings_route *route,
                         const char *reason)
{
    gateway_access_note_refusal(gateway->access, ACCESS_REFUSED_SIGNATURE, route->name, reason);
    http_exchange_add_header(exchange, "WWW-Authenticate", "Signature realm=\"ferry\""); /* RFC 9110 wants one */
    http_exchange_problem(exchange, 401, "signature", "The signature is missing or wrong", reason, 0);
}

/* The route that the path names, if its webhook's form is that of the path; NULL: it has replied. */
static const struct settings_route *find_route(struct gateway *gateway, struct http_exchange *exchange)
{
    const char *secret = http_exchange_parameter(exchange, "secret");
    const struct settings_route *route =
        settings_find_route(gateway->settings, http_exchange_parameter(exchange, "route"));
    bool has_webhook = route != NULL && route->webhook != NULL;
    if (!has_webhook || (secret != NULL) != (route->webhook->kind == SETTINGS_WEBHOOK_STRAVA)) {
        refuse_path(exchange);
        return NULL;
    }
    const struct proof proof = {.shown = secret};
    struct error error = {0};
    if (secret != NULL &&
        webhooks_try(gateway->webhooks, route, WEBHOOK_SECRET, try_text, &proof, &error) != STATUS_OK) {
        gateway_access_note_refusal(gateway->access, ACCESS_REFUSED_SIGNATURE, route->name,
                                    "the secret in the path is wrong");
        refuse_path(exchange);
        return NULL;
    }
    return route;
}

static bool check_media_type(struct http_exchange *exchange)
{
    if (media_type_is(http_exchange_header(exchange, "content-type"), "application/json")) {
        return true;
    }
    http_exchange_problem(exchange, 415, "unsupported-media-type", "The body's media type is not supported",
                          "Content-Type: expected application/json (GitHub: choose it as the webhook's content type)",
                          0);
    return false;
}

/* false: it has replied. */
static bool check_signature(struct gateway *gateway, struct http_exchange *exchange,
                            const struct settings_route *route, const char *body, size_t length)
{
    bool is_github = route->webhook->kind == SETTINGS_WEBHOOK_GITHUB;
    const struct proof proof = {
        .kind = route->webhook->kind,
        .shown = http_exchange_header(exchange, is_github ? "x-hub-signature-256" : "stripe-signature"),
        .body = body,
        .length = length,
    };
    struct error error = {0};
    if (webhooks_try(gateway->webhooks, route, WEBHOOK_SECRET, try_signature, &proof, &error) != STATUS_OK) {
        refuse_proof(gateway, exchange, route, error.text);
        return false;
    }
    return true;
}

static enum status read_event(const struct http_exchange *exchange, const struct settings_webhook *webhook,
                              const char *body, size_t length, struct webhook_event *out_event, struct error *error)
{
    switch (webhook->kind) {
    case SETTINGS_WEBHOOK_GITHUB:
        return webhook_event_of_github(http_exchange_header(exchange, "x-github-delivery"),
                                       http_exchange_header(exchange, "x-github-event"), out_event, error);
    case SETTINGS_WEBHOOK_STRIPE:
        return webhook_event_of_stripe(body, length, out_event, error);
    case SETTINGS_WEBHOOK_STRAVA:
        break;
    }
    return webhook_event_of_strava(body, length, webhook->subscription_id, out_event, error);
}

static void take(struct gateway *gateway, struct http_exchange *exchange, const struct settings_route *route,
                 const struct webhook_event *event)
{
    static const char ignored[] = "{\"outcome\":\"ignored\"}";
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    if (!webhook_wants(route->webhook, event->type)) {
        http_exchange_reply(exchange, 200, "application/json", NULL, 0, ignored, sizeof ignored - 1);
        return;
    }
    const struct plain_event plain = {
        .route = route,
        .message_id = event->id,
        .type = event->type,
        .body = body,
        .length = length,
        .reply = PLAIN_EVENT_REPLY_WEBHOOK,
    };
    gateway_take_plain_event(exchange, gateway, &plain);
}

void gateway_handle_webhook(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    const struct settings_route *route = find_route(gateway, exchange);
    struct webhook_event event = {0};
    struct error error = {0};
    if (route == NULL || !check_media_type(exchange)) {
        return;
    }
    if (route->webhook->kind != SETTINGS_WEBHOOK_STRAVA && !check_signature(gateway, exchange, route, body, length)) {
        return;
    }
    enum status status = read_event(exchange, route->webhook, body, length, &event, &error);
    if (status == STATUS_OK) {
        take(gateway, exchange, route, &event);
    } else if (status == STATUS_UNAUTHENTICATED) {
        refuse_proof(gateway, exchange, route, error.text);
    } else {
        gateway_reply_invalid(exchange, error.text);
    }
    webhook_event_deinit(&event);
}

/* Whoever subscribes tells Strava a text, which Strava tells us: https://developers.strava.com/docs/webhooks. */
void gateway_handle_webhook_challenge(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    const char *mode = http_exchange_query(exchange, "hub.mode");
    const char *challenge = http_exchange_query(exchange, "hub.challenge");
    const struct settings_route *route = find_route(gateway, exchange);
    struct error error = {0};
    if (route == NULL) {
        return;
    }
    char *quoted = challenge != NULL ? json_quote(challenge, strlen(challenge)) : NULL;
    const struct proof proof = {.shown = http_exchange_query(exchange, "hub.verify_token")};
    if (mode == NULL || strcmp(mode, "subscribe") != 0 || quoted == NULL) {
        gateway_reply_invalid(exchange, "expected hub.mode=subscribe, hub.verify_token and hub.challenge");
    } else if (webhooks_try(gateway->webhooks, route, WEBHOOK_VERIFY_TOKEN, try_text, &proof, &error) != STATUS_OK) {
        refuse_proof(gateway, exchange, route, "hub.verify_token is not the route's");
    } else {
        char *answer = memory_format("{\"hub.challenge\":%s}", quoted);
        http_exchange_reply(exchange, 200, "application/json", NULL, 0, answer, strlen(answer));
        free(answer);
    }
    free(quoted);
}

/* See check.h. */
#include "check.h"

#include <inttypes.h>

#include "base/memory.h"
#include "crypto/key_file.h"
#include "settings/access.h"
#include "settings/names.h"
#include "time_text.h"

static void print_queue_target(const struct settings_route *route, FILE *out)
{
    (void)fprintf(out, "route     %s: queue %s", route->name, route->queue);
    if (route->group != NULL) {
        (void)fprintf(out, ", group %s", route->group);
    }
    if (route->deduplication_id != NULL) {
        (void)fprintf(out, ", deduplication_id %s", route->deduplication_id);
    }
    if (route->delay_ms >= 0) {
        char delay[TIME_TEXT_SIZE];
        time_text_duration(route->delay_ms, delay);
        (void)fprintf(out, ", delay %s", delay);
    }
    (void)fputs("\n", out);
}

static void print_texts(const char *what, char *const *texts, size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%s%s", i == 0 ? what : " ", texts[i]);
    }
}

enum status check_key_files(const struct settings *settings, struct error *error)
{
    uint8_t key[CRYPTO_SEAL_KEY_SIZE];
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < settings->temporal.codec_key_count; i++) {
        const struct settings_codec_key *entry = &settings->temporal.codec_keys[i];
        status = crypto_key_file_read(entry->file, key, error);
        if (status != STATUS_OK) {
            error_prefix(error, "%s: temporal.codec: the key \"%s\": ", settings->path, entry->id);
        }
    }
    memory_wipe(key, sizeof key);
    return status;
}

static void print_codec(const struct settings_temporal *temporal, FILE *out)
{
    for (size_t i = 0; i < temporal->codec_key_count; i++) {
        const char *words = i == 0 ? "codec     aes_gcm, encrypts with the key " : ", decrypts with ";
        (void)fprintf(out, "%s\"%s\"", words, temporal->codec_keys[i].id);
    }
    if (temporal->codec_key_count > 0) {
        (void)fputs("\n", out);
    }
}

/* Names and scopes, never what they are. */
static void print_token(const struct settings_token *token, FILE *out)
{
    (void)fprintf(out, "token     %s: may", token->name);
    if (token->verbs == SETTINGS_VERBS_ALL) {
        (void)fputs(" do everything", out);
    }
    for (int verb = SETTINGS_VERB_EVENT; token->verbs != SETTINGS_VERBS_ALL && verb <= SETTINGS_VERB_DELETE; verb++) {
        if ((token->verbs & SETTINGS_VERB_BIT(verb)) != 0) {
            (void)fprintf(out, " %s", settings_verb_name((enum settings_verb)verb));
        }
    }
    print_texts(", routes ", token->routes, token->route_count, out);
    print_texts(", namespaces ", token->namespaces, token->namespace_count, out);
    if (token->rate > 0) {
        (void)fprintf(out, ", rate %" PRId64 " in %" PRId64 " s, burst %" PRId64, token->rate,
                      token->rate_period_ms / 1000, token->burst);
    }
    (void)fputs("\n", out);
}

static void print_access(const struct settings *settings, FILE *out)
{
    const struct settings_gateway *gateway = &settings->gateway;
    for (size_t i = 0; i < gateway->token_count; i++) {
        print_token(&gateway->tokens[i], out);
    }
    if (gateway->cors != NULL) {
        print_texts("origins   ", gateway->cors->origins, gateway->cors->origin_count, out);
        (void)fputs("\n", out);
    }
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct settings_webhook *webhook = settings->routes[i].webhook;
        if (webhook == NULL) {
            continue;
        }
        (void)fprintf(out, "webhook   %s: %s at /v1/webhooks/%s%s", settings->routes[i].name,
                      settings_webhook_kind_name(webhook->kind), settings->routes[i].name,
                      webhook->kind == SETTINGS_WEBHOOK_STRAVA ? "/SECRET" : "");
        print_texts(", events ", webhook->events, webhook->event_count, out);
        (void)fputs("\n", out);
    }
}

void check_print(const struct settings *settings, FILE *out)
{
    /* A closed terminal is nothing to act on: results of fprintf are not looked at here. */
    (void)fprintf(out, "file      %s\n", settings->path == NULL ? "none: defaults and environment" : settings->path);
    (void)fprintf(out, "temporal  %s, namespace %s%s\n", settings->temporal.address, settings->temporal.namespace_,
                  settings->temporal.tls ? ", TLS" : "");
    print_codec(&settings->temporal, out);
    for (size_t i = 0; i < settings->queue_count; i++) {
        const struct settings_queue *queue = &settings->queues[i];
        const struct settings_route *route = settings_find_route(settings, queue->routes[0]);
        bool by_group = route != NULL && settings_effective_order(queue, route) == SETTINGS_ORDER_GROUP;
        (void)fprintf(out, "queue     %s -> ", queue->url);
        for (size_t j = 0; j < queue->route_count; j++) {
            (void)fprintf(out, "%s%s", j == 0 ? "" : " | ", queue->routes[j]);
        }
        char visibility[TIME_TEXT_SIZE];
        time_text_duration(queue->visibility_ms, visibility);
        (void)fprintf(out, ", order %s, visibility %s\n", by_group ? "group" : "none", visibility);
    }
    if (settings->queue_count == 0) {
        (void)fprintf(out, "queue     none: the poller needs one (FERRY_QUEUE_URL)\n");
    }
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct settings_route *route = &settings->routes[i];
        if (route->target == SETTINGS_TARGET_SQS) {
            print_queue_target(route, out);
            continue;
        }
        (void)fprintf(out, "route     %s: workflow %s on %s, id %s%s%s, ack %s\n", route->name, route->workflow,
                      route->task_queue, route->id_prefix, *route->id_prefix == '\0' ? "" : "-", route->id,
                      settings_ack_name(route->ack));
    }
    print_access(settings, out);
}

/* A route's webhook: who sends it, and how that is proven. */
#include <stdlib.h>

#include "base/memory.h"
#include "loader.h"
#include "settings/access.h"

#define OVERLAP_DEFAULT_MS (300 * SETTINGS_SECOND_MS)
#define OVERLAP_MAX_MS (168 * SETTINGS_HOUR_MS)

static const char *const s_kinds[] = {"github", "stripe", "strava", NULL};
static const enum settings_webhook_kind s_values[] = {SETTINGS_WEBHOOK_GITHUB, SETTINGS_WEBHOOK_STRIPE,
                                                      SETTINGS_WEBHOOK_STRAVA};

const char *settings_webhook_kind_name(enum settings_webhook_kind kind)
{
    return s_kinds[kind];
}

static enum status read_kind(struct settings_webhook *webhook, const struct config_node *node, struct error *error)
{
    int kind = -1;
    SETTINGS_TRY(config_read_choice(node, "kind", s_kinds, &kind, error));
    if (kind < 0) {
        return config_error(node, error, "expected the key \"kind\": github, stripe or strava");
    }
    webhook->kind = s_values[kind];
    return STATUS_OK;
}

static enum status read_secret(struct settings_webhook *webhook, const struct config_node *node, struct error *error)
{
    SETTINGS_TRY(settings_read_text(node, "secret_file", settings_check_name, &webhook->secret_file, error));
    if (webhook->secret_file == NULL) {
        return config_error(node, error, "expected the key \"secret_file\": %s",
                            webhook->kind == SETTINGS_WEBHOOK_STRAVA
                                ? "the file with the unguessable end of the callback's path"
                                : "the file with the secret that signs the webhook");
    }
    webhook->line = config_line(config_get(node, "secret_file"));
    return config_read_duration_ms(node, "secret_overlap", 0, OVERLAP_MAX_MS, &webhook->overlap_ms, error);
}

/* What only Strava has. */
static enum status read_strava(struct settings_webhook *webhook, const struct config_node *node, struct error *error)
{
    static const char *const keys[] = {"verify_token_file", "subscription_id"};
    SETTINGS_TRY(
        settings_read_text(node, keys[0], settings_check_name, &webhook->verify_token_file, error));
    SETTINGS_TRY(config_read_integer(node, keys[1], 1, INT64_MAX, &webhook->subscription_id, error));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct config_node *value = config_get(node, keys[i]);
        if (value != NULL && webhook->kind != SETTINGS_WEBHOOK_STRAVA) {
            return config_error(value, error, "expected kind: strava beside \"%s\"", keys[i]);
        }
    }
    return STATUS_OK;
}

enum status settings_read_webhook(struct settings_route *route, const struct config_node *node, struct error *error)
{
    if (node == NULL) {
        return STATUS_OK;
    }
    SETTINGS_TRY(settings_expect_mapping(node, error));
    struct settings_webhook *webhook = memory_alloc(sizeof *webhook);
    webhook->overlap_ms = OVERLAP_DEFAULT_MS;
    route->webhook = webhook;
    SETTINGS_TRY(read_kind(webhook, node, error));
    SETTINGS_TRY(read_secret(webhook, node, error));
    SETTINGS_TRY(read_strava(webhook, node, error));
    return settings_read_texts(node, "events", settings_check_name, SETTINGS_EVENTS_MAX, &webhook->events,
                               &webhook->event_count, error);
}

void settings_webhook_destroy(struct settings_webhook *webhook)
{
    if (webhook == NULL) {
        return;
    }
    free(webhook->secret_file);
    free(webhook->verify_token_file);
    settings_free_texts(webhook->events, webhook->event_count);
    free(webhook);
}

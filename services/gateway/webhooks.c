/* See webhooks.h. */
#include "webhooks.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"
#include "settings/access.h"

struct webhook {
    struct secret *secret;       /* NULL: the route has no webhook */
    struct secret *verify_token; /* NULL: the secret */
};

struct webhooks {
    const struct settings *settings;
    struct webhook *list; /* in the order of the settings' routes */
};

static enum status read(const struct settings *settings, const struct settings_route *route, const char *key,
                        const char *path, struct secret **out_secret, struct error *error)
{
    enum status status = secret_new_from_file(path, route->webhook->overlap_ms, out_secret, error);
    if (status != STATUS_OK) {
        error_prefix(error, "%s:%d: routes.%s.webhook.%s: ", settings->path, route->webhook->line, route->name, key);
    }
    return status;
}

enum status webhooks_new(const struct settings *settings, struct webhooks **out_webhooks, struct error *error)
{
    struct webhooks *webhooks = memory_alloc(sizeof *webhooks);
    enum status status = STATUS_OK;
    webhooks->settings = settings;
    webhooks->list = memory_alloc_array(settings->route_count, sizeof *webhooks->list);
    for (size_t i = 0; status == STATUS_OK && i < settings->route_count; i++) {
        const struct settings_route *route = &settings->routes[i];
        if (route->webhook == NULL) {
            continue;
        }
        status = read(settings, route, "secret_file", route->webhook->secret_file, &webhooks->list[i].secret, error);
        if (status == STATUS_OK && route->webhook->verify_token_file != NULL) {
            status = read(settings, route, "verify_token_file", route->webhook->verify_token_file,
                          &webhooks->list[i].verify_token, error);
        }
    }
    if (status == STATUS_OK) {
        *out_webhooks = webhooks;
        webhooks = NULL;
    }
    webhooks_destroy(webhooks);
    return status;
}

void webhooks_destroy(struct webhooks *webhooks)
{
    if (webhooks == NULL) {
        return;
    }
    for (size_t i = 0; i < webhooks->settings->route_count; i++) {
        secret_destroy(webhooks->list[i].secret);
        secret_destroy(webhooks->list[i].verify_token);
    }
    free(webhooks->list);
    free(webhooks);
}

/* The secret now, and the one before. */
static enum status try_both(struct secret *secret, int64_t now_ms, webhook_try_fn *try, const void *user,
                            struct error *error)
{
    struct error ignored = {0};
    char *current = secret_current(secret, now_ms);
    char *previous = secret_previous(secret, now_ms);
    enum status status = try(user, current, error);
    if (status != STATUS_OK && previous != NULL && try(user, previous, &ignored) == STATUS_OK) {
        status = STATUS_OK;
    }
    secret_wipe(current);
    secret_wipe(previous);
    return status;
}

enum status webhooks_try(const struct webhooks *webhooks, const struct settings_route *route,
                         enum webhook_secret which, webhook_try_fn *try, const void *user, struct error *error)
{
    const struct webhook *webhook = &webhooks->list[route - webhooks->settings->routes];
    bool is_verify = which == WEBHOOK_VERIFY_TOKEN && webhook->verify_token != NULL;
    struct secret *secret = is_verify ? webhook->verify_token : webhook->secret;
    int64_t now_ms = clock_monotonic_ms();
    CHECK(secret != NULL);
    enum status status = STATUS_OK;
    do {
        status = try_both(secret, now_ms, try, user, error);
    } while (status != STATUS_OK && secret_look_again(secret, now_ms));
    return status;
}

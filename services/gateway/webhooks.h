/* The secrets of the routes' webhooks, read again when their files change. */
#ifndef GATEWAY_WEBHOOKS_H
#define GATEWAY_WEBHOOKS_H

#include "base/error.h"
#include "settings/settings.h"

struct webhooks;

/* settings outlive it. INVALID_ARGUMENT: a file cannot be read. */
MUST_CHECK enum status webhooks_new(const struct settings *settings, struct webhooks **out_webhooks,
                                    struct error *error);
void webhooks_destroy(struct webhooks *webhooks); /* wipes; NULL is fine */

enum webhook_secret {
    WEBHOOK_SECRET,      /* secret_file */
    WEBHOOK_VERIFY_TOKEN /* verify_token_file, else the same */
};

/* OK: this secret is the right one. */
typedef enum status webhook_try_fn(const void *user, const char *secret, struct error *error);
/* Tries the secret now, the one before while its overlap lasts, and, if neither is right, what the file holds by now.
 * Else the error is that of the secret now. The route has a webhook. Any thread. */
MUST_CHECK enum status webhooks_try(const struct webhooks *webhooks, const struct settings_route *route,
                                    enum webhook_secret which, webhook_try_fn *try, const void *user,
                                    struct error *error);

#endif

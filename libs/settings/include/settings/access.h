/* What the configuration says of who may call the gateway: tokens with scopes, browsers' origins, webhooks.
 * Parts of struct settings, which owns them. */
#ifndef SETTINGS_ACCESS_H
#define SETTINGS_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTINGS_TOKENS_MAX 64
#define SETTINGS_SCOPE_MAX 64  /* routes, namespaces of a token; origins */
#define SETTINGS_EVENTS_MAX 64 /* kinds of events of a webhook */
/* The name in logs and metrics of the one token of gateway.token_file, which may do everything. */
#define SETTINGS_TOKEN_DEFAULT "default"
#define SETTINGS_ANY "*" /* as the one namespace of a token: all of them */

/* What a token can be allowed, as the gateway's routes need it. */
enum settings_verb {
    SETTINGS_VERB_EVENT = 1,
    SETTINGS_VERB_WAIT,
    SETTINGS_VERB_READ,
    SETTINGS_VERB_START,
    SETTINGS_VERB_SIGNAL,
    SETTINGS_VERB_QUERY,
    SETTINGS_VERB_UPDATE,
    SETTINGS_VERB_CANCEL,
    SETTINGS_VERB_TERMINATE,
    SETTINGS_VERB_RESET,
    SETTINGS_VERB_DELETE
};

#define SETTINGS_VERB_COUNT 11
#define SETTINGS_VERB_BIT(verb) (1U << (unsigned)(verb))
#define SETTINGS_VERBS_ALL (((1U << SETTINGS_VERB_COUNT) - 1) << 1)

/* "event" ...: as the configuration writes it. */
const char *settings_verb_name(enum settings_verb verb);

struct settings_token {
    char *name;
    char *file;  /* what holds it; read by who asks for tokens */
    int line;    /* where settings.path names the file */
    unsigned verbs; /* SETTINGS_VERB_BITs */
    char **routes;  /* NULL: all */
    size_t route_count;
    char **namespaces; /* NULL: temporal.namespace and those of the token's routes */
    size_t namespace_count;
    int64_t rate;           /* requests in rate_period_ms; 0: no limit */
    int64_t rate_period_ms; /* a second, a minute, an hour */
    int64_t burst;          /* requests at once after a pause; at least 1 */
};

/* Cross-origin requests of browsers. */
struct settings_cors {
    char **origins; /* "https://app.example": at least one */
    size_t origin_count;
    int64_t max_age_ms; /* how long a browser remembers what it may; 10 min */
};

enum settings_webhook_kind { SETTINGS_WEBHOOK_GITHUB, SETTINGS_WEBHOOK_STRIPE, SETTINGS_WEBHOOK_STRAVA };

struct settings_webhook {
    enum settings_webhook_kind kind;
    char *secret_file;  /* github, stripe: the signatures' key; strava: the path's last segment */
    int line;           /* where settings.path names the file */
    int64_t overlap_ms; /* how long the secret before a change is good, 5 min */
    char **events;      /* kinds that are taken, others are answered and dropped; NULL: all, but github's "ping" */
    size_t event_count;
    char *verify_token_file; /* strava: what a subscription's maker gives as verify_token; NULL: the secret */
    int64_t subscription_id; /* strava; 0: any */
};

/* "github" ... */
const char *settings_webhook_kind_name(enum settings_webhook_kind kind);

#endif

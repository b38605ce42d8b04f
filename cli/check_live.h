/* `ferry check --live`: what SQS, Temporal and the gateway say about the configuration. Nothing is changed and no
 * message is received. */
#ifndef CLI_CHECK_LIVE_H
#define CLI_CHECK_LIVE_H

#include "finding.h"
#include "settings/settings.h"

/* Retentions of the namespaces that routes start in, for what is compared with queues. */
struct check_retention {
    const char *namespace_name;
    int64_t retention_ms; /* 0: not known */
};
struct check_retentions {
    struct check_retention entries[SETTINGS_ROUTES_MAX + 1];
    size_t count;
};

/* Temporal first: it fills out_retentions. */
void check_temporal(const struct settings *settings, struct findings *findings,
                    struct check_retentions *out_retentions);
void check_queues(const struct settings *settings, const struct check_retentions *retentions,
                  struct findings *findings);
void check_gateway_live(const struct settings *settings, struct findings *findings);

#endif

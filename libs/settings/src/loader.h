/* What the steps of settings_load hand to each other: defaults, file, environment, cross-checks. */
#ifndef SETTINGS_LOADER_H
#define SETTINGS_LOADER_H

#include "base/config.h"
#include "settings/settings.h"

/* One load. The nodes say where in the file a route or queue stands; NULL: it is not from the file. */
struct settings_loader {
    struct settings *settings;
    const struct config_node *temporal_node;
    const struct config_node *gateway_node;
    const struct config_node *route_nodes[SETTINGS_ROUTES_MAX];
    const struct config_node *queue_nodes[SETTINGS_QUEUES_MAX];
    bool tls_is_set; /* said in words, by the file or the environment */
    bool on_failed_is_set[SETTINGS_ROUTES_MAX]; /* else settings_complete chooses */
    bool on_canceled_is_set[SETTINGS_ROUTES_MAX];
};

/* The file's sections into loader->settings, which holds the defaults. */
MUST_CHECK enum status settings_read_file(struct settings_loader *loader, const struct config_node *root,
                                          struct error *error);
/* Environment variables over it. An empty variable is as good as none. */
MUST_CHECK enum status settings_read_environment(struct settings_loader *loader, struct error *error);
/* Contradictions between settings. */
MUST_CHECK enum status settings_check(const struct settings_loader *loader, struct error *error);

/* The defaults of a route but for its task queue, which is the worker's; `hello-world` has more than others. */
void settings_route_init(struct settings_route *route, const char *name);
void settings_route_deinit(struct settings_route *route);
void settings_queue_init(struct settings_queue *queue);
void settings_queue_deinit(struct settings_queue *queue);
/* The queue's only route is this one. */
void settings_queue_set_route(struct settings_queue *queue, const char *route);

/* What may be left out and depends on other settings: queue names, on_failed. */
void settings_complete(struct settings_loader *loader);

/* Sections with files of their own (file_routes.c, file_queues.c). node NULL: the section is not there. */
MUST_CHECK enum status settings_read_routes(struct settings_loader *loader, const struct config_node *node,
                                            struct error *error);
MUST_CHECK enum status settings_read_queues(struct settings_loader *loader, const struct config_node *node,
                                            struct error *error);

/* node: temporal.codec (file_codec.c). */
MUST_CHECK enum status settings_read_codec(struct settings_temporal *temporal, const struct config_node *node,
                                           struct error *error);
void settings_codec_deinit(struct settings_temporal *temporal);

/* What a route with target: sqs has: queue, group, deduplication_id, delay; and that no other has them, nor it theirs.
 * node: the route's mapping, whose other keys are read. */
MUST_CHECK enum status settings_read_queue_target(struct settings_route *route, const struct config_node *node,
                                                  struct error *error);

/* Who may call the gateway (file_access.c); node: gateway.tokens, gateway.cors. The routes are read already. */
MUST_CHECK enum status settings_read_tokens(struct settings_loader *loader, const struct config_node *node,
                                            struct error *error);
MUST_CHECK enum status settings_read_cors(struct settings_loader *loader, const struct config_node *node,
                                          struct error *error);
void settings_access_deinit(struct settings_gateway *gateway);
/* node: the route's `webhook`. */
MUST_CHECK enum status settings_read_webhook(struct settings_route *route, const struct config_node *node,
                                             struct error *error);
void settings_webhook_destroy(struct settings_webhook *webhook); /* NULL is fine */

/* The route's schema file and filter, compiled. node: the route's mapping. */
MUST_CHECK enum status settings_compile_rules(struct settings_route *route, const struct config_node *node,
                                              struct error *error);

#define SETTINGS_SECOND_MS ((int64_t)1000)
#define SETTINGS_HOUR_MS (3600 * SETTINGS_SECOND_MS)

/* Leaves the function with the first status that is not OK. */
#define SETTINGS_TRY(call)               \
    do {                                 \
        enum status status_ = (call);    \
        if (status_ != STATUS_OK) {      \
            return status_;              \
        }                                \
    } while (0)

/* INVALID_ARGUMENT unless node is a mapping; NULL (the key is not there) is fine. */
MUST_CHECK enum status settings_expect_mapping(const struct config_node *node, struct error *error);
/* Reads a text and checks it; errors say where it stands. */
typedef enum status settings_check_fn(const char *value, struct error *error);
MUST_CHECK enum status settings_read_text(const struct config_node *mapping, const char *key, settings_check_fn *check,
                                          char **text, struct error *error);
/* Reads a list of texts, each of its own and each checked. The key is not there: outputs stay as they are. */
MUST_CHECK enum status settings_read_texts(const struct config_node *mapping, const char *key,
                                           settings_check_fn *check, size_t maximum, char ***out_texts,
                                           size_t *out_count, struct error *error);
void settings_free_texts(char **texts, size_t count);
/* return, delete, dead_letter. *out_is_set: whether the key is there. */
MUST_CHECK enum status settings_read_closed_action(const struct config_node *mapping, const char *key,
                                                   enum settings_closed_action *action, bool *out_is_set,
                                                   struct error *error);
MUST_CHECK enum status settings_check_name(const char *value, struct error *error); /* 1 to 1,000 bytes */

void settings_replace(char **text, const char *value); /* frees the old one, copies the new one (NULL: none) */
void settings_replace_secret(char **text, char *value); /* wipes and frees the old one, takes the new one */

/* A secret from a file: white space at its end is cut off. INVALID_ARGUMENT: unreadable, empty or over 64 KiB. */
MUST_CHECK enum status settings_read_secret_file(const char *path, char **out_secret, struct error *error);

/* INVALID_ARGUMENT with "expected ..., found ..." when value is none. */
MUST_CHECK enum status settings_check_listen(const char *value, struct error *error);
MUST_CHECK enum status settings_check_host_port(const char *value, struct error *error);
MUST_CHECK enum status settings_check_http_url(const char *value, struct error *error);
MUST_CHECK enum status settings_check_route_name(const char *value, struct error *error);
MUST_CHECK enum status settings_check_queue_name(const char *value, struct error *error);

#endif

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

void settings_replace(char **text, const char *value); /* frees the old one, copies the new one (NULL: none) */
void settings_replace_secret(char **text, char *value); /* wipes and frees the old one, takes the new one */

/* A secret from a file: white space at its end is cut off. INVALID_ARGUMENT: unreadable, empty or over 64 KiB. */
MUST_CHECK enum status settings_read_secret_file(const char *path, char **out_secret, struct error *error);

/* INVALID_ARGUMENT with "expected ..., found ..." when value is none. */
MUST_CHECK enum status settings_check_listen(const char *value, struct error *error);
MUST_CHECK enum status settings_check_host_port(const char *value, struct error *error);
MUST_CHECK enum status settings_check_http_url(const char *value, struct error *error);
MUST_CHECK enum status settings_check_queue_url(const char *value, struct error *error);
MUST_CHECK enum status settings_check_route_name(const char *value, struct error *error);

#endif

/* The tree that a configuration file becomes. Private to base: built by config_parse.c, read by config.c and
 * config_read.c. */
#ifndef BASE_SRC_CONFIG_TREE_H
#define BASE_SRC_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "base/map.h"

enum config_kind {
    CONFIG_KIND_EMPTY, /* `key:` with nothing behind it, ~ or null: an empty mapping, an empty list, no scalar */
    CONFIG_KIND_SCALAR,
    CONFIG_KIND_LIST,
    CONFIG_KIND_MAPPING
};

/* What readers leave behind in a mapping; apart from the node because reading takes the node as const. */
struct config_marks {
    struct map *asked; /* key → anything: who was asked for, also in vain */
};

struct config_node {
    enum config_kind kind;
    const struct config *config;
    const struct config_node *parent; /* NULL: the top */
    const char *key;                  /* in the parent's mapping; owned by its keys; NULL in a list */
    size_t index;                     /* in the parent */
    int line;                         /* from 1 */

    char *text;          /* scalar */
    bool is_substituted; /* scalar: holds a variable's value, which errors do not show */

    struct config_node **items; /* list and mapping; owned */
    char **keys;                /* mapping; owned, beside items */
    size_t count;
    size_t capacity;
    struct map *items_by_key; /* mapping */
    struct config_marks *marks;
};

struct config {
    char *name; /* stands for the file in errors */
    struct config_node *root;
    size_t expanded_bytes; /* of variables so far: bounded like the file */
};

struct config_node *config_node_new(const struct config *config, const struct config_node *parent,
                                    enum config_kind kind, int line);
void config_node_destroy(struct config_node *node);
/* Takes item; key is copied (NULL in a list). */
void config_node_add(struct config_node *node, const char *key, struct config_node *take_item);

#endif

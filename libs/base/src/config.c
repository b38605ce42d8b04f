/* The configuration's tree: nodes, queries, marks of what was read, and errors that say where. */
#include "base/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"
#include "config_tree.h"

struct config_node *config_node_new(const struct config *config, const struct config_node *parent,
                                    enum config_kind kind, int line)
{
    struct config_node *node = memory_alloc(sizeof *node);
    node->kind = kind;
    node->config = config;
    node->parent = parent;
    node->line = line;
    if (kind == CONFIG_KIND_MAPPING) {
        node->items_by_key = map_new();
    }
    if (kind == CONFIG_KIND_MAPPING || kind == CONFIG_KIND_EMPTY) {
        node->marks = memory_alloc(sizeof *node->marks);
        node->marks->asked = map_new();
    }
    return node;
}

void config_node_destroy(struct config_node *node)
{
    if (node == NULL) {
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        config_node_destroy(node->items[i]);
        if (node->keys != NULL) {
            free(node->keys[i]);
        }
    }
    free(node->items);
    free(node->keys);
    map_destroy(node->items_by_key);
    if (node->marks != NULL) {
        map_destroy(node->marks->asked);
        free(node->marks);
    }
    if (node->is_substituted) {
        memory_wipe_string(node->text); /* may be a secret */
    }
    free(node->text);
    free(node);
}

void config_node_add(struct config_node *node, const char *key, struct config_node *take_item)
{
    CHECK((node->kind == CONFIG_KIND_MAPPING) == (key != NULL));
    if (node->count == node->capacity) {
        node->capacity = node->capacity == 0 ? 8 : node->capacity * 2;
        node->items = memory_resize_array(node->items, node->capacity, sizeof(struct config_node *));
        if (key != NULL) {
            node->keys = memory_resize_array(node->keys, node->capacity, sizeof(char *));
        }
    }
    take_item->index = node->count;
    node->items[node->count] = take_item;
    if (key != NULL) {
        node->keys[node->count] = memory_copy_string(key);
        take_item->key = node->keys[node->count];
        CHECK(map_put(node->items_by_key, key, take_item) == NULL);
    }
    node->count++;
}

void config_destroy(struct config *config)
{
    if (config == NULL) {
        return;
    }
    config_node_destroy(config->root);
    free(config->name);
    free(config);
}

const struct config_node *config_root(const struct config *config)
{
    return config->root;
}

static void mark_asked(const struct config_node *mapping, const char *key)
{
    map_put(mapping->marks->asked, key, mapping->marks);
}

const struct config_node *config_get(const struct config_node *mapping, const char *key)
{
    if (!config_is_mapping(mapping)) {
        return NULL;
    }
    mark_asked(mapping, key);
    return mapping->items_by_key == NULL ? NULL : map_get(mapping->items_by_key, key);
}

bool config_is_mapping(const struct config_node *node)
{
    return node != NULL && (node->kind == CONFIG_KIND_MAPPING || node->kind == CONFIG_KIND_EMPTY);
}

bool config_is_list(const struct config_node *node)
{
    return node != NULL && (node->kind == CONFIG_KIND_LIST || node->kind == CONFIG_KIND_EMPTY);
}

bool config_is_scalar(const struct config_node *node)
{
    return node != NULL && node->kind == CONFIG_KIND_SCALAR;
}

size_t config_count(const struct config_node *node)
{
    return node == NULL ? 0 : node->count;
}

const struct config_node *config_item(const struct config_node *list, size_t index)
{
    return config_is_list(list) && index < list->count ? list->items[index] : NULL;
}

const char *config_key(const struct config_node *mapping, size_t index)
{
    return config_is_mapping(mapping) && index < mapping->count ? mapping->keys[index] : NULL;
}

const struct config_node *config_value(const struct config_node *mapping, size_t index)
{
    const char *key = config_key(mapping, index);
    return key == NULL ? NULL : config_get(mapping, key);
}

int config_line(const struct config_node *node)
{
    return node == NULL ? 0 : node->line;
}

const char *config_scalar(const struct config_node *node)
{
    return config_is_scalar(node) ? node->text : NULL;
}

#define PATH_MAX_BYTES ((size_t)256)

/* queues[0].visibility; empty for the top. What does not fit is left out. */
static void append_path(struct buffer *path, const struct config_node *node)
{
    if (node->parent == NULL) {
        return; /* the depth is bounded by CONFIG_DEPTH_MAX, and so is this recursion */
    }
    append_path(path, node->parent);
    bool has_room = false;
    if (node->key == NULL) {
        has_room = buffer_append_format(path, "[%zu]", node->index);
    } else {
        has_room = buffer_append_format(path, "%s%.60s", path->length > 0 ? "." : "", node->key);
    }
    (void)has_room; /* a path that is too long stays cut: the line says the rest */
}

enum status config_error(const struct config_node *node, struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error_set_v(error, STATUS_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);

    struct buffer path;
    buffer_init(&path, PATH_MAX_BYTES);
    append_path(&path, node);
    error_prefix(error, "%s:%d: %s%s", node->config->name, node->line, path.length > 0 ? path.data : "",
                 path.length > 0 ? ": " : "");
    buffer_deinit(&path);
    return STATUS_INVALID_ARGUMENT;
}

static enum status unknown_key(const struct config_node *item, struct error *error)
{
    struct buffer known;
    buffer_init(&known, ERROR_TEXT_SIZE);
    size_t position = 0;
    const char *key = NULL;
    bool has_room = true;
    while (has_room && map_next(item->parent->marks->asked, &position, &key, NULL)) {
        has_room = buffer_append_format(&known, "%s%s", known.length > 0 ? ", " : "", key);
    }
    enum status status = known.length > 0 ? config_error(item, error, "unknown key; known here: %s", known.data)
                                          : config_error(item, error, "unknown key; nothing is expected here");
    buffer_deinit(&known);
    return status;
}

enum status config_check_unknown(const struct config_node *node, struct error *error)
{
    for (size_t i = 0; i < config_count(node); i++) {
        const struct config_node *item = node->items[i];
        if (node->kind == CONFIG_KIND_MAPPING && map_get(node->marks->asked, item->key) == NULL) {
            return unknown_key(item, error);
        }
        enum status status = config_check_unknown(item, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

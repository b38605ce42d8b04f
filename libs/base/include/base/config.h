/* One YAML file as a tree that remembers its lines, so that every error names file, line and the key's path.
 * ${VAR} and ${VAR:default} in plain and double-quoted scalars are replaced from the environment; $${ is a literal ${.
 * With a default, an empty variable counts as unset. What came from a variable is never shown in errors, and wiped.
 * `key:` with nothing behind it (or ~, or null) is an empty mapping and an empty list at once, and no scalar.
 * Reading marks keys as known; config_check_unknown() then reports the first key that nobody asked for. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define CONFIG_FILE_MAX ((size_t)1 << 20)
#define CONFIG_DEPTH_MAX 16

struct config;      /* a whole file */
struct config_node; /* a mapping, a list or a scalar in it; lives as long as its config */

/* INVALID_ARGUMENT: not there, over a limit, not YAML, a key twice, an alias or tag, an unset variable without
 * default: with "file:line: key.path: what was expected". */
MUST_CHECK enum status config_load(const char *path, struct config **out_config, struct error *error);
/* name stands for the file in errors. */
MUST_CHECK enum status config_parse(const char *text, const char *name, struct config **out_config,
                                    struct error *error);
void config_destroy(struct config *config); /* NULL is fine */

/* The top mapping; an empty file gives an empty mapping. */
const struct config_node *config_root(const struct config *config);

/* NULL: the key is not there (or mapping is NULL, or is no mapping). Marks the key as known. */
const struct config_node *config_get(const struct config_node *mapping, const char *key);
bool config_is_mapping(const struct config_node *node);
bool config_is_list(const struct config_node *node);
bool config_is_scalar(const struct config_node *node);
size_t config_count(const struct config_node *node);                               /* entries of a mapping or list */
const struct config_node *config_item(const struct config_node *list, size_t index);
const char *config_key(const struct config_node *mapping, size_t index);           /* and its key, for mappings */
const struct config_node *config_value(const struct config_node *mapping, size_t index); /* marks the key as known */
int config_line(const struct config_node *node);

/* Typed readers. A key that is not there leaves *out as it is (the default) and is STATUS_OK. A wrong type or a value
 * outside min..max is INVALID_ARGUMENT. */
MUST_CHECK enum status config_read_string(const struct config_node *mapping, const char *key, char **out,
                                          struct error *error); /* frees the old *out; the new one is the caller's */
MUST_CHECK enum status config_read_integer(const struct config_node *mapping, const char *key, int64_t minimum,
                                           int64_t maximum, int64_t *out, struct error *error);
MUST_CHECK enum status config_read_boolean(const struct config_node *mapping, const char *key, bool *out,
                                           struct error *error);
/* "500ms", "60s", "10m", "12h", or a bare number of seconds. */
MUST_CHECK enum status config_read_duration_ms(const struct config_node *mapping, const char *key, int64_t minimum_ms,
                                               int64_t maximum_ms, int64_t *out_ms, struct error *error);
/* "64MiB", "10KiB", "1048576". */
MUST_CHECK enum status config_read_bytes(const struct config_node *mapping, const char *key, int64_t minimum,
                                         int64_t maximum, int64_t *out, struct error *error);
/* names ends with NULL; *out becomes the index. The error lists the names. */
MUST_CHECK enum status config_read_choice(const struct config_node *mapping, const char *key, const char *const *names,
                                          int *out, struct error *error);
/* The text of a scalar node itself (list items). NULL when it is none. Borrowed. */
const char *config_scalar(const struct config_node *node);

/* Sets error to "file:line: key.path: ..." and returns INVALID_ARGUMENT. */
enum status config_error(const struct config_node *node, struct error *error, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* INVALID_ARGUMENT for the first key below node that nobody read, with the known keys beside it. */
MUST_CHECK enum status config_check_unknown(const struct config_node *node, struct error *error);

#endif

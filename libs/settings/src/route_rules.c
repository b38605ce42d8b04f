/* What a route's schema file and filter hold, compiled; errors name the key and the place in the schema or filter. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "loader.h"
#include "rules/event_pattern.h"
#include "rules/json_schema.h"
#include "rules/json_value.h"

#define SCHEMA_FILE_MAX ((size_t)4 << 20)

/* The whole file, zero-terminated beyond *out_length; free() it. */
static enum status read_file(const char *path, char **out_text, size_t *out_length, struct error *error)
{
    enum status status = STATUS_OK;
    struct stat facts;
    char *text = NULL;
    size_t length = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &facts) != 0) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "%s cannot be read: %s", path, strerrordesc_np(errno));
        goto done;
    }
    if (!S_ISREG(facts.st_mode) || facts.st_size < 0 || (size_t)facts.st_size > SCHEMA_FILE_MAX) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "%s is no file of at most %zu bytes", path,
                           SCHEMA_FILE_MAX);
        goto done;
    }
    text = memory_alloc((size_t)facts.st_size + 1);
    while (length < (size_t)facts.st_size) {
        ssize_t got = read(file, text + length, (size_t)facts.st_size - length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "%s cannot be read: %s", path, strerrordesc_np(errno));
            goto done;
        }
        if (got == 0) {
            break; /* it has become shorter */
        }
        length += (size_t)got;
    }
    *out_text = text;
    *out_length = length;
    text = NULL;
done:
    free(text);
    if (file >= 0) {
        (void)close(file); /* only read from */
    }
    return status;
}

/* out_text: what the file holds; free() it. */
static enum status compile_schema(const char *path, struct json_schema **out_schema, char **out_text,
                                  struct error *error)
{
    char *text = NULL;
    size_t length = 0;
    json_t *value = NULL;
    enum status status = read_file(path, &text, &length, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = json_value_parse(text, length, &value, error);
    if (status == STATUS_OK) {
        status = json_schema_compile(value, out_schema, error);
    }
    if (status != STATUS_OK) {
        error_prefix(error, "%s: ", path);
    } else {
        *out_text = text;
        text = NULL;
    }
    json_decref(value);
    free(text);
    return status;
}

static enum status compile_filter(const char *text, struct event_pattern **out_pattern, struct error *error)
{
    json_t *value = NULL;
    enum status status = json_value_parse(text, strlen(text), &value, error);
    if (status == STATUS_OK) {
        status = event_pattern_compile(value, out_pattern, error);
    }
    json_decref(value);
    return status;
}

enum status settings_compile_rules(struct settings_route *route, const struct config_node *node, struct error *error)
{
    struct error why = {0};
    if (route->schema_file != NULL &&
        compile_schema(route->schema_file, &route->schema, &route->schema_text, &why) != STATUS_OK) {
        return config_error(config_get(node, "schema"), error, "%s", why.text);
    }
    if (route->filter != NULL && compile_filter(route->filter, &route->pattern, &why) != STATUS_OK) {
        return config_error(config_get(node, "filter"), error, "%s", why.text);
    }
    return STATUS_OK;
}

/* YAML into the configuration's tree, by libyaml's events. What a configuration does not need is refused: anchors,
 * aliases, tags, keys that are no scalars, keys twice, several documents. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/config.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "config_tree.h"

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    bool has_event;
    struct config *config;
    struct error *error;
};

static int line_of(yaml_mark_t mark)
{
    return (int)(mark.line < CONFIG_FILE_MAX ? mark.line + 1 : CONFIG_FILE_MAX);
}

static enum status yaml_error(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem == NULL ? "not understood" : parser->problem;
    if (parser->error == YAML_READER_ERROR) { /* these have an offset only */
        return error_set(reader->error, STATUS_INVALID_ARGUMENT, "%s: at byte %zu: not UTF-8 text: %s",
                         reader->config->name, parser->problem_offset, problem);
    }
    return error_set(reader->error, STATUS_INVALID_ARGUMENT, "%s:%d: not valid YAML: %s%s%s", reader->config->name,
                     line_of(parser->problem_mark), problem, parser->context == NULL ? "" : ", ",
                     parser->context == NULL ? "" : parser->context);
}

static void drop_event(struct reader *reader)
{
    if (reader->has_event) {
        yaml_event_delete(&reader->event);
        reader->has_event = false;
    }
}

static enum status next_event(struct reader *reader)
{
    drop_event(reader);
    if (yaml_parser_parse(&reader->parser, &reader->event) == 0) {
        return yaml_error(reader);
    }
    reader->has_event = true;
    return STATUS_OK;
}

static bool is_name_byte(char character, bool is_first)
{
    return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') || character == '_' ||
           (!is_first && character >= '0' && character <= '9');
}

/* Appends the value of the variable at text (behind "${") and moves *position behind its "}". An empty variable
 * counts as unset where there is a default. */
static enum status expand_variable(struct config_node *node, const char *text, size_t *position, struct buffer *out,
                                   struct error *error)
{
    size_t name_length = 0;
    while (is_name_byte(text[*position + name_length], name_length == 0)) {
        name_length++;
    }
    const char *behind = text + *position + name_length;
    const char *end = *behind == ':' ? strchr(behind, '}') : behind;
    if (name_length == 0 || end == NULL || *end != '}') {
        return config_error(node, error, "expected ${NAME} or ${NAME:default}; write $${ for a literal ${");
    }
    char *name = memory_copy(text + *position, name_length);
    const char *value = getenv(name);
    bool has_default = *behind == ':';
    bool use_default = has_default && (value == NULL || value[0] == '\0');
    bool is_valid = value == NULL || utf8_is_valid(value, strlen(value));
    enum status status = STATUS_OK;
    if (value == NULL && !has_default) {
        status = config_error(node, error, "environment variable %.100s is not set; ${%.100s:...} gives a default",
                              name, name);
    } else if (!is_valid) {
        status = config_error(node, error, "environment variable %.100s is not UTF-8 text", name);
    } else {
        const char *bytes = use_default ? behind + 1 : value;
        size_t length = use_default ? (size_t)(end - behind - 1) : strlen(value);
        if (!buffer_append(out, bytes, length)) {
            status = config_error(node, error, "the variables' values are over %zu bytes", CONFIG_FILE_MAX);
        }
        node->is_substituted = node->is_substituted || !use_default;
    }
    free(name);
    *position = (size_t)(end - text) + 1;
    return status;
}

/* Replaces ${VAR}, ${VAR:default} and $${ in the scalar. */
static enum status expand_scalar(struct config *config, struct config_node *node, struct error *error)
{
    if (strstr(node->text, "${") == NULL) {
        return STATUS_OK;
    }
    enum status status = STATUS_OK;
    struct buffer out;
    buffer_init(&out, CONFIG_FILE_MAX - config->expanded_bytes);
    const char *text = node->text;
    size_t position = 0;
    while (status == STATUS_OK && text[position] != '\0') {
        bool has_room = true;
        if (strncmp(text + position, "$${", 3) == 0) {
            has_room = buffer_append(&out, "${", 2);
            position += 3;
        } else if (strncmp(text + position, "${", 2) == 0) {
            position += 2;
            status = expand_variable(node, text, &position, &out, error);
        } else {
            has_room = buffer_append(&out, text + position, 1);
            position++;
        }
        if (!has_room) {
            status = config_error(node, error, "the variables' values are over %zu bytes", CONFIG_FILE_MAX);
        }
    }
    if (status == STATUS_OK) {
        config->expanded_bytes += out.length;
        free(node->text);
        node->text = buffer_take(&out, NULL);
    } else if (out.data != NULL) {
        memory_wipe(out.data, out.length);
    }
    buffer_deinit(&out);
    return status;
}

static bool is_empty_scalar(const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static enum status read_scalar(struct reader *reader, struct config_node *node)
{
    const yaml_event_t *event = &reader->event;
    const char *text = (const char *)event->data.scalar.value;
    if (node->kind == CONFIG_KIND_EMPTY) {
        return STATUS_OK;
    }
    if (memchr(text, '\0', event->data.scalar.length) != NULL) {
        return config_error(node, reader->error, "a zero byte has no place in a text");
    }
    node->text = memory_copy(text, event->data.scalar.length);
    bool is_expanded = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ||
                       event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    return is_expanded ? expand_scalar(reader->config, node, reader->error) : STATUS_OK;
}

/* Which kind of node the current event starts; refuses what no node may have. */
static enum status classify(struct reader *reader, const struct config_node *place, enum config_kind *out_kind)
{
    const yaml_event_t *event = &reader->event;
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    enum config_kind kind = CONFIG_KIND_EMPTY;
    if (event->type == YAML_SCALAR_EVENT) {
        kind = is_empty_scalar(event) ? CONFIG_KIND_EMPTY : CONFIG_KIND_SCALAR;
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        kind = CONFIG_KIND_LIST;
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        kind = CONFIG_KIND_MAPPING;
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    } else {
        return config_error(place, reader->error, "YAML aliases (*name) are not allowed here");
    }
    if (anchor != NULL) {
        return config_error(place, reader->error, "YAML anchors (&name) are not allowed here");
    }
    if (tag != NULL) {
        return config_error(place, reader->error, "YAML tags (!name) are not allowed here");
    }
    *out_kind = kind;
    return STATUS_OK;
}

static enum status read_items(struct reader *reader, struct config_node *node, int depth);

/* The current event starts a node; reads all of it. key: its name in parent, NULL in a list and for the top.
 * depth: how many containers are around it; it bounds the recursion through read_items. */
static enum status read_node(struct reader *reader, const struct config_node *parent, const char *key, int depth,
                             struct config_node **out_node)
{
    size_t index = parent == NULL ? 0 : parent->count;
    int line = line_of(reader->event.start_mark);
    const struct config_node place = {
        .config = reader->config, .parent = parent, .key = key, .index = index, .line = line};
    enum config_kind kind = CONFIG_KIND_EMPTY;
    enum status status = classify(reader, &place, &kind);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_container = kind == CONFIG_KIND_LIST || kind == CONFIG_KIND_MAPPING;
    if (is_container && depth >= CONFIG_DEPTH_MAX) {
        return config_error(&place, reader->error, "nested deeper than %d levels", CONFIG_DEPTH_MAX);
    }
    struct config_node *node = config_node_new(reader->config, parent, kind, line);
    node->key = key; /* so that errors inside have the whole path; config_node_add puts its own copy here */
    node->index = index;
    status = is_container ? read_items(reader, node, depth + 1) : read_scalar(reader, node);
    if (status != STATUS_OK) {
        config_node_destroy(node);
        return status;
    }
    *out_node = node;
    return STATUS_OK;
}

/* The current event is a key of node. */
static enum status read_key(struct reader *reader, const struct config_node *node, char **out_key)
{
    const yaml_event_t *event = &reader->event;
    struct config_node place = {.config = reader->config,
                                .parent = node,
                                .key = "?",
                                .index = node->count,
                                .line = line_of(event->start_mark)};
    if (event->type != YAML_SCALAR_EVENT || event->data.scalar.length == 0) {
        return config_error(&place, reader->error, "a key must be a text");
    }
    const char *text = (const char *)event->data.scalar.value;
    place.key = text;
    if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL) {
        return config_error(&place, reader->error, "a key has no anchor and no tag");
    }
    if (strlen(text) != event->data.scalar.length) {
        return config_error(&place, reader->error, "a zero byte has no place in a key");
    }
    const struct config_node *first = map_get(node->items_by_key, text);
    if (first != NULL) {
        return config_error(&place, reader->error, "the key is there twice; first in line %d", first->line);
    }
    *out_key = memory_copy_string(text);
    return STATUS_OK;
}

static enum status read_items(struct reader *reader, struct config_node *node, int depth)
{
    enum status status = next_event(reader);
    while (status == STATUS_OK && reader->event.type != YAML_SEQUENCE_END_EVENT &&
           reader->event.type != YAML_MAPPING_END_EVENT) {
        char *key = NULL;
        struct config_node *item = NULL;
        if (node->kind == CONFIG_KIND_MAPPING) {
            status = read_key(reader, node, &key);
            if (status == STATUS_OK) {
                status = next_event(reader);
            }
        }
        if (status == STATUS_OK) {
            status = read_node(reader, node, key, depth, &item);
        }
        if (status == STATUS_OK) {
            config_node_add(node, key, item);
            status = next_event(reader);
        }
        free(key);
    }
    return status;
}

/* The stream: nothing, or one document. */
static enum status read_stream(struct reader *reader, struct config_node **out_root)
{
    struct config_node *root = NULL;
    enum status status = next_event(reader); /* the stream's start */
    if (status == STATUS_OK) {
        status = next_event(reader);
    }
    if (status == STATUS_OK && reader->event.type == YAML_DOCUMENT_START_EVENT) {
        status = next_event(reader);
        if (status == STATUS_OK) {
            status = read_node(reader, NULL, NULL, 0, &root);
        }
        if (status == STATUS_OK) {
            status = next_event(reader); /* the document's end */
        }
        if (status == STATUS_OK) {
            status = next_event(reader);
        }
    }
    if (status == STATUS_OK && reader->event.type != YAML_STREAM_END_EVENT) {
        status = error_set(reader->error, STATUS_INVALID_ARGUMENT, "%s:%d: more than one YAML document",
                           reader->config->name, line_of(reader->event.start_mark));
    }
    if (status == STATUS_OK && root != NULL && !config_is_mapping(root)) {
        status = config_error(root, reader->error, "expected a mapping (key: value) at the top");
    }
    if (status != STATUS_OK) {
        config_node_destroy(root);
        return status;
    }
    *out_root = root != NULL ? root : config_node_new(reader->config, NULL, CONFIG_KIND_EMPTY, 1);
    return STATUS_OK;
}

static enum status parse(const char *text, size_t length, const char *name, struct config **out_config,
                         struct error *error)
{
    if (length > CONFIG_FILE_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s: larger than %zu bytes", name, CONFIG_FILE_MAX);
    }
    struct config *config = memory_alloc(sizeof *config);
    config->name = memory_copy_string(name);
    struct reader reader = {.config = config, .error = error};
    if (yaml_parser_initialize(&reader.parser) == 0) {
        config_destroy(config);
        return error_set(error, STATUS_INTERNAL, "libyaml found no memory");
    }
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
    enum status status = read_stream(&reader, &config->root);
    drop_event(&reader);
    yaml_parser_delete(&reader.parser);
    if (status != STATUS_OK) {
        config_destroy(config);
        return status;
    }
    *out_config = config;
    return STATUS_OK;
}

enum status config_parse(const char *text, const char *name, struct config **out_config, struct error *error)
{
    return parse(text, strlen(text), name, out_config, error);
}

enum status config_load(const char *path, struct config **out_config, struct error *error)
{
    enum status status = STATUS_OK;
    struct buffer text;
    buffer_init(&text, CONFIG_FILE_MAX + 1);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "%s: cannot be opened: %s", path, strerrordesc_np(errno));
        goto done;
    }
    for (;;) {
        char chunk[8192];
        ssize_t size = read(descriptor, chunk, sizeof chunk);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "%s: cannot be read: %s", path, strerrordesc_np(errno));
            goto done;
        }
        if (size == 0) {
            break;
        }
        if (!buffer_append(&text, chunk, (size_t)size)) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "%s: larger than %zu bytes", path, CONFIG_FILE_MAX);
            goto done;
        }
    }
    status = parse(text.length > 0 ? text.data : "", text.length, path, out_config, error);
done:
    if (descriptor >= 0) {
        close(descriptor);
    }
    buffer_deinit(&text);
    return status;
}

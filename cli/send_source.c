/* See send_source.h. */
#include "send_source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

struct send_source {
    char *name; /* "orders.json" of @orders.json, "standard input"; NULL: the argument is the body */
    FILE *file; /* NULL: the argument is the body */
    bool is_lines;
    int64_t left;  /* without lines: how often to give it out still */
    int64_t line;  /* with lines: the number of the last one */
    char *body;    /* without lines: all of it, once it was read; else the last line */
    size_t length; /* without lines */
    size_t capacity; /* with lines: getline's */
};

enum status send_source_new(const char *argument, bool is_lines, int64_t count, struct send_source **out_source,
                            struct error *error)
{
    FILE *file = NULL;
    if (strcmp(argument, "-") == 0) {
        file = stdin;
    } else if (*argument == '@') {
        file = fopen(argument + 1, "rbe");
        if (file == NULL) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "%s: %s", argument + 1, strerrordesc_np(errno));
        }
    } else if (is_lines) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--lines: expected @FILE or - as the body");
    }
    struct send_source *source = memory_alloc(sizeof *source);
    source->file = file;
    source->name = file == NULL ? NULL : memory_copy_string(file == stdin ? "standard input" : argument + 1);
    source->is_lines = is_lines;
    source->left = count;
    if (file == NULL) {
        source->body = memory_copy_string(argument);
        source->length = strlen(argument);
    }
    *out_source = source;
    return STATUS_OK;
}

void send_source_destroy(struct send_source *source)
{
    if (source == NULL) {
        return;
    }
    if (source->file != NULL && source->file != stdin) {
        (void)fclose(source->file); /* it was only read */
    }
    free(source->body);
    free(source->name);
    free(source);
}

static enum status fail_read(const struct send_source *source, struct error *error)
{
    return error_set(error, STATUS_INVALID_ARGUMENT, "%s: cannot be read: %s", source->name, strerrordesc_np(errno));
}

/* One byte more than the limit, so that check_body sees what is too long. */
static enum status read_all(struct send_source *source, struct error *error)
{
    source->body = memory_alloc(SEND_BODY_MAX + 2);
    source->length = fread(source->body, 1, SEND_BODY_MAX + 1, source->file);
    return ferror(source->file) ? fail_read(source, error) : STATUS_OK;
}

static enum status check_body(const struct send_source *source, const char *body, size_t length, struct error *error)
{
    const char *problem = NULL;
    if (length == 0) {
        problem = "the body is empty";
    } else if (length > SEND_BODY_MAX) {
        problem = "the body is longer than 1 MiB, the most that SQS takes";
    } else if (!utf8_is_valid(body, length)) {
        problem = "the body is no UTF-8";
    }
    if (problem == NULL) {
        return STATUS_OK;
    }
    enum status status = error_set(error, STATUS_INVALID_ARGUMENT, "%s", problem);
    if (source->is_lines) {
        error_prefix(error, "line %" PRId64 ": ", source->line);
    }
    if (source->name != NULL) {
        error_prefix(error, "%s: ", source->name);
    }
    return status;
}

static enum status next_line(struct send_source *source, const char **out_body, size_t *out_length, struct error *error)
{
    size_t length = 0;
    while (length == 0) {
        ssize_t got = getline(&source->body, &source->capacity, source->file);
        if (got < 0) {
            *out_body = NULL;
            return ferror(source->file) ? fail_read(source, error) : STATUS_OK;
        }
        source->line++;
        length = (size_t)got;
        length -= length > 0 && source->body[length - 1] == '\n';
        length -= length > 0 && source->body[length - 1] == '\r';
    }
    enum status status = check_body(source, source->body, length, error);
    if (status == STATUS_OK) {
        *out_body = source->body;
        *out_length = length;
    }
    return status;
}

enum status send_source_next(struct send_source *source, const char **out_body, size_t *out_length, struct error *error)
{
    enum status status = STATUS_OK;
    if (source->is_lines) {
        return next_line(source, out_body, out_length, error);
    }
    if (source->left == 0) {
        *out_body = NULL;
        return STATUS_OK;
    }
    if (source->body == NULL) {
        status = read_all(source, error);
    }
    if (status == STATUS_OK) {
        status = check_body(source, source->body, source->length, error);
    }
    if (status == STATUS_OK) {
        source->left--;
        *out_body = source->body;
        *out_length = source->length;
    }
    return status;
}

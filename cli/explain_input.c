/* See explain_input.h. */
#include "explain_input.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/json_scan.h"
#include "base/memory.h"

#define CHUNK ((size_t)64 << 10)

/* Tells errno. */
static enum status cannot_read(const char *path, struct error *error)
{
    return error_set(error, STATUS_INVALID_ARGUMENT, "%s cannot be read: %s", path, strerrordesc_np(errno));
}

static enum status read_all(int fd, const char *path, struct buffer *out, struct error *error)
{
    char *chunk = memory_alloc(CHUNK);
    enum status status = STATUS_OK;
    for (;;) {
        ssize_t count = read(fd, chunk, CHUNK);
        if (count == 0) {
            break;
        }
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            status = cannot_read(path, error);
            break;
        }
        if (!buffer_append(out, chunk, (size_t)count)) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "%s is longer than %zu bytes", path, EXPLAIN_INPUT_MAX);
            break;
        }
    }
    free(chunk);
    return status;
}

enum status explain_read(const char *path, char **out_text, size_t *out_length, struct error *error)
{
    struct buffer text;
    bool is_input = strcmp(path, "-") == 0;
    int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return cannot_read(path, error);
    }
    buffer_init(&text, EXPLAIN_INPUT_MAX);
    enum status status = read_all(fd, is_input ? "the standard input" : path, &text, error);
    if (!is_input) {
        (void)close(fd); /* it was only read */
    }
    if (status == STATUS_OK) {
        *out_text = buffer_take(&text, out_length);
    }
    buffer_deinit(&text);
    return status;
}

static enum status parse_one(struct json_slice text, struct sqs_message **out_message, struct error *error)
{
    *out_message = sqs_message_from_json(text.data, text.length);
    return *out_message != NULL
               ? STATUS_OK
               : error_set(error, STATUS_MALFORMED,
                           "expected a message in AWS's shape, with MessageId and ReceiptHandle as `aws sqs "
                           "receive-message` prints it (a body alone is told with --body)");
}

/* Says where, as far as jansson is of the same opinion. */
static enum status not_json(const char *text, size_t length, struct error *error)
{
    json_error_t where = {.line = -1};
    json_t *value = json_loadb(text, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &where);
    bool is_known = value == NULL && where.line > 0;
    json_decref(value);
    return is_known ? error_set(error, STATUS_MALFORMED, "line %d, column %d: expected JSON in UTF-8: %s", where.line,
                                where.column, where.text)
                    : error_set(error, STATUS_MALFORMED, "expected JSON in UTF-8");
}

enum status explain_parse_messages(const char *text, size_t length,
                                   struct sqs_message *out_messages[EXPLAIN_MESSAGES_MAX], size_t *out_count,
                                   struct error *error)
{
    struct json_slice top;
    struct json_slice element;
    size_t position = 0;
    size_t count = 0;
    enum status status = STATUS_OK;
    if (!json_scan_value(text, length, &top)) {
        return not_json(text, length, error);
    }
    struct json_slice list = top.data[0] == '{' ? json_scan_member(top.data, top.length, "Messages") : top;
    if (list.data == NULL) {
        status = parse_one(top, &out_messages[0], error);
        *out_count = status == STATUS_OK ? 1 : 0;
        return status;
    }
    if (list.data[0] != '[') {
        return error_set(error, STATUS_MALFORMED, "expected a message, or an object with a list \"Messages\"");
    }
    while (status == STATUS_OK && json_scan_element(list.data, list.length, &position, &element)) {
        if (count == EXPLAIN_MESSAGES_MAX) {
            status = error_set(error, STATUS_TOO_LARGE, "expected at most %d messages", EXPLAIN_MESSAGES_MAX);
        } else {
            status = parse_one(element, &out_messages[count], error);
            count += status == STATUS_OK ? 1 : 0;
        }
    }
    if (status == STATUS_OK && count == 0) {
        status = error_set(error, STATUS_MALFORMED, "there is no message in it");
    }
    if (status == STATUS_OK) {
        *out_count = count;
        return STATUS_OK;
    }
    for (size_t i = 0; i < count; i++) {
        sqs_message_destroy(out_messages[i]);
    }
    return status;
}

enum status explain_wrap_body(const char *body, size_t length, const char *message_id, const char *group,
                              struct sqs_message **out_message, struct error *error)
{
    enum status status = STATUS_OK;
    char *quoted_body = json_quote(body, length);
    char *quoted_id = json_quote(message_id, strlen(message_id));
    char *quoted_group = group != NULL ? json_quote(group, strlen(group)) : NULL;
    char *json = NULL;
    if (quoted_body == NULL || quoted_id == NULL || (group != NULL && quoted_group == NULL)) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "expected a body, an ID and a group in UTF-8");
        goto done;
    }
    json = memory_format("{\"MessageId\":%s,\"ReceiptHandle\":\"-\",\"Body\":%s%s%s%s}", quoted_id, quoted_body,
                         group != NULL ? ",\"Attributes\":{\"MessageGroupId\":" : "",
                         group != NULL ? quoted_group : "", group != NULL ? "}" : "");
    *out_message = sqs_message_from_json(json, strlen(json));
    if (*out_message == NULL) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "expected a message ID of at least one character");
    }
done:
    free(json);
    free(quoted_body);
    free(quoted_id);
    free(quoted_group);
    return status;
}

const char *explain_content_type(const char *text, size_t length)
{
    struct json_slice top;
    if (!json_scan_value(text, length, &top)) {
        return "application/json";
    }
    if (top.data[0] == '[') {
        return "application/cloudevents-batch+json";
    }
    bool is_event = top.data[0] == '{' && json_scan_member(top.data, top.length, "specversion").data != NULL;
    return is_event ? "application/cloudevents+json" : "application/json";
}

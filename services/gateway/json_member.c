/* See json_member.h. */
#include "json_member.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"
#include "duration.h"

#define NAME_SHOWN_MAX 80 /* bytes of an unknown name in an error */
#define NUMBER_LENGTH_MAX 40
#define WORDS_LENGTH_MAX ((size_t)256)

static const struct json_member_reader *find(const struct json_member_reader *readers, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(readers[i].name, name) == 0) {
            return &readers[i];
        }
    }
    return NULL;
}

/* prefix: "" or "retryPolicy." */
static enum status read_member(const char *prefix, const char *name, struct json_slice value,
                               const struct json_member_reader *reader, bool is_again, void *out, struct error *error)
{
    if (reader == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s%.*s: there is no such member", prefix, NAME_SHOWN_MAX,
                         name);
    }
    char *full_name = *prefix != '\0' ? memory_format("%s%s", prefix, name) : NULL;
    const struct json_member member = {.name = full_name != NULL ? full_name : name, .value = value};
    enum status status = is_again ? error_set(error, STATUS_INVALID_ARGUMENT, "%s: given twice", member.name)
                                  : reader->read(&member, (char *)out + reader->offset, error);
    free(full_name);
    return status;
}

/* prefix: "" or "retryPolicy.". *out_count: the members that were there, the one that was refused among them; none if
 * object is not valid JSON, or none. */
static enum status read_members(struct json_slice object, const char *prefix, const struct json_member_reader *readers,
                                size_t count, void *out, size_t *out_count, struct error *error)
{
    bool seen[JSON_MEMBER_READERS_MAX] = {false};
    struct json_slice name;
    struct json_slice value;
    size_t position = 0;
    enum status status = STATUS_OK;
    CHECK(count <= JSON_MEMBER_READERS_MAX);
    while (status == STATUS_OK && json_scan_next_member(object.data, object.length, &position, &name, &value)) {
        size_t length = 0;
        char *text = json_scan_string(name, &length);
        bool is_text = text != NULL && strlen(text) == length;
        const struct json_member_reader *reader = is_text ? find(readers, count, text) : NULL;
        size_t index = reader == NULL ? 0 : (size_t)(reader - readers);
        status = read_member(prefix, text == NULL ? "?" : text, value, reader, reader != NULL && seen[index], out,
                             error);
        seen[index] = seen[index] || reader != NULL;
        free(text);
        ++*out_count;
    }
    return status;
}

enum status json_member_read_object(struct json_slice object, const char *prefix,
                                    const struct json_member_reader *readers, size_t count, void *out,
                                    struct error *error)
{
    size_t member_count = 0;
    if (object.data[0] != '{') {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected a JSON object", prefix);
    }
    char *dotted = memory_format("%s.", prefix);
    enum status status = read_members(object, dotted, readers, count, out, &member_count, error);
    free(dotted);
    return status;
}

enum status json_member_read_body(const char *body, size_t length, const struct json_member_reader *readers,
                                  size_t count, void *out, struct error *error)
{
    struct json_slice value = {.data = body, .length = length};
    size_t member_count = 0;
    enum status status = read_members(value, "", readers, count, out, &member_count, error);
    if (member_count > 0) {
        return status;
    }
    if (!json_scan_value(body, length, &value)) {
        return error_set(error, STATUS_MALFORMED, "the body is not valid JSON in UTF-8");
    }
    return value.data[0] == '{' ? STATUS_OK
                                : error_set(error, STATUS_INVALID_ARGUMENT, "expected a JSON object");
}

/* NULL: it is no text, or an empty one. */
static char *text_of(struct json_slice value)
{
    size_t length = 0;
    char *text = json_scan_string(value, &length);
    if (text == NULL || length == 0 || strlen(text) != length) {
        free(text);
        return NULL;
    }
    return text;
}

static enum status refuse_text(const struct json_member *member, struct error *error)
{
    return error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected a text", member->name);
}

enum status json_member_read_text(const struct json_member *member, void *out, struct error *error)
{
    char **out_text = out;
    char *text = text_of(member->value);
    if (text == NULL) {
        return refuse_text(member, error);
    }
    *out_text = text;
    return STATUS_OK;
}

enum status json_member_read_number(const struct json_member *member, double minimum, double maximum,
                                    double *out_number, struct error *error)
{
    char text[NUMBER_LENGTH_MAX + 1] = "";
    bool is_number = member->value.length <= NUMBER_LENGTH_MAX &&
                     (member->value.data[0] == '-' || (member->value.data[0] >= '0' && member->value.data[0] <= '9'));
    if (is_number) {
        memcpy(text, member->value.data, member->value.length);
    }
    double number = is_number ? strtod(text, NULL) : 0;
    if (!is_number || number < minimum || number > maximum) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected a number from %g to %g", member->name, minimum,
                         maximum);
    }
    *out_number = number;
    return STATUS_OK;
}

enum status json_member_read_whole(const struct json_member *member, double minimum, double maximum,
                                   int64_t *out_number, struct error *error)
{
    double number = 0;
    enum status status = json_member_read_number(member, minimum, maximum, &number, error);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t whole = (int64_t)number;
    if ((double)whole < number || (double)whole > number) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected a whole number", member->name);
    }
    *out_number = whole;
    return STATUS_OK;
}

enum status json_member_read_duration(const struct json_member *member, void *out, struct error *error)
{
    int64_t *out_ms = out;
    double seconds = 0;
    if (member->value.data[0] != '"' &&
        json_member_read_number(member, 0, (double)DURATION_MAX_MS / 1000, &seconds, NULL) == STATUS_OK) {
        *out_ms = (int64_t)(seconds * 1000 + 0.5); /* 1.001 is a little less in binary */
        return STATUS_OK;
    }
    char *text = member->value.data[0] == '"' ? text_of(member->value)
                                              : memory_format("%.*s", (int)member->value.length, member->value.data);
    if (text == NULL) {
        return refuse_text(member, error);
    }
    enum status status = duration_parse(member->name, text, strlen(text), DURATION_MAX_MS, out_ms, error);
    free(text);
    return status;
}

enum status json_member_read_word(const struct json_member *member, const char *const *words, size_t *out_index,
                                  struct error *error)
{
    struct buffer list;
    size_t found = 0;
    char *text = text_of(member->value);
    while (text != NULL && words[found] != NULL && strcmp(words[found], text) != 0) {
        found++;
    }
    bool is_known = text != NULL && words[found] != NULL;
    free(text);
    if (is_known) {
        *out_index = found;
        return STATUS_OK;
    }
    buffer_init(&list, WORDS_LENGTH_MAX);
    for (size_t i = 0; words[i] != NULL; i++) {
        CHECK(buffer_append_format(&list, "%s%s", i > 0 ? ", " : "", words[i]));
    }
    enum status status =
        error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected one of %s", member->name, list.data);
    buffer_deinit(&list);
    return status;
}

/* Fuzzes cli/where.h and cli/json_indent.h: a condition, a line feed, a body. What is refused says why; what is taken
 * by a condition is not taken by its opposite; JSON that was laid out for people is JSON still. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "json_indent.h"
#include "where.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static bool takes(const char *condition, const char *quoted_body, bool *out_is_valid)
{
    char *json = memory_format("{\"MessageId\":\"d1\",\"Body\":%s}", quoted_body);
    size_t length = strlen(json);
    struct sqs_message message = {
        .message_id = "d1", .json = json, .json_length = length, .body = json_scan_member(json, length, "Body")};
    struct error error = {0};
    struct where *where = where_new();
    *out_is_valid = where_add(where, condition, &error) == STATUS_OK;
    CHECK(*out_is_valid != where_is_empty(where));
    CHECK(*out_is_valid || error.text[0] != '\0');
    bool result = where_takes(where, &message, NULL);
    CHECK(where_takes(where, &message, NULL) == result);
    where_destroy(where);
    free(json);
    return result;
}

/* "a=b" as "a!=b", "a~b" as "a!~b"; NULL: it has none. free() it. */
static char *opposite(const char *condition)
{
    size_t length = strcspn(condition, "!=~<>");
    if (condition[length] != '=' && condition[length] != '~') {
        return NULL;
    }
    return memory_format("%.*s!%s", (int)length, condition, condition + length);
}

static void check_condition(const char *condition, const char *quoted_body)
{
    bool is_valid = false;
    bool result = takes(condition, quoted_body, &is_valid);
    char *other = is_valid ? opposite(condition) : NULL;
    if (other != NULL) {
        bool is_other_valid = false;
        CHECK(strlen(other) > WHERE_TEXT_MAX || takes(other, quoted_body, &is_other_valid) != result);
        CHECK(is_other_valid || strlen(other) > WHERE_TEXT_MAX);
    }
    free(other);
}

static void check_indent(const char *body, size_t length)
{
    char *printed = NULL;
    size_t printed_length = 0;
    FILE *out = open_memstream(&printed, &printed_length);
    CHECK(out != NULL);
    bool is_json = json_indent(out, body, length, 2);
    CHECK(fclose(out) == 0);
    CHECK(is_json == json_scan_value(body, length, NULL));
    CHECK(json_scan_value(printed, printed_length, NULL) == is_json);
    free(printed);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size == 0 ? NULL : memchr(text, '\n', size);
    if (end == NULL || memchr(text, '\0', (size_t)(end - text)) != NULL) {
        return 0;
    }
    size_t body_length = size - (size_t)(end - text) - 1;
    char *condition = memory_copy(text, (size_t)(end - text));
    char *quoted_body = json_quote(end + 1, body_length);
    if (quoted_body != NULL) {
        check_condition(condition, quoted_body);
    }
    check_indent(end + 1, body_length);
    free(quoted_body);
    free(condition);
    return 0;
}

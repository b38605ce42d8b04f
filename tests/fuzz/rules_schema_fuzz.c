/* Fuzzes rules/json_schema.h: a schema, a line feed, a value. Whatever compiles gives the same answer twice, and the
 * opposite one within "not"; a failure has a text. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "rules/json_schema.h"
#include "rules/json_value.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_opposite(json_t *source, const json_t *value, bool is_valid)
{
    struct json_schema *schema = NULL;
    struct error error = {0};
    json_t *negated = json_pack("{s:O}", "not", source);
    /* References of a schema that has moved lead elsewhere: only those without are comparable. */
    char *text = json_dumps(source, JSON_ENCODE_ANY);
    CHECK(text != NULL);
    if (strchr(text, '$') == NULL && json_schema_compile(negated, &schema, &error) == STATUS_OK) {
        bool is_opposite_valid = json_schema_validate(schema, value, &error);
        CHECK(is_opposite_valid != is_valid || error.status == STATUS_TOO_LARGE);
    }
    json_schema_destroy(schema);
    free(text);
    json_decref(negated);
}

static void check_value(const struct json_schema *schema, json_t *source, const json_t *value)
{
    struct error why = {0};
    struct error again = {0};
    bool is_valid = json_schema_validate(schema, value, &why);
    CHECK(json_schema_validate(schema, value, &again) == is_valid);
    CHECK(why.status == again.status && strcmp(why.text, again.text) == 0);
    CHECK((why.text[0] == '\0') == is_valid);
    if (why.status != STATUS_TOO_LARGE) {
        check_opposite(source, value, is_valid);
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size == 0 ? NULL : memchr(text, '\n', size);
    json_t *source = NULL;
    json_t *value = NULL;
    struct json_schema *schema = NULL;
    struct error error = {0};
    if (end == NULL || json_value_parse(text, (size_t)(end - text), &source, &error) != STATUS_OK) {
        return 0;
    }
    if (json_schema_compile(source, &schema, &error) == STATUS_OK) {
        if (json_value_parse(end + 1, size - (size_t)(end - text) - 1, &value, &error) == STATUS_OK) {
            check_value(schema, source, value);
        }
    } else {
        CHECK(error.text[0] != '\0' && schema == NULL);
    }
    json_decref(value);
    json_decref(source);
    json_schema_destroy(schema);
    return 0;
}

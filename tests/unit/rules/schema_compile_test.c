/* Compiling schemas: what is taken, and what is refused with which words. The meaning is tested by evaluation_test.c
 * and the official suite. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "rules/json_schema.h"
#include "rules/json_value.h"

static enum status compile(const char *text, struct error *error)
{
    json_t *value = NULL;
    struct json_schema *schema = NULL;
    assert_int_equal(json_value_parse(text, strlen(text), &value, NULL), STATUS_OK);
    enum status status = json_schema_compile(value, &schema, error);
    json_decref(value);
    json_schema_destroy(schema);
    return status;
}

static void assert_refused(const char *text, const char *expected)
{
    struct error error = {0};
    if (compile(text, &error) != STATUS_INVALID_ARGUMENT) {
        fail_msg("%s is taken", text);
    }
    if (strncmp(error.text, expected, strlen(expected)) != 0) {
        fail_msg("%s: expected %s, found %s", text, expected, error.text);
    }
}

static void assert_taken(const char *text)
{
    struct error error = {0};
    if (compile(text, &error) != STATUS_OK) {
        fail_msg("%s: %s", text, error.text);
    }
}

static void annotations_and_own_members_are_taken(void **state)
{
    (void)state;
    assert_taken("true");
    assert_taken("{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"$id\": \"https://example.com/a\","
                 "\"title\": 1, \"description\": \"\", \"default\": {\"type\": 5}, \"examples\": [], "
                 "\"deprecated\": true,"
                 "\"readOnly\": true, \"writeOnly\": true, \"$comment\": \"\", \"format\": \"email\", "
                 "\"x-own\": {\"a\": 1},"
                 "\"contentEncoding\": \"base64\", \"contentMediaType\": \"a/b\", \"contentSchema\": {}}");
    assert_taken("{\"$ref\": \"#/definitions/a~1b%25\", \"definitions\": {\"a/b%\": {\"type\": \"null\"}}}");
    assert_taken("{\"$id\": \"https://example.com/a\", \"$ref\": \"https://example.com/a#/$defs/b\", \"$defs\": "
                 "{\"b\": true}}");
}

static void each_keyword_is_checked(void **state)
{
    (void)state;
    assert_refused("5", "(root): expected a schema");
    assert_refused("{\"type\": \"text\"}", "/type: expected null, boolean");
    assert_refused("{\"type\": []}", "/type: expected null, boolean");
    assert_refused("{\"type\": [\"null\", \"null\"]}", "/type: expected null, boolean");
    assert_refused("{\"enum\": 5}", "/enum: expected a list of values");
    assert_refused("{\"minimum\": \"5\"}", "/minimum: expected a number");
    assert_refused("{\"multipleOf\": 0}", "/multipleOf: expected a number above 0");
    assert_refused("{\"minLength\": -1}", "/minLength: expected a whole number of at least 0");
    assert_refused("{\"maxItems\": 1.5}", "/maxItems: expected a whole number of at least 0");
    assert_refused("{\"pattern\": 5}", "/pattern: expected a text");
    assert_refused("{\"pattern\": \"(\"}", "/pattern: regular expression, at byte 1: \"(\" without \")\"");
    assert_refused("{\"patternProperties\": {\"a/[\": true}}",
                   "/patternProperties/a~1[: regular expression, at byte 2");
    assert_refused("{\"patternProperties\": []}", "/patternProperties: expected an object");
    assert_refused("{\"uniqueItems\": 1}", "/uniqueItems: expected true or false");
    assert_refused("{\"items\": [{}]}", "/items: a list is not part of draft 2020-12: use prefixItems");
    assert_refused("{\"prefixItems\": []}", "/prefixItems: expected a list of at least one schema");
    assert_refused("{\"allOf\": [true, 5]}", "/allOf/1: expected a schema");
    assert_refused("{\"properties\": {\"a/b\": {\"~\": 1}}}", "/properties/a~1b/~0: not a keyword");
    assert_refused("{\"properties\": 1}", "/properties: expected an object");
    assert_refused("{\"required\": \"a\"}", "/required: expected a list of names");
    assert_refused("{\"required\": [\"a\", \"a\"]}", "/required: expected a list of names");
    assert_refused("{\"dependentRequired\": {\"a\": [1]}}", "/dependentRequired: expected an object");
    assert_refused("{\"not\": null}", "/not: expected a schema");
}

static void what_is_beyond_the_subset_is_refused(void **state)
{
    (void)state;
    assert_refused("{\"requires\": [\"a\"]}",
                   "/requires: not a keyword that is supported; members of your own begin with");
    assert_refused("{\"$schema\": \"http://json-schema.org/draft-07/schema#\"}",
                   "/$schema: expected \"https://json-schema");
    assert_refused("{\"$dynamicRef\": \"#a\"}", "/$dynamicRef: not supported: use $ref");
    assert_refused("{\"$vocabulary\": {}}", "/$vocabulary: not supported");
    assert_refused("{\"dependencies\": {}}", "/dependencies: not part of draft 2020-12");
    assert_refused("{\"additionalItems\": false}", "/additionalItems: not part of draft 2020-12");
    assert_refused("{\"items\": {\"$id\": \"a\"}}", "/items/$id: not supported below the root");
    assert_refused("{\"$id\": \"a#b\"}", "/$id: expected a URI without");
    assert_refused("{\"$ref\": \"https://example.com/a\"}", "/$ref: \"https://example.com/a\" is not in this schema");
}

static void references_lead_to_schemas_of_the_same_document(void **state)
{
    (void)state;
    assert_refused("{\"$ref\": \"#/$defs/a\"}", "/$ref: there is no schema at \"#/$defs/a\"");
    assert_refused("{\"$ref\": \"#/$defs\", \"$defs\": {}}", "/$ref: there is no schema at \"#/$defs\"");
    assert_refused("{\"$ref\": \"#a\"}", "/$ref: there is no schema at \"#a\"");
    assert_refused("{\"$ref\": \"#/%zz\"}", "/$ref: there is no schema at");
    assert_refused("{\"$ref\": 5}", "/$ref: expected a text");
    assert_refused("{\"$anchor\": \"1\"}", "/$anchor: expected a letter");
    assert_refused("{\"$anchor\": \"a\", \"items\": {\"$anchor\": \"a\"}}",
                   "/items/$anchor: \"a\" is the anchor of another");
}

static void endless_references_are_refused(void **state)
{
    (void)state;
    assert_refused("{\"$ref\": \"#\"}", "(root): it applies itself to the same value without end");
    assert_refused("{\"items\": {\"anyOf\": [{\"$ref\": \"#/items\"}]}}", "/items: it applies itself");
    assert_refused("{\"$defs\": {\"a\": {\"$ref\": \"#/$defs/b\"}, \"b\": {\"not\": {\"$ref\": \"#/$defs/a\"}}}}",
                   "/$defs/a: it applies itself");
    assert_refused("{\"dependentSchemas\": {\"a\": {\"if\": {\"$ref\": \"#\"}}}}", "(root): it applies itself");
    assert_taken("{\"properties\": {\"a\": {\"$ref\": \"#\"}}}");
}

static void large_and_deep_schemas_are_refused(void **state)
{
    (void)state;
    struct json_schema *schema = NULL;
    struct error error = {0};
    json_t *deep = json_true();
    for (unsigned i = 0; i <= JSON_SCHEMA_NESTING_MAX; i++) {
        deep = json_pack("{s:o}", "not", deep);
    }
    assert_int_equal(json_schema_compile(deep, &schema, &error), STATUS_TOO_LARGE);
    assert_string_equal(error.text, "(root): nested deeper than 128 levels");
    json_decref(deep);
    json_t *values = json_array();
    for (unsigned i = 0; i < JSON_SCHEMA_VALUES_MAX; i++) {
        json_array_append_new(values, json_null());
    }
    json_t *wide = json_pack("{s:o}", "enum", values);
    assert_int_equal(json_schema_compile(wide, &schema, &error), STATUS_TOO_LARGE);
    assert_string_equal(error.text, "(root): more than 100000 JSON values");
    json_decref(wide);
    assert_null(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(annotations_and_own_members_are_taken),
        cmocka_unit_test(each_keyword_is_checked),
        cmocka_unit_test(what_is_beyond_the_subset_is_refused),
        cmocka_unit_test(references_lead_to_schemas_of_the_same_document),
        cmocka_unit_test(endless_references_are_refused),
        cmocka_unit_test(large_and_deep_schemas_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

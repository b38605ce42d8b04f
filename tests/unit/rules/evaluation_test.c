/* Validating values: the words of each failure, limits, and the same schema on several threads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "rules/json_schema.h"
#include "rules/json_value.h"

static json_t *parse(const char *text)
{
    json_t *value = NULL;
    assert_int_equal(json_value_parse(text, strlen(text), &value, NULL), STATUS_OK);
    return value;
}

static struct json_schema *compile(const char *text)
{
    json_t *source = parse(text);
    struct json_schema *schema = NULL;
    struct error error = {0};
    if (json_schema_compile(source, &schema, &error) != STATUS_OK) {
        fail_msg("%s: %s", text, error.text);
    }
    json_decref(source);
    return schema;
}

static void assert_valid(const char *schema_text, const char *text)
{
    struct json_schema *schema = compile(schema_text);
    json_t *value = parse(text);
    struct error why = {0};
    if (!json_schema_validate(schema, value, &why)) {
        fail_msg("%s, %s: %s", schema_text, text, why.text);
    }
    json_decref(value);
    json_schema_destroy(schema);
}

static void assert_invalid(const char *schema_text, const char *text, const char *expected)
{
    struct json_schema *schema = compile(schema_text);
    json_t *value = parse(text);
    struct error why = {0};
    assert_false(json_schema_validate(schema, value, NULL));
    assert_false(json_schema_validate(schema, value, &why));
    assert_int_equal(why.status, STATUS_INVALID_ARGUMENT);
    assert_false(why.retryable);
    assert_string_equal(why.text, expected);
    json_decref(value);
    json_schema_destroy(schema);
}

static void scalars_fail_with_what_was_expected(void **state)
{
    (void)state;
    assert_invalid("{\"type\": [\"string\", \"null\"]}", "5", "(root): expected null or string, found number");
    assert_invalid("{\"type\": \"integer\"}", "1.5", "(root): expected integer, found number");
    assert_valid("{\"type\": \"integer\"}", "1.0");
    assert_invalid("{\"const\": 1}", "2", "(root): expected the one value that const names");
    assert_valid("{\"const\": {\"a\": 1}}", "{\"a\": 1.0}");
    assert_invalid("{\"enum\": [1, \"a\"]}", "\"b\"", "(root): expected one of the 2 values that enum names");
    assert_invalid("{\"properties\": {\"items\": {\"items\": {\"properties\": {\"amount\": {\"minimum\": 0}}}}}}",
                   "{\"items\": [{\"amount\": 0}, {\"amount\": -5}]}",
                   "/items/1/amount: expected a number of at least 0, found -5");
    assert_invalid("{\"maximum\": 1.5}", "2", "(root): expected a number of at most 1.5, found 2");
    assert_invalid("{\"exclusiveMinimum\": 1}", "1.0", "(root): expected a number above 1, found 1");
    assert_invalid("{\"exclusiveMaximum\": 1}", "1", "(root): expected a number below 1, found 1");
    assert_invalid("{\"multipleOf\": 0.01}", "0.105", "(root): expected a multiple of 0.01, found 0.105");
    assert_invalid("{\"minLength\": 2}", "\"\xf0\x9f\x98\x80\"",
                   "(root): expected a text of at least 2 characters, found 1");
    assert_invalid("{\"maxLength\": 1}", "\"ab\"", "(root): expected a text of at most 1 characters, found 2");
}

static void texts_of_the_value_are_not_repeated(void **state)
{
    (void)state;
    assert_invalid("{\"properties\": {\"a\": {\"pattern\": \"^x\"}}}", "{\"a\": \"secret\"}",
                   "/a: expected a text that matches the pattern of the schema at /properties/a");
    assert_invalid("{\"enum\": [\"a\"]}", "\"secret\"", "(root): expected one of the 1 values that enum names");
}

static void arrays_fail_with_what_was_expected(void **state)
{
    (void)state;
    assert_invalid("{\"minItems\": 1}", "[]", "(root): expected at least 1 elements, found 0");
    assert_invalid("{\"maxItems\": 1}", "[1, 2]", "(root): expected at most 1 elements, found 2");
    assert_invalid("{\"uniqueItems\": true}", "[1, {\"a\": 1, \"b\": [2]}, 3, {\"b\": [2.0], \"a\": 1.0}]",
                   "(root): expected elements that differ, found 1 and 3 equal");
    assert_valid("{\"uniqueItems\": true}", "[1, true, \"1\", [1], {\"1\": 1}, 0, false, null, [], {}, \"\"]");
    assert_invalid("{\"contains\": {\"const\": 1}}", "[2]",
                   "(root): expected at least 1 elements as contains has them, found 0");
    assert_invalid("{\"contains\": {\"const\": 1}, \"maxContains\": 1}", "[1, 1]",
                   "(root): expected at most 1 elements as contains has them, found 2");
    assert_invalid("{\"prefixItems\": [true], \"items\": false}", "[1, 2]", "/1: nothing is allowed here");
    assert_invalid("{\"prefixItems\": [true], \"unevaluatedItems\": false}", "[1, 2]", "/1: nothing is allowed here");
}

static void objects_fail_with_what_was_expected(void **state)
{
    (void)state;
    assert_invalid("{\"required\": [\"a\", \"b\"]}", "{\"a\": 1}", "(root): the member \"b\" is missing");
    assert_invalid("{\"dependentRequired\": {\"a\": [\"b\"]}}", "{\"a\": 1}",
                   "(root): the member \"b\" is missing, which \"a\" needs");
    assert_invalid("{\"minProperties\": 1}", "{}", "(root): expected at least 1 members, found 0");
    assert_invalid("{\"maxProperties\": 0}", "{\"a\": 1}", "(root): expected at most 0 members, found 1");
    assert_invalid("{\"properties\": {\"a\": true}, \"additionalProperties\": false}", "{\"a\": 1, \"b/c~\": 1}",
                   "/b~1c~0: nothing is allowed here");
    assert_invalid("{\"patternProperties\": {\"^a\": {\"type\": \"null\"}}}", "{\"b\": 1, \"ab\": 1}",
                   "/ab: expected null, found number");
    assert_invalid("{\"propertyNames\": {\"maxLength\": 2}}", "{\"abc\": 1}",
                   "/abc (its name): expected a text of at most 2 characters, found 3");
    assert_invalid("{\"allOf\": [{\"properties\": {\"a\": true}}], \"unevaluatedProperties\": false}",
                   "{\"a\": 1, \"b\": 1}", "/b: nothing is allowed here");
}

static void combinations_fail_with_what_was_expected(void **state)
{
    (void)state;
    assert_invalid("{\"anyOf\": [false, {\"type\": \"null\"}]}", "1",
                   "(root): expected one of the 2 schemas of anyOf to hold, none does");
    assert_invalid("{\"oneOf\": [false, false]}", "1",
                   "(root): expected exactly one of the 2 schemas of oneOf to hold, none does");
    assert_invalid("{\"oneOf\": [true, true]}", "1",
                   "(root): expected exactly one of the 2 schemas of oneOf to hold, more do");
    assert_invalid("{\"not\": true}", "1", "(root): expected a value for which the schema of not fails");
    assert_invalid("{\"if\": {\"type\": \"number\"}, \"then\": {\"minimum\": 2}, \"else\": false}", "1",
                   "(root): expected a number of at least 2, found 1");
    assert_invalid("{\"if\": {\"type\": \"null\"}, \"then\": false, \"else\": {\"minimum\": 2}}", "1",
                   "(root): expected a number of at least 2, found 1");
    assert_invalid("{\"dependentSchemas\": {\"a\": {\"required\": [\"b\"]}}}", "{\"a\": 1}",
                   "(root): the member \"b\" is missing");
    assert_valid("{\"dependentSchemas\": {\"a\": {\"required\": [\"b\"]}}}", "5");
}

static void names_in_errors_are_short_and_printable(void **state)
{
    (void)state;
    assert_invalid("{\"additionalProperties\": false}", "{\"a\\nb\": 1}", "/a?b: nothing is allowed here");
    char name[201] = "";
    memset(name, 'n', 200);
    char *text = memory_format("{\"%s\": 1}", name);
    char *expected = memory_format("/%.64s...: nothing is allowed here", name);
    assert_invalid("{\"additionalProperties\": false}", text, expected);
    free(text);
    free(expected);
}

static json_t *nested(size_t levels)
{
    json_t *value = json_null();
    for (size_t i = 0; i < levels; i++) {
        value = json_pack("[o]", value);
    }
    return value;
}

static void recursion_is_followed_and_bounded(void **state)
{
    (void)state;
    struct error why = {0};
    struct json_schema *schema = compile("{\"type\": [\"array\", \"null\"], \"items\": {\"$ref\": \"#\"}}");
    json_t *fine = nested(500);
    assert_true(json_schema_validate(schema, fine, &why));
    json_decref(fine);
    json_t *deep = nested(1100);
    assert_false(json_schema_validate(schema, deep, &why));
    assert_int_equal(why.status, STATUS_TOO_LARGE);
    assert_false(why.retryable);
    json_decref(deep);
    json_schema_destroy(schema);
}

/* A limit that is reached within "not" must not make the value valid. */
static void work_is_bounded_and_never_makes_a_value_valid(void **state)
{
    (void)state;
    const char *const schemas[] = {
        "{\"not\": {\"pattern\": \"^(a+)+$\"}}",
        "{\"anyOf\": [{\"pattern\": \"^(a+)+$\"}, true]}",
        "{\"if\": {\"pattern\": \"^(a+)+$\"}, \"then\": false}",
    };
    json_t *text = json_string("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        struct error why = {0};
        struct json_schema *schema = compile(schemas[i]);
        assert_false(json_schema_validate(schema, text, &why));
        assert_int_equal(why.status, STATUS_TOO_LARGE);
        json_schema_destroy(schema);
    }
    json_decref(text);
}

static void a_large_array_of_different_elements_is_within_the_work(void **state)
{
    (void)state;
    struct json_schema *schema = compile("{\"uniqueItems\": true, \"items\": {\"type\": \"integer\", \"minimum\": 0}}");
    json_t *array = json_array();
    for (json_int_t i = 0; i < 200000; i++) {
        json_array_append_new(array, json_integer(i));
    }
    assert_true(json_schema_validate(schema, array, NULL));
    json_decref(array);
    json_schema_destroy(schema);
}

#define THREADS 4
#define ROUNDS 200

struct shared {
    const struct json_schema *schema;
    int wrong[THREADS];
};

struct worker {
    struct shared *shared;
    size_t index;
};

static void *validate_often(void *argument)
{
    struct worker *worker = argument;
    for (int i = 0; i < ROUNDS; i++) {
        json_t *value = parse(i % 2 == 0 ? "{\"a\": [\"xa\"]}" : "{\"a\": [\"y\"]}");
        if (json_schema_validate(worker->shared->schema, value, NULL) != (i % 2 == 0)) {
            worker->shared->wrong[worker->index]++;
        }
        json_decref(value);
    }
    return NULL;
}

static void one_schema_serves_several_threads(void **state)
{
    (void)state;
    struct json_schema *schema =
        compile("{\"properties\": {\"a\": {\"items\": {\"pattern\": \"^x(a|b)+$\"}}}, "
                "\"unevaluatedProperties\": false}");
    struct shared shared = {.schema = schema};
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.shared = &shared, .index = i};
        assert_int_equal(pthread_create(&threads[i], NULL, validate_often, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(shared.wrong[i], 0);
    }
    json_schema_destroy(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_fail_with_what_was_expected),
        cmocka_unit_test(texts_of_the_value_are_not_repeated),
        cmocka_unit_test(arrays_fail_with_what_was_expected),
        cmocka_unit_test(objects_fail_with_what_was_expected),
        cmocka_unit_test(combinations_fail_with_what_was_expected),
        cmocka_unit_test(names_in_errors_are_short_and_printable),
        cmocka_unit_test(recursion_is_followed_and_bounded),
        cmocka_unit_test(work_is_bounded_and_never_makes_a_value_valid),
        cmocka_unit_test(a_large_array_of_different_elements_is_within_the_work),
        cmocka_unit_test(one_schema_serves_several_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

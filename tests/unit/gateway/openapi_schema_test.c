/* References of a schema that moves into another document. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "openapi_schema.h"

#define PLACE "#/components/schemas/s"

static void assert_moved(const char *text, const char *expected_text)
{
    json_t *schema = json_loads(text, JSON_DECODE_ANY, NULL);
    json_t *expected = json_loads(expected_text, JSON_DECODE_ANY, NULL);
    assert_non_null(schema);
    assert_non_null(expected);
    openapi_schema_move(schema, PLACE);
    if (!json_equal(schema, expected)) {
        char *found = json_dumps(schema, JSON_ENCODE_ANY);
        print_error("found %s\n", found);
        free(found);
        fail();
    }
    json_decref(schema);
    json_decref(expected);
}

static void pointers_lead_below_the_new_place(void **state)
{
    (void)state;
    assert_moved("{\"properties\":{\"a\":{\"$ref\":\"#/$defs/x\"},\"b\":{\"$ref\":\"#\"}},\"$defs\":{\"x\":true}}",
                 "{\"properties\":{\"a\":{\"$ref\":\"" PLACE "/$defs/x\"},\"b\":{\"$ref\":\"" PLACE "\"}},"
                 "\"$defs\":{\"x\":true}}");
    assert_moved("{\"anyOf\":[{\"items\":{\"$ref\":\"#/anyOf/1\"}},{}]}",
                 "{\"anyOf\":[{\"items\":{\"$ref\":\"" PLACE "/anyOf/1\"}},{}]}");
}

static void the_schemas_own_name_and_draft_go(void **state)
{
    (void)state;
    assert_moved("{\"$id\":\"urn:x\",\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"not\":{\"$ref\":"
                 "\"urn:x#/$defs/y\"}}",
                 "{\"not\":{\"$ref\":\"" PLACE "/$defs/y\"}}");
    assert_moved("{\"$id\":\"urn:x\",\"items\":{\"$ref\":\"urn:x\"}}", "{\"items\":{\"$ref\":\"" PLACE "\"}}");
}

static void anchors_become_pointers(void **state)
{
    (void)state;
    assert_moved("{\"$ref\":\"#it\",\"$defs\":{\"a/b~ c\":{\"$anchor\":\"it\",\"type\":\"null\"}}}",
                 "{\"$ref\":\"" PLACE "/%24defs/a~1b~0%20c\",\"$defs\":{\"a/b~ c\":{\"type\":\"null\"}}}");
}

static void values_and_names_that_look_like_references_stay(void **state)
{
    (void)state;
    const char *values = "{\"const\":{\"$ref\":\"#/a\"},\"enum\":[{\"$ref\":\"#/a\"}],\"default\":{\"$ref\":\"#/a\"},"
                         "\"examples\":[{\"$anchor\":\"a\"}]}";
    const char *names = "{\"properties\":{\"$ref\":{\"type\":\"null\"},\"$anchor\":true,\"const\":{\"not\":true}}}";
    assert_moved(values, values);
    assert_moved(names, names);
    assert_moved("{\"properties\":{\"enum\":{\"$ref\":\"#/a\"}}}",
                 "{\"properties\":{\"enum\":{\"$ref\":\"" PLACE "/a\"}}}");
}

static void true_and_false_are_schemas_too(void **state)
{
    (void)state;
    assert_moved("true", "true");
    assert_moved("{\"items\":false}", "{\"items\":false}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pointers_lead_below_the_new_place),
        cmocka_unit_test(the_schemas_own_name_and_draft_go),
        cmocka_unit_test(anchors_become_pointers),
        cmocka_unit_test(values_and_names_that_look_like_references_stay),
        cmocka_unit_test(true_and_false_are_schemas_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Members of answers that hold payloads, too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "json_pick.h"

static struct json_slice slice(const char *text)
{
    return (struct json_slice){text, strlen(text)};
}

static void a_payload_that_jansson_refuses_does_not_hide_the_rest(void **state)
{
    (void)state;
    struct json_slice answer = slice("{\"id\": \"x\", \"result\": [1e999, 123456789012345678901], "
                                     "\"n\": 3, \"t\": null}");
    json_t *picked = json_pick(answer, "id n result missing t");
    assert_string_equal(json_string_value(json_object_get(picked, "id")), "x");
    assert_int_equal(json_integer_value(json_object_get(picked, "n")), 3);
    assert_true(json_is_null(json_object_get(picked, "t")));
    assert_int_equal(json_object_size(picked), 3);
    json_decref(picked);
}

static void what_is_no_object_has_no_members(void **state)
{
    (void)state;
    json_t *picked = json_pick(slice("[1]"), "id");
    assert_int_equal(json_object_size(picked), 0);
    json_decref(picked);
    picked = json_pick((struct json_slice){NULL, 0}, "id");
    assert_int_equal(json_object_size(picked), 0);
    json_decref(picked);
    assert_null(json_pick_text((struct json_slice){NULL, 0}, "id"));
}

static void paths_lead_into_members(void **state)
{
    (void)state;
    struct json_slice answer = slice("{\"a\": {\"b\": {\"c\": 1.50}}, \"s\": \"t\\u00e4\", \"n\": 1}");
    struct json_slice found = json_pick_path(answer, "a.b.c");
    assert_int_equal(found.length, 4);
    assert_memory_equal(found.data, "1.50", 4);
    assert_null(json_pick_path(answer, "a.x.c").data);
    assert_null(json_pick_path(answer, "s.x").data);
    char *text = json_pick_text(answer, "s");
    assert_string_equal(text, "t\xc3\xa4");
    free(text);
    assert_null(json_pick_text(answer, "n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_that_jansson_refuses_does_not_hide_the_rest),
        cmocka_unit_test(what_is_no_object_has_no_members),
        cmocka_unit_test(paths_lead_into_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Content-Type and Accept. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/media_type.h"

#define JSON "application/json"

static void a_content_type_is_compared_without_its_parameters(void **state)
{
    (void)state;
    assert_true(media_type_is("application/json", JSON));
    assert_true(media_type_is(" Application/JSON ; charset=utf-8", JSON));
    assert_false(media_type_is("application/json-patch+json", JSON));
    assert_false(media_type_is("application/jso", JSON));
    assert_false(media_type_is("application/json, text/plain", JSON));
    assert_false(media_type_is("", JSON));
    assert_false(media_type_is(NULL, JSON));
}

static void the_most_specific_range_decides(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool expected;
    } cases[] = {{NULL, true},
                 {"", true},
                 {"*/*", true},
                 {"application/*", true},
                 {"application/json", true},
                 {"APPLICATION/Json;q=0.1", true},
                 {"text/html,application/xhtml+xml,*/*;q=0.8", true},
                 {"text/html", false},
                 {"application/xml", false},
                 {"application/json;q=0", false},
                 {"application/json; q=0.000, */*", false},
                 {"*/*;q=0, application/json", true},
                 {"application/*;q=0, */*", false},
                 {"application/json;v=1;q=0", false},
                 {"application/json;q=0.001", true},
                 {"application", false},
                 {",", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (media_type_is_acceptable(cases[i].accept, JSON) != cases[i].expected) {
            fail_msg("%s", cases[i].accept);
        }
    }
}

static void who_means_a_type_names_it(void **state)
{
    (void)state;
    assert_true(media_type_is_named("application/json", JSON));
    assert_true(media_type_is_named("text/html, application/json;q=0.1", JSON));
    assert_false(media_type_is_named("application/json;q=0, */*", JSON));
    assert_false(media_type_is_named("application/*", JSON));
    assert_false(media_type_is_named("*/*", JSON));
    assert_false(media_type_is_named("", JSON));
    assert_false(media_type_is_named(NULL, JSON));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_content_type_is_compared_without_its_parameters),
        cmocka_unit_test(the_most_specific_range_decides),
        cmocka_unit_test(who_means_a_type_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

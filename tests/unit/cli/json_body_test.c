/* The object that a request sends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "json_body.h"

static struct json_slice slice(const char *text)
{
    return (struct json_slice){text, strlen(text)};
}

static void members_stand_in_their_order_and_values_as_they_are(void **state)
{
    (void)state;
    struct json_body body;
    struct error error = {0};
    json_body_begin(&body);
    assert_int_equal(json_body_text(&body, "type", "a\"b\n", &error), STATUS_OK);
    assert_int_equal(json_body_text(&body, "none", NULL, &error), STATUS_OK);
    assert_int_equal(json_body_raw(&body, "in\"put", slice("{ \"a\": 1.50 }"), &error), STATUS_OK);
    assert_int_equal(json_body_number(&body, "n", -7, &error), STATUS_OK);
    json_body_end(&body);
    assert_string_equal(body.text.data, "{\"type\":\"a\\\"b\\n\",\"in\\\"put\":{ \"a\": 1.50 },\"n\":-7}");
    json_body_deinit(&body);
}

static void an_empty_one_is_an_object(void **state)
{
    (void)state;
    struct json_body body;
    json_body_begin(&body);
    json_body_end(&body);
    assert_string_equal(body.text.data, "{}");
    json_body_deinit(&body);
}

static void what_is_not_utf8_is_refused(void **state)
{
    (void)state;
    struct json_body body;
    struct error error = {0};
    json_body_begin(&body);
    assert_int_equal(json_body_text(&body, "reason", "\xff", &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "reason: expected UTF-8");
    json_body_deinit(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_stand_in_their_order_and_values_as_they_are),
        cmocka_unit_test(an_empty_one_is_an_object),
        cmocka_unit_test(what_is_not_utf8_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Members of JSON objects, read by a table. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "json_member.h"

struct thing {
    char *name;
    int64_t pause_ms;
    double weight;
    size_t color;
};

static enum status read_weight(const struct json_member *member, void *out, struct error *error)
{
    return json_member_read_number(member, 0.5, 10, out, error);
}

static enum status read_color(const struct json_member *member, void *out, struct error *error)
{
    static const char *const words[] = {"red", "green", NULL};
    return json_member_read_word(member, words, out, error);
}

static const struct json_member_reader s_members[] = {
    {"name", json_member_read_text, offsetof(struct thing, name)},
    {"pause", json_member_read_duration, offsetof(struct thing, pause_ms)},
    {"weight", read_weight, offsetof(struct thing, weight)},
    {"color", read_color, offsetof(struct thing, color)},
};

static enum status read_thing(const char *text, const char *prefix, struct thing *thing, struct error *error)
{
    const struct json_slice object = {.data = text, .length = strlen(text)};
    size_t count = sizeof s_members / sizeof s_members[0];
    return prefix == NULL ? json_member_read_body(text, strlen(text), s_members, count, thing, error)
                          : json_member_read_object(object, prefix, s_members, count, thing, error);
}

static void each_member_goes_where_its_reader_says(void **state)
{
    (void)state;
    struct thing thing = {0};
    assert_int_equal(read_thing("{\"color\": \"green\", \"n\\u0061me\":\"x\", \"pause\":1.5, \"weight\":2e0}", NULL,
                                &thing, NULL), STATUS_OK);
    assert_string_equal(thing.name, "x");
    assert_int_equal(thing.pause_ms, 1500);
    assert_true(thing.weight > 1.9 && thing.weight < 2.1);
    assert_int_equal(thing.color, 1);
    free(thing.name);
    thing = (struct thing){0};
    assert_int_equal(read_thing("{\"pause\": \"2m\"}", NULL, &thing, NULL), STATUS_OK);
    assert_int_equal(thing.pause_ms, 120000);
    assert_int_equal(read_thing("{}", NULL, &thing, NULL), STATUS_OK);
}

static void assert_refused(const char *text, const char *prefix, const char *expected)
{
    struct thing thing = {0};
    struct error error = {0};
    assert_int_equal(read_thing(text, prefix, &thing, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, expected);
    free(thing.name);
}

static void a_body_is_whole_or_nothing_is_read(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", " ", "nope", "{", "{\"name\":\"x\"", "{\"name\":\"x\"} x",
                                         "{\"name\":\"x\",}", "{\"name\":\"x\",\"pause\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct thing thing = {0};
        struct error error = {0};
        assert_int_equal(read_thing(bodies[i], NULL, &thing, &error), STATUS_MALFORMED);
        assert_string_equal(error.text, "the body is not valid JSON in UTF-8");
        assert_null(thing.name);
    }
    struct thing thing = {0};
    assert_int_equal(read_thing(" { } ", NULL, &thing, NULL), STATUS_OK);
    assert_int_equal(read_thing("\n[1]", NULL, &thing, NULL), STATUS_INVALID_ARGUMENT);
}

static void an_error_names_the_member(void **state)
{
    (void)state;
    assert_refused("[]", NULL, "expected a JSON object");
    assert_refused("7", "retryPolicy", "retryPolicy: expected a JSON object");
    assert_refused("{\"nome\":1}", NULL, "nome: there is no such member");
    assert_refused("{\"x\":1}", "retryPolicy", "retryPolicy.x: there is no such member");
    assert_refused("{\"name\\u0000\":1}", NULL, "name: there is no such member");
    assert_refused("{\"name\":\"a\",\"name\":\"b\"}", NULL, "name: given twice");
    assert_refused("{\"name\":7}", NULL, "name: expected a text");
    assert_refused("{\"name\":\"\"}", NULL, "name: expected a text");
    assert_refused("{\"name\":\"a\\u0000b\"}", NULL, "name: expected a text");
    assert_refused("{\"weight\":0.1}", "p", "p.weight: expected a number from 0.5 to 10");
    assert_refused("{\"weight\":\"1\"}", NULL, "weight: expected a number from 0.5 to 10");
    assert_refused("{\"weight\":1000000000000000000000000000000000000000000}", NULL,
                   "weight: expected a number from 0.5 to 10");
    assert_refused("{\"color\":\"blue\"}", NULL, "color: expected one of red, green");
    assert_refused("{\"pause\":null}", NULL, "pause: expected a duration (500ms, 30s, 1.5m, 2h, 7d, or seconds)");
    assert_refused("{\"pause\":-1}", NULL, "pause: expected a duration (500ms, 30s, 1.5m, 2h, 7d, or seconds)");
}

static void a_number_of_any_form_is_a_duration_in_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t expected_ms;
    } cases[] = {{"{\"pause\":30}", 30000},    {"{\"pause\":1.001}", 1001}, {"{\"pause\":5e-1}", 500},
                 {"{\"pause\":1.5E2}", 150000}, {"{\"pause\":0.00001}", 0},  {"{\"pause\":0}", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct thing thing = {.pause_ms = -1};
        assert_int_equal(read_thing(cases[i].text, NULL, &thing, NULL), STATUS_OK);
        assert_int_equal(thing.pause_ms, cases[i].expected_ms);
    }
    assert_refused("{\"pause\":1e99}", NULL, "pause: expected a duration (500ms, 30s, 1.5m, 2h, 7d, or seconds)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_member_goes_where_its_reader_says),
        cmocka_unit_test(a_body_is_whole_or_nothing_is_read),
        cmocka_unit_test(an_error_names_the_member),
        cmocka_unit_test(a_number_of_any_form_is_a_duration_in_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

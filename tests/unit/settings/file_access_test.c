/* Tokens with scopes, and origins. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "settings/access.h"
#include "settings/settings.h"
#include "support.h"

static void a_token_may_do_what_its_scope_says(void **state)
{
    (void)state;
    struct settings *settings = support_load("routes: { orders: { workflow: w }, other: { workflow: w } }\n"
                                             "gateway:\n"
                                             "  tokens:\n"
                                             "    - { name: all, token_file: /run/secrets/all }\n"
                                             "    - name: ci\n"
                                             "      token_file: /run/secrets/ci\n"
                                             "      allow: [start, read]\n"
                                             "      routes: [orders]\n"
                                             "      namespaces: [default, staging]\n"
                                             "      rate: 600/m\n"
                                             "    - { name: slow, token_file: s, rate: 1/h, burst: 2 }\n"
                                             "    - { name: fast, token_file: f, rate: 1000000/s }\n");
    const struct settings_token *tokens = settings->gateway.tokens;
    assert_int_equal(settings->gateway.token_count, 4);
    assert_string_equal(tokens[0].name, "all");
    assert_int_equal(tokens[0].verbs, SETTINGS_VERBS_ALL);
    assert_null(tokens[0].routes);
    assert_null(tokens[0].namespaces);
    assert_int_equal(tokens[0].rate, 0);
    assert_string_equal(tokens[1].file, "/run/secrets/ci");
    assert_int_equal(tokens[1].line, 6);
    assert_int_equal(tokens[1].verbs,
                     SETTINGS_VERB_BIT(SETTINGS_VERB_START) | SETTINGS_VERB_BIT(SETTINGS_VERB_READ));
    assert_int_equal(tokens[1].route_count, 1);
    assert_string_equal(tokens[1].routes[0], "orders");
    assert_int_equal(tokens[1].namespace_count, 2);
    assert_string_equal(tokens[1].namespaces[1], "staging");
    assert_int_equal(tokens[1].rate, 600);
    assert_int_equal(tokens[1].rate_period_ms, 60000);
    assert_int_equal(tokens[1].burst, 10);
    assert_int_equal(tokens[2].rate_period_ms, 3600000);
    assert_int_equal(tokens[2].burst, 2);
    assert_int_equal(tokens[3].burst, 1000000);
    settings_destroy(settings);
}

static void what_is_wrong_with_a_token_is_said_where_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *tokens;
        const char *refusal;
    } cases[] = {
        {"{}", "ferry.yaml:2: gateway.tokens: expected a list of 1 to 64 tokens"},
        {"[{}]", "ferry.yaml:2: gateway.tokens[0]: expected the key \"name\": what logs and metrics call the token"},
        {"[{ name: a }]",
         "ferry.yaml:2: gateway.tokens[0]: expected the key \"token_file\": the file that holds the token"},
        {"[{ name: a b, token_file: f }]",
         "ferry.yaml:2: gateway.tokens[0].name: expected a token's name of 1 to 100 letters, digits, \".\", \"_\" or "
         "\"-\", not \"a b\""},
        {"[{ name: default, token_file: f }]",
         "ferry.yaml:2: gateway.tokens[0].name: expected another name than \"default\", which is that of "
         "gateway.token_file's token"},
        {"[{ name: a, token_file: f }, { name: a, token_file: g }]",
         "ferry.yaml:2: gateway.tokens[1].name: expected a name of its own for each token, found \"a\" again"},
        {"[{ name: a, token_file: f, allow: [start, kill] }]",
         "ferry.yaml:2: gateway.tokens[0].allow[1]: expected event, wait, read, start, signal, query, update, cancel, "
         "terminate, reset or delete, not \"kill\""},
        {"[{ name: a, token_file: f, allow: [] }]",
         "ferry.yaml:2: gateway.tokens[0].allow: expected a list of 1 to 11"},
        {"[{ name: a, token_file: f, allow: [read, read] }]",
         "ferry.yaml:2: gateway.tokens[0].allow[1]: expected each once, found \"read\" again"},
        {"[{ name: a, token_file: f, routes: [nobody] }]",
         "ferry.yaml:2: gateway.tokens[0].routes[0]: expected the name of a route below \"routes\", not \"nobody\""},
        {"[{ name: a, token_file: f, burst: 2 }]",
         "ferry.yaml:2: gateway.tokens[0].burst: expected the key \"rate\" beside it"},
    };
    static const char *const rates[] = {"100", "0/s", "1000001/s", "12345678/s", "1/d", "/s", "1/", "-1/s", "[]"};
    char text[512];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(text, sizeof text, "gateway:\n  tokens: %s\n", cases[i].tokens);
        support_assert_refused(text, cases[i].refusal);
    }
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        (void)snprintf(text, sizeof text, "gateway:\n  tokens: [{ name: a, token_file: f, rate: %s }]\n", rates[i]);
        support_assert_refused(text,
                               "ferry.yaml:2: gateway.tokens[0].rate: expected a number of requests from 1 to 1000000 "
                               "in a second, minute or hour, such as 100/s, 600/m or 10/h");
    }
    support_assert_refused("gateway:\n  auth: none\n  tokens: [{ name: a, token_file: f }]\n",
                   "ferry.yaml:3: gateway.tokens: expected tokens or auth: none, found both");
}

static void origins_are_read(void **state)
{
    (void)state;
    struct settings *settings =
        support_load("gateway: { cors: { origins: ['https://app.example', 'http://localhost:3000'], max_age: 1h } }\n");
    assert_int_equal(settings->gateway.cors->origin_count, 2);
    assert_string_equal(settings->gateway.cors->origins[1], "http://localhost:3000");
    assert_int_equal(settings->gateway.cors->max_age_ms, 3600000);
    settings_destroy(settings);
}

static void what_is_no_origin_is_refused(void **state)
{
    (void)state;
    static const char *const origins[] = {"*", "app.example", "https://", "https://app.example/", "https://*.example",
                                          "https://a@app.example", "null"};
    char text[512];
    char refusal[512];
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        (void)snprintf(text, sizeof text, "gateway:\n  cors: { origins: ['%s'] }\n", origins[i]);
        (void)snprintf(refusal, sizeof refusal,
                       "ferry.yaml:2: gateway.cors.origins[0]: expected an origin as browsers send it, such as "
                       "https://app.example or http://localhost:3000, not \"%s\"",
                       origins[i]);
        support_assert_refused(text, refusal);
    }
    support_assert_refused("gateway:\n  cors: {}\n",
                   "ferry.yaml:2: gateway.cors: expected the key \"origins\": a list of those that may call");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_token_may_do_what_its_scope_says, support_setup, support_teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_a_token_is_said_where_it_stands, support_setup,
                                        support_teardown),
        cmocka_unit_test_setup_teardown(origins_are_read, support_setup, support_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_origin_is_refused, support_setup, support_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

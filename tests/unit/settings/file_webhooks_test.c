/* Webhooks of routes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "settings/access.h"
#include "settings/settings.h"
#include "support.h"

static void each_kind_has_its_keys(void **state)
{
    (void)state;
    struct settings *settings = support_load(
        "routes:\n"
        "  github: { workflow: w, webhook: { kind: github, secret_file: g, events: [push, star] } }\n"
        "  stripe: { workflow: w, webhook: { kind: stripe, secret_file: s, secret_overlap: 24h } }\n"
        "  strava:\n"
        "    target: sqs\n"
        "    queue: https://sqs.eu-central-1.amazonaws.com/1/activities.fifo\n"
        "    group: '{body.owner_id}'\n"
        "    webhook: { kind: strava, secret_file: a, verify_token_file: v, subscription_id: 120475 }\n"
        "  plain: { workflow: w }\n");
    const struct settings_webhook *github = settings_find_route(settings, "github")->webhook;
    const struct settings_webhook *stripe = settings_find_route(settings, "stripe")->webhook;
    const struct settings_webhook *strava = settings_find_route(settings, "strava")->webhook;
    assert_int_equal(github->kind, SETTINGS_WEBHOOK_GITHUB);
    assert_string_equal(github->secret_file, "g");
    assert_int_equal(github->line, 2);
    assert_int_equal(github->overlap_ms, 300000);
    assert_int_equal(github->event_count, 2);
    assert_string_equal(github->events[1], "star");
    assert_int_equal(stripe->kind, SETTINGS_WEBHOOK_STRIPE);
    assert_int_equal(stripe->overlap_ms, 86400000);
    assert_null(stripe->events);
    assert_int_equal(strava->kind, SETTINGS_WEBHOOK_STRAVA);
    assert_string_equal(strava->verify_token_file, "v");
    assert_int_equal(strava->subscription_id, 120475);
    assert_null(settings_find_route(settings, "plain")->webhook);
    settings_destroy(settings);
}

static void what_is_missing_or_out_of_place_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *webhook;
        const char *refusal;
    } cases[] = {
        {"{ secret_file: s }",
         "ferry.yaml:2: routes.a.webhook: expected the key \"kind\": github, stripe or strava"},
        {"{ kind: gitlab, secret_file: s }",
         "ferry.yaml:2: routes.a.webhook.kind: expected one of github, stripe, strava, not \"gitlab\""},
        {"{ kind: github }",
         "ferry.yaml:2: routes.a.webhook: expected the key \"secret_file\": the file with the secret that signs the "
         "webhook"},
        {"{ kind: strava }",
         "ferry.yaml:2: routes.a.webhook: expected the key \"secret_file\": the file with the unguessable end of the "
         "callback's path"},
        {"{ kind: github, secret_file: s, subscription_id: 1 }",
         "ferry.yaml:2: routes.a.webhook.subscription_id: expected kind: strava beside \"subscription_id\""},
        {"{ kind: stripe, secret_file: s, verify_token_file: v }",
         "ferry.yaml:2: routes.a.webhook.verify_token_file: expected kind: strava beside \"verify_token_file\""},
        {"{ kind: github, secret_file: s, events: push }",
         "ferry.yaml:2: routes.a.webhook.events: expected a list of 1 to 64"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "routes:\n  a: { workflow: w, webhook: %s }\n", cases[i].webhook);
        support_assert_refused(text, cases[i].refusal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_kind_has_its_keys, support_setup, support_teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_or_out_of_place_is_refused, support_setup, support_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

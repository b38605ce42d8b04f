/* Which event a webhook's request is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "webhook_event.h"

static void githubs_headers_name_it(void **state)
{
    (void)state;
    struct webhook_event event = {0};
    char longest[300] = {0};
    memset(longest, 'a', sizeof longest - 1);
    assert_int_equal(webhook_event_of_github("72d3162e-cc78-11e3-81ab-4c9367dc0958", "push", &event, NULL), STATUS_OK);
    assert_string_equal(event.id, "72d3162e-cc78-11e3-81ab-4c9367dc0958");
    assert_string_equal(event.type, "push");
    webhook_event_deinit(&event);
    assert_int_equal(webhook_event_of_github(NULL, "push", &event, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(webhook_event_of_github("", "push", &event, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(webhook_event_of_github("a", NULL, &event, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(webhook_event_of_github(longest, "push", &event, NULL), STATUS_INVALID_ARGUMENT);
}

static enum status of_stripe(const char *body, struct webhook_event *event)
{
    return webhook_event_of_stripe(body, strlen(body), event, NULL);
}

static void stripes_body_names_it(void **state)
{
    (void)state;
    struct webhook_event event = {0};
    assert_int_equal(of_stripe("{\"id\":\"evt_1\",\"object\":\"event\",\"type\":\"invoice.paid\"}", &event), STATUS_OK);
    assert_string_equal(event.id, "evt_1");
    assert_string_equal(event.type, "invoice.paid");
    webhook_event_deinit(&event);
    static const char *const bodies[] = {"", "[]", "{}", "{\"id\":\"evt_1\"}", "{\"id\":null,\"type\":\"a\"}",
                                         "{\"id\":\"\",\"type\":\"a\"}", "{\"id\":{},\"type\":\"a\"}",
                                         "{\"id\":\"a\\u0000b\",\"type\":\"a\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(of_stripe(bodies[i], &event), STATUS_INVALID_ARGUMENT);
    }
}

#define STRAVA(subscription)                                                                                \
    "{\"aspect_type\":\"update\",\"event_time\":1516126040,\"object_id\":1360128428,\"object_type\":"       \
    "\"activity\",\"owner_id\":134815,\"subscription_id\":" subscription ",\"updates\":{\"title\":\"Messy\"}}"

static enum status of_strava(const char *body, int64_t subscription_id, struct webhook_event *event)
{
    return webhook_event_of_strava(body, strlen(body), subscription_id, event, NULL);
}

static void what_strava_says_of_the_object_names_it(void **state)
{
    (void)state;
    struct webhook_event event = {0};
    assert_int_equal(of_strava(STRAVA("120475"), 120475, &event), STATUS_OK);
    assert_string_equal(event.id, "activity-1360128428-update-1516126040");
    assert_string_equal(event.type, "activity.update");
    webhook_event_deinit(&event);
    assert_int_equal(of_strava("{\"object_type\":\"activity\"}", 0, &event), STATUS_INVALID_ARGUMENT);
    assert_int_equal(of_strava("", 0, &event), STATUS_INVALID_ARGUMENT);
}

static void another_subscription_is_another_sender(void **state)
{
    (void)state;
    struct webhook_event event = {0};
    assert_int_equal(of_strava(STRAVA("120476"), 120475, &event), STATUS_UNAUTHENTICATED);
    assert_int_equal(of_strava(STRAVA("0"), 120475, &event), STATUS_UNAUTHENTICATED);
    assert_int_equal(of_strava(STRAVA("120476"), 0, &event), STATUS_OK);
    webhook_event_deinit(&event);
}

static void kinds_that_nobody_asked_for_are_not_wanted(void **state)
{
    (void)state;
    static char push[] = "push";
    static char *events[] = {push};
    const struct settings_webhook all = {.kind = SETTINGS_WEBHOOK_GITHUB};
    const struct settings_webhook one = {.kind = SETTINGS_WEBHOOK_GITHUB, .events = events, .event_count = 1};
    const struct settings_webhook stripe = {.kind = SETTINGS_WEBHOOK_STRIPE};
    assert_true(webhook_wants(&all, "push"));
    assert_false(webhook_wants(&all, "ping"));
    assert_true(webhook_wants(&one, "push"));
    assert_false(webhook_wants(&one, "star"));
    assert_true(webhook_wants(&stripe, "ping"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(githubs_headers_name_it),
        cmocka_unit_test(stripes_body_names_it),
        cmocka_unit_test(what_strava_says_of_the_object_names_it),
        cmocka_unit_test(another_subscription_is_another_sender),
        cmocka_unit_test(kinds_that_nobody_asked_for_are_not_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

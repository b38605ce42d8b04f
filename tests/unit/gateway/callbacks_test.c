/* Which URL a chain's callback has, and when one is asked for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "callbacks.h"

static char s_url[] = "http://ferry:8080/";
static char s_namespace[] = "default";
static char s_token[] = "secret";
static char s_other_token[] = "other";

static struct settings settings_with(char *url, char *token)
{
    return (struct settings){.temporal = {.namespace_ = s_namespace},
                             .gateway = {.callback_url = url, .token = token, .long_polls = 10}};
}

static void without_a_url_there_is_none(void **state)
{
    (void)state;
    struct settings settings = settings_with(NULL, s_token);
    char token[WATCH_TOKEN_SIZE];
    assert_null(callbacks_new(&settings));
    assert_false(callbacks_token(NULL, NULL, "w", token));
    assert_false(callbacks_are_wanted(NULL, 1000, 0));
}

static void the_url_is_a_function_of_the_workflow_and_of_the_secret(void **state)
{
    (void)state;
    struct settings settings = settings_with(s_url, s_token);
    struct callbacks *callbacks = callbacks_new(&settings);
    struct callbacks *restarted = callbacks_new(&settings);
    settings.gateway.token = s_other_token;
    struct callbacks *stranger = callbacks_new(&settings);
    char first[WATCH_TOKEN_SIZE];
    char again[WATCH_TOKEN_SIZE];
    assert_true(callbacks_token(callbacks, NULL, "w", first));
    assert_true(callbacks_token(restarted, "default", "w", again));
    assert_string_equal(first, again);
    assert_true(callbacks_is_token(first));
    char *url = callbacks_url(callbacks, first);
    assert_int_equal(strncmp(url, "http://ferry:8080/v1/callbacks/", 31), 0);
    assert_string_equal(url + 31, first);
    free(url);
    assert_true(callbacks_token(callbacks, "elsewhere", "w", again));
    assert_string_not_equal(first, again);
    assert_true(callbacks_token(callbacks, NULL, "v", again));
    assert_string_not_equal(first, again);
    assert_true(callbacks_token(stranger, NULL, "w", again));
    assert_string_not_equal(first, again);
    callbacks_destroy(callbacks);
    callbacks_destroy(restarted);
    callbacks_destroy(stranger);
}

static void what_has_another_form_is_no_token(void **state)
{
    (void)state;
    assert_true(callbacks_is_token("0123456789abcdef0123456789abcdef"));
    assert_false(callbacks_is_token("0123456789abcdef0123456789abcde"));
    assert_false(callbacks_is_token("0123456789abcdef0123456789abcdef0"));
    assert_false(callbacks_is_token("0123456789ABCDEF0123456789abcdef"));
    assert_false(callbacks_is_token(""));
}

static void they_are_asked_for_when_there_are_many_runs_and_not_after_a_refusal(void **state)
{
    (void)state;
    struct settings settings = settings_with(s_url, NULL);
    struct callbacks *callbacks = callbacks_new(&settings);
    struct error error = {0};
    assert_false(callbacks_are_wanted(callbacks, 9, 1000));
    assert_true(callbacks_are_wanted(callbacks, 10, 1000));
    (void)error_set(&error, STATUS_INVALID_ARGUMENT, "no mapping defined for search attribute X");
    assert_false(callbacks_note_refusal(callbacks, &error, 1000));
    (void)error_set(&error, STATUS_UNAVAILABLE, "callback");
    assert_false(callbacks_note_refusal(callbacks, &error, 1000));
    assert_true(callbacks_are_wanted(callbacks, 10, 1000));
    (void)error_set(&error, STATUS_INVALID_ARGUMENT,
                    "invalid url: url does not match any configured callback address: http://ferry:8080");
    assert_true(callbacks_note_refusal(callbacks, &error, 1000));
    assert_true(callbacks_note_refusal(callbacks, &error, 1001)); /* one that was under way */
    assert_false(callbacks_are_wanted(callbacks, 10, 2000));
    assert_true(callbacks_are_wanted(callbacks, 10, 400000));
    callbacks_destroy(callbacks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_url_there_is_none),
        cmocka_unit_test(the_url_is_a_function_of_the_workflow_and_of_the_secret),
        cmocka_unit_test(what_has_another_form_is_no_token),
        cmocka_unit_test(they_are_asked_for_when_there_are_many_runs_and_not_after_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

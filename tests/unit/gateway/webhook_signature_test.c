/* Signatures of webhooks. GitHub's is the example of its documentation ("Testing the webhook payload validation");
 * Stripe publishes the header's form without a secret: ours are made with Python's hmac. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "webhook_signature.h"

#define HELLO "Hello, World!"
#define GITHUB_SECRET "It's a Secret to Everybody"
#define GITHUB_SIGNATURE "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

static enum status github(const char *header, const char *body, const char *secret)
{
    return webhook_check_github(header, body, strlen(body), secret, NULL);
}

static void githubs_own_example_is_good(void **state)
{
    (void)state;
    assert_int_equal(github("sha256=" GITHUB_SIGNATURE, HELLO, GITHUB_SECRET), STATUS_OK);
}

static void what_does_not_fit_githubs_secret_is_refused(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(github("sha256=" GITHUB_SIGNATURE, "Hello, World?", GITHUB_SECRET), STATUS_UNAUTHENTICATED);
    assert_int_equal(github("sha256=" GITHUB_SIGNATURE, HELLO, "another"), STATUS_UNAUTHENTICATED);
    static const char *const headers[] = {"", GITHUB_SIGNATURE, "sha1=" GITHUB_SIGNATURE, "sha256=",
                                          "sha256=" GITHUB_SIGNATURE "00",
                                          "sha256=zz7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        assert_int_equal(github(headers[i], HELLO, GITHUB_SECRET), STATUS_UNAUTHENTICATED);
    }
    assert_int_equal(webhook_check_github(NULL, HELLO, strlen(HELLO), GITHUB_SECRET, &error), STATUS_UNAUTHENTICATED);
    assert_non_null(strstr(error.text, "X-Hub-Signature-256"));
}

#define STRIPE_TIME 1492774577
#define STRIPE_BODY "{\"id\":\"evt_1\",\"type\":\"ping\"}"
#define STRIPE_NEW "96b5261f2183a999bf22c3b8a947f89dfdc090eb342e66b8bb62f2c91b812415" /* of whsec_test */
#define STRIPE_OLD "af807620c0e6fb10fc67e5d551e29ff924f82ca26c48707d82ae37cd406d6acb" /* of whsec_old */
#define STRIPE_EMPTY "4f4d1473367ab463bc3fdeef7705526b41feee471b0cd607142fdc038956f9c2"
#define STRIPE_V0 "6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"

static enum status stripe(const char *header, int64_t now_s)
{
    return webhook_check_stripe(header, STRIPE_BODY, strlen(STRIPE_BODY), "whsec_test", now_s, NULL);
}

static void a_signature_of_stripes_form_is_good(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "t=1492774577,v1=" STRIPE_NEW,
        "t=1492774577,v1=" STRIPE_NEW ",v0=" STRIPE_V0,
        "t=1492774577,v1=" STRIPE_OLD ",v1=" STRIPE_NEW, /* while a secret is rolled */
        "t=1492774577,v1=" STRIPE_NEW ",v1=" STRIPE_OLD,
        "v1=" STRIPE_NEW ",t=1492774577",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        assert_int_equal(stripe(headers[i], STRIPE_TIME), STATUS_OK);
    }
    assert_int_equal(webhook_check_stripe("t=1492774577,v1=" STRIPE_EMPTY, "", 0, "whsec_test", STRIPE_TIME, NULL),
                     STATUS_OK);
}

static void what_does_not_fit_stripes_secret_is_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "",
        ",",
        "=,=",
        "t=1492774577",
        "v1=" STRIPE_NEW,
        "t=,v1=" STRIPE_NEW,
        "t=1492774578,v1=" STRIPE_NEW,
        "t=1492774577,v0=" STRIPE_NEW,
        "t=1492774577,v1=" STRIPE_OLD,
        "t=1492774577,v1=",
        "t=1492774577 ,v1=" STRIPE_NEW,
        "t=+492774577,v1=" STRIPE_NEW,
        "t=14927745771492774577,v1=" STRIPE_NEW,
        "t=1492774577,v1=" STRIPE_NEW ",t=1492774570",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        assert_int_equal(stripe(headers[i], STRIPE_TIME), STATUS_UNAUTHENTICATED);
    }
    assert_int_equal(stripe(NULL, STRIPE_TIME), STATUS_UNAUTHENTICATED);
}

static void what_is_too_old_or_from_the_future_is_refused(void **state)
{
    (void)state;
    const char *header = "t=1492774577,v1=" STRIPE_NEW;
    struct error error = {0};
    assert_int_equal(stripe(header, STRIPE_TIME + WEBHOOK_TOLERANCE_S), STATUS_OK);
    assert_int_equal(stripe(header, STRIPE_TIME - WEBHOOK_TOLERANCE_S), STATUS_OK);
    assert_int_equal(stripe(header, STRIPE_TIME - WEBHOOK_TOLERANCE_S - 1), STATUS_UNAUTHENTICATED);
    assert_int_equal(webhook_check_stripe(header, STRIPE_BODY, strlen(STRIPE_BODY), "whsec_test",
                                          STRIPE_TIME + WEBHOOK_TOLERANCE_S + 1, &error),
                     STATUS_UNAUTHENTICATED);
    assert_string_equal(error.text, "Stripe-Signature was made -301 s from now: more than 300 s are not taken");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(githubs_own_example_is_good),
        cmocka_unit_test(what_does_not_fit_githubs_secret_is_refused),
        cmocka_unit_test(a_signature_of_stripes_form_is_good),
        cmocka_unit_test(what_does_not_fit_stripes_secret_is_refused),
        cmocka_unit_test(what_is_too_old_or_from_the_future_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

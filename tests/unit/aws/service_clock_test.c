/* The service's clock: what an answer tells, when another signature is worth while, and AWS's published cases. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "error_codes.h"
#include "iso_time.h"
#include "retry.h"
#include "service_clock.h"
#include "support_vectors.h"

#define CASES_EXPECTED 10 /* in the pinned package */
#define MINUTE_MS INT64_C(60000)

static void dates_of_http_are_read(void **state)
{
    (void)state;
    assert_int_equal(service_clock_parse_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777000);
    static const char *const s_wrong[] = {"", "yesterday", "Sun, 06 Nob 1994 08:49:37 GMT",
                                          "Sun, 06 anF 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"};
    for (size_t i = 0; i < sizeof s_wrong / sizeof s_wrong[0]; i++) {
        assert_int_equal(service_clock_parse_date(s_wrong[i]), -1);
    }
}

/* behaviour 11 */
static void a_refusal_is_the_clocks_fault_only_beyond_four_minutes(void **state)
{
    (void)state;
    struct service_clock clock = {.offset_ms = 10 * MINUTE_MS};
    assert_true(service_clock_is_to_blame(&clock, 0));
    assert_false(service_clock_is_to_blame(&clock, 9 * MINUTE_MS)); /* it was signed with the right time */
    clock.offset_ms = -10 * MINUTE_MS;
    assert_true(service_clock_is_to_blame(&clock, 0));
    clock.offset_ms = 2 * MINUTE_MS;
    assert_false(service_clock_is_to_blame(&clock, 0));
    clock.offset_ms = 4 * MINUTE_MS;
    assert_false(service_clock_is_to_blame(&clock, 0));
    assert_true(service_clock_is_to_blame(&clock, -1));
}

static void a_clock_that_was_set_back_on_the_way_tells_nothing(void **state)
{
    (void)state;
    struct service_clock clock = {0};
    assert_false(service_clock_learn(&clock, "Sun, 06 Nov 1994 08:49:37 GMT", NULL, 2000, 1000));
    assert_int_equal(clock.offset_ms, 0);
}

static int64_t time_of(const json_t *attempt, const char *name)
{
    int64_t ms = iso_time_parse(support_vector_text(attempt, name));
    assert_true(ms >= 0);
    return ms;
}

/* The loop of sqs_call.c and sts_call.c on the case's clock. Returns how many attempts it makes. */
static size_t run_operation(const json_t *operation, struct service_clock *clock, bool *out_is_success)
{
    const json_t *attempts = json_object_get(operation, "attempts");
    const json_t *maximum = json_object_get(operation, "maxAttempts");
    size_t limit = json_is_integer(maximum) ? (size_t)json_integer_value(maximum) : RETRY_ATTEMPTS_MAX;
    bool is_corrected = false;
    size_t count = 0;
    while (count < json_array_size(attempts)) {
        const json_t *attempt = json_array_get(attempts, count++);
        int64_t sent_ms = time_of(attempt, "clientTimeAtSend");
        int64_t signed_offset_ms = clock->offset_ms;
        assert_int_equal(sent_ms + signed_offset_ms, time_of(attempt, "expectedSigningTime"));
        const json_t *response = json_object_get(attempt, "response");
        const json_t *headers = json_object_get(response, "headers");
        bool is_learnt = service_clock_learn(clock, json_string_value(json_object_get(headers, "Date")),
                                             json_string_value(json_object_get(headers, "Age")), sent_ms,
                                             time_of(attempt, "clientTimeAtReceive"));
        *out_is_success = json_integer_value(json_object_get(response, "statusCode")) == 200;
        bool is_again = !*out_is_success && is_learnt && !is_corrected && count < limit &&
                        error_code_is(ERROR_CODES_CLOCK, support_vector_text(response, "errorCode")) &&
                        service_clock_is_to_blame(clock, signed_offset_ms);
        if (!is_again) {
            break;
        }
        is_corrected = true;
    }
    return count;
}

/* behaviour 11 */
static void every_published_case_holds(void **state)
{
    (void)state;
    json_t *root = NULL;
    json_t *tests = support_vectors("clock-skew-test-cases.json", &root);
    assert_int_equal(json_array_size(tests), CASES_EXPECTED);
    size_t index;
    json_t *test;
    json_array_foreach(tests, index, test)
    {
        print_message("%s\n", support_vector_text(test, "description"));
        struct service_clock clock = {0};
        size_t step;
        json_t *operation;
        json_array_foreach(json_object_get(test, "operations"), step, operation)
        {
            int64_t initial_ms = json_integer_value(json_object_get(operation, "initialClientSkew")) * 1000;
            if (step == 0) {
                clock.offset_ms = initial_ms;
            }
            assert_int_equal(clock.offset_ms, initial_ms);
            bool is_success = false;
            size_t count = run_operation(operation, &clock, &is_success);
            assert_int_equal(count, json_array_size(json_object_get(operation, "attempts")));
            assert_int_equal(clock.offset_ms,
                             json_integer_value(json_object_get(operation, "expectedClientSkew")) * 1000);
            assert_string_equal(is_success ? "success" : "error", support_vector_text(operation, "expectedOutcome"));
        }
    }
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_of_http_are_read),
        cmocka_unit_test(a_refusal_is_the_clocks_fault_only_beyond_four_minutes),
        cmocka_unit_test(a_clock_that_was_set_back_on_the_way_tells_nothing),
        cmocka_unit_test(every_published_case_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

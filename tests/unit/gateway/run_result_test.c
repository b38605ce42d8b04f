/* Temporal's account of a closed chain → ours. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "run_result.h"

static struct temporal_failure *failure_new(const char *kind, const char *type, const char *message,
                                            bool non_retryable, struct temporal_failure *cause)
{
    struct temporal_failure *failure = memory_alloc(sizeof *failure);
    failure->kind = kind;
    failure->type = memory_copy_string(type);
    failure->message = memory_copy_string(message);
    failure->source = memory_copy_string("");
    failure->stack_trace = memory_copy_string("");
    failure->non_retryable = non_retryable;
    failure->cause = cause;
    return failure;
}

static struct watch_result take(enum temporal_run_status status, struct temporal_failure *failure)
{
    struct temporal_close_result close = {.status = status, .run_id = memory_copy_string("r"), .failure = failure};
    struct watch_result result = {0};
    run_result_take(&close, &result);
    temporal_close_result_deinit(&close);
    return result;
}

static void the_application_failure_is_looked_for_below_the_envelope(void **state)
{
    (void)state;
    struct watch_result result =
        take(TEMPORAL_RUN_FAILED, failure_new("activity", "helloWorldActivity", "activity error", false,
                                              failure_new("application", "BadBody", "no message", true, NULL)));
    assert_string_equal(result.status, "Failed");
    assert_string_equal(result.run_id, "r");
    assert_string_equal(result.failure_type, "BadBody");
    assert_string_equal(result.failure_message, "no message");
    assert_true(result.non_retryable);
    watch_result_deinit(&result);
}

static void without_one_the_root_speaks(void **state)
{
    (void)state;
    struct watch_result result =
        take(TEMPORAL_RUN_FAILED, failure_new("activity", "a", "activity error", false,
                                              failure_new("timeout", "StartToClose", "too slow", false, NULL)));
    assert_string_equal(result.failure_type, "StartToClose");
    assert_string_equal(result.failure_message, "too slow");
    assert_false(result.non_retryable);
    watch_result_deinit(&result);
    result = take(TEMPORAL_RUN_FAILED, failure_new("canceled", "", "x", false, NULL));
    assert_string_equal(result.failure_type, "canceled");
    watch_result_deinit(&result);
}

static void success_has_no_failure(void **state)
{
    (void)state;
    struct watch_result result = take(TEMPORAL_RUN_COMPLETED, NULL);
    assert_string_equal(result.status, "Completed");
    assert_null(result.failure_type);
    assert_null(result.failure_message);
    watch_result_deinit(&result);
}

static void a_long_message_is_cut_at_a_character(void **state)
{
    (void)state;
    char text[] = "ab\u00fcc";
    run_result_cut(text, 3);
    assert_string_equal(text, "ab");
    char whole[] = "abc";
    run_result_cut(whole, 3);
    assert_string_equal(whole, "abc");
}

/* An answer that tells of many runs must stay within what its reader takes. */
static void a_long_type_is_cut(void **state)
{
    (void)state;
    char type[2 * RUN_RESULT_TYPE_MAX];
    memset(type, 'T', sizeof type - 1);
    type[sizeof type - 1] = '\0';
    struct watch_result result = take(TEMPORAL_RUN_FAILED, failure_new("application", type, "x", false, NULL));
    assert_int_equal(strlen(result.failure_type), RUN_RESULT_TYPE_MAX);
    watch_result_deinit(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_application_failure_is_looked_for_below_the_envelope),
        cmocka_unit_test(without_one_the_root_speaks),
        cmocka_unit_test(success_has_no_failure),
        cmocka_unit_test(a_long_message_is_cut_at_a_character),
        cmocka_unit_test(a_long_type_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

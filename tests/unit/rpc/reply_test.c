/* Status codes in our own terms. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "rpc/channel.h"

static enum status translate(enum rpc_code code, const char *message, struct error *error)
{
    struct rpc_reply reply = {.code = code, .message = message};
    return rpc_reply_status(&reply, "Start", error);
}

static void names_and_messages_reach_the_error(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(translate(RPC_NOT_FOUND, "no such thing", &error), STATUS_NOT_FOUND);
    assert_string_equal(error.text, "Start: NOT_FOUND: no such thing");
    assert_false(error.retryable);
}

static void transient_codes_are_retryable(void **state)
{
    (void)state;
    static const enum rpc_code codes[] = {RPC_UNAVAILABLE, RPC_DEADLINE_EXCEEDED, RPC_RESOURCE_EXHAUSTED,
                                          RPC_INTERNAL,    RPC_UNKNOWN,           RPC_ABORTED};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct error error;
        assert_int_not_equal(translate(codes[i], "", &error), STATUS_OK);
        assert_true(error.retryable);
    }
}

static void final_codes_are_not(void **state)
{
    (void)state;
    static const enum rpc_code codes[] = {RPC_INVALID_ARGUMENT, RPC_ALREADY_EXISTS, RPC_PERMISSION_DENIED,
                                          RPC_UNAUTHENTICATED,  RPC_UNIMPLEMENTED,  RPC_FAILED_PRECONDITION};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct error error;
        assert_int_not_equal(translate(codes[i], "", &error), STATUS_OK);
        assert_false(error.retryable);
    }
}

static void a_message_over_the_limit_is_too_large_and_final(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(translate(RPC_RESOURCE_EXHAUSTED, "Received message larger than max (9 vs. 4)", &error),
                     STATUS_TOO_LARGE);
    assert_false(error.retryable);
}

static void the_error_may_be_left_out(void **state)
{
    (void)state;
    assert_int_equal(translate(RPC_OK, "", NULL), STATUS_OK);
    assert_int_equal(translate(RPC_CANCELLED, "", NULL), STATUS_CANCELED);
}

static void a_code_nobody_knows_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(rpc_code_name(RPC_DATA_LOSS), "DATA_LOSS");
    assert_string_equal(rpc_code_name((enum rpc_code)99), "UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_messages_reach_the_error),
        cmocka_unit_test(transient_codes_are_retryable),
        cmocka_unit_test(final_codes_are_not),
        cmocka_unit_test(a_message_over_the_limit_is_too_large_and_final),
        cmocka_unit_test(the_error_may_be_left_out),
        cmocka_unit_test(a_code_nobody_knows_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

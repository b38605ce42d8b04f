/* Idempotency-Key of a start. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "messages/idempotency.h"

static void keys_are_visible_and_short(void **state)
{
    (void)state;
    char longest[IDEMPOTENCY_KEY_MAX + 2];
    memset(longest, 'k', sizeof longest);
    longest[IDEMPOTENCY_KEY_MAX + 1] = '\0';
    assert_int_equal(idempotency_check_key(longest, NULL), STATUS_INVALID_ARGUMENT);
    longest[IDEMPOTENCY_KEY_MAX] = '\0';
    assert_int_equal(idempotency_check_key(longest, NULL), STATUS_OK);
    assert_int_equal(idempotency_check_key("a-1 \"b\"", NULL), STATUS_OK);
    assert_int_equal(idempotency_check_key("", NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(idempotency_check_key("a\tb", NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(idempotency_check_key("\xC3\xA4", NULL), STATUS_INVALID_ARGUMENT);
}

static void the_same_key_for_the_same_type_is_the_same_workflow(void **state)
{
    (void)state;
    char *first = idempotency_workflow_id("order", "k");
    char *again = idempotency_workflow_id("order", "k");
    char *other_key = idempotency_workflow_id("order", "l");
    char *unkeyed = idempotency_workflow_id("order", NULL);
    char *unkeyed_again = idempotency_workflow_id("order", NULL);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other_key);
    assert_string_not_equal(unkeyed, unkeyed_again);
    assert_memory_equal(unkeyed, "order-", 6);
    free(first);
    free(again);
    free(other_key);
    free(unkeyed);
    free(unkeyed_again);
}

static struct idempotency make(const char *workflow_id, const char *key, const char *body)
{
    struct idempotency idempotency;
    idempotency_init(&idempotency, workflow_id, key, body, strlen(body));
    return idempotency;
}

static void a_request_id_is_a_function_of_workflow_key_and_body(void **state)
{
    (void)state;
    struct idempotency first = make("w", "k", "{}");
    assert_string_equal(first.request_id, make("w", "k", "{}").request_id);
    assert_string_not_equal(first.request_id, make("v", "k", "{}").request_id);
    assert_string_not_equal(first.request_id, make("w", "l", "{}").request_id);
    assert_string_not_equal(first.request_id, make("w", "k", "{ }").request_id);
    assert_string_not_equal(make("a:1", "b", "").request_id, make("a", "1:b", "").request_id);
}

static void two_kinds_of_request_never_share_an_id(void **state)
{
    (void)state;
    char signal[CRYPTO_UUID_SIZE];
    char update[CRYPTO_UUID_SIZE];
    idempotency_request_id("signal:go", "w", "k", signal);
    idempotency_request_id("update:go", "w", "k", update);
    assert_string_not_equal(signal, update);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_visible_and_short),
        cmocka_unit_test(the_same_key_for_the_same_type_is_the_same_workflow),
        cmocka_unit_test(a_request_id_is_a_function_of_workflow_key_and_body),
        cmocka_unit_test(two_kinds_of_request_never_share_an_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

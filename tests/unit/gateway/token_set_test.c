/* Which tokens were seen lately. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/memory.h"
#include "token_set.h"

static void a_token_is_taken_once(void **state)
{
    (void)state;
    struct token_set *set = memory_alloc(sizeof *set);
    assert_false(token_set_take(set, "a"));
    token_set_add(set, "a");
    token_set_add(set, "a");
    assert_false(token_set_take(set, "b"));
    assert_true(token_set_take(set, "a"));
    assert_false(token_set_take(set, "a"));
    free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_taken_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Telling a start from its repetition. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recent_starts.h"

static void a_run_is_new_once(void **state)
{
    (void)state;
    static struct recent_starts recent;
    assert_true(recent_starts_add(&recent, "01a2090c-7ffc-7db0-b921-84b471764e58"));
    assert_false(recent_starts_add(&recent, "01a2090c-7ffc-7db0-b921-84b471764e58"));
    assert_true(recent_starts_add(&recent, "01a2090c-7ffc-7db0-b921-84b471764e59"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_run_is_new_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

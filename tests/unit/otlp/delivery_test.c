/* Tests of delivery.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery.h"

static void what_may_succeed_later_is_tried_again(void **state)
{
    static const int again[] = {0, 429, 502, 503, 504};
    static const int refused[] = {100, 301, 400, 401, 404, 413, 500, 501, 505};
    (void)state;
    for (size_t i = 0; i < sizeof again / sizeof again[0]; i++) {
        assert_int_equal(delivery_of_status(again[i]), DELIVERY_AGAIN);
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(delivery_of_status(refused[i]), DELIVERY_REFUSED);
    }
    assert_int_equal(delivery_of_status(200), DELIVERY_DONE);
    assert_int_equal(delivery_of_status(202), DELIVERY_DONE);
}

static void retry_after_is_read_in_seconds(void **state)
{
    (void)state;
    assert_int_equal(delivery_retry_after_ms("7"), 7000);
    assert_int_equal(delivery_retry_after_ms("0"), 0);
    assert_int_equal(delivery_retry_after_ms(NULL), 0);
    assert_int_equal(delivery_retry_after_ms(""), 0);
    assert_int_equal(delivery_retry_after_ms("Fri, 31 Dec 1999 23:59:59 GMT"), 0);
    assert_int_equal(delivery_retry_after_ms("99999999999999999999"), 3600000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_succeed_later_is_tried_again),
        cmocka_unit_test(retry_after_is_read_in_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

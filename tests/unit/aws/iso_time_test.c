/* Times as AWS writes them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "iso_time.h"

static void times_are_read_and_everything_else_is_not(void **state)
{
    (void)state;
    assert_int_equal(iso_time_parse("1970-01-01T00:00:00Z"), 0);
    assert_int_equal(iso_time_parse("2026-01-01T00:00:00Z"), INT64_C(1767225600000));
    assert_int_equal(iso_time_parse("2026-01-01T00:00:00.123456789Z"), INT64_C(1767225600123));
    assert_int_equal(iso_time_parse("2026-01-01T00:00:00+00:00"), INT64_C(1767225600000));
    static const char *const s_wrong[] = {"", "2026", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+01:00",
                                          "2026-13-01T00:00:00Z", "2026-01-01T00:00:00Z ", "1969-12-31T23:59:59Z"};
    for (size_t i = 0; i < sizeof s_wrong / sizeof s_wrong[0]; i++) {
        assert_int_equal(iso_time_parse(s_wrong[i]), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(times_are_read_and_everything_else_is_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Percent-encoding. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/percent.h"

static void only_unreserved_characters_stay(void **state)
{
    (void)state;
    char *encoded = percent_encode("aZ09-._~/ %\xF0\x9F\x98\x80");
    assert_string_equal(encoded, "aZ09-._~%2F%20%25%F0%9F%98%80");
    free(encoded);
    encoded = percent_encode("");
    assert_string_equal(encoded, "");
    free(encoded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_unreserved_characters_stay)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Where Temporal's UI shows a run. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "temporal_ui.h"

static void assert_address(const char *given, const char *temporal, const char *run, const char *expected)
{
    char *address = temporal_ui_address(given, temporal, "shop.a1", "order/17", run);
    if (expected == NULL) {
        assert_null(address);
    } else {
        assert_non_null(address);
        assert_string_equal(address, expected);
    }
    free(address);
}

static void the_address_is_that_which_was_said_or_is_known(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("TEMPORAL_UI_URL"), 0);
    assert_address("http://ui/", "x:7233", "r", "http://ui/namespaces/shop.a1/workflows/order%2F17/r/history");
    assert_address("http://ui", "x:7233", NULL, "http://ui/namespaces/shop.a1/workflows/order%2F17");
    assert_address(NULL, "shop.a1.tmprl.cloud:7233", "r",
                   "https://cloud.temporal.io/namespaces/shop.a1/workflows/order%2F17/r/history");
    assert_address(NULL, "eu-central-1.aws.api.temporal.io:7233", NULL,
                   "https://cloud.temporal.io/namespaces/shop.a1/workflows/order%2F17");
    assert_address(NULL, "localhost:7233", NULL, "http://localhost:8233/namespaces/shop.a1/workflows/order%2F17");
    assert_address(NULL, "temporal.internal:7233", "r", NULL);
    assert_address(NULL, "tmprl.cloud.example:7233", "r", NULL);
    assert_int_equal(setenv("TEMPORAL_UI_URL", "https://mine", 1), 0);
    assert_address(NULL, "localhost:7233", NULL, "https://mine/namespaces/shop.a1/workflows/order%2F17");
    assert_address("http://ui", "localhost:7233", NULL, "http://ui/namespaces/shop.a1/workflows/order%2F17");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_address_is_that_which_was_said_or_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

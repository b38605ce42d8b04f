/* Which values of Accept-Encoding take gzip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "accept_encoding.h"

static void takes_gzip_where_it_is_named_or_anything_is_fine(void **state)
{
    static const char *const takes[] = {"gzip",          "GZIP",           "x-gzip",        "deflate, gzip",
                                        "gzip;q=0.001",  "gzip ; q=1.000", "br;q=1.0, gzip;q=0.2", "*",
                                        "*;q=0.5",       "identity;q=0, *", "gzip, *;q=0",  ",,gzip",
                                        "gzip;level=3"};
    (void)state;
    for (size_t i = 0; i < sizeof takes / sizeof takes[0]; i++) {
        if (!accept_encoding_takes_gzip(takes[i])) {
            fail_msg("\"%s\" takes gzip", takes[i]);
        }
    }
}

static void leaves_gzip_out_elsewhere(void **state)
{
    static const char *const lacks[] = {"",           "identity",        "deflate, br",        "gzip;q=0",
                                        "gzip;q=0.000", "gzip;Q=0.0",    "*;q=0",              "gzip;q=0, *",
                                        "gzipx",      "agzip",           "br;gzip",            "*;q=0, identity",
                                        ",",          ";",               "deflate;q=1,br;q=1"};
    (void)state;
    for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++) {
        if (accept_encoding_takes_gzip(lacks[i])) {
            fail_msg("\"%s\" does not take gzip", lacks[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_gzip_where_it_is_named_or_anything_is_fine),
        cmocka_unit_test(leaves_gzip_out_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

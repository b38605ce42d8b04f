/* Paths and queries of requests. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "request_path.h"

static void segments_and_values_are_encoded(void **state)
{
    (void)state;
    struct request_path path;
    request_path_init(&path, "/v1/workflows");
    request_path_segment(&path, "a/b c?%\xc3\xa4");
    request_path_segment(&path, "A-z_0.9~");
    request_path_query(&path, "query", "Type = 'x' & y");
    request_path_query(&path, "empty", "");
    request_path_query(&path, "none", NULL);
    request_path_query(&path, "wait", "30s");
    assert_string_equal(path.text.data,
                        "/v1/workflows/a%2Fb%20c%3F%25%C3%A4/A-z_0.9~?query=Type%20%3D%20%27x%27%20%26%20y&wait=30s");
    request_path_deinit(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_and_values_are_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

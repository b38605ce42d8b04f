/* The files that are part of the program. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "embedded.h"

/* Tests run in the root of the tree. */
static void assert_as_in(const char *name, const char *path)
{
    const struct embedded_file *file = embedded_find(name);
    FILE *source = fopen(path, "rb");
    assert_non_null(file);
    assert_non_null(source);
    char *text = malloc(file->length + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, file->length + 1, source), file->length);
    assert_memory_equal(text, file->bytes, file->length);
    assert_int_equal(((const char *)file->bytes)[file->length], '\0');
    free(text);
    (void)fclose(source);
}

static void a_file_is_there_byte_for_byte(void **state)
{
    (void)state;
    assert_as_in("page/index.html", "services/gateway/page/index.html");
    assert_as_in("openapi/document.json", "services/gateway/openapi/document.json");
    assert_as_in("docs/errors.md", "docs/errors.md");
}

static void other_names_are_not_there(void **state)
{
    (void)state;
    assert_null(embedded_find(""));
    assert_null(embedded_find("page/"));
    assert_null(embedded_find("page/../docs/errors.md"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_there_byte_for_byte),
        cmocka_unit_test(other_names_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

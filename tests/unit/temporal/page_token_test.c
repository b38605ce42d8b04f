/* Page tokens as text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "page_token.h"

static void a_token_survives_being_text(void **state)
{
    (void)state;
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(255 - 7 * i);
    }
    for (size_t length = 1; length <= sizeof bytes; length++) {
        char *text = page_token_text((ProtobufCBinaryData){.data = bytes, .len = length});
        assert_null(strpbrk(text, "+/= "));
        ProtobufCBinaryData token = page_token_read(text);
        assert_int_equal(token.len, length);
        assert_memory_equal(token.data, bytes, length);
        free(token.data);
        free(text);
    }
}

static void no_token_is_no_text(void **state)
{
    (void)state;
    assert_null(page_token_text((ProtobufCBinaryData){0}));
    assert_int_equal(page_token_read(NULL).len, 0);
}

static void what_is_none_of_ours_is_left_to_the_server(void **state)
{
    (void)state;
    static const char *const texts[] = {"a", "a+b=", "\xFF"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ProtobufCBinaryData token = page_token_read(texts[i]);
        assert_int_equal(token.len, strlen(texts[i]));
        assert_memory_equal(token.data, texts[i], token.len);
        free(token.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_survives_being_text),
        cmocka_unit_test(no_token_is_no_text),
        cmocka_unit_test(what_is_none_of_ours_is_left_to_the_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

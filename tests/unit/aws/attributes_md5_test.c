/* The checksum of message attributes. What is expected was computed by the scripted SQS server's own code. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "attributes_md5.h"
#include "base/buffer.h"

#define SUM "\"a4125826b0578ef35b419044827fea0d\""
#define TEXT "\"text\":{\"DataType\":\"String\",\"StringValue\":\"\\u00e9\\n\"}"
#define NUMBER "\"n.2\":{\"StringValue\":\"007\",\"DataType\":\"Number.int\"}"
#define BINARY "\"Bin\":{\"DataType\":\"Binary.png\",\"BinaryValue\":\"AP8B\"}"

static struct json_slice slice(const char *text)
{
    return (struct json_slice){.data = text, .length = text == NULL ? 0 : strlen(text)};
}

static void expect(const char *attributes, const char *expected, bool is_different)
{
    assert_int_equal(attributes_md5_differs(slice(attributes), slice(expected)), is_different);
}

static void texts_numbers_and_bytes_are_summed_in_the_order_of_their_names(void **state)
{
    (void)state;
    expect("{" TEXT "," NUMBER "," BINARY "}", SUM, false);
    expect("{" BINARY " , " TEXT "," NUMBER "}", SUM, false);
    expect("{" BINARY "," TEXT "," NUMBER "}", "\"A4125826B0578EF35B419044827FEA0D\"", false);
}

static void any_change_is_noticed(void **state)
{
    (void)state;
    expect("{" TEXT "," NUMBER "}", SUM, true);
    expect("{" TEXT "," BINARY ",\"n.2\":{\"StringValue\":\"7\",\"DataType\":\"Number.int\"}}", SUM, true);
    expect("{" TEXT "," BINARY ",\"n.2\":{\"StringValue\":\"007\",\"DataType\":\"Number\"}}", SUM, true);
    expect("{" TEXT "," BINARY ",\"n.3\":{\"StringValue\":\"007\",\"DataType\":\"Number.int\"}}", SUM, true);
    expect("{" TEXT "," NUMBER ",\"Bin\":{\"DataType\":\"Binary.png\",\"BinaryValue\":\"AP8C\"}}", SUM, true);
    expect("{" TEXT "," NUMBER "," BINARY "}", "\"a412\"", true);
}

static void what_is_no_attribute_is_damage(void **state)
{
    (void)state;
    expect("{\"a\":{\"DataType\":\"String\"}}", SUM, true);
    expect("{\"a\":{\"DataType\":\"Binary\",\"BinaryValue\":\"***\"}}", SUM, true);
    expect("{\"a\":5}", SUM, true);
}

static void without_attributes_or_sum_there_is_nothing_to_compare(void **state)
{
    (void)state;
    expect("{}", SUM, false);
    expect(NULL, SUM, false);
    expect("{" TEXT "}", NULL, false);
    expect("{" TEXT "}", "null", false);
}

static void more_attributes_than_there_can_be_are_not_looked_at(void **state)
{
    struct buffer text;
    (void)state;
    buffer_init(&text, 1 << 16);
    for (int i = 0; i <= ATTRIBUTES_MD5_MAX; i++) {
        assert_true(buffer_append_format(&text, "%s\"a%d\":{}", i == 0 ? "{" : ",", i));
    }
    assert_true(buffer_append_string(&text, "}"));
    assert_false(attributes_md5_differs((struct json_slice){.data = text.data, .length = text.length}, slice(SUM)));
    buffer_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_numbers_and_bytes_are_summed_in_the_order_of_their_names),
        cmocka_unit_test(any_change_is_noticed),
        cmocka_unit_test(what_is_no_attribute_is_damage),
        cmocka_unit_test(without_attributes_or_sum_there_is_nothing_to_compare),
        cmocka_unit_test(more_attributes_than_there_can_be_are_not_looked_at),
    };
    return cmocka_run_group_tests_name("attributes_md5", tests, NULL, NULL);
}

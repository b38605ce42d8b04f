/* Tests of base/json_scan.h and of UTF-8. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/utf8.h"

static bool is_valid(const char *text)
{
    return json_scan_value(text, strlen(text), NULL);
}

static void takes_what_rfc_8259_takes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "null", "true", "false", "0", "-0", "12", "-1.5", "1e5", "1E+5", "0.1e-7", "123456789012345678901234567890",
        "\"\"", "\"a\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"", "\"\\ud83d\\ude00\"", "\"\\u0000\"", "\"\x7f\"",
        "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"", "[]", "{}", " [ ] ", "\t{\r\n}\n", "[1,2,[3]]", "[[],{}]",
        "{\"a\":1}", "{ \"a\" : { \"b\" : [ null , true ] } , \"a\" : 2 }", "{\"\":{}}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!is_valid(texts[i])) {
            fail_msg("refused: %s", texts[i]);
        }
    }
}

static void refuses_everything_else(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", " ", "nul", "nullx", "True", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "NaN", "Infinity", "1 2",
        "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\t\"", "\"\n\"", "'a'", "a", "[", "]", "[1",
        "[1,", "[1,]", "[,1]", "[1 2]", "[1}", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}",
        "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1]", "{,}", "{\"a\":1 \"b\":2}", "[]]", "{}{}", "//x\n1",
        "\xEF\xBB\xBF[]", "\"\xC3\"",
        "\"\x80\"", "\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "\"\xF5\x80\x80\x80\"", "\"\xF4\x90\x80\x80\"",
        "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\ud800\\ud800\""};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (is_valid(texts[i])) {
            fail_msg("taken: %s", texts[i]);
        }
    }
    assert_false(json_scan_value("1\0", 2, NULL));
    assert_false(json_scan_value("\"a\0\"", 4, NULL));
    assert_false(json_scan_value(NULL, 0, NULL));
}

static void a_value_is_without_the_space_around_it(void **state)
{
    (void)state;
    const char *text = " \n[1, 2]\t ";
    struct json_slice value = {0};
    assert_true(json_scan_value(text, strlen(text), &value));
    assert_int_equal(value.length, 6);
    assert_memory_equal(value.data, "[1, 2]", 6);
}

static void depth_is_limited(void **state)
{
    (void)state;
    char text[2 * (JSON_SCAN_DEPTH_MAX + 1)];
    size_t depth = JSON_SCAN_DEPTH_MAX;
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    assert_true(json_scan_value(text, 2 * depth, NULL));
    depth++;
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    assert_false(json_scan_value(text, 2 * depth, NULL));
    size_t position = 0;
    struct json_slice element = {0};
    assert_false(json_scan_element(text, 2 * depth, &position, &element));

    char object[2 * JSON_SCAN_DEPTH_MAX + sizeof "{'a':}"] = "{\"a\":"; /* the object counts as well */
    size_t prefix = strlen(object);
    for (depth = JSON_SCAN_DEPTH_MAX - 1; depth <= JSON_SCAN_DEPTH_MAX; depth++) {
        memset(object + prefix, '[', depth);
        memset(object + prefix + depth, ']', depth);
        object[prefix + 2 * depth] = '}';
        size_t length = prefix + 2 * depth + 1;
        bool is_taken = json_scan_member(object, length, "a").data != NULL;
        assert_int_equal(is_taken, depth < JSON_SCAN_DEPTH_MAX);
        assert_int_equal(is_taken, json_scan_value(object, length, NULL));
    }
}

static void assert_member(const char *text, const char *name, const char *expected)
{
    struct json_slice slice = json_scan_member(text, strlen(text), name);
    if (expected == NULL) {
        assert_null(slice.data);
        return;
    }
    assert_non_null(slice.data);
    assert_int_equal(slice.length, strlen(expected));
    assert_memory_equal(slice.data, expected, slice.length);
}

static void members_keep_their_bytes(void **state)
{
    (void)state;
    const char *text =
        " { \"id\" : 12345678901234567890.10 , \"data\": { \"x\" : [1.00, 1e400] } , \"e\":\"\\u0041\" } ";
    assert_member(text, "id", "12345678901234567890.10");
    assert_member(text, "data", "{ \"x\" : [1.00, 1e400] }");
    assert_member(text, "e", "\"\\u0041\"");
    assert_member(text, "x", NULL);
    assert_member(text, "i", NULL);
    assert_member(text, "idd", NULL);
    assert_member("{}", "a", NULL);
}

static void the_last_of_equal_names_counts_and_names_are_unescaped(void **state)
{
    (void)state;
    assert_member("{\"a\":1,\"b\":2,\"a\":3}", "a", "3");
    assert_member("{\"\\u0061\\n\\u00e4\\ud83d\\ude00\":1}", "a\n\xC3\xA4\xF0\x9F\x98\x80", "1");
    assert_member("{\"a\\u0000\":1}", "a", NULL);
    assert_member("{\"a\\n\":1}", "a\\n", NULL); /* a new line, not these three characters */
    assert_member("{\"a\\\\n\":1}", "a\\n", "1");
    assert_member("{\"ab\":1}", "a", NULL);
    assert_member("{\"a\":1}", "ab", NULL);
    assert_member("{\"\":5}", "", "5");
}

static void members_of_what_is_no_valid_object_are_absent(void **state)
{
    (void)state;
    assert_member("{\"a\":1", "a", NULL);
    assert_member("{\"a\":1} x", "a", NULL);
    assert_member("{\"a\":1,\"b\":}", "a", NULL);
    assert_member("[\"a\",1]", "a", NULL);
    assert_member("\"a\"", "a", NULL);
    assert_member("", "a", NULL);
}

static void several_members_are_found_in_one_pass(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "a"};
    const char *text = "{\"b\":[2,{\"c\":9}],\"a\":1, \"\\u0062\" : \"x\",\"aa\":3}";
    struct json_slice values[4];
    json_scan_members(text, strlen(text), names, values, 4);
    assert_int_equal(values[0].length, 1);
    assert_memory_equal(values[0].data, "1", 1);
    assert_memory_equal(values[1].data, "\"x\"", values[1].length);
    assert_null(values[2].data);
    assert_ptr_equal(values[3].data, values[0].data);
    json_scan_members(text, strlen(text) - 1, names, values, 4); /* the end is missing */
    for (size_t i = 0; i < 4; i++) {
        assert_null(values[i].data);
    }
}

/* Plain bytes are passed over eight at a time: what must not be is put in each place, behind runs of each length. */
static void a_wrong_byte_is_seen_wherever_it_stands(void **state)
{
    (void)state;
    static const unsigned char wrong[] = {0x00, 0x09, 0x1F, 0x80, 0xA2, 0xC1, 0xDC, 0xFF};
    char text[40];
    for (size_t length = 0; length < sizeof text - 2; length++) {
        text[0] = '"';
        memset(text + 1, 'x', length);
        text[length + 1] = '"';
        assert_true(json_scan_value(text, length + 2, NULL));
        for (size_t at = 1; at <= length; at++) {
            for (size_t i = 0; i < sizeof wrong; i++) {
                text[at] = (char)wrong[i];
                assert_false(json_scan_value(text, length + 2, NULL));
                assert_null(json_scan_string((struct json_slice){text, length + 2}, NULL));
            }
            text[at] = '"';
            assert_false(json_scan_value(text, length + 2, NULL));
            text[at] = 'x';
        }
    }
}

static void every_byte_is_escaped_wherever_it_stands(void **state)
{
    (void)state;
    static const char *const characters[] = {"\"", "\\",   "\n",       "\x1f",            " ",
                                             "~",  "\x7f", "\xC3\xA4", "\xF0\x9F\x98\x80"};
    char text[40];
    for (size_t before = 0; before < 18; before++) {
        for (size_t i = 0; i < sizeof characters / sizeof characters[0]; i++) {
            size_t size = strlen(characters[i]);
            memset(text, 'x', before);
            memcpy(text + before, characters[i], size);
            memset(text + before + size, 'y', 17);
            size_t length = before + size + 17;
            size_t back_length = 0;
            char *quoted = json_quote(text, length);
            assert_non_null(quoted);
            assert_true(json_scan_value(quoted, strlen(quoted), NULL));
            char *back = json_scan_string((struct json_slice){quoted, strlen(quoted)}, &back_length);
            assert_int_equal(back_length, length);
            assert_memory_equal(back, text, length);
            free(back);
            free(quoted);
        }
    }
}

static void walks_the_elements_of_an_array(void **state)
{
    (void)state;
    const char *text = " [ 1.0 ,\"a,b\", [2,3] , {\"x\":[]} ] ";
    const char *const expected[] = {"1.0", "\"a,b\"", "[2,3]", "{\"x\":[]}"};
    size_t position = 0;
    struct json_slice element = {0};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_true(json_scan_element(text, strlen(text), &position, &element));
        assert_int_equal(element.length, strlen(expected[i]));
        assert_memory_equal(element.data, expected[i], element.length);
    }
    assert_false(json_scan_element(text, strlen(text), &position, &element));
    assert_false(json_scan_element(text, strlen(text), &position, &element));
}

static void an_invalid_or_empty_array_has_no_elements(void **state)
{
    (void)state;
    static const char *const texts[] = {"[]", " [ ] ", "[1,2", "[1,2]]", "[1,]", "{\"a\":1}", "1", ""};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t position = 0;
        struct json_slice element = {0};
        assert_false(json_scan_element(texts[i], strlen(texts[i]), &position, &element));
        assert_false(json_scan_element(texts[i], strlen(texts[i]), &position, &element));
        assert_null(element.data);
    }
}

static void walks_the_members_of_an_object_in_their_order(void **state)
{
    (void)state;
    const char *text = " { \"a\" : [1, {\"x\": 2}] , \"b\":1.00,\"a\":null } ";
    static const char *const expected[][2] = {{"\"a\"", "[1, {\"x\": 2}]"}, {"\"b\"", "1.00"}, {"\"a\"", "null"}};
    size_t position = 0;
    struct json_slice name = {0};
    struct json_slice value = {0};
    for (size_t i = 0; i < 3; i++) {
        assert_true(json_scan_next_member(text, strlen(text), &position, &name, &value));
        assert_int_equal(name.length, strlen(expected[i][0]));
        assert_memory_equal(name.data, expected[i][0], name.length);
        assert_int_equal(value.length, strlen(expected[i][1]));
        assert_memory_equal(value.data, expected[i][1], value.length);
    }
    assert_false(json_scan_next_member(text, strlen(text), &position, &name, &value));
    assert_false(json_scan_next_member(text, strlen(text), &position, &name, &value));
}

static void an_invalid_or_empty_object_has_no_members(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}",          " { } ",           "[1]",       "",  "{\"a\":1",
                                        "{\"a\":1,}", "{\"a\":1} 2", "{\"a\"}", "7"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t position = 0;
        struct json_slice name = {0};
        struct json_slice value = {0};
        assert_false(json_scan_next_member(texts[i], strlen(texts[i]), &position, &name, &value));
        assert_false(json_scan_next_member(texts[i], strlen(texts[i]), &position, &name, &value));
        assert_null(value.data);
    }
}

static void unescapes_strings(void **state)
{
    (void)state;
    const char *text = "\"a\\n\\u00e4\\ud83d\\ude00\\u0000z\"";
    size_t length = 0;
    char *string = json_scan_string((struct json_slice){text, strlen(text)}, &length);
    assert_non_null(string);
    assert_int_equal(length, 10);
    assert_memory_equal(string, "a\n\xC3\xA4\xF0\x9F\x98\x80\0z", 11);
    free(string);
    assert_null(json_scan_string((struct json_slice){"12", 2}, &length));
    assert_null(json_scan_string((struct json_slice){"\"a\"b\"", 5}, &length));
    assert_null(json_scan_string((struct json_slice){"\"a", 2}, &length));
    assert_null(json_scan_string((struct json_slice){"\"\\\"", 3}, &length));
    assert_null(json_scan_string((struct json_slice){NULL, 0}, &length));
}

static void quotes_with_the_escapes_that_are_needed_and_no_more(void **state)
{
    (void)state;
    char *quoted = json_quote("a\"\\/\b\f\n\r\t\x01\0\x7f\xC3\xA4", 14);
    assert_string_equal(quoted, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u0000\x7f\xC3\xA4\"");
    free(quoted);
    quoted = json_quote("", 0);
    assert_string_equal(quoted, "\"\"");
    free(quoted);
    assert_null(json_quote("\xC3", 1));
    assert_null(json_quote("\xED\xA0\x80", 3));
}

static void quoting_and_unescaping_are_inverse(void **state)
{
    (void)state;
    char text[256];
    size_t length = 0;
    for (int i = 0; i < 128; i++) {
        text[length++] = (char)i;
    }
    memcpy(text + length, "\xF0\x9F\x98\x80", 4);
    length += 4;
    char *quoted = json_quote(text, length);
    size_t back_length = 0;
    char *back = json_scan_string((struct json_slice){quoted, strlen(quoted)}, &back_length);
    assert_int_equal(back_length, length);
    assert_memory_equal(back, text, length);
    free(back);
    free(quoted);
}

static void utf8_is_cut_between_characters(void **state)
{
    (void)state;
    assert_int_equal(utf8_cut("ab", 2), 2);
    assert_int_equal(utf8_cut("", 0), 0);
    assert_int_equal(utf8_cut("a\xC3\xA4", 3), 3);
    assert_int_equal(utf8_cut("a\xC3\xA4", 2), 1);
    assert_int_equal(utf8_cut("a\xE2\x82\xAC", 3), 1);
    assert_int_equal(utf8_cut("a\xF0\x9F\x98\x80", 4), 1);
    assert_int_equal(utf8_cut("a\xF0\x9F\x98\x80", 5), 5);
}

static void every_code_point_survives_encoding(void **state)
{
    (void)state;
    for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point += code_point < 0x3000 ? 1 : 257) {
        if (code_point >= 0xD800 && code_point <= 0xDFFF) {
            continue;
        }
        char bytes[4];
        size_t size = utf8_encode(code_point, bytes);
        assert_int_equal(utf8_sequence(bytes, size), size);
        assert_int_equal(utf8_sequence(bytes, size - 1), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_rfc_8259_takes),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(a_value_is_without_the_space_around_it),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(members_keep_their_bytes),
        cmocka_unit_test(the_last_of_equal_names_counts_and_names_are_unescaped),
        cmocka_unit_test(members_of_what_is_no_valid_object_are_absent),
        cmocka_unit_test(several_members_are_found_in_one_pass),
        cmocka_unit_test(a_wrong_byte_is_seen_wherever_it_stands),
        cmocka_unit_test(every_byte_is_escaped_wherever_it_stands),
        cmocka_unit_test(walks_the_elements_of_an_array),
        cmocka_unit_test(an_invalid_or_empty_array_has_no_elements),
        cmocka_unit_test(walks_the_members_of_an_object_in_their_order),
        cmocka_unit_test(an_invalid_or_empty_object_has_no_members),
        cmocka_unit_test(unescapes_strings),
        cmocka_unit_test(quotes_with_the_escapes_that_are_needed_and_no_more),
        cmocka_unit_test(quoting_and_unescaping_are_inverse),
        cmocka_unit_test(utf8_is_cut_between_characters),
        cmocka_unit_test(every_code_point_survives_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

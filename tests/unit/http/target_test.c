/* Percent-decoding, targets and queries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "target.h"

static void expect_decoded(const char *text, bool plus_is_space, const char *expected)
{
    char out[64];
    size_t length = 0;
    assert_true(target_decode(text, strlen(text), plus_is_space, out, &length));
    assert_string_equal(out, expected);
    assert_int_equal(length, strlen(expected));
}

static void decodes_each_escape_once(void **state)
{
    (void)state;
    expect_decoded("", false, "");
    expect_decoded("plain", false, "plain");
    expect_decoded("a%2Fb%2fc", false, "a/b/c");
    expect_decoded("%252F", false, "%2F");
    expect_decoded("%C3%A9", false, "\xc3\xa9");
    expect_decoded("a+b", false, "a+b");
    expect_decoded("a+b%2B", true, "a b+");
}

static void refuses_invalid_escapes_and_zero_bytes(void **state)
{
    static const char *const bad[] = {"%", "%2", "a%", "%G0", "%0G", "% 1", "%-1", "%00", "a%00b"};
    char out[64];
    size_t length = 0;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(target_decode(bad[i], strlen(bad[i]), false, out, &length));
    }
    assert_false(target_decode("a\0b", 3, false, out, &length));
}

static void does_not_read_an_escape_beyond_the_end(void **state)
{
    char out[8];
    size_t length = 0;
    (void)state;
    assert_false(target_decode("%41", 2, false, out, &length));
    assert_false(target_decode("%41", 1, false, out, &length));
}

static void expect_split(const char *target, const char *path, const char *query)
{
    const char *found = NULL;
    const char *found_query = NULL;
    size_t length = 0;
    assert_true(target_split(target, &found, &length, &found_query));
    assert_int_equal(length, strlen(path));
    assert_memory_equal(found, path, length);
    if (query == NULL) {
        assert_null(found_query);
    } else {
        assert_string_equal(found_query, query);
    }
}

static void splits_path_and_query_of_both_forms(void **state)
{
    (void)state;
    expect_split("/", "/", NULL);
    expect_split("/a/b?x=1?y", "/a/b", "x=1?y");
    expect_split("/a?", "/a", "");
    expect_split("http://host:80/a?b", "/a", "b");
    expect_split("HTTP://host", "/", NULL);
    expect_split("http://host?b", "/", "b");
    expect_split("https://host:8443/a", "/a", NULL);
    expect_split("/caf\xc3\xa9", "/caf\xc3\xa9", NULL);
}

static void refuses_targets_without_a_path(void **state)
{
    static const char *const bad[] = {"",       "*",      "a",        "?x",     "ftp://host/", "host:80",
                                      "/a b",   "/a\tb",  "/a#b",     "/a\rb",  "/a\x7f",      "http:/host",
                                      "/a\x01", "//h/a\n"};
    const char *path = NULL;
    const char *query = NULL;
    size_t length = 0;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(target_split(bad[i], &path, &length, &query));
    }
}

static void parses_queries(void **state)
{
    struct target_pair pairs[TARGET_QUERY_MAX];
    char scratch[64];
    size_t count = 0;
    (void)state;
    assert_true(target_parse_query("&a=1&&b=x+%26%3d&flag&=n&e=&f=1=2&", scratch, pairs, &count));
    assert_int_equal(count, 6);
    assert_string_equal(pairs[0].name, "a");
    assert_string_equal(pairs[0].value, "1");
    assert_string_equal(pairs[1].value, "x &=");
    assert_string_equal(pairs[2].name, "flag");
    assert_string_equal(pairs[2].value, "");
    assert_string_equal(pairs[3].name, "");
    assert_string_equal(pairs[3].value, "n");
    assert_string_equal(pairs[4].value, "");
    assert_string_equal(pairs[5].value, "1=2");
}

static void refuses_broken_or_too_many_query_parameters(void **state)
{
    struct target_pair pairs[TARGET_QUERY_MAX];
    char scratch[256];
    char many[2 * TARGET_QUERY_MAX + 3];
    size_t count = 77;
    (void)state;
    assert_false(target_parse_query("a=%zz", scratch, pairs, &count));
    assert_false(target_parse_query("%00=1", scratch, pairs, &count));
    assert_false(target_parse_query("a=%c0%af", scratch, pairs, &count));
    assert_false(target_parse_query("%ff=1", scratch, pairs, &count));
    for (size_t i = 0; i <= TARGET_QUERY_MAX; i++) {
        memcpy(&many[2 * i], "a&", 2);
    }
    many[sizeof many - 1] = '\0';
    assert_false(target_parse_query(many, scratch, pairs, &count));
    assert_int_equal(count, 77);
    many[sizeof many - 3] = '\0';
    assert_true(target_parse_query(many, scratch, pairs, &count));
    assert_int_equal(count, TARGET_QUERY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_each_escape_once),
        cmocka_unit_test(refuses_invalid_escapes_and_zero_bytes),
        cmocka_unit_test(does_not_read_an_escape_beyond_the_end),
        cmocka_unit_test(splits_path_and_query_of_both_forms),
        cmocka_unit_test(refuses_targets_without_a_path),
        cmocka_unit_test(parses_queries),
        cmocka_unit_test(refuses_broken_or_too_many_query_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

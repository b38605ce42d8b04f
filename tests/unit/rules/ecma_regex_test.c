/* Regular expressions: what matches, what is refused, what is given up. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ecma_regex.h"

#define WORK ((size_t)1000000)

static enum ecma_regex_outcome match(const char *pattern, const char *text)
{
    struct ecma_regex *regex = NULL;
    struct error error = {0};
    size_t work = WORK;
    if (ecma_regex_compile(pattern, strlen(pattern), &regex, &error) != STATUS_OK) {
        fail_msg("%s: %s", pattern, error.text);
    }
    enum ecma_regex_outcome outcome = ecma_regex_match(regex, text, strlen(text), &work);
    ecma_regex_destroy(regex);
    return outcome;
}

static void assert_matches(const char *pattern, const char *text)
{
    if (match(pattern, text) != ECMA_REGEX_MATCHES) {
        fail_msg("%s does not match %s", pattern, text);
    }
}

static void assert_differs(const char *pattern, const char *text)
{
    if (match(pattern, text) != ECMA_REGEX_DIFFERS) {
        fail_msg("%s matches %s", pattern, text);
    }
}

static void assert_refused(const char *pattern, const char *part)
{
    struct ecma_regex *regex = NULL;
    struct error error = {0};
    if (ecma_regex_compile(pattern, strlen(pattern), &regex, &error) == STATUS_OK) {
        fail_msg("%s is taken", pattern);
    }
    if (strstr(error.text, part) == NULL) {
        fail_msg("%s: %s", pattern, error.text);
    }
}

static void plain_patterns_match_anywhere(void **state)
{
    (void)state;
    assert_matches("", "");
    assert_matches("b", "abc");
    assert_differs("^b", "abc");
    assert_differs("b$", "abc");
    assert_matches("^a(b|c)+?d{1,2}$", "abcbdd");
    assert_matches("^(?:a|)$", "");
    assert_matches("^a{2,}$", "aaa");
    assert_differs("^a{2}$", "aaa");
    assert_matches("^(?<name>a)b$", "ab");
    assert_matches("a(?=b)", "ab");
    assert_differs("a(?!b)", "ab");
    assert_matches("(?<=a)b", "ab");
    assert_differs("(?<!a)b", "ab");
    assert_matches("\\bab\\b", "x ab y");
    assert_differs("a\\Bb\\b", "abc");
    assert_matches("^\\.\\-\\/#$", ".-/#");
}

static void a_dollar_is_the_very_end(void **state)
{
    (void)state;
    assert_differs("^abc$", "abc\n");
    assert_differs("^b", "a\nb");
}

static void a_dot_takes_no_line_terminator(void **state)
{
    (void)state;
    assert_matches("^.$", "\xf0\x9f\x98\x80");
    assert_differs("^.$", "\n");
    assert_differs("^.$", "\r");
    assert_differs("^.$", "\xe2\x80\xa8");
    assert_matches("^.$", "\v");
}

static void digits_and_words_are_ascii_and_spaces_are_not(void **state)
{
    (void)state;
    assert_matches("^\\d\\D\\w\\W$", "1aa-");
    assert_differs("^\\d$", "\xd9\xa3");
    assert_matches("^\\D$", "\xd9\xa3");
    assert_differs("^\\w$", "\xc3\xa9");
    assert_matches("^[\\W]$", "\xc3\xa9");
    assert_matches("^\\s$", "\xc2\xa0");
    assert_matches("^\\s$", "\xef\xbb\xbf");
    assert_matches("^[\\s]$", "\xe2\x80\xa9");
    assert_differs("^\\s$", "\xe2\x80\x8b");
    assert_matches("^\\S$", "\xe2\x80\x8b");
    assert_matches("^[\\S]$", "\xe2\x80\x8b");
    assert_differs("^[\\S]$", "\t");
    assert_differs("^[^\\s]$", "\t");
    assert_matches("^[\\D]$", "\xf0\x9f\x98\x80");
}

static void escapes_stand_for_their_characters(void **state)
{
    (void)state;
    assert_matches("^\\t\\n\\v\\f\\r$", "\t\n\v\f\r");
    assert_matches("^\\x41\\u0042\\u{43}\\cA$", "ABC\x01");
    assert_matches("^\\ud83d\\ude00$", "\xf0\x9f\x98\x80");
    assert_matches("^\\u{1F600}$", "\xf0\x9f\x98\x80");
    assert_matches("^[\\b]$", "\b");
    assert_matches("^\\p{Letter}\\p{L}\\p{gc=Lu}\\P{N}$", "\xc3\xa9\xc3\xa9" "Aa");
    assert_matches("^\\p{Script=Greek}+$", "\xce\xb1\xce\xb2");
    assert_differs("^\\p{Script=Greek}+$", "ab");
    assert_matches("^[\\p{ASCII}]\\p{Any}$", "a\xce\xb2");
}

static void classes_are_those_of_ecma(void **state)
{
    (void)state;
    assert_matches("^[a-c\\-x]+$", "ab-x");
    assert_matches("^[-a]+$", "-a");
    assert_matches("^[a-]+$", "-a");
    assert_matches("^[^a]$", "\n");
    assert_matches("^[[:a]+$", "[:a");
    assert_matches("^[.*+?(){}|^$]+$", ".*+?(){}|^$");
    assert_matches("^[\xc3\xa0-\xc3\xbc]$", "\xc3\xa9");
    assert_differs("[]", "a");
    assert_differs("[]", "");
    assert_matches("^[^]$", "\n");
}

static void what_would_mean_something_else_is_refused(void **state)
{
    (void)state;
    assert_refused("(a)\\1", "references back");
    assert_refused("(?<a>a)\\k<a>", "references back");
    assert_refused("(?i)a", "nothing that ECMA-262 knows");
    assert_refused("(?>a)", "nothing that ECMA-262 knows");
    assert_refused("(?P<a>a)", "nothing that ECMA-262 knows");
    assert_refused("\\Aa", "not an escape");
    assert_refused("a\\Z", "not an escape");
    assert_refused("\\h", "not an escape");
    assert_refused("\\01", "octal");
    assert_refused("a++", "nothing to repeat");
    assert_refused("*a", "nothing to repeat");
    assert_refused("a**", "nothing to repeat");
    assert_refused("(?=a)*", "nothing to repeat");
    assert_refused("^*", "nothing to repeat");
    assert_refused("a{", "a literal brace");
    assert_refused("a{1,2", "a literal brace");
    assert_refused("a{99999}", "at most 65535");
    assert_refused("a{2,1}", "n above m");
    assert_refused("a}", "without its partner");
    assert_refused("a]", "without its partner");
    assert_refused("[a", "without \"]\"");
    assert_refused("[a-", "without \"]\"");
    assert_refused("[b-a]", "a range goes");
    assert_refused("[\\d-z]", "a range goes");
    assert_refused("(a", "without \")\"");
    assert_refused("a)", "without \"(\"");
    assert_refused("a\\", "nothing that can be escaped");
    assert_refused("\\ud83d", "half a surrogate pair");
    assert_refused("\\u{110000}", "code point");
    assert_refused("\\xg1", "two hexadecimal");
    assert_refused("\\c1", "a letter after");
    assert_refused("\\p{Nothing}", "is not supported");
    assert_refused("\\p", "expected a property");
    assert_refused("\\p{Script=Klingonese}", "not a regular expression that is supported");
    assert_refused("(?<=a*)b", "not a regular expression that is supported");
    assert_refused("(?<1>a)", "expected a name");
}

static void long_and_deep_patterns_are_refused(void **state)
{
    (void)state;
    struct ecma_regex *regex = NULL;
    char *text = memory_alloc(ECMA_REGEX_SIZE_MAX + 2);
    memset(text, 'a', ECMA_REGEX_SIZE_MAX + 1);
    assert_int_equal(ecma_regex_compile(text, ECMA_REGEX_SIZE_MAX + 1, &regex, NULL), STATUS_TOO_LARGE);
    assert_int_equal(ecma_regex_compile_caseless(text, ECMA_REGEX_SIZE_MAX + 1, true, true, &regex, NULL),
                     STATUS_TOO_LARGE);
    memset(text, '(', ECMA_REGEX_GROUPS_MAX + 1);
    assert_int_equal(ecma_regex_compile(text, ECMA_REGEX_GROUPS_MAX + 1, &regex, NULL), STATUS_INVALID_ARGUMENT);
    free(text);
    assert_refused("((a{1000}){1000}){1000}", "not a regular expression that is supported");
}

/* 2^30 ways to split it, or a million characters from a million starts:
 * PCRE2's own limit counts for each start anew. */
static void a_match_that_would_take_too_long_is_given_up(void **state)
{
    (void)state;
    assert_int_equal(match("^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), ECMA_REGEX_GAVE_UP);
    const size_t length = 1000000;
    char *text = memory_alloc(length + 1);
    memset(text, 'x', length);
    assert_int_equal(match("x*[yz]", text), ECMA_REGEX_GAVE_UP);
    assert_int_equal(match("^x*$", text), ECMA_REGEX_MATCHES);
    free(text);
}

static void work_is_taken_from_what_is_left(void **state)
{
    (void)state;
    struct ecma_regex *regex = NULL;
    size_t work = WORK;
    assert_int_equal(ecma_regex_compile("b", 1, &regex, NULL), STATUS_OK);
    assert_int_equal(ecma_regex_match(regex, "abc", 3, &work), ECMA_REGEX_MATCHES);
    assert_true(work > 0 && work < WORK);
    work = 3;
    assert_int_equal(ecma_regex_match(regex, "abc", 3, &work), ECMA_REGEX_GAVE_UP);
    assert_int_equal(work, 0);
    ecma_regex_destroy(regex);
}

static void caseless_texts_follow_unicode(void **state)
{
    (void)state;
    struct ecma_regex *regex = NULL;
    size_t work = WORK;
    assert_int_equal(ecma_regex_compile_caseless("\xc3\x89.a", 4, true, true, &regex, NULL), STATUS_OK);
    assert_int_equal(ecma_regex_match(regex, "\xc3\xa9.A", 4, &work), ECMA_REGEX_MATCHES);
    assert_int_equal(ecma_regex_match(regex, "\xc3\xa9xA", 4, &work), ECMA_REGEX_DIFFERS);
    assert_int_equal(ecma_regex_match(regex, "\xc3\xa9.A.", 5, &work), ECMA_REGEX_DIFFERS);
    ecma_regex_destroy(regex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_patterns_match_anywhere),
        cmocka_unit_test(a_dollar_is_the_very_end),
        cmocka_unit_test(a_dot_takes_no_line_terminator),
        cmocka_unit_test(digits_and_words_are_ascii_and_spaces_are_not),
        cmocka_unit_test(escapes_stand_for_their_characters),
        cmocka_unit_test(classes_are_those_of_ecma),
        cmocka_unit_test(what_would_mean_something_else_is_refused),
        cmocka_unit_test(long_and_deep_patterns_are_refused),
        cmocka_unit_test(a_match_that_would_take_too_long_is_given_up),
        cmocka_unit_test(work_is_taken_from_what_is_left),
        cmocka_unit_test(caseless_texts_follow_unicode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

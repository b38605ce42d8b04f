/* Which words are like another one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "suggestion.h"

static void assert_suggests(const char *typed, const char *expected)
{
    static const char *const words[] = {"up", "check", "explain", "send", "dlq", "trace", "lanes", "execution-timeout"};
    struct suggestion suggestion;
    suggestion_begin(&suggestion, typed);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        suggestion_consider(&suggestion, words[i]);
    }
    assert_string_equal(suggestion.best, expected);
}

static void a_slip_is_seen_through(void **state)
{
    (void)state;
    assert_suggests("cheek", "check");
    assert_suggests("lnes", "lanes");
    assert_suggests("ssend", "send");
    assert_suggests("trice", "trace");
    assert_suggests("qdl", "");
    assert_suggests("dql", "dlq");
    assert_suggests("lane", "lanes");
}

static void a_beginning_stands_for_the_word(void **state)
{
    (void)state;
    assert_suggests("exec", "execution-timeout");
    assert_suggests("exp", "explain");
    assert_suggests("ex", "");
}

static void what_is_like_nothing_gets_no_suggestion(void **state)
{
    (void)state;
    assert_suggests("", "");
    assert_suggests("x", "");
    assert_suggests("frobnicate", "");
    assert_suggests("help", "");
}

static void of_two_the_nearer_one_is_suggested(void **state)
{
    (void)state;
    struct suggestion suggestion;
    suggestion_begin(&suggestion, "limits");
    suggestion_consider(&suggestion, "livid");
    suggestion_consider(&suggestion, "limit");
    suggestion_consider(&suggestion, "limitx");
    assert_string_equal(suggestion.best, "limit");
}

static void endless_words_are_like_nothing(void **state)
{
    (void)state;
    char word[2 * SUGGESTION_WORD_MAX];
    struct suggestion suggestion;
    for (size_t i = 0; i < sizeof word; i++) {
        word[i] = 'a';
    }
    word[sizeof word - 1] = '\0';
    suggestion_begin(&suggestion, word);
    suggestion_consider(&suggestion, "aaa");
    suggestion_consider(&suggestion, word);
    assert_string_equal(suggestion.best, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_is_seen_through),
        cmocka_unit_test(a_beginning_stands_for_the_word),
        cmocka_unit_test(what_is_like_nothing_gets_no_suggestion),
        cmocka_unit_test(of_two_the_nearer_one_is_suggested),
        cmocka_unit_test(endless_words_are_like_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

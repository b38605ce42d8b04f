/* Commands as a tree of words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "command_words.h"

/* The prefix of a command is found, and leads to its last word. */
static void every_command_is_reached_word_by_word(void **state)
{
    (void)state;
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        char prefix[COMMAND_WORDS_MAX] = "";
        const char *words = (*command)->words;
        const char *summary = NULL;
        for (const char *rest = words; *rest != '\0';) {
            char word[COMMAND_WORDS_MAX] = "";
            size_t length = strcspn(rest, " ");
            size_t place = 0;
            bool is_there = false;
            while (!is_there && command_words_next(prefix, &place, word, &summary)) {
                is_there = strlen(word) == length && strncmp(word, rest, length) == 0;
            }
            assert_true(is_there);
            rest += length;
            (void)memcpy(prefix, words, (size_t)(rest - words));
            prefix[rest - words] = '\0';
            rest += *rest == ' ';
        }
        assert_string_equal(summary, (*command)->summary);
    }
}

static void no_prefix_and_no_word_comes_twice(void **state)
{
    (void)state;
    char prefixes[50][COMMAND_WORDS_MAX];
    size_t count = 0;
    for (size_t place = 0; command_words_next_prefix(&place, prefixes[count]); count++) {
        char words[50][COMMAND_WORDS_MAX];
        const char *summary = NULL;
        size_t word_count = 0;
        for (size_t at = 0; command_words_next(prefixes[count], &at, words[word_count], &summary); word_count++) {
            for (size_t i = 0; i < word_count; i++) {
                assert_string_not_equal(words[i], words[word_count]);
            }
        }
        assert_true(word_count > 0);
        for (size_t i = 0; i < count; i++) {
            assert_string_not_equal(prefixes[i], prefixes[count]);
        }
    }
    assert_true(count >= 4); /* "", dlq, lanes, queue, workflow */
}

static void values_tell_what_completes_them(void **state)
{
    (void)state;
    assert_int_equal(command_words_value_kind("FILE"), COMMAND_VALUE_FILE);
    assert_int_equal(command_words_value_kind("MESSAGE.json"), COMMAND_VALUE_FILE);
    assert_int_equal(command_words_value_kind("ID NAME [INPUT]"), COMMAND_VALUE_INPUT);
    assert_int_equal(command_words_value_kind("[QUEUE] BODY"), COMMAND_VALUE_INPUT);
    assert_int_equal(command_words_value_kind("DIRECTORY"), COMMAND_VALUE_DIRECTORY);
    assert_int_equal(command_words_value_kind("URL"), COMMAND_VALUE_ANY);
    assert_int_equal(command_words_value_kind(""), COMMAND_VALUE_ANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_is_reached_word_by_word),
        cmocka_unit_test(no_prefix_and_no_word_comes_twice),
        cmocka_unit_test(values_tell_what_completes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

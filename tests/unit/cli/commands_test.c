/* Every command's table is sane, and is found by its words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <string.h>

#include "command.h"
#include "command_line.h"

#define SUMMARY_MAX 64      /* the help's right column within 100 */
#define OPTION_TEXT_MAX 66  /* the same */
#define DESCRIPTION_MAX 88  /* columns; man pages and 80 columns with some more */

/* The longest line of the text. */
static size_t widest(const char *text)
{
    size_t width = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        width = length > width ? length : width;
        text += length + (text[length] == '\n');
    }
    return width;
}

static void assert_word(const char *words)
{
    assert_true(*words != '\0');
    for (const char *letter = words; *letter != '\0'; letter++) {
        assert_true(islower((unsigned char)*letter) || isdigit((unsigned char)*letter) || strchr(" -", *letter));
    }
}

/* "ID NAME [INPUT]": how many must be there, and how many may; "...": any number. */
static void count_arguments(const char *arguments, size_t *out_min, size_t *out_max)
{
    size_t min = 0;
    size_t max = 0;
    for (const char *word = arguments; *word != '\0'; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        if (length > 3 && strncmp(word + length - 3, "...", 3) == 0) {
            max = COMMAND_LINE_ARGUMENTS_MAX;
        } else if (strncmp(word, "...", 3) == 0 || strncmp(word, "[...", 4) == 0) {
            max = COMMAND_LINE_ARGUMENTS_MAX;
            word += length;
            continue;
        } else {
            max++;
        }
        min += *word != '[';
        word += length;
    }
    *out_min = min;
    *out_max = max;
}

static void every_command_says_what_it_is_in_a_line(void **state)
{
    (void)state;
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        assert_word((*command)->words);
        assert_non_null((*command)->run);
        assert_non_null((*command)->summary);
        assert_in_range(strlen((*command)->summary), 5, SUMMARY_MAX);
        assert_false(isupper((unsigned char)(*command)->summary[0]) && islower((unsigned char)(*command)->summary[1]));
        assert_null(strchr((*command)->summary, '\n'));
        assert_true((*command)->summary[strlen((*command)->summary) - 1] != '.');
        if ((*command)->description != NULL) {
            size_t length = strlen((*command)->description);
            assert_true(length > 0 && (*command)->description[length - 1] != '\n');
            assert_in_range(widest((*command)->description), 1, DESCRIPTION_MAX);
        }
    }
}

static void arguments_are_counted_as_they_are_written(void **state)
{
    (void)state;
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        size_t min = 0;
        size_t max = 0;
        count_arguments((*command)->arguments, &min, &max);
        assert_int_equal((*command)->arguments_min, min);
        assert_int_equal((*command)->arguments_max, max);
        assert_true(max <= COMMAND_LINE_ARGUMENTS_MAX);
    }
}

/* Who asks for help sees which words there are. */
static void assert_words_are_told(const struct command_option *option)
{
    for (const char *word = option->words; *word != '\0'; word += strspn(word, " ")) {
        char own[100];
        size_t length = strcspn(word, " ");
        assert_true(length < sizeof own);
        (void)memcpy(own, word, length);
        own[length] = '\0';
        assert_true(strstr(option->value, own) != NULL || strstr(option->text, own) != NULL);
        word += length;
    }
}

static void assert_option(const struct command *command, const struct command_option *option)
{
    assert_word(option->name);
    assert_null(strchr(option->name, ' '));
    assert_string_not_equal(option->name, "help");
    assert_true(option->letter == '\0' || (isalnum((unsigned char)option->letter) && option->letter != 'h'));
    assert_non_null(option->text);
    assert_in_range(widest(option->text), 5, OPTION_TEXT_MAX);
    assert_false(isupper((unsigned char)option->text[0]) && islower((unsigned char)option->text[1]));
    assert_true(option->text[strlen(option->text) - 1] != '.');
    if (option->words != NULL) {
        assert_words_are_told(option);
    }
    if (option->value != NULL) {
        assert_true(strlen(option->value) > 0);
    } else {
        assert_null(option->words);
    }
    for (const struct command_option *other = command->options; other != option; other++) {
        assert_string_not_equal(other->name, option->name);
        assert_true(other->letter == '\0' || other->letter != option->letter);
    }
}

static void no_option_is_there_twice_and_all_say_what_they_do(void **state)
{
    (void)state;
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        const struct command_option *option = (*command)->options;
        for (; option != NULL && option->name != NULL; option++) {
            assert_option(*command, option);
        }
    }
}

static void the_same_option_means_the_same_everywhere(void **state)
{
    (void)state;
    static const char *const shared[] = {"config", "output", "gateway", "poller", "namespace", NULL};
    for (const char *const *name = shared; *name != NULL; name++) {
        const struct command_option *first = NULL;
        for (const struct command *const *command = g_commands; *command != NULL; command++) {
            const struct command_option *option = (*command)->options;
            for (; option != NULL && option->name != NULL; option++) {
                if (strcmp(option->name, *name) == 0) {
                    first = first == NULL ? option : first;
                    assert_int_equal(option->letter, first->letter);
                    assert_string_equal(option->value, first->value);
                }
            }
        }
    }
}

static void every_command_is_found_by_its_words_and_no_two_have_the_same(void **state)
{
    (void)state;
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        char words[100];
        char help[] = "--help";
        char *list[10];
        size_t count = 0;
        size_t used = 0;
        assert_true(strlen((*command)->words) < sizeof words);
        (void)strcpy(words, (*command)->words);
        for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
            list[count++] = word;
        }
        list[count] = help;
        assert_ptr_equal(command_find(list, count + 1, &used), *command);
        assert_int_equal(used, count);
    }
}

static void other_words_find_nothing(void **state)
{
    (void)state;
    char group[] = "dlq";
    char no_member[] = "replays";
    char no_command[] = "checks";
    char *part[] = {group};
    char *longer[] = {no_command};
    char *wrong[] = {group, no_member};
    size_t used = 77;
    assert_null(command_find(part, 1, &used));
    assert_null(command_find(longer, 1, &used));
    assert_null(command_find(wrong, 2, &used));
    assert_null(command_find(NULL, 0, &used));
    assert_int_equal(used, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_says_what_it_is_in_a_line),
        cmocka_unit_test(arguments_are_counted_as_they_are_written),
        cmocka_unit_test(no_option_is_there_twice_and_all_say_what_they_do),
        cmocka_unit_test(the_same_option_means_the_same_everywhere),
        cmocka_unit_test(every_command_is_found_by_its_words_and_no_two_have_the_same),
        cmocka_unit_test(other_words_find_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

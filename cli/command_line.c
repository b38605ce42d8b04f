/* See command_line.h. */
#include "command_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "exit_code.h"
#include "suggestion.h"
#include "time_text.h"

struct parser {
    char *const *words;
    size_t count;
    size_t index;
    struct command_line *line;
    struct error *error;
};

static const struct command_option s_help = {'h', "help", NULL, "print this and end", NULL};

static const struct command_option *find_long(const struct command *command, const char *name, size_t length)
{
    for (const struct command_option *option = command->options; option != NULL && option->name != NULL; option++) {
        if (strlen(option->name) == length && strncmp(option->name, name, length) == 0) {
            return option;
        }
    }
    return length == strlen(s_help.name) && strncmp(s_help.name, name, length) == 0 ? &s_help : NULL;
}

static const struct command_option *find_letter(const struct command *command, char letter)
{
    for (const struct command_option *option = command->options; option != NULL && option->name != NULL; option++) {
        if (option->letter == letter) {
            return option;
        }
    }
    return letter == s_help.letter ? &s_help : NULL;
}

/* value is one of the words, which blanks part. */
static bool is_one_of(const char *value, const char *words)
{
    size_t length = strlen(value);
    for (const char *word = words; *word != '\0'; word += strspn(word, " ")) {
        size_t word_length = strcspn(word, " ");
        if (word_length == length && strncmp(word, value, length) == 0) {
            return true;
        }
        word += word_length;
    }
    return false;
}

static enum status add_option(struct parser *parser, const struct command_option *option, const char *value)
{
    struct command_line *line = parser->line;
    if (option == &s_help) {
        line->wants_help = true;
        return STATUS_OK;
    }
    if (option->words != NULL && !is_one_of(value, option->words)) {
        return error_set(parser->error, STATUS_INVALID_ARGUMENT, "--%s: expected one of: %s; found \"%s\"",
                         option->name, option->words, value);
    }
    if (line->option_count == COMMAND_LINE_OPTIONS_MAX) {
        return error_set(parser->error, STATUS_INVALID_ARGUMENT, "at most %d options", COMMAND_LINE_OPTIONS_MAX);
    }
    line->options[line->option_count].option = option;
    line->options[line->option_count].value = value;
    line->option_count++;
    return STATUS_OK;
}

/* attached: what stands behind "=", or behind the letter; NULL: nothing. */
static enum status take_option(struct parser *parser, const struct command_option *option, const char *attached)
{
    if (option->value == NULL) {
        if (attached != NULL) {
            return error_set(parser->error, STATUS_INVALID_ARGUMENT, "--%s takes no value", option->name);
        }
        return add_option(parser, option, "");
    }
    if (attached == NULL) {
        if (parser->index + 1 >= parser->count) {
            return error_set(parser->error, STATUS_INVALID_ARGUMENT, "--%s: expected %s", option->name, option->value);
        }
        attached = parser->words[++parser->index];
    }
    if (*attached == '\0') {
        return error_set(parser->error, STATUS_INVALID_ARGUMENT, "--%s: expected %s, found nothing", option->name,
                         option->value);
    }
    return add_option(parser, option, attached);
}

/* word: "--limits=3", of which length bytes are the option. */
static enum status fail_unknown(struct parser *parser, const char *word, size_t length)
{
    char *name = memory_format("%.*s", (int)length - 2, word + 2);
    struct suggestion suggestion;
    suggestion_begin(&suggestion, name);
    for (const struct command_option *option = parser->line->command->options; option != NULL && option->name != NULL;
         option++) {
        suggestion_consider(&suggestion, option->name);
    }
    suggestion_consider(&suggestion, s_help.name);
    bool has_one = *suggestion.best != '\0';
    enum status status = error_set(parser->error, STATUS_INVALID_ARGUMENT, "unknown option --%s%s%s%s", name,
                                   has_one ? "; did you mean --" : "", suggestion.best, has_one ? "?" : "");
    free(name);
    return status;
}

static enum status take_long(struct parser *parser, const char *word)
{
    const char *name = word + 2;
    size_t length = strcspn(name, "=");
    const struct command_option *option = find_long(parser->line->command, name, length);
    if (option == NULL) {
        return fail_unknown(parser, word, length + 2);
    }
    return take_option(parser, option, name[length] == '=' ? name + length + 1 : NULL);
}

/* -o json, -ojson; several letters without a value together: -hv. */
static enum status take_letters(struct parser *parser, const char *word)
{
    enum status status = STATUS_OK;
    for (const char *letter = word + 1; status == STATUS_OK && *letter != '\0'; letter++) {
        const struct command_option *option = find_letter(parser->line->command, *letter);
        if (option == NULL) {
            bool is_alone = letter == word + 1 && letter[1] == '\0';
            return error_set(parser->error, STATUS_INVALID_ARGUMENT, "unknown option -%c%s%s", *letter,
                             is_alone ? "" : " in ", is_alone ? "" : word);
        }
        if (option->value != NULL) {
            return take_option(parser, option, letter[1] == '\0' ? NULL : letter + 1);
        }
        status = take_option(parser, option, NULL);
    }
    return status;
}

static enum status take_argument(struct parser *parser, const char *word)
{
    struct command_line *line = parser->line;
    if (*word == '\0') { /* a variable of a script that was not set; no command has a use for it */
        return error_set(parser->error, STATUS_INVALID_ARGUMENT, "argument %zu is empty: expected %s",
                         line->argument_count + 1, line->command->arguments);
    }
    if (line->argument_count >= line->command->arguments_max) {
        return error_set(parser->error, STATUS_INVALID_ARGUMENT, "unexpected argument \"%s\"", word);
    }
    line->arguments[line->argument_count++] = word;
    return STATUS_OK;
}

static enum status take_word(struct parser *parser, bool *only_arguments)
{
    const char *word = parser->words[parser->index];
    if (*only_arguments || word[0] != '-' || word[1] == '\0') {
        return take_argument(parser, word);
    }
    if (strcmp(word, "--") == 0) {
        *only_arguments = true;
        return STATUS_OK;
    }
    return word[1] == '-' ? take_long(parser, word) : take_letters(parser, word);
}

enum status command_line_parse(const struct command *command, char *const *words, size_t count,
                               struct command_line *out_line, struct error *error)
{
    struct command_line line = {.command = command};
    struct parser parser = {.words = words, .count = count, .line = &line, .error = error};
    enum status status = STATUS_OK;
    bool only_arguments = false;
    CHECK(command->arguments_max <= COMMAND_LINE_ARGUMENTS_MAX);
    for (parser.index = 0; status == STATUS_OK && parser.index < count; parser.index++) {
        status = take_word(&parser, &only_arguments);
    }
    if (status == STATUS_OK && !line.wants_help && line.argument_count < command->arguments_min) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "expected %s", command->arguments);
    }
    if (status == STATUS_OK) {
        *out_line = line;
    }
    return status;
}

const char *command_line_next(const struct command_line *line, const char *name, size_t *place)
{
    while (*place < line->option_count) {
        size_t index = (*place)++;
        if (strcmp(line->options[index].option->name, name) == 0) {
            return line->options[index].value;
        }
    }
    return NULL;
}

const char *command_line_value(const struct command_line *line, const char *name)
{
    size_t place = 0;
    const char *last = NULL;
    for (const char *value = NULL; (value = command_line_next(line, name, &place)) != NULL;) {
        last = value;
    }
    return last;
}

bool command_line_has(const struct command_line *line, const char *name)
{
    return command_line_value(line, name) != NULL;
}

bool command_line_wants_json(const struct command_line *line)
{
    const char *format = command_line_value(line, "output");
    return format != NULL && strcmp(format, "json") == 0;
}

/* The digits at *text, which moves behind them. -1: none, or more than max. */
static int64_t take_digits(const char **text, int64_t max)
{
    int64_t number = 0;
    const char *digit = *text;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        int64_t value = *digit - '0';
        if (value > max || number > (max - value) / 10) {
            return -1;
        }
        number = number * 10 + value;
    }
    if (digit == *text) {
        return -1;
    }
    *text = digit;
    return number;
}

enum status command_line_number(const struct command_line *line, const char *name, int64_t min, int64_t max,
                                int64_t otherwise, int64_t *out_number, struct error *error)
{
    const char *value = command_line_value(line, name);
    const char *end = value;
    int64_t number = value == NULL ? otherwise : take_digits(&end, max);
    if (value != NULL && (number < min || *end != '\0')) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "--%s: expected a number from %" PRId64 " to %" PRId64 ", found \"%s\"", name, min, max,
                         value);
    }
    *out_number = number;
    return STATUS_OK;
}

/* 0: no such unit. */
static int64_t unit_ms(const char *unit)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].name, unit) == 0) {
            return units[i].ms;
        }
    }
    return 0;
}

enum status command_line_duration(const struct command_line *line, const char *name, int64_t max_ms, int64_t otherwise,
                                  int64_t *out_ms, struct error *error)
{
    const char *value = command_line_value(line, name);
    const char *unit = value;
    if (value == NULL) {
        *out_ms = otherwise;
        return STATUS_OK;
    }
    int64_t number = take_digits(&unit, max_ms);
    int64_t factor = unit_ms(unit);
    if (number < 0 || factor == 0 || number > max_ms / factor) {
        char longest[TIME_TEXT_SIZE];
        time_text_duration(max_ms, longest);
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "--%s: expected a time with its unit (500ms, 30s, 5m, 2h, 1d), at most %s; found \"%s\"", name,
                         longest, value);
    }
    *out_ms = number * factor;
    return STATUS_OK;
}

int command_line_fail(const struct command_line *line, const struct error *error)
{
    bool is_usage = error->status == STATUS_INVALID_ARGUMENT;
    (void)fprintf(stderr, "ferry %s: %s\n", line->command->words, error->text); /* no one to tell of a closed stderr */
    if (is_usage) {
        (void)fprintf(stderr, "Try 'ferry %s --help'.\n", line->command->words);
    }
    return is_usage ? EXIT_USAGE : EXIT_FAILED;
}

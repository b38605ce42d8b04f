/* See completion.h. A closed output is nothing to act on: results of fprintf are not looked at here.
 *
 * The three scripts go the same way: the command is the longest one that the first words make; its options, the words
 * that an option takes and files come from tables in the script, so that completing runs no program. */
#include "completion.h"

#include <stdbool.h>
#include <string.h>

#include "command_words.h"

static bool has_options(const struct command *command)
{
    return command->options != NULL && command->options->name != NULL;
}

/* ---- parts that bash and zsh have in common ---- */

/* `prefix) ... words`: what the words so far may be followed by. */
static void print_next_words(FILE *out, const char *before, const char *after)
{
    char prefix[COMMAND_WORDS_MAX];
    for (size_t place = 0; command_words_next_prefix(&place, prefix);) {
        char word[COMMAND_WORDS_MAX];
        const char *summary = NULL;
        const char *blank = "";
        (void)fprintf(out, "        '%s') %s", prefix, before);
        for (size_t at = 0; command_words_next(prefix, &at, word, &summary); blank = " ") {
            (void)fprintf(out, "%s%s", blank, word);
        }
        (void)fprintf(out, "%s ;;\n", after);
    }
}

/* The pattern of a case for one option with a value: '-c' | '--config'. */
static void print_option_pattern(FILE *out, const char *command, const struct command_option *option)
{
    (void)fprintf(out, "        '%s --%s'", command, option->name);
    if (option->letter != '\0') {
        (void)fprintf(out, " | '%s -%c'", command, option->letter);
    }
    (void)fputs(") ", out);
}

static void print_commands(FILE *out)
{
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        (void)fprintf(out, "%s'%s'", command == g_commands ? "" : " | ", (*command)->words);
    }
}

/* ---- bash ---- */

static void print_bash_options(FILE *out)
{
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        (void)fprintf(out, "        '%s') words='--help", (*command)->words);
        for (const struct command_option *option = (*command)->options; has_options(*command) && option->name != NULL;
             option++) {
            (void)fprintf(out, " --%s", option->name);
        }
        (void)fputs("' ;;\n", out);
    }
}

/* What completes the value of an option. */
static void print_bash_values(FILE *out)
{
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        for (const struct command_option *option = (*command)->options; has_options(*command) && option->name != NULL;
             option++) {
            if (option->value == NULL) {
                continue;
            }
            print_option_pattern(out, (*command)->words, option);
            enum command_value_kind kind = command_words_value_kind(option->value);
            if (option->words != NULL) {
                (void)fprintf(out, "kind='words' words='%s' ;;\n", option->words);
            } else {
                (void)fprintf(out, "kind='%s' ;;\n", kind == COMMAND_VALUE_FILE        ? "file"
                                                   : kind == COMMAND_VALUE_INPUT     ? "input"
                                                   : kind == COMMAND_VALUE_DIRECTORY ? "directory"
                                                                                     : "any");
            }
        }
    }
}

/* What completes the arguments of a command. */
static void print_argument_kinds(FILE *out)
{
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        static const char *const names[] = {[COMMAND_VALUE_FILE] = "file",
                                            [COMMAND_VALUE_INPUT] = "input",
                                            [COMMAND_VALUE_DIRECTORY] = "directory"};
        enum command_value_kind kind = command_words_value_kind((*command)->arguments);
        if (strchr((*command)->arguments, '|') != NULL) { /* the only words: "bash|zsh|fish" */
            (void)fprintf(out, "        '%s') kind='words' words='", (*command)->words);
            for (const char *byte = (*command)->arguments; *byte != '\0'; byte++) {
                (void)fputc(*byte == '|' ? ' ' : *byte, out);
            }
            (void)fputs("' ;;\n", out);
        } else if (kind != COMMAND_VALUE_ANY) {
            (void)fprintf(out, "        '%s') kind='%s' ;;\n", (*command)->words, names[kind]);
        }
    }
}

void completion_bash(FILE *out)
{
    (void)fputs("# Completion of ferry for bash. Load it with: source <(ferry completion bash)\n"
                "_ferry() {\n"
                "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
                "    local command='' prefix='' words='' kind='' behind i\n"
                "    COMPREPLY=()\n"
                "    local at='' last=COMP_CWORD\n"
                "    # Readline parts words at = and @, too; several of them together are one word.\n"
                "    if [[ $current == [=@] || $current == '=@' ]]; then at=$current current=''; fi\n"
                "    while [[ $before == [=@] || $before == '=@' ]]; do\n"
                "        at=$before$at last=$((last - 1)) before=${COMP_WORDS[last-1]}\n"
                "    done\n"
                "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                "        behind=\"$prefix${prefix:+ }${COMP_WORDS[i]}\"\n"
                "        case $behind in\n"
                "        ",
                out);
    print_commands(out);
    (void)fputs(") command=$behind prefix=$behind ;;\n"
                "        *) _ferry_next \"$behind\"; [[ -n $words ]] || break; prefix=$behind ;;\n"
                "        esac\n"
                "    done\n"
                "    case \"$command $before\" in\n",
                out);
    print_bash_values(out);
    (void)fputs("    esac\n"
                "    if [[ -z $kind ]]; then\n"
                "        words=''\n"
                "        if [[ $current == -* ]]; then kind='words'; _ferry_options \"$command\"\n"
                "        elif ((i == COMP_CWORD)); then _ferry_next \"$prefix\"; fi\n"
                "        if [[ -n $words ]]; then kind='words'; else _ferry_argument \"$command\"; fi\n"
                "    fi\n"
                "    case $kind in\n"
                "    words) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\") ;;\n"
                "    file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$current\") ;;\n"
                "    directory) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$current\") ;;\n"
                "    input)\n"
                "        if [[ $current == @* ]]; then mapfile -t COMPREPLY < <(compgen -f -P @ -- \"${current#@}\")\n"
                "        elif [[ $at == *@ ]]; then mapfile -t COMPREPLY < <(compgen -f -P @ -- \"$current\"); fi ;;\n"
                "    esac\n"
                "}\n"
                "# What may follow these words: into words.\n"
                "_ferry_next() {\n"
                "    case $1 in\n",
                out);
    print_next_words(out, "words='", "'");
    (void)fputs("        *) words='' ;;\n"
                "    esac\n"
                "}\n"
                "_ferry_options() {\n"
                "    case $1 in\n",
                out);
    print_bash_options(out);
    (void)fputs("        *) words='--help --version' ;;\n"
                "    esac\n"
                "}\n"
                "# What the arguments of a command are: into kind, and words.\n"
                "_ferry_argument() {\n"
                "    case $1 in\n",
                out);
    print_argument_kinds(out);
    (void)fputs("        *) kind='any' ;;\n"
                "    esac\n"
                "}\n"
                "complete -F _ferry ferry\n",
                out);
}

/* ---- zsh ---- */

/* Within '...' of a specification of _arguments. */
static void print_zsh_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            (void)fputs("'\\''", out);
        } else if (*text == '\n') {
            (void)fputc(' ', out);
        } else {
            if (strchr("[]:\\", *text) != NULL) {
                (void)fputc('\\', out);
            }
            (void)fputc(*text, out);
        }
    }
}

/* ":FILE:_files". */
static void print_zsh_value(FILE *out, const char *value, const char *words)
{
    (void)fputc(':', out);
    print_zsh_text(out, value);
    (void)fputc(':', out);
    if (words != NULL) {
        (void)fprintf(out, "(%s)", words);
        return;
    }
    switch (command_words_value_kind(value)) {
    case COMMAND_VALUE_FILE:
        (void)fputs("_files", out);
        break;
    case COMMAND_VALUE_DIRECTORY:
        (void)fputs("_files -/", out);
        break;
    case COMMAND_VALUE_INPUT:
        (void)fputs("_ferry_input", out);
        break;
    case COMMAND_VALUE_ANY: /* not a mere message: zsh inserts nothing beside one */
        (void)fputs("_ferry_any", out);
        break;
    }
}

static void print_zsh_option(FILE *out, const struct command_option *option)
{
    const char *sign = option->value != NULL ? "=" : "";
    if (option->letter != '\0') {
        (void)fprintf(out, " \\\n            '*'{-%c%s,--%s%s}'[", option->letter, option->value != NULL ? "+" : "",
                      option->name, sign);
    } else {
        (void)fprintf(out, " \\\n            '*--%s%s[", option->name, sign);
    }
    print_zsh_text(out, option->text);
    (void)fputc(']', out);
    if (option->value != NULL) {
        print_zsh_value(out, option->value, option->words);
    }
    (void)fputc('\'', out);
}

static void print_zsh_arguments(FILE *out, const struct command *command)
{
    if (strchr(command->arguments, '|') != NULL) {
        char words[COMMAND_WORDS_MAX];
        (void)snprintf(words, sizeof words, "%s", command->arguments); /* cut at size: fine */
        for (char *bar = strchr(words, '|'); bar != NULL; bar = strchr(bar, '|')) {
            *bar = ' ';
        }
        (void)fprintf(out, " \\\n            '*:argument:(%s)'", words);
    } else if (command->arguments_max > 0) {
        (void)fputs(" \\\n            '*", out);
        print_zsh_value(out, command->arguments, NULL);
        (void)fputc('\'', out);
    }
}

static void print_zsh_commands(FILE *out)
{
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        (void)fprintf(out, "        '%s') _arguments '--help[print this and end]'", (*command)->words);
        for (const struct command_option *option = (*command)->options; has_options(*command) && option->name != NULL;
             option++) {
            print_zsh_option(out, option);
        }
        print_zsh_arguments(out, *command);
        (void)fputs(" ;;\n", out);
    }
}

/* `prefix) next=(word:summary ...)`. */
static void print_zsh_next(FILE *out)
{
    char prefix[COMMAND_WORDS_MAX];
    for (size_t place = 0; command_words_next_prefix(&place, prefix);) {
        char word[COMMAND_WORDS_MAX];
        const char *summary = NULL;
        (void)fprintf(out, "        '%s') next=(", prefix);
        for (size_t at = 0; command_words_next(prefix, &at, word, &summary);) {
            (void)fprintf(out, " '%s:", word);
            print_zsh_text(out, summary != NULL ? summary : "...");
            (void)fputc('\'', out);
        }
        (void)fputs(" ) ;;\n", out);
    }
}

void completion_zsh(FILE *out)
{
    (void)fputs("#compdef ferry\n"
                "# Completion of ferry for zsh: a file _ferry in a folder of $fpath,\n"
                "# or: source <(ferry completion zsh)\n"
                "_ferry_input() { compset -P '@' && _files }\n"
                "_ferry_any() { return 1 }\n"
                "_ferry_next() {\n"
                "    next=()\n"
                "    case $1 in\n",
                out);
    print_zsh_next(out);
    (void)fputs("    esac\n"
                "}\n"
                "_ferry() {\n"
                "    local command='' prefix='' behind\n"
                "    local -a next\n"
                "    integer i used=1\n"
                "    for ((i = 2; i < CURRENT; i++)); do\n"
                "        behind=\"$prefix${prefix:+ }${words[i]}\"\n"
                "        case $behind in\n"
                "        ",
                out);
    print_commands(out);
    (void)fputs(") command=$behind prefix=$behind used=$i ;;\n"
                "        *) _ferry_next \"$behind\"; (( $#next )) || break; prefix=$behind ;;\n"
                "        esac\n"
                "    done\n"
                "    if (( i == CURRENT )) && [[ ${words[CURRENT]} != -* ]]; then\n"
                "        _ferry_next \"$prefix\"\n"
                "        if (( $#next )); then _describe -t commands 'command' next; [[ -n $command ]] || return; fi\n"
                "    fi\n"
                "    words=(ferry ${words[used+1,-1]})\n"
                "    (( CURRENT -= used - 1 ))\n"
                "    case $command in\n",
                out);
    print_zsh_commands(out);
    (void)fputs("        *) _arguments '--help[print this and end]' '--version[print the version and end]' ;;\n"
                "    esac\n"
                "}\n"
                "if [[ $funcstack[1] == _ferry ]]; then _ferry \"$@\"; else compdef _ferry ferry; fi\n",
                out);
}

/* ---- fish ---- */

static void print_fish_text(FILE *out, const char *text)
{
    (void)fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\') {
            (void)fputc('\\', out);
        }
        (void)fputc(*text == '\n' ? ' ' : *text, out);
    }
    (void)fputc('\'', out);
}

static void print_fish_words(FILE *out)
{
    char prefix[COMMAND_WORDS_MAX];
    for (size_t place = 0; command_words_next_prefix(&place, prefix);) {
        char word[COMMAND_WORDS_MAX];
        const char *summary = NULL;
        for (size_t at = 0; command_words_next(prefix, &at, word, &summary);) {
            (void)fprintf(out, "complete -c ferry -n '__ferry_words \"%s\"' -a %s -d ", prefix, word);
            print_fish_text(out, summary != NULL ? summary : "...");
            (void)fputc('\n', out);
        }
    }
}

/* What completes a value: "-r -F" (files), "-x -a 'table json'", "-x" (nothing). */
static void print_fish_value(FILE *out, const char *value, const char *words)
{
    enum command_value_kind kind = value != NULL ? command_words_value_kind(value) : COMMAND_VALUE_ANY;
    if (words != NULL) {
        (void)fprintf(out, " -x -a '%s'", words);
    } else if (kind == COMMAND_VALUE_FILE) {
        (void)fputs(" -r -F", out);
    } else if (kind == COMMAND_VALUE_DIRECTORY) {
        (void)fputs(" -x -a '(__fish_complete_directories)'", out);
    } else if (kind == COMMAND_VALUE_INPUT) {
        (void)fputs(" -x -a '(__ferry_input)'", out);
    } else if (value != NULL) {
        (void)fputs(" -x", out);
    }
}

static void print_fish_command(FILE *out, const struct command *command)
{
    const char *words = command->words;
    for (const struct command_option *option = command->options; has_options(command) && option->name != NULL;
         option++) {
        (void)fprintf(out, "complete -c ferry -n '__ferry_is \"%s\"' -l %s", words, option->name);
        if (option->letter != '\0') {
            (void)fprintf(out, " -s %c", option->letter);
        }
        print_fish_value(out, option->value, option->words);
        (void)fputs(" -d ", out);
        print_fish_text(out, option->text);
        (void)fputc('\n', out);
    }
    if (strchr(command->arguments, '|') != NULL) {
        (void)fprintf(out, "complete -c ferry -n '__ferry_is \"%s\"' -a '", words);
        for (const char *byte = command->arguments; *byte != '\0'; byte++) {
            (void)fputc(*byte == '|' ? ' ' : *byte, out);
        }
        (void)fputs("'\n", out);
    } else if (command_words_value_kind(command->arguments) == COMMAND_VALUE_INPUT) {
        (void)fprintf(out, "complete -c ferry -n '__ferry_is \"%s\"' -a '(__ferry_input)'\n", words);
    } else if (command_words_value_kind(command->arguments) != COMMAND_VALUE_ANY) {
        (void)fprintf(out, "complete -c ferry -n '__ferry_is \"%s\"' -F\n", words);
    }
}

void completion_fish(FILE *out)
{
    (void)fputs("# Completion of ferry for fish. Load it with: ferry completion fish | source\n"
                "function __ferry_command\n"
                "    set -l found ''\n"
                "    set -l behind ''\n"
                "    for word in (commandline -opc)[2..-1]\n"
                "        set behind (string trim -- \"$behind $word\")\n"
                "        switch \"$behind\"\n"
                "            case",
                out);
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        (void)fprintf(out, " '%s'", (*command)->words);
    }
    (void)fputs("\n"
                "                set found $behind\n"
                "        end\n"
                "    end\n"
                "    echo $found\n"
                "end\n"
                "function __ferry_is\n"
                "    test (__ferry_command) = \"$argv\"\n"
                "end\n"
                "# Nothing but these words, and none of options, so far.\n"
                "function __ferry_words\n"
                "    set -l wanted (string join ' ' -- $argv '' | string trim -l)\n"
                "    test (string join ' ' -- (commandline -opc)[2..-1] '') = \"$wanted\"\n"
                "end\n"
                "function __ferry_input\n"
                "    set -l current (commandline -ct)\n"
                "    if string match -q '@*' -- $current\n"
                "        for path in (__fish_complete_path (string sub -s 2 -- $current))\n"
                "            echo @$path\n"
                "        end\n"
                "    end\n"
                "end\n"
                "complete -c ferry -f\n"
                "complete -c ferry -l help -s h -d 'print this and end'\n"
                "complete -c ferry -n '__ferry_words \"\"' -l version -d 'print the version and end'\n",
                out);
    print_fish_words(out);
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        print_fish_command(out, *command);
    }
}

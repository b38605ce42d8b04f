/* -c/--config FILE, --check, --processes N|auto, --version, --help. */
#include "service/command_line.h"

#include <stddef.h>
#include <string.h>

/* The value of option at argv[*index]: behind "=", or the next word. NULL: none, or argv[*index] is another option. */
static const char *take_value(int argc, char *const *argv, int *index, const char *long_name, const char *short_name,
                              bool *out_matches)
{
    const char *word = argv[*index];
    size_t length = strlen(long_name);
    *out_matches = false;
    if (strncmp(word, long_name, length) == 0 && word[length] == '=') {
        *out_matches = true;
        return word[length + 1] == '\0' ? NULL : word + length + 1;
    }
    if (strcmp(word, long_name) != 0 && (short_name == NULL || strcmp(word, short_name) != 0)) {
        return NULL;
    }
    *out_matches = true;
    if (*index + 1 >= argc || argv[*index + 1][0] == '\0') {
        return NULL;
    }
    *index += 1;
    return argv[*index];
}

enum status service_processes_parse(const char *text, int *out_processes, struct error *error)
{
    int number = 0;
    if (strcmp(text, "auto") == 0) {
        *out_processes = 0;
        return STATUS_OK;
    }
    for (const char *digit = text; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9' || number > SERVICE_PROCESSES_MAX) {
            number = 0;
            break;
        }
        number = number * 10 + (*digit - '0');
    }
    if (number < 1 || number > SERVICE_PROCESSES_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--processes: expected 1 to %d or auto, found \"%s\"",
                         SERVICE_PROCESSES_MAX, text);
    }
    *out_processes = number;
    return STATUS_OK;
}

static enum status parse_word(int argc, char *const *argv, int *index, struct service_command_line *line,
                              struct error *error)
{
    const char *word = argv[*index];
    bool matches = false;
    const char *value = take_value(argc, argv, index, "--config", "-c", &matches);
    if (matches) {
        if (value == NULL) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected a file", word);
        }
        line->config_path = value;
        return STATUS_OK;
    }
    value = take_value(argc, argv, index, "--processes", NULL, &matches);
    if (matches) {
        if (value == NULL) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected a number or auto", word);
        }
        return service_processes_parse(value, &line->processes, error);
    }
    if (strcmp(word, "--check") == 0) {
        line->action = SERVICE_ACTION_CHECK;
    } else if (strcmp(word, "--version") == 0) {
        line->action = SERVICE_ACTION_VERSION;
    } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        line->action = SERVICE_ACTION_HELP;
    } else if (word[0] == '-') {
        return error_set(error, STATUS_INVALID_ARGUMENT, "unknown option %s", word);
    } else {
        return error_set(error, STATUS_INVALID_ARGUMENT, "unexpected argument \"%s\"", word);
    }
    return STATUS_OK;
}

enum status service_command_line_parse(int argc, char *const *argv, struct service_command_line *out,
                                       struct error *error)
{
    struct service_command_line line = {.action = SERVICE_ACTION_RUN, .processes = 1};
    for (int index = 1; index < argc; index++) {
        enum status status = parse_word(argc, argv, &index, &line, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *out = line;
    return STATUS_OK;
}

void service_command_line_describe(FILE *out)
{
    (void)fputs("  -c, --config FILE    configuration (default: $FERRY_CONFIG, then ./ferry.yaml if it is there)\n"
                "      --check          check the configuration and end\n"
                "      --processes N    run N processes under a supervising parent; auto: CPUs - 1\n"
                "      --version        print the version and end\n"
                "  -h, --help           print this and end\n",
                out); /* nothing to do about a closed terminal */
}

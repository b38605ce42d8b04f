/* The command-line tool `ferry`. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "check.h"
#include "dlq.h"
#include "exit_code.h"
#include "service/command_line.h"
#include "settings/settings.h"
#include "up.h"


static void print_help(void)
{
    (void)printf("ferry: SQS messages become Temporal workflows\n\n"
                 "Usage: ferry up [options]      run and respawn pollers, gateway and worker on this machine\n"
                 "       ferry check [options]   check the configuration and say what it means\n"
                 "       ferry dlq replay URL    send the messages of a dead-letter queue to where they came from\n\n");
    service_command_line_describe(stdout);
    (void)printf("\n--processes is the number of pollers. Settings come from the file and the environment: see\n"
                 "docs/configuration.md.\n");
}

static int fail_usage(const char *text)
{
    (void)fprintf(stderr, "ferry: %s\nTry 'ferry --help'.\n", text);
    return EXIT_USAGE;
}

static int run_up(const struct settings *settings, const struct service_command_line *line,
                  const struct log_options *log)
{
    struct error error = {0};
    log_configure(log);
    enum status status = up_run(settings, line, &error);
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "ferry: %s\n", error.text);
    }
    if (status == STATUS_OK) {
        return EXIT_DONE;
    }
    return status == STATUS_INVALID_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

static int run_command(bool is_up, const struct service_command_line *line)
{
    struct error error = {0};
    struct settings *settings = NULL;
    int code = EXIT_DONE;
    struct log_options log = {
        .service = "ferry",
        .level = LOG_LEVEL_INFO,
        .format = LOG_FORMAT_JSON,
        .file_descriptor = STDOUT_FILENO,
    };
    if (settings_load(line->config_path, &settings, &error) != STATUS_OK ||
        log_options_from_environment(&log, &error) != STATUS_OK) {
        (void)fprintf(stderr, "ferry: %s\n", error.text);
        settings_destroy(settings);
        return EXIT_USAGE;
    }
    if (is_up && line->action == SERVICE_ACTION_RUN) {
        code = run_up(settings, line, &log);
    } else if (check_key_files(settings, &error) != STATUS_OK) {
        (void)fprintf(stderr, "ferry: %s\n", error.text);
        code = EXIT_USAGE;
    } else {
        check_print(settings, stdout);
    }
    settings_destroy(settings);
    return code;
}

int main(int argc, char **argv)
{
    struct error error = {0};
    struct service_command_line line;
    if (argc > 1 && strcmp(argv[1], "dlq") == 0) {
        return dlq_main(argc - 1, argv + 1);
    }
    const char *command = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
    int skipped = command == NULL ? 0 : 1;
    if (service_command_line_parse(argc - skipped, argv + skipped, &line, &error) != STATUS_OK) {
        return fail_usage(error.text);
    }
    if (line.action == SERVICE_ACTION_VERSION) {
        (void)printf("ferry %s\n", FERRY_VERSION);
        return EXIT_DONE;
    }
    if (line.action == SERVICE_ACTION_HELP) {
        print_help();
        return EXIT_DONE;
    }
    if (command == NULL) {
        return fail_usage("expected a command: up, check or dlq");
    }
    if (strcmp(command, "up") != 0 && strcmp(command, "check") != 0) {
        (void)error_set(&error, STATUS_INVALID_ARGUMENT, "unknown command \"%s\": expected up, check or dlq", command);
        return fail_usage(error.text);
    }
    return run_command(strcmp(command, "up") == 0, &line);
}

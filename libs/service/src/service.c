/* service_main: from the command line to the exit code. */
#include "service/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/supervisor.h"
#include "crypto/exit.h"
#include "internal.h"
#include "service/command_line.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static int exit_code(enum status status)
{
    if (status == STATUS_OK) {
        return EXIT_DONE;
    }
    return status == STATUS_INVALID_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

static void print_help(const struct service_definition *definition)
{
    const char *name = definition->name;
    (void)printf("%s: %s\n\nUsage: %s [options]\n"
                 "       %s healthcheck [--live] [options]   ask the one that runs here whether it is ready\n\n",
                 name, definition->summary, name, name);
    service_command_line_describe(stdout);
    (void)printf("\nSettings come from the file and the environment: see docs/configuration.md.\n");
}

static enum status load(const struct service_definition *definition, const struct service_command_line *line,
                        struct settings **out_settings, struct log_options *log, struct error *error)
{
    struct settings *settings = NULL;
    enum status status = log_options_from_environment(log, error);
    if (status == STATUS_OK) {
        status = settings_load(line->config_path, &settings, error);
    }
    if (status == STATUS_OK && definition->check != NULL) {
        status = definition->check(settings, error);
    }
    if (status != STATUS_OK) {
        settings_destroy(settings);
        return status;
    }
    *out_settings = settings;
    return STATUS_OK;
}

static int run(const struct service_definition *definition, const struct service_command_line *line, int argc,
               char **argv)
{
    struct error error = {0};
    struct settings *settings = NULL;
    struct log_options log = {
        .service = definition->name,
        .level = LOG_LEVEL_INFO,
        .format = LOG_FORMAT_JSON,
        .file_descriptor = STDOUT_FILENO,
    };
    enum status status = load(definition, line, &settings, &log, &error);
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "%s: %s\n", definition->name, error.text);
        return EXIT_USAGE;
    }
    if (line->action == SERVICE_ACTION_CHECK) {
        (void)printf("OK: %s\n", settings->path == NULL ? "defaults and environment" : settings->path);
        settings_destroy(settings);
        return EXIT_DONE;
    }
    log_configure(&log);
    int processes = line->processes == 0 ? supervisor_auto_processes() : line->processes;
    bool is_child = getenv(SERVICE_CHILD_VARIABLE) != NULL;
    if (processes > 1 && !is_child) {
        status = service_run_parent(definition, settings, processes, argc, argv, &error);
    } else {
        status = service_run_single(definition, settings, &error);
    }
    if (status != STATUS_OK) {
        log_event(LOG_LEVEL_ERROR, "service failed", LOG_ERROR(&error));
    }
    settings_destroy(settings);
    return exit_code(status);
}

int service_main(const struct service_definition *definition, int argc, char **argv)
{
    struct error error = {0};
    struct service_command_line line;
    crypto_keep_at_exit(); /* before curl comes to use it */
    if (argc > 1 && strcmp(argv[1], "healthcheck") == 0) {
        return service_healthcheck(definition, argc - 1, argv + 1);
    }
    if (service_command_line_parse(argc, argv, &line, &error) != STATUS_OK) {
        (void)fprintf(stderr, "%s: %s\nTry '%s --help'.\n", definition->name, error.text, definition->name);
        return EXIT_USAGE;
    }
    switch (line.action) {
    case SERVICE_ACTION_VERSION:
        (void)printf("%s %s\n", definition->name, FERRY_VERSION);
        return EXIT_DONE;
    case SERVICE_ACTION_HELP:
        print_help(definition);
        return EXIT_DONE;
    case SERVICE_ACTION_CHECK:
    case SERVICE_ACTION_RUN:
        break;
    }
    return run(definition, &line, argc, argv);
}

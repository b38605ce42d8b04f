/* See man_pages_command.h. */
#include "man_pages_command.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "command_line.h"
#include "exit_code.h"
#include "manual.h"

static enum status open_page(const char *directory, const char *name, const char *section, FILE **out_file,
                             struct error *error)
{
    char *path = memory_format("%s/%s.%s", directory, name, section);
    FILE *file = fopen(path, "we");
    char text[128];
    enum status status = STATUS_OK;
    if (file == NULL) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "%s: %s", path,
                           strerror_r(errno, text, sizeof text));
    } else {
        *out_file = file;
    }
    free(path);
    return status;
}

static enum status close_page(FILE *file, struct error *error)
{
    bool is_written = ferror(file) == 0;
    char text[128];
    if (fclose(file) != 0 || !is_written) {
        return error_set(error, STATUS_INTERNAL, "a page cannot be written: %s",
                         strerror_r(errno, text, sizeof text));
    }
    return STATUS_OK;
}

static enum status write_commands(const char *directory, struct error *error)
{
    enum status status = STATUS_OK;
    for (const struct command *const *command = g_commands; status == STATUS_OK && *command != NULL; command++) {
        char name[MANUAL_NAME_MAX];
        FILE *file = NULL;
        manual_command_name(*command, name);
        status = open_page(directory, name, "1", &file, error);
        if (status == STATUS_OK) {
            manual_command(*command, file);
            status = close_page(file, error);
        }
    }
    return status;
}

static enum status write_services(const char *directory, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < MANUAL_SERVICES; i++) {
        FILE *file = NULL;
        status = open_page(directory, manual_service_name(i), "8", &file, error);
        if (status == STATUS_OK) {
            manual_service(i, file);
            status = close_page(file, error);
        }
    }
    return status;
}

static enum status write_one(const char *directory, const char *name, const char *section, void (*write)(FILE *out),
                             struct error *error)
{
    FILE *file = NULL;
    enum status status = open_page(directory, name, section, &file, error);
    if (status == STATUS_OK) {
        write(file);
        status = close_page(file, error);
    }
    return status;
}

static int run(const struct command_line *line)
{
    struct error error = {0};
    enum status status = write_one(line->arguments[0], "ferry", "1", manual_tool, &error);
    if (status == STATUS_OK) {
        status = write_one(line->arguments[0], MANUAL_CONFIGURATION_NAME, "5", manual_configuration, &error);
    }
    if (status == STATUS_OK) {
        status = write_commands(line->arguments[0], &error);
    }
    if (status == STATUS_OK) {
        status = write_services(line->arguments[0], &error);
    }
    return status == STATUS_OK ? EXIT_DONE : command_line_fail(line, &error);
}

const struct command g_man_pages_command = {
    .words = "man-pages",
    .arguments = "DIRECTORY",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "write the manual's pages into a folder, for packages",
    .description = "ferry.1, a page for each command (ferry-trace.1 ...), those of the services\n"
                   "(ferry-poller.8 ...), and ferry.yaml.5. Their date is $SOURCE_DATE_EPOCH's, or today's.",
    .run = run,
};

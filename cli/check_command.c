/* See check_command.h. */
#include "check_command.h"

#include <stdio.h>

#include "base/log.h"
#include "check.h"
#include "command_line.h"
#include "exit_code.h"
#include "settings/settings.h"

static int run(const struct command_line *line)
{
    struct error error = {0};
    struct settings *settings = NULL;
    struct log_options log = {0}; /* only looked at: LOG_LEVEL and LOG_FORMAT are part of the configuration */
    enum status status = settings_load(command_line_value(line, "config"), &settings, &error);
    if (status == STATUS_OK) {
        status = log_options_from_environment(&log, &error);
    }
    if (status == STATUS_OK) {
        status = check_key_files(settings, &error);
    }
    if (status == STATUS_OK) {
        check_print(settings, stdout);
    }
    settings_destroy(settings);
    return status == STATUS_OK ? EXIT_DONE : command_line_fail(line, &error);
}

static const struct command_option s_options[] = {
    COMMAND_OPTION_CONFIG,
    COMMAND_OPTIONS_END,
};

const struct command g_check_command = {
    .words = "check",
    .arguments = "",
    .summary = "check the configuration and say what it means",
    .options = s_options,
    .run = run,
};

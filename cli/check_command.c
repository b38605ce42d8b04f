/* See check_command.h. */
#include "check_command.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "check.h"
#include "check_live.h"
#include "check_warnings.h"
#include "command_line.h"
#include "exit_code.h"
#include "finding.h"
#include "output.h"
#include "settings/settings.h"

/* What the services would refuse at their start. */
static enum status load(const struct command_line *line, struct settings **out_settings, struct error *error)
{
    struct log_options log = {0}; /* only looked at: LOG_LEVEL and LOG_FORMAT are part of the configuration */
    struct settings *settings = NULL;
    enum status status = settings_load(command_line_value(line, "config"), &settings, error);
    if (status == STATUS_OK) {
        status = log_options_from_environment(&log, error);
    }
    if (status == STATUS_OK) {
        status = check_key_files(settings, error);
    }
    if (status == STATUS_OK) {
        *out_settings = settings;
        settings = NULL;
    }
    settings_destroy(settings);
    return status;
}

static void look_around(const struct settings *settings, struct findings *findings)
{
    struct check_retentions retentions;
    const struct log_options log = {.service = "ferry", .level = LOG_LEVEL_ERROR, .format = LOG_FORMAT_TEXT,
                                    .file_descriptor = STDERR_FILENO};
    log_configure(&log);
    check_temporal(settings, findings, &retentions);
    check_queues(settings, &retentions, findings);
    check_gateway_live(settings, findings);
}

static void print_json(const struct settings *settings, const struct findings *findings)
{
    json_t *all = json_pack("{s:s?, s:i, s:i, s:o}", "file", settings->path, "errors",
                            (int)findings_count(findings, FINDING_ERROR), "warnings",
                            (int)findings_count(findings, FINDING_WARNING), "findings",
                            json_deep_copy(findings_json(findings)));
    CHECK(all != NULL);
    output_json(stdout, all);
    json_decref(all);
}

/* The last line. "OK, 2 warnings", "not OK: 1 error, 2 warnings". */
static void print_verdict(const struct findings *findings, bool is_fine)
{
    size_t errors = findings_count(findings, FINDING_ERROR);
    size_t warnings = findings_count(findings, FINDING_WARNING);
    (void)fputs(is_fine ? "OK" : "not OK: ", stdout);
    if (errors > 0) {
        (void)printf("%zu error%s", errors, errors == 1 ? "" : "s");
    }
    if (warnings > 0) {
        (void)printf("%s%zu warning%s", is_fine || errors > 0 ? ", " : "", warnings, warnings == 1 ? "" : "s");
    }
    (void)fputc('\n', stdout);
}

static int run(const struct command_line *line)
{
    struct error error = {0};
    struct settings *settings = NULL;
    if (load(line, &settings, &error) != STATUS_OK) {
        return command_line_fail(line, &error);
    }
    struct findings *findings = findings_new();
    check_warnings(settings, findings);
    if (command_line_has(line, "live")) {
        look_around(settings, findings);
    }
    bool is_fine = findings_count(findings, FINDING_ERROR) == 0 &&
                   (!command_line_has(line, "strict") || findings_count(findings, FINDING_WARNING) == 0);
    if (command_line_wants_json(line)) {
        print_json(settings, findings);
    } else {
        check_print(settings, stdout);
        findings_print(findings, stdout);
        print_verdict(findings, is_fine);
    }
    findings_destroy(findings);
    settings_destroy(settings);
    return is_fine ? EXIT_DONE : EXIT_FAILED;
}

static const struct command_option s_options[] = {
    COMMAND_OPTION_CONFIG,
    COMMAND_OPTION_OUTPUT,
    {'\0', "strict", NULL, "a warning counts as an error: exit code 1", NULL},
    {'\0', "live", NULL, "also ask SQS, Temporal and the gateway; nothing is changed and\nno message is received",
     NULL},
    COMMAND_OPTIONS_END,
};

const struct command g_check_command = {
    .words = "check",
    .arguments = "",
    .summary = "check the configuration and say what it means",
    .description = "A mistake in the configuration ends it with exit code 2 and the line that is at\n"
                   "fault. What is allowed and seldom meant is a warning. With --live the rest is asked:\n"
                   "queues, redrive policies, retentions, permissions, namespaces, search attributes,\n"
                   "workers, the gateway and its routes. Each finding has an id, and what to do about it:\n"
                   "docs/check.md. An error among them is exit code 1.\n\n"
                   "AWS credentials, region and endpoint come from the environment, as for the services.",
    .options = s_options,
    .run = run,
};

/* See up.h. The services are found beside this program; each reads the same configuration for itself. */
#include "up.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/supervisor.h"
#include "check.h"
#include "command_line.h"
#include "exit_code.h"
#include "service/command_line.h"
#include "settings/settings.h"

#define UP_SERVICES 3
#define UP_ARGUMENTS_MAX 6
#define UP_GRACE_EXTRA_MS 4000 /* each service keeps its own grace period; this ends one that hangs */

/* Gateway and worker first: a poller has nothing to do before them. */
static const char *const s_services[UP_SERVICES] = {"ferry-gateway", "ferry-worker", "ferry-poller"};

struct up {
    char *programs[UP_SERVICES];
    char *processes; /* "2" or "auto"; NULL: not given */
    const char *arguments[UP_SERVICES][UP_ARGUMENTS_MAX];
    struct supervisor_child children[UP_SERVICES];
};

/* One address cannot serve three admin ports: each service takes the one of its own section. */
static const char *const s_environment[] = {"FERRY_ADMIN_LISTEN=", NULL};

static enum status find_folder(char folder[PATH_MAX], struct error *error)
{
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (length <= 0) {
        return error_set(error, STATUS_INTERNAL, "the path of this program cannot be read");
    }
    folder[length] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        return error_set(error, STATUS_INTERNAL, "the path of this program has no folder");
    }
    *slash = '\0';
    return STATUS_OK;
}

static enum status find_programs(struct up *up, struct error *error)
{
    char folder[PATH_MAX];
    enum status status = find_folder(folder, error);
    for (size_t i = 0; status == STATUS_OK && i < UP_SERVICES; i++) {
        up->programs[i] = memory_format("%s/%s", folder, s_services[i]);
        if (access(up->programs[i], X_OK) != 0) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "expected the program %s beside this one",
                               up->programs[i]);
        }
    }
    return status;
}

static void fill_child(struct up *up, size_t index, const struct command_line *line)
{
    const char *config_path = command_line_value(line, "config");
    const char **arguments = up->arguments[index];
    size_t count = 0;
    arguments[count++] = up->programs[index];
    if (config_path != NULL) {
        arguments[count++] = "--config";
        arguments[count++] = config_path;
    }
    if (up->processes != NULL && strcmp(s_services[index], "ferry-poller") == 0) {
        arguments[count++] = "--processes";
        arguments[count++] = up->processes;
    }
    arguments[count] = NULL;
    up->children[index] = (struct supervisor_child){
        .name = s_services[index],
        .arguments = arguments,
        .environment = s_environment,
    };
}

static int64_t longest_grace(const struct settings *settings)
{
    int64_t grace_ms = settings->poller.grace_ms;
    grace_ms = settings->gateway.grace_ms > grace_ms ? settings->gateway.grace_ms : grace_ms;
    return settings->worker.grace_ms > grace_ms ? settings->worker.grace_ms : grace_ms;
}

/* Stays until a signal came and all services have ended. INVALID_ARGUMENT: no queue, a service's program is missing,
 * or a service found its settings wrong. */
static enum status up_run(const struct settings *settings, const struct command_line *line, struct error *error)
{
    struct up up = {0};
    struct supervisor *supervisor = NULL;
    enum status status = STATUS_OK;
    if (settings->queue_count == 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "expected a queue below \"queues\" in the configuration, or FERRY_QUEUE_URL");
    }
    up.processes = memory_copy_string(command_line_value(line, "processes"));
    status = find_programs(&up, error);
    if (status != STATUS_OK) {
        goto done;
    }
    for (size_t i = 0; i < UP_SERVICES; i++) {
        fill_child(&up, i, line);
    }
    supervisor = supervisor_new(&(struct supervisor_options){
        .children = up.children,
        .child_count = UP_SERVICES,
        .grace_ms = longest_grace(settings) + UP_GRACE_EXTRA_MS,
    });
    log_event(LOG_LEVEL_INFO, "up", LOG_STRING("version", FERRY_VERSION), LOG_STRING("config", settings->path),
              LOG_STRING("poller_processes", up.processes == NULL ? "1" : up.processes));
    status = supervisor_run(supervisor, error);
done:
    supervisor_destroy(supervisor);
    for (size_t i = 0; i < UP_SERVICES; i++) {
        free(up.programs[i]);
    }
    free(up.processes);
    return status;
}

static int run(const struct command_line *line)
{
    struct error error = {0};
    struct settings *settings = NULL;
    struct log_options log = {
        .service = "ferry",
        .level = LOG_LEVEL_INFO,
        .format = LOG_FORMAT_JSON,
        .file_descriptor = STDOUT_FILENO,
    };
    const char *processes = command_line_value(line, "processes");
    int number = 1;
    enum status status = processes == NULL ? STATUS_OK : service_processes_parse(processes, &number, &error);
    if (status == STATUS_OK) {
        status = settings_load(command_line_value(line, "config"), &settings, &error);
    }
    if (status == STATUS_OK) {
        status = log_options_from_environment(&log, &error);
    }
    if (status == STATUS_OK && command_line_has(line, "check")) {
        status = check_key_files(settings, &error);
        if (status == STATUS_OK) {
            check_print(settings, stdout);
            (void)puts("OK"); /* what could not be written is seen at the end */
        }
    } else if (status == STATUS_OK) {
        log_configure(&log);
        status = up_run(settings, line, &error);
    }
    settings_destroy(settings);
    return status == STATUS_OK ? EXIT_DONE : command_line_fail(line, &error);
}

static const struct command_option s_options[] = {
    COMMAND_OPTION_CONFIG,
    {'\0', "check", NULL, "check the configuration and end", NULL},
    {'\0', "processes", "N", "the number of pollers; auto: CPUs - 1", NULL},
    COMMAND_OPTIONS_END,
};

const struct command g_up_command = {
    .words = "up",
    .arguments = "",
    .summary = "run and respawn pollers, gateway and worker on this machine",
    .options = s_options,
    .run = run,
};

/* See up.h. The services are found beside this program; each reads the same configuration for itself. */
#include "up.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/supervisor.h"

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

static void fill_child(struct up *up, size_t index, const struct service_command_line *line)
{
    const char **arguments = up->arguments[index];
    size_t count = 0;
    arguments[count++] = up->programs[index];
    if (line->config_path != NULL) {
        arguments[count++] = "--config";
        arguments[count++] = line->config_path;
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

enum status up_run(const struct settings *settings, const struct service_command_line *line, struct error *error)
{
    struct up up = {0};
    struct supervisor *supervisor = NULL;
    enum status status = STATUS_OK;
    if (settings->queue_count == 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "expected a queue below \"queues\" in the configuration, or FERRY_QUEUE_URL");
    }
    if (line->processes == 0) {
        up.processes = memory_copy_string("auto");
    } else if (line->processes > 1) {
        up.processes = memory_format("%d", line->processes);
    }
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

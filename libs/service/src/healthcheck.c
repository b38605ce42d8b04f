/* `ferry-poller healthcheck`: asks the running service of the same configuration how it is. For HEALTHCHECK of an image
 * without a shell, for exec probes, and for people. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/memory.h"
#include "health_target.h"
#include "http/client.h"
#include "internal.h"
#include "service/command_line.h"
#include "settings/settings.h"

#define ASK_MS 4000 /* a parent asks its children for up to 2,000 */

enum { HEALTH_GOOD = 0, HEALTH_BAD = 1, HEALTH_USAGE = 2 };

struct healthcheck {
    const struct service_definition *definition;
    bool is_live; /* /livez instead of /readyz */
    const char *path;
    struct health_target target;
    struct loop *loop;
    int code;
};

/* What a problem document says in `detail`; NULL: it is none. free() it. */
static char *detail_of(const struct http_response *response)
{
    json_t *problem = json_loadb(response->body, response->body_length, 0, NULL);
    char *detail = memory_copy_string(json_string_value(json_object_get(problem, "detail")));
    json_decref(problem);
    return detail;
}

static void on_answer(void *user, const struct http_response *response, const struct error *error)
{
    struct healthcheck *check = user;
    const char *name = check->definition->name;
    char *where = health_target_describe(&check->target, check->path);
    if (response != NULL && response->status == 200) {
        (void)printf("%s: %s (%s)\n", name, check->is_live ? "alive" : "ready", where);
        check->code = HEALTH_GOOD;
    } else if (response != NULL) {
        char *detail = detail_of(response);
        (void)fprintf(stderr, "%s: not %s: %s (%s answered %d)\n", name, check->is_live ? "alive" : "ready",
                      detail != NULL ? detail : "it does not say why", where, response->status);
        free(detail);
    } else {
        (void)fprintf(stderr, "%s: no answer from %s: %s\n", name, where, error->text);
    }
    free(where);
    loop_stop(check->loop);
}

static enum status ask(struct healthcheck *check, struct error *error)
{
    struct http_client *client = NULL;
    const struct http_client_options options = {0};
    check->loop = loop_new();
    enum status status = http_client_new(check->loop, &options, &client, error);
    if (status == STATUS_OK) {
        const struct http_request request = {
            .method = "GET",
            .url = check->target.url,
            .deadline_ms = clock_monotonic_ms() + ASK_MS,
            .unix_socket = check->target.unix_socket,
            .is_own_service = true,
        };
        (void)http_client_send(client, &request, on_answer, check); /* never cancelled */
        loop_run(check->loop);
        http_client_destroy(client);
    }
    loop_destroy(check->loop);
    return status;
}

static enum status find_target(struct healthcheck *check, const struct settings *settings, struct error *error)
{
    const struct service_definition *definition = check->definition;
    bool is_tls = false;
    const char *listen = definition->health_listen != NULL ? definition->health_listen(settings, &is_tls)
                                                           : definition->admin_listen(settings);
    if (listen == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "admin_listen is none, so nobody can be asked: give it an address");
    }
    return health_target_init(&check->target, listen, is_tls, check->path, error);
}

static void print_help(const char *name)
{
    (void)printf("%s healthcheck: asks the %s that runs here with the same configuration how it is\n\n"
                 "Usage: %s healthcheck [options]\n\n"
                 "  -c, --config FILE    configuration (default: $FERRY_CONFIG, then ./ferry.yaml if it is there)\n"
                 "      --live           only whether it lives (/livez), not whether it is ready (/readyz)\n"
                 "  -h, --help           print this and end\n\n"
                 "Exit codes: 0 ready, 1 not ready or no answer, 2 bad usage or configuration.\n",
                 name, name, name);
}

/* Takes --live out of the words, so that the rest is what every program takes. */
static int take_live(int argc, char *const *argv, char **out_words, bool *out_is_live)
{
    int count = 0;
    for (int i = 0; i < argc; i++) {
        if (i > 0 && strcmp(argv[i], "--live") == 0) {
            *out_is_live = true;
        } else {
            out_words[count++] = argv[i];
        }
    }
    return count;
}

static enum status parse(struct healthcheck *check, int argc, char *const *argv, struct service_command_line *out_line,
                         struct error *error)
{
    char **words = memory_alloc_array((size_t)argc + 1, sizeof *words);
    int count = take_live(argc, argv, words, &check->is_live);
    enum status status = service_command_line_parse(count, words, out_line, error);
    if (status == STATUS_OK && out_line->action == SERVICE_ACTION_CHECK) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "healthcheck takes no --check");
    }
    check->path = check->is_live ? "/livez" : "/readyz";
    free(words);
    return status;
}

static int fail(const struct service_definition *definition, const struct error *error)
{
    (void)fprintf(stderr, "%s: %s\n", definition->name, error->text);
    return error->status == STATUS_INVALID_ARGUMENT ? HEALTH_USAGE : HEALTH_BAD;
}

int service_healthcheck(const struct service_definition *definition, int argc, char *const *argv)
{
    struct error error = {0};
    struct settings *settings = NULL;
    struct service_command_line line = {0};
    struct healthcheck check = {.definition = definition, .code = HEALTH_BAD};
    if (parse(&check, argc, argv, &line, &error) != STATUS_OK) {
        (void)fprintf(stderr, "%s: %s\nTry '%s healthcheck --help'.\n", definition->name, error.text,
                      definition->name);
        return HEALTH_USAGE;
    }
    if (line.action == SERVICE_ACTION_HELP) {
        print_help(definition->name);
        return HEALTH_GOOD;
    }
    if (line.action == SERVICE_ACTION_VERSION) {
        (void)printf("%s %s\n", definition->name, FERRY_VERSION);
        return HEALTH_GOOD;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* what the client needs for https */
    if (settings_load(line.config_path, &settings, &error) != STATUS_OK) {
        (void)fail(definition, &error);
        return HEALTH_USAGE;
    }
    enum status status = find_target(&check, settings, &error);
    if (status == STATUS_OK) {
        status = ask(&check, &error);
    }
    int code = status == STATUS_OK ? check.code : fail(definition, &error);
    health_target_deinit(&check.target);
    settings_destroy(settings);
    return code;
}

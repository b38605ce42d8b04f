/* The gateway's part of check_live.h: it is there, takes our token, and has the same routes. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/secret.h"
#include "check_live.h"
#include "http/client.h"
#include "http/tls.h"
#include "settings/names.h"

#define CALL_MS 10000
#define ANSWER_MAX ((size_t)4 << 20) /* bytes */

/* One call, filled by its done. */
struct answer {
    bool is_there;
    int status; /* 0: none */
    char *body; /* zero-terminated; NULL: none */
    struct error error;
};

struct look {
    const struct settings *settings;
    struct findings *findings;
    struct loop *loop;
    struct http_client *http;
    struct http_tls *tls; /* NULL: the system's CAs */
    char *authorization;  /* NULL: no token */
};

static void on_answer(void *user, const struct http_response *response, const struct error *error)
{
    struct answer *answer = user;
    if (response != NULL) {
        answer->status = response->status;
        answer->body = memory_copy(response->body, response->body_length);
    } else {
        answer->error = *error;
    }
    answer->is_there = true;
}

/* free() the answer's body. */
static struct answer get(const struct look *look, const char *path)
{
    struct answer answer = {0};
    const struct http_header authorization = {"authorization", look->authorization};
    const char *base = look->settings->gateway.url;
    size_t length = strlen(base);
    length -= length > 0 && base[length - 1] == '/' ? 1 : 0;
    char *url = memory_format("%.*s%s", (int)length, base, path);
    const struct http_request request = {
        .method = "GET",
        .url = url,
        .headers = look->authorization != NULL ? &authorization : NULL,
        .header_count = look->authorization != NULL ? 1 : 0,
        .deadline_ms = clock_monotonic_ms() + CALL_MS,
        .max_response_bytes = ANSWER_MAX,
        .tls = look->tls,
    };
    (void)http_client_send(look->http, &request, on_answer, &answer);
    while (!answer.is_there) {
        loop_run_once(look->loop, CALL_MS);
    }
    free(url);
    return answer;
}

/* ---- routes ---- */

static json_t *expected_route(const struct settings *settings, const struct settings_route *route)
{
    const char *namespace_name = route->namespace_ != NULL ? route->namespace_ : settings->temporal.namespace_;
    json_t *expected =
        json_pack("{s:s, s:s*, s:s*, s:s*, s:s*, s:s, s:s*, s:s, s:s, s:s, s:b, s:b}", "target",
                  settings_target_name(route->target), "workflow", route->workflow, "signal", route->signal, "queue",
                  route->queue, "taskQueue", route->task_queue, "namespace", namespace_name, "idPrefix",
                  route->id_prefix, "input", settings_input_name(route->input), "ack", settings_ack_name(route->ack),
                  "order", settings_order_name(route->order), "hasSchema", route->schema != NULL, "hasFilter",
                  route->filter != NULL);
    CHECK(expected != NULL);
    return expected;
}

static const json_t *find_route(const json_t *routes, const char *name)
{
    size_t index = 0;
    const json_t *route = NULL;
    json_array_foreach(routes, index, route)
    {
        const char *theirs = json_string_value(json_object_get(route, "name"));
        if (theirs != NULL && strcmp(theirs, name) == 0) {
            return route;
        }
    }
    return NULL;
}

/* The first member that differs; NULL: none. */
static const char *first_difference(json_t *expected, const json_t *found)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(expected, name, value)
    {
        if (!json_equal(value, json_object_get(found, name))) {
            return name;
        }
    }
    return NULL;
}

static void compare_routes(const struct look *look, const json_t *routes)
{
    const struct settings *settings = look->settings;
    size_t same = 0;
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct settings_route *route = &settings->routes[i];
        char *subject = memory_format("route %s", route->name);
        const json_t *found = find_route(routes, route->name);
        json_t *expected = expected_route(settings, route);
        const char *difference = found != NULL ? first_difference(expected, found) : NULL;
        if (found == NULL) {
            findings_add(look->findings, &finding_gateway_route_missing, subject,
                         "the gateway does not have it: no message of it would be taken");
        } else if (difference != NULL) {
            findings_add(look->findings, &finding_gateway_route_differs, subject, "the gateway's has another %s",
                         difference);
        } else {
            same++;
        }
        json_decref(expected);
        free(subject);
    }
    if (same == settings->route_count) {
        findings_add(look->findings, &finding_gateway_routes, "gateway", "it has the same %zu route%s", same,
                     same == 1 ? "" : "s");
    }
}

static void check_routes(const struct look *look)
{
    struct answer answer = get(look, "/v1/routes");
    json_t *list = answer.body != NULL ? json_loads(answer.body, 0, NULL) : NULL;
    const json_t *routes = json_object_get(list, "routes");
    if (answer.status == 401 || (answer.status == 403 && look->authorization == NULL)) {
        findings_add(look->findings, &finding_gateway_token, "gateway", "it answers %d to %s", answer.status,
                     look->authorization != NULL ? "our token" : "a call without a token");
    } else if (answer.status != 200 || !json_is_array(routes)) {
        findings_add(look->findings, &finding_gateway_routes_unseen, "gateway",
                     "its routes cannot be asked: GET /v1/routes is answered %d %s", answer.status, answer.error.text);
    } else {
        compare_routes(look, routes);
    }
    json_decref(list);
    free(answer.body);
}

/* ---- the whole ---- */

static void check_readiness(const struct look *look)
{
    const char *url = look->settings->gateway.url;
    struct answer answer = get(look, "/readyz");
    if (answer.status == 0) {
        findings_add(look->findings, &finding_gateway_unreachable, "gateway", "%s: %s", url, answer.error.text);
    } else {
        if (answer.status == 200) {
            findings_add(look->findings, &finding_gateway_ready, "gateway", "%s is ready", url);
        } else {
            findings_add(look->findings, &finding_gateway_not_ready, "gateway", "%s answers %d to GET /readyz", url,
                         answer.status);
        }
        check_routes(look);
    }
    free(answer.body);
}

static enum status prepare(struct look *look, struct error *error)
{
    const struct settings_gateway *gateway = &look->settings->gateway;
    const struct http_client_options options = {0};
    const struct http_tls_files files = {.certificate = gateway->client_tls_certificate,
                                         .key = gateway->client_tls_key,
                                         .ca = gateway->client_tls_ca};
    look->loop = loop_new();
    enum status status = http_client_new(look->loop, &options, &look->http, error);
    if (status == STATUS_OK && (files.certificate != NULL || files.ca != NULL)) {
        status = http_tls_new(&files, &look->tls, error);
    }
    if (status == STATUS_OK && gateway->token != NULL) {
        look->authorization = memory_format("Bearer %s", gateway->token);
    }
    return status;
}

void check_gateway_live(const struct settings *settings, struct findings *findings)
{
    struct look look = {.settings = settings, .findings = findings};
    struct error error = {0};
    if (prepare(&look, &error) == STATUS_OK) {
        check_readiness(&look);
    } else {
        findings_add(findings, &finding_gateway_unreachable, "gateway", "%s", error.text);
    }
    http_client_destroy(look.http);
    http_tls_destroy(look.tls);
    loop_destroy(look.loop);
    secret_wipe(look.authorization);
}

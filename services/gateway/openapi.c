/* See openapi.h. */
#include "openapi.h"

#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/check.h"
#include "base/memory.h"
#include "embedded.h"
#include "openapi_schema.h"

#define PARTS "openapi/"
#define ROUTE_PARAMETER "{route}"
#define EVENTS_PATH "/v1/routes/{route}/events"
#define WEBHOOK_PATH "/v1/webhooks/{route}"
#define WEBHOOK_SECRET_PATH "/v1/webhooks/{route}/{secret}"
#define COMMON_RESPONSES "x-ferry-responses"

/* The parts are partial documents. They are ours: one that is no JSON is a bug. */
static json_t *join_parts(void)
{
    json_t *document = json_object();
    for (size_t i = 0; i < embedded_file_count; i++) {
        const struct embedded_file *file = &embedded_files[i];
        if (strncmp(file->name, PARTS, sizeof PARTS - 1) == 0) {
            json_t *part = json_loadb(file->bytes, file->length, JSON_REJECT_DUPLICATES, NULL);
            CHECK(part != NULL && json_object_update_recursive(document, part) == 0);
            json_decref(part);
        }
    }
    return document;
}

/* NULL: no such member on the way. */
static json_t *at(json_t *value, const char *first, const char *second)
{
    return json_object_get(json_object_get(value, first), second);
}

/* ---- who may ---- */

static bool needs_token(const struct settings_gateway *gateway)
{
    return (gateway->token != NULL || gateway->token_count > 0) && !gateway->auth_none;
}

/* One way to be let in; scheme NULL: by what the connection shows alone. */
static void add_way(json_t *security, const struct settings_gateway *gateway, const char *scheme)
{
    json_t *way = json_object();
    if (scheme != NULL) {
        (void)json_object_set_new(way, scheme, json_array());
    }
    if (gateway->tls_client_ca != NULL) {
        (void)json_object_set_new(way, "certificate", json_array());
    }
    (void)json_array_append_new(security, way);
}

static json_t *security_of(const struct settings_gateway *gateway, const char *method)
{
    json_t *security = json_array();
    if (needs_token(gateway)) {
        add_way(security, gateway, "bearer");
        if (strcmp(method, "GET") == 0) {
            add_way(security, gateway, "basic");
        }
    } else if (gateway->tls_client_ca != NULL) {
        add_way(security, gateway, NULL);
    }
    return security;
}

/* Only schemes that are in use stay. */
static void tell_schemes(json_t *document, const struct settings_gateway *gateway)
{
    json_t *schemes = at(document, "components", "securitySchemes");
    if (!needs_token(gateway)) {
        (void)json_object_del(schemes, "bearer");
        (void)json_object_del(schemes, "basic");
    }
    if (gateway->tls_client_ca == NULL) {
        (void)json_object_del(schemes, "certificate");
    }
}

/* ---- what every operation has in common ---- */

static void add_responses(json_t *operation, json_t *responses)
{
    (void)json_object_update_missing(json_object_get(operation, "responses"), responses);
}

static void complete_operation(json_t *operation, const struct http_route *route, const json_t *common,
                               const struct settings_gateway *gateway)
{
    bool is_open = route->tag == API_VERB_OPEN;
    json_t *security = is_open ? json_array() : security_of(gateway, route->method);
    if (json_array_size(security) > 0) {
        add_responses(operation, json_object_get(common, "guarded"));
    }
    if (!is_open) {
        add_responses(operation, json_object_get(common, "admitted"));
    }
    (void)json_object_set_new(operation, "security", security);
    if (strncmp(route->path, "/v1/", 4) == 0) {
        add_responses(operation, json_object_get(common, "always"));
    }
    if (at(operation, "responses", "502") != NULL) {
        add_responses(operation, json_object_get(common, "temporal"));
    }
    if (json_object_get(operation, "requestBody") != NULL) {
        add_responses(operation, json_object_get(common, "withBody"));
    }
}

/* What the parts say of a row of the table; NULL: nothing. free() *out_method, the method as OpenAPI writes it. */
static json_t *operation_of(json_t *item, const struct http_route *route, char **out_method)
{
    char *method = memory_copy_string(route->method);
    for (char *letter = method; *letter != '\0'; letter++) {
        *letter = (char)tolower((unsigned char)*letter);
    }
    *out_method = method;
    return json_object_get(item, method);
}

/* The document tells what is served: an operation that the table does not have is none. */
static json_t *served_paths(json_t *paths, const struct http_route *routes, size_t count, const json_t *common,
                            const struct settings_gateway *gateway)
{
    json_t *served = json_object();
    for (size_t i = 0; i < count; i++) {
        char *method = NULL;
        json_t *item = json_object_get(paths, routes[i].path);
        json_t *operation = operation_of(item, &routes[i], &method);
        if (operation != NULL) {
            complete_operation(operation, &routes[i], common, gateway);
            json_t *known = json_object_get(served, routes[i].path);
            json_t *parameters = json_object_get(item, "parameters");
            if (known == NULL) {
                known = parameters == NULL ? json_object() : json_pack("{s:O}", "parameters", parameters);
                (void)json_object_set_new(served, routes[i].path, known);
            }
            (void)json_object_set(known, method, operation);
        }
        free(method);
    }
    return served;
}

/* ---- configured routes ---- */

static void set_text(json_t *object, const char *name, const char *text)
{
    (void)json_object_set_new(object, name, json_string(text));
}

/* free() it */
static char *schema_name(const char *route)
{
    return memory_format("route-%s", route);
}

/* {"$ref": …} of the route's schema, which it puts among the components. */
static json_t *schema_of(json_t *document, const struct settings_route *route)
{
    char *name = schema_name(route->name);
    char *place = memory_format("#/components/schemas/%s", name);
    json_t *reference = json_object();
    json_t *schema = json_loads(route->schema_text, JSON_DECODE_ANY, NULL);
    CHECK(schema != NULL); /* it was compiled */
    openapi_schema_move(schema, place);
    (void)json_object_set_new(at(document, "components", "schemas"), name, schema);
    set_text(reference, "$ref", place);
    free(name);
    free(place);
    return reference;
}

/* What a body must be is said for plain JSON and for one CloudEvent; in a batch a bad one is refused in its place. */
static void describe_bodies(json_t *document, json_t *content, const struct settings_route *route)
{
    json_t *schema = schema_of(document, route);
    json_t *plain = json_object_get(content, "application/json");
    json_t *event = json_object_get(content, "application/cloudevents+json");
    json_t *event_schema = json_pack("{s:[O, {s:[s], s:{s:O}}]}", "allOf", json_object_get(event, "schema"),
                                     "required", "data", "properties", "data", schema);
    CHECK(event_schema != NULL);
    (void)json_object_set(plain, "schema", schema);
    (void)json_object_del(plain, "example");
    (void)json_object_set_new(event, "schema", event_schema);
    json_decref(schema);
}

/* The generic path with the route's name in place of {route}; free() it. */
static char *path_of(const char *generic, const char *name)
{
    const char *place = strstr(generic, ROUTE_PARAMETER);
    CHECK(place != NULL);
    return memory_format("%.*s%s%s", (int)(place - generic), generic, name, place + sizeof ROUTE_PARAMETER - 1);
}

/* {route} is no parameter any more where its name stands in the path. */
static void drop_route_parameter(json_t *owner)
{
    json_t *parameters = json_object_get(owner, "parameters");
    size_t i = 0;
    json_t *parameter = NULL;
    json_array_foreach(parameters, i, parameter) {
        const char *reference = json_string_value(json_object_get(parameter, "$ref"));
        if (reference != NULL && strcmp(reference, "#/components/parameters/route") == 0) {
            (void)json_array_remove(parameters, i);
            break;
        }
    }
    if (json_array_size(parameters) == 0) {
        (void)json_object_del(owner, "parameters");
    }
}

/* A path's operations, which get names of the route's. */
static json_t *copy_path(json_t *document, const char *generic, const struct settings_route *route)
{
    json_t *paths = json_object_get(document, "paths");
    json_t *item = json_deep_copy(json_object_get(paths, generic));
    char *path = path_of(generic, route->name);
    const char *method = NULL;
    json_t *operation = NULL;
    CHECK(item != NULL);
    json_object_foreach(item, method, operation) {
        if (json_is_object(operation)) {
            const char *generic_id = json_string_value(json_object_get(operation, "operationId"));
            char *id = memory_format("%s-%s", generic_id, route->name);
            set_text(operation, "operationId", id);
            free(id);
            if (route->description != NULL) {
                set_text(operation, "description", route->description);
            }
            drop_route_parameter(operation);
        }
    }
    drop_route_parameter(item);
    (void)json_object_set_new(paths, path, item);
    free(path);
    return item;
}

/* The generic path with the route's name in it, and what the settings say of it. */
static void add_route(json_t *document, const struct settings_route *route)
{
    json_t *operation = json_object_get(copy_path(document, EVENTS_PATH, route), "post");
    char *summary = memory_format("Send an event, or a batch of them, to the route %s", route->name);
    set_text(operation, "summary", summary);
    free(summary);
    (void)json_object_del(json_object_get(operation, "responses"), "404");
    if (route->schema_text != NULL) {
        describe_bodies(document, at(operation, "requestBody", "content"), route);
    }
}

/* ... and the path at which a sender of its kind proves himself. */
static void add_webhook(json_t *document, const struct settings_route *route)
{
    bool is_strava = route->webhook->kind == SETTINGS_WEBHOOK_STRAVA;
    json_t *operation =
        json_object_get(copy_path(document, is_strava ? WEBHOOK_SECRET_PATH : WEBHOOK_PATH, route), "post");
    char *summary = memory_format("Takes what %s sends to the route %s",
                                  settings_webhook_kind_name(route->webhook->kind), route->name);
    set_text(operation, "summary", summary);
    free(summary);
    if (!is_strava) {
        (void)json_object_del(json_object_get(operation, "responses"), "404");
    }
}

char *openapi_write(const struct http_route *routes, size_t route_count, const struct settings *settings)
{
    json_t *document = join_parts();
    json_t *common = json_incref(json_object_get(document, COMMON_RESPONSES));
    set_text(json_object_get(document, "info"), "version", FERRY_VERSION);
    (void)json_object_del(document, COMMON_RESPONSES);
    tell_schemes(document, &settings->gateway);
    (void)json_object_set_new(
        document, "paths",
        served_paths(json_object_get(document, "paths"), routes, route_count, common, &settings->gateway));
    for (size_t i = 0; i < settings->route_count; i++) {
        add_route(document, &settings->routes[i]);
        if (settings->routes[i].webhook != NULL) {
            add_webhook(document, &settings->routes[i]);
        }
    }
    char *text = json_dumps(document, JSON_COMPACT);
    CHECK(text != NULL);
    json_decref(common);
    json_decref(document);
    return text;
}

/* ---- for those who may see some of it ---- */

static void hide_route(json_t *document, const char *name)
{
    static const char *const generics[] = {EVENTS_PATH, WEBHOOK_PATH, WEBHOOK_SECRET_PATH};
    char *schema = schema_name(name);
    for (size_t i = 0; i < sizeof generics / sizeof generics[0]; i++) {
        char *path = path_of(generics[i], name);
        (void)json_object_del(json_object_get(document, "paths"), path);
        free(path);
    }
    (void)json_object_del(at(document, "components", "schemas"), schema);
    free(schema);
}

char *openapi_narrow(const char *text, const struct access_grant *grant)
{
    const struct settings *settings = grant->settings;
    json_t *document = NULL;
    char *narrowed = NULL;
    for (size_t i = 0; i < settings->route_count; i++) {
        if (!access_scope_shows(grant, settings->routes[i].name)) {
            document = document != NULL ? document : json_loads(text, 0, NULL);
            CHECK(document != NULL);
            hide_route(document, settings->routes[i].name);
        }
    }
    if (document != NULL) {
        narrowed = json_dumps(document, JSON_COMPACT);
        CHECK(narrowed != NULL);
        json_decref(document);
    }
    return narrowed;
}

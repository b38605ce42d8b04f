/* The OpenAPI document and the route table tell the same; what settings add to it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "openapi.h"

static char s_orders[] = "orders";
static char s_default[] = "default";
static char s_plain[] = "plain";
static char s_description[] = "Orders of the shop";
static char s_schema[] = "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$ref\":\"#/$defs/order\","
                         "\"$defs\":{\"order\":{\"type\":\"object\"}}}";
static char s_token[] = "secret-token";
static char s_ca[] = "ca.pem";

static json_t *document_for(const struct settings *settings)
{
    struct http_route routes[API_ROUTES_MAX];
    size_t count = api_routes(NULL, routes);
    char *text = openapi_write(routes, count, settings);
    json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_null(strstr(text, "x-ferry-responses"));
    assert_null(strstr(text, s_token));
    free(text);
    assert_non_null(document);
    return document;
}

static json_t *operation_at(const json_t *document, const char *path, const char *method)
{
    char lower[16] = "";
    for (size_t i = 0; method[i] != '\0' && i < sizeof lower - 1; i++) {
        lower[i] = (char)tolower((unsigned char)method[i]);
    }
    return json_object_get(json_object_get(json_object_get(document, "paths"), path), lower);
}

static void every_route_of_the_table_is_in_the_document(void **state)
{
    (void)state;
    const struct settings settings = {0};
    struct http_route routes[API_ROUTES_MAX];
    size_t count = api_routes(NULL, routes);
    json_t *document = document_for(&settings);
    for (size_t i = 0; i < count; i++) {
        if (operation_at(document, routes[i].path, routes[i].method) == NULL) {
            fail_msg("not in the document: %s %s", routes[i].method, routes[i].path);
        }
    }
    json_decref(document);
}

static bool is_served(const char *path, const char *method)
{
    struct http_route routes[API_ROUTES_MAX];
    size_t count = api_routes(NULL, routes);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(path, routes[i].path) == 0 && strcasecmp(method, routes[i].method) == 0) {
            return true;
        }
    }
    return false;
}

static void every_operation_of_the_document_is_in_the_table(void **state)
{
    (void)state;
    const struct settings settings = {0};
    json_t *document = document_for(&settings);
    const char *path = NULL;
    const char *method = NULL;
    json_t *item = NULL;
    json_t *operation = NULL;
    assert_null(json_object_get(json_object_get(document, "paths"), "/livez")); /* the parts have it, the table not */
    json_object_foreach(json_object_get(document, "paths"), path, item) {
        json_object_foreach(item, method, operation) {
            if (strcmp(method, "parameters") != 0 && !is_served(path, method)) {
                fail_msg("in no table: %s %s", method, path);
            }
        }
    }
    json_decref(document);
}

static void a_configured_route_has_a_path_with_its_schema_and_description(void **state)
{
    (void)state;
    struct settings_route routes[] = {
        {.name = s_orders, .schema_text = s_schema, .description = s_description},
        {.name = s_plain},
    };
    const struct settings settings = {.routes = routes, .route_count = 2};
    json_t *document = document_for(&settings);
    json_t *orders = operation_at(document, "/v1/routes/orders/events", "POST");
    json_t *plain = operation_at(document, "/v1/routes/plain/events", "POST");
    const char *description = NULL;
    const char *id = NULL;
    const char *reference = NULL;
    const char *inner = NULL;
    assert_int_equal(json_unpack(orders, "{s:s, s:s, s:{s:{s:{s:{s:s}}}}}", "operationId", &id, "description",
                                 &description, "requestBody", "content", "application/json", "schema", "$ref",
                                 &reference),
                     0);
    assert_string_equal(id, "postEvent-orders");
    assert_string_equal(description, s_description);
    assert_string_equal(reference, "#/components/schemas/route-orders");
    assert_int_equal(
        json_unpack(document, "{s:{s:{s:{s:s}}}}", "components", "schemas", "route-orders", "$ref", &inner), 0);
    assert_string_equal(inner, "#/components/schemas/route-orders/$defs/order");
    assert_non_null(plain);
    assert_non_null(operation_at(document, "/v1/routes/{route}/events", "POST"));
    json_decref(document);
}

static size_t ways_in(const json_t *document, const char *path, const char *method)
{
    return json_array_size(json_object_get(operation_at(document, path, method), "security"));
}

static void a_token_is_said_to_be_needed_where_it_is(void **state)
{
    (void)state;
    const struct settings settings = {.gateway = {.token = s_token}};
    json_t *document = document_for(&settings);
    json_t *schemes = json_object_get(json_object_get(document, "components"), "securitySchemes");
    assert_int_equal(ways_in(document, "/v1/workflows", "POST"), 1);
    assert_int_equal(ways_in(document, "/v1/workflows/{id}", "GET"), 2); /* browsers, too */
    assert_int_equal(ways_in(document, "/problems/{name}", "GET"), 0);
    assert_non_null(json_object_get(schemes, "bearer"));
    assert_null(json_object_get(schemes, "certificate"));
    json_decref(document);
}

static void without_tokens_and_certificates_nothing_is_asked_for(void **state)
{
    (void)state;
    const struct settings settings = {.gateway = {.token = s_token, .auth_none = true}};
    json_t *document = document_for(&settings);
    json_t *operation = operation_at(document, "/v1/workflows", "POST");
    assert_int_equal(ways_in(document, "/v1/workflows", "POST"), 0);
    assert_null(json_object_get(json_object_get(operation, "responses"), "401"));
    assert_non_null(json_object_get(json_object_get(operation, "responses"), "415"));
    assert_int_equal(
        json_object_size(json_object_get(json_object_get(document, "components"), "securitySchemes")), 0);
    json_decref(document);
}

static void a_certificate_is_needed_beside_the_token(void **state)
{
    (void)state;
    struct settings settings = {.gateway = {.token = s_token, .tls_client_ca = s_ca}};
    json_t *document = document_for(&settings);
    json_t *way = json_array_get(json_object_get(operation_at(document, "/v1/workflows", "POST"), "security"), 0);
    assert_int_equal(json_object_size(way), 2);
    json_decref(document);
    settings.gateway.token = NULL;
    document = document_for(&settings);
    way = json_array_get(json_object_get(operation_at(document, "/v1/workflows", "POST"), "security"), 0);
    assert_int_equal(json_object_size(way), 1);
    assert_non_null(json_object_get(way, "certificate"));
    json_decref(document);
}

static void a_webhooks_path_is_its_kinds_and_needs_no_token(void **state)
{
    (void)state;
    struct settings_webhook github = {.kind = SETTINGS_WEBHOOK_GITHUB};
    struct settings_webhook strava = {.kind = SETTINGS_WEBHOOK_STRAVA};
    struct settings_route routes[] = {
        {.name = s_orders, .webhook = &github, .description = s_description},
        {.name = s_plain, .webhook = &strava},
    };
    const struct settings settings = {.routes = routes, .route_count = 2, .gateway = {.token = s_token}};
    json_t *document = document_for(&settings);
    json_t *paths = json_object_get(document, "paths");
    json_t *operation = operation_at(document, "/v1/webhooks/orders", "POST");
    assert_non_null(operation);
    assert_string_equal(json_string_value(json_object_get(operation, "operationId")), "postWebhook-orders");
    assert_string_equal(json_string_value(json_object_get(operation, "description")), s_description);
    assert_non_null(json_object_get(json_object_get(operation, "responses"), "401"));
    assert_int_equal(ways_in(document, "/v1/webhooks/orders", "POST"), 0);
    assert_int_equal(ways_in(document, "/v1/routes/orders/events", "POST"), 1);
    assert_null(json_object_get(json_object_get(paths, "/v1/webhooks/orders"), "parameters"));
    assert_null(json_object_get(paths, "/v1/webhooks/orders/{secret}"));
    assert_null(json_object_get(paths, "/v1/webhooks/plain"));
    json_t *item = json_object_get(paths, "/v1/webhooks/plain/{secret}");
    assert_int_equal(json_array_size(json_object_get(item, "parameters")), 1);
    assert_non_null(json_object_get(item, "get"));
    assert_int_equal(ways_in(document, "/v1/webhooks/plain/{secret}", "GET"), 0);
    json_decref(document);
}

static void what_a_grant_does_not_show_is_left_out(void **state)
{
    (void)state;
    char *names[] = {s_plain};
    struct settings_webhook github = {.kind = SETTINGS_WEBHOOK_GITHUB};
    struct settings_route routes[] = {
        {.name = s_orders, .schema_text = s_schema, .webhook = &github},
        {.name = s_plain},
    };
    const struct settings settings = {.temporal = {.namespace_ = s_default}, .routes = routes, .route_count = 2};
    const struct settings_token token = {.verbs = SETTINGS_VERB_BIT(SETTINGS_VERB_READ), .routes = names,
                                         .route_count = 1};
    const struct access_grant narrow = {.settings = &settings, .token = &token};
    const struct access_grant whole = {.settings = &settings};
    struct http_route table[API_ROUTES_MAX];
    char *text = openapi_write(table, api_routes(NULL, table), &settings);
    char *narrowed = openapi_narrow(text, &narrow);
    assert_null(openapi_narrow(text, &whole));
    json_t *document = json_loads(narrowed, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(operation_at(document, "/v1/routes/plain/events", "POST"));
    assert_non_null(operation_at(document, "/v1/routes/{route}/events", "POST"));
    assert_null(operation_at(document, "/v1/routes/orders/events", "POST"));
    assert_null(operation_at(document, "/v1/webhooks/orders", "POST"));
    assert_null(strstr(narrowed, "route-orders"));
    json_decref(document);
    free(narrowed);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_of_the_table_is_in_the_document),
        cmocka_unit_test(every_operation_of_the_document_is_in_the_table),
        cmocka_unit_test(a_configured_route_has_a_path_with_its_schema_and_description),
        cmocka_unit_test(a_token_is_said_to_be_needed_where_it_is),
        cmocka_unit_test(without_tokens_and_certificates_nothing_is_asked_for),
        cmocka_unit_test(a_certificate_is_needed_beside_the_token),
        cmocka_unit_test(a_webhooks_path_is_its_kinds_and_needs_no_token),
        cmocka_unit_test(what_a_grant_does_not_show_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

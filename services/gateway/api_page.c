/* What the gateway says of itself: its page for people, its OpenAPI document, its routes, its problems. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/check.h"
#include "base/memory.h"
#include "embedded.h"
#include "gateway.h"
#include "openapi.h"
#include "problem_page.h"
#include "route_list.h"

#define FOLDER "page/"

static const struct {
    const char *ending;
    const char *content_type;
} s_types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
};

static const char *content_type_of(const char *name)
{
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending != NULL && i < sizeof s_types / sizeof s_types[0]; i++) {
        if (strcmp(ending, s_types[i].ending) == 0) {
            return s_types[i].content_type;
        }
    }
    CHECK(false); /* a file was put into page/ without its type here */
}

/* Whatever a message's fields hold, the browser runs nothing but what came from here, and sends nothing elsewhere. */
static const struct http_header s_headers[] = {
    {.name = "Content-Security-Policy",
     .value = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
              "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {.name = "X-Content-Type-Options", .value = "nosniff"},
    {.name = "Referrer-Policy", .value = "no-referrer"},
    {.name = "Cache-Control", .value = "no-cache"},
};

static void reply_file(struct http_exchange *exchange, const struct embedded_file *file)
{
    http_exchange_reply(exchange, 200, content_type_of(file->name), s_headers, sizeof s_headers / sizeof s_headers[0],
                        file->bytes, file->length);
}

static void reply_unknown(struct http_exchange *exchange, const char *detail)
{
    http_exchange_problem(exchange, 404, "unknown-route", "There is no such resource.", detail, 0);
}

void gateway_handle_page(struct http_exchange *exchange, void *user)
{
    (void)user;
    reply_file(exchange, embedded_find(FOLDER "index.html"));
}

void gateway_handle_page_file(struct http_exchange *exchange, void *user)
{
    char *name = memory_format(FOLDER "%s", http_exchange_parameter(exchange, "file"));
    const struct embedded_file *file = embedded_find(name);
    (void)user;
    free(name);
    if (file == NULL) {
        reply_unknown(exchange, "the page has no such file");
        return;
    }
    reply_file(exchange, file);
}

static void reply_json(struct http_exchange *exchange, const char *text)
{
    http_exchange_reply(exchange, 200, "application/json", NULL, 0, text, strlen(text));
}

void gateway_handle_openapi(struct http_exchange *exchange, void *user)
{
    const struct gateway *gateway = user;
    char *narrowed = openapi_narrow(gateway->openapi, gateway_access_grant(exchange));
    reply_json(exchange, narrowed != NULL ? narrowed : gateway->openapi);
    free(narrowed);
}

void gateway_handle_routes(struct http_exchange *exchange, void *user)
{
    (void)user;
    char *list = route_list_write(gateway_access_grant(exchange));
    reply_json(exchange, list);
    free(list);
}

void gateway_handle_problem(struct http_exchange *exchange, void *user)
{
    struct problem_section section;
    (void)user;
    if (!problem_page_find(http_exchange_parameter(exchange, "name"), &section)) {
        reply_unknown(exchange, "the gateway answers with no problem of this name");
        return;
    }
    http_exchange_reply(exchange, 200, "text/markdown; charset=utf-8", NULL, 0, section.text, section.length);
}

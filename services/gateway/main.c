/* ferry-gateway: HTTP in, workflows out. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "access.h"
#include "base/metrics.h"
#include "http/tls.h"
#include "run_gateway.h"
#include "service/service.h"
#include "webhooks.h"

static int64_t grace_ms(const struct settings *settings)
{
    return settings->gateway.grace_ms;
}

static const char *admin_listen(const struct settings *settings)
{
    return settings->gateway.admin_listen;
}

/* The admin port, if it has one, since with --processes it speaks for all; else its API's. */
static const char *health_listen(const struct settings *settings, bool *out_is_tls)
{
    const struct settings_gateway *gateway = &settings->gateway;
    *out_is_tls = gateway->admin_listen == NULL && gateway->tls_certificate != NULL;
    return gateway->admin_listen != NULL ? gateway->admin_listen : gateway->listen;
}

/* The files are read when the gateway starts, too; here --check finds what is wrong with them. */
static enum status check_certificates(const struct settings_gateway *gateway, struct error *error)
{
    const struct http_tls_files files = {
        .certificate = gateway->tls_certificate, .key = gateway->tls_key, .ca = gateway->tls_client_ca};
    struct http_tls *tls = NULL;
    enum status status = http_tls_new(&files, &tls, error);
    http_tls_destroy(tls);
    return status;
}

/* The same for the files of tokens and webhooks. */
static enum status check_secrets(const struct settings *settings, struct error *error)
{
    struct metrics *metrics = metrics_new();
    struct gateway_access *access = NULL;
    struct webhooks *webhooks = NULL;
    enum status status = gateway_access_new(settings, metrics, &access, error);
    if (status == STATUS_OK) {
        status = webhooks_new(settings, &webhooks, error);
    }
    gateway_access_destroy(access);
    webhooks_destroy(webhooks);
    metrics_destroy(metrics);
    return status;
}

static enum status check(const struct settings *settings, struct error *error)
{
    const struct settings_gateway *gateway = &settings->gateway;
    bool is_guarded = gateway->token != NULL || gateway->token_count > 0;
    if (!is_guarded && !gateway->auth_none && !settings_listen_is_loopback(gateway->listen)) {
        char place[ERROR_TEXT_SIZE] = "";
        if (gateway->listen_line > 0) {
            (void)snprintf(place, sizeof place, "%s:%d: ", settings->path, gateway->listen_line);
        }
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "%sgateway.listen: %s can be reached from other machines: expected a token (FERRY_API_TOKEN, "
                         "FERRY_API_TOKEN_FILE, gateway.token_file or gateway.tokens), or auth: none to say that none "
                         "is wanted",
                         place, gateway->listen);
    }
    enum status status = check_certificates(gateway, error);
    return status == STATUS_OK ? check_secrets(settings, error) : status;
}

int main(int argc, char **argv)
{
    static const struct service_definition definition = {
        .name = "ferry-gateway",
        .summary = "starts Temporal workflows for messages that come by HTTP",
        .admin_listen = admin_listen,
        .health_listen = health_listen,
        .grace_ms = grace_ms,
        .check = check,
        .run = run_gateway,
    };
    return service_main(&definition, argc, argv);
}

/* ferry-gateway: HTTP in, workflows out. */
#include <stddef.h>
#include <stdio.h>

#include "run_gateway.h"
#include "service/service.h"

static const char *admin_listen(const struct settings *settings)
{
    return settings->gateway.admin_listen;
}

static enum status check(const struct settings *settings, struct error *error)
{
    const struct settings_gateway *gateway = &settings->gateway;
    if (gateway->token == NULL && !gateway->auth_none && !settings_listen_is_loopback(gateway->listen)) {
        char place[ERROR_TEXT_SIZE] = "";
        if (gateway->listen_line > 0) {
            (void)snprintf(place, sizeof place, "%s:%d: ", settings->path, gateway->listen_line);
        }
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "%sgateway.listen: %s can be reached from other machines: expected a token (FERRY_API_TOKEN, "
                         "FERRY_API_TOKEN_FILE or gateway.token_file), or auth: none to say that none is wanted",
                         place, gateway->listen);
    }
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    static const struct service_definition definition = {
        .name = "ferry-gateway",
        .summary = "starts Temporal workflows for messages that come by HTTP",
        .admin_listen = admin_listen,
        .check = check,
        .run = run_gateway,
    };
    return service_main(&definition, argc, argv);
}

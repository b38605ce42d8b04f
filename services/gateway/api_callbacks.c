/* POST /v1/callbacks/{token}: Temporal says that a chain of runs has closed. What it says of how is not read: the run
 * is looked at. */
#include <stdlib.h>

#include "api.h"
#include "base/memory.h"
#include "gateway.h"

struct hint {
    struct gateway *gateway;
    char *token;
};

static void hint_step(void *argument)
{
    struct hint *hint = argument;
    if (!hint->gateway->stopping) {
        watch_table_hint(hint->gateway->watches, hint->token);
    }
    free(hint->token);
    free(hint);
}

void gateway_handle_callback(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    const char *token = http_exchange_parameter(exchange, "token");
    if (gateway->callbacks == NULL || !callbacks_is_token(token)) {
        http_exchange_problem(exchange, 404, "unknown-callback", "There is no such callback",
                              "expected a URL that this gateway has given to Temporal", 0);
        return;
    }
    struct hint *hint = memory_alloc(sizeof *hint);
    hint->gateway = gateway;
    hint->token = memory_copy_string(token);
    loop_post(gateway->loop, hint_step, hint);
    http_exchange_reply(exchange, 200, NULL, NULL, 0, NULL, 0);
}

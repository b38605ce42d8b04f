/* See service/bearer_token.h. */
#include "service/bearer_token.h"

#include <strings.h>

#include "base/clock.h"
#include "crypto/digest.h"

const char *service_shown_token(const struct http_exchange *exchange)
{
    static const char scheme[] = "Bearer ";
    const char *header = http_exchange_header(exchange, "authorization");
    bool is_bearer = header != NULL && strncasecmp(header, scheme, sizeof scheme - 1) == 0;
    return is_bearer ? header + sizeof scheme - 1 : NULL;
}

bool service_is_token(struct secret *token, const char *shown, int64_t now_ms)
{
    char *current = secret_current(token, now_ms);
    char *previous = secret_previous(token, now_ms);
    bool is_current = crypto_equal_text(shown, current);
    bool is_previous = crypto_equal_text(shown, previous != NULL ? previous : current);
    secret_wipe(current);
    secret_wipe(previous);
    return is_current || is_previous;
}

static bool is_good(struct secret *token, const char *shown)
{
    int64_t now_ms = clock_monotonic_ms();
    bool is_good = false;
    do {
        is_good = service_is_token(token, shown, now_ms);
    } while (!is_good && secret_look_again(token, now_ms));
    return is_good;
}

bool service_admit_token(struct http_exchange *exchange, struct secret *token)
{
    static const char problem[] = "{\"type\":\"/problems/unauthenticated\",\"title\":\"A token is needed\","
                                  "\"status\":401,\"detail\":\"expected the header Authorization: Bearer with the "
                                  "gateway's token\"}\n";
    static const struct http_header challenge = {.name = "WWW-Authenticate", .value = "Bearer realm=\"ferry\""};
    const char *shown = service_shown_token(exchange);
    if (shown != NULL && is_good(token, shown)) {
        return true;
    }
    http_exchange_reply(exchange, 401, "application/problem+json", &challenge, 1, problem, sizeof problem - 1);
    return false;
}

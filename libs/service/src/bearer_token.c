/* See service/bearer_token.h. */
#include "service/bearer_token.h"

#include <strings.h>

#include "base/clock.h"
#include "crypto/digest.h"

static bool is_good(struct secret *token, const char *given)
{
    int64_t now_ms = clock_monotonic_ms();
    bool is_good = false;
    do {
        char *current = secret_current(token, now_ms);
        char *previous = secret_previous(token, now_ms);
        bool is_current = crypto_equal_text(given, current);
        bool is_previous = crypto_equal_text(given, previous != NULL ? previous : current);
        is_good = is_current || is_previous;
        secret_wipe(current);
        secret_wipe(previous);
    } while (!is_good && secret_look_again(token, now_ms));
    return is_good;
}

bool service_admit_token(struct http_exchange *exchange, struct secret *token)
{
    static const char scheme[] = "Bearer ";
    static const char problem[] = "{\"type\":\"/problems/unauthenticated\",\"title\":\"A token is needed\","
                                  "\"status\":401,\"detail\":\"expected the header Authorization: Bearer with the "
                                  "gateway's token\"}\n";
    static const struct http_header challenge = {.name = "WWW-Authenticate", .value = "Bearer realm=\"ferry\""};
    const char *given = http_exchange_header(exchange, "authorization");
    if (given != NULL && strncasecmp(given, scheme, sizeof scheme - 1) == 0 &&
        is_good(token, given + sizeof scheme - 1)) {
        return true;
    }
    http_exchange_reply(exchange, 401, "application/problem+json", &challenge, 1, problem, sizeof problem - 1);
    return false;
}

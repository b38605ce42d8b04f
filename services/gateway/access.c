/* See access.h. */
#include "access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/secret.h"
#include "basic_password.h"
#include "cors.h"
#include "crypto/digest.h"
#include "gateway.h"
#include "origin.h"
#include "rate_limit.h"
#include "request_trace.h"
#include "service/bearer_token.h"

#define REFUSED_LOG_MS 10000
#define API_PREFIX "/v1/"
#define TOKENS_MAX (SETTINGS_TOKENS_MAX + 1)

/* Somebody who may call: a token's holder; or anybody, where none is asked for. What an exchange's caller points to. */
struct access_caller {
    struct access_grant grant;
    struct gateway_access *access;
    struct secret *secret; /* NULL: anybody */
    struct rate_limit limit;
    struct metric_counter *requests;
};

struct gateway_access {
    const struct settings *settings;
    struct access_caller anybody;
    struct access_caller *tokens;
    size_t token_count; /* 0: nobody is asked for one */
    struct metric_counter *refused[ACCESS_REFUSALS];
    struct log_limiter refused_log;
};

static const char *const s_refusals[ACCESS_REFUSALS] = {
    [ACCESS_REFUSED_TOKEN] = "token", [ACCESS_REFUSED_CERTIFICATE] = "certificate", [ACCESS_REFUSED_SCOPE] = "scope",
    [ACCESS_REFUSED_RATE] = "rate",   [ACCESS_REFUSED_SIGNATURE] = "signature",
    [ACCESS_REFUSED_ORIGIN] = "origin",
};

/* ---- made and taken apart ---- */

/* Takes secret. */
static void add_token(struct gateway_access *access, struct metrics *metrics, const char *name,
                      const struct settings_token *token, struct secret *secret)
{
    struct access_caller *caller = &access->tokens[access->token_count++];
    *caller = (struct access_caller){
        .grant = {.name = name, .settings = access->settings, .token = token},
        .access = access,
        .secret = secret,
        .requests = metrics_counter(metrics, "ferry_gateway_requests_by_token", "Requests by the token they showed.",
                                    METRIC_LABELS({"token", name})),
    };
    if (token != NULL) {
        rate_limit_init(&caller->limit, token->rate, token->rate_period_ms, token->burst);
    }
}

/* The one token that may do everything. */
static enum status add_default(struct gateway_access *access, struct metrics *metrics, struct error *error)
{
    const struct settings_gateway *gateway = &access->settings->gateway;
    struct secret *secret = NULL;
    enum status status = STATUS_OK;
    if (gateway->token == NULL) {
        return STATUS_OK;
    }
    if (gateway->token_file == NULL) {
        secret = secret_new(gateway->token);
    } else {
        status = secret_new_from_file(gateway->token_file, gateway->token_overlap_ms, &secret, error);
    }
    if (status == STATUS_OK) {
        add_token(access, metrics, SETTINGS_TOKEN_DEFAULT, NULL, secret);
    }
    return status;
}

/* Whose token would it be? */
static enum status check_own(const struct gateway_access *access, struct error *error)
{
    const struct access_caller *last = &access->tokens[access->token_count - 1];
    int64_t now_ms = clock_monotonic_ms();
    enum status status = STATUS_OK;
    char *own = secret_current(last->secret, now_ms);
    for (size_t i = 0; status == STATUS_OK && i + 1 < access->token_count; i++) {
        if (service_is_token(access->tokens[i].secret, own, now_ms)) {
            status = error_set(error, STATUS_INVALID_ARGUMENT,
                               "expected another token than \"%s\" has in each file, found the same for \"%s\"",
                               access->tokens[i].grant.name, last->grant.name);
        }
    }
    secret_wipe(own);
    return status;
}

static enum status add_configured(struct gateway_access *access, struct metrics *metrics, size_t index,
                                  struct error *error)
{
    const struct settings *settings = access->settings;
    const struct settings_token *token = &settings->gateway.tokens[index];
    struct secret *secret = NULL;
    enum status status = secret_new_from_file(token->file, settings->gateway.token_overlap_ms, &secret, error);
    if (status == STATUS_OK) {
        add_token(access, metrics, token->name, token, secret);
        status = check_own(access, error);
    }
    if (status != STATUS_OK) {
        error_prefix(error, "%s:%d: gateway.tokens[%zu].token_file: ", settings->path, token->line, index);
    }
    return status;
}

enum status gateway_access_new(const struct settings *settings, struct metrics *metrics,
                               struct gateway_access **out_access, struct error *error)
{
    struct gateway_access *access = memory_alloc(sizeof *access);
    enum status status = STATUS_OK;
    access->settings = settings;
    access->anybody = (struct access_caller){.grant = {.settings = settings}, .access = access};
    access->tokens = memory_alloc_array(TOKENS_MAX, sizeof *access->tokens);
    for (size_t i = 0; i < ACCESS_REFUSALS; i++) {
        access->refused[i] = metrics_counter(metrics, "ferry_gateway_refused", "Requests refused by what they lacked.",
                                             METRIC_LABELS({"reason", s_refusals[i]}));
    }
    if (!settings->gateway.auth_none) {
        status = add_default(access, metrics, error);
        for (size_t i = 0; status == STATUS_OK && i < settings->gateway.token_count; i++) {
            status = add_configured(access, metrics, i, error);
        }
    }
    if (status == STATUS_OK) {
        *out_access = access;
        access = NULL;
    }
    gateway_access_destroy(access);
    return status;
}

void gateway_access_destroy(struct gateway_access *access)
{
    if (access == NULL) {
        return;
    }
    for (size_t i = 0; i < access->token_count; i++) {
        secret_destroy(access->tokens[i].secret);
    }
    free(access->tokens);
    free(access);
}

bool gateway_access_has_tokens(const struct gateway_access *access)
{
    return access->token_count > 0;
}

void gateway_access_note_refusal(struct gateway_access *access, enum access_refusal refusal, const char *name,
                                 const char *reason)
{
    int64_t suppressed = 0;
    metric_counter_add(access->refused[refusal], 1);
    if (log_limiter_allows(&access->refused_log, REFUSED_LOG_MS, &suppressed)) {
        log_event(LOG_LEVEL_WARN, "request refused", LOG_STRING("reason", reason),
                  LOG_STRING(refusal == ACCESS_REFUSED_SIGNATURE ? "route" : "token", name),
                  LOG_INTEGER("suppressed", suppressed));
    }
}

/* ---- origins ---- */

/* true: it was a preflight, and is answered. */
static bool handle_origin(struct http_exchange *exchange, const struct settings_cors *cors)
{
    const char *origin = http_exchange_header(exchange, "origin");
    if (cors == NULL) {
        return false;
    }
    http_exchange_add_header(exchange, "Vary", "Origin");
    if (!cors_allows(cors, origin)) {
        return false;
    }
    http_exchange_add_header(exchange, "Access-Control-Allow-Origin", origin);
    if (strcmp(http_exchange_method(exchange), "OPTIONS") != 0 ||
        http_exchange_header(exchange, "access-control-request-method") == NULL) {
        http_exchange_add_header(exchange, "Access-Control-Expose-Headers", CORS_EXPOSED);
        return false;
    }
    char seconds[32];
    const char *headers =
        cors_allowed_headers(http_exchange_header(exchange, "access-control-request-headers"));
    (void)snprintf(seconds, sizeof seconds, "%lld", (long long)(cors->max_age_ms / 1000));
    http_exchange_add_header(exchange, "Access-Control-Allow-Methods", CORS_METHODS);
    http_exchange_add_header(exchange, "Access-Control-Max-Age", seconds);
    if (headers != NULL) {
        http_exchange_add_header(exchange, "Access-Control-Allow-Headers", headers);
    }
    http_exchange_reply(exchange, 204, NULL, NULL, 0, NULL, 0);
    return true;
}

/* ---- tokens ---- */

static bool is_read(const struct http_exchange *exchange)
{
    const char *method = http_exchange_method(exchange);
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* What the request shows; secret_wipe it. NULL: nothing. A browser sends Basic by itself, also for another site's page:
 * it is good for reading only. */
static char *shown_token(const struct http_exchange *exchange)
{
    const char *bearer = service_shown_token(exchange);
    if (bearer != NULL) {
        return memory_copy_string(bearer);
    }
    return is_read(exchange) ? basic_password(http_exchange_header(exchange, "authorization")) : NULL;
}

/* Compares with all of them, whichever it is. NULL: none. */
static struct access_caller *find(struct gateway_access *access, const char *shown, int64_t now_ms)
{
    struct access_caller *found = NULL;
    for (size_t i = 0; i < access->token_count; i++) {
        bool is_it = service_is_token(access->tokens[i].secret, shown, now_ms);
        found = is_it ? &access->tokens[i] : found;
    }
    return found;
}

/* A caller who shows what we do not know may know a new token before we do. */
static struct access_caller *identify(struct gateway_access *access, const char *shown)
{
    int64_t now_ms = clock_monotonic_ms();
    bool has_news = true;
    struct access_caller *found = NULL;
    while (found == NULL && has_news) {
        has_news = false;
        found = find(access, shown, now_ms);
        for (size_t i = 0; found == NULL && i < access->token_count; i++) {
            has_news = secret_look_again(access->tokens[i].secret, now_ms) || has_news;
        }
    }
    return found;
}

static bool is_api(const struct http_exchange *exchange)
{
    return strncmp(http_exchange_path(exchange), API_PREFIX, sizeof API_PREFIX - 1) == 0;
}

static void refuse_token(struct gateway_access *access, struct http_exchange *exchange)
{
    gateway_access_note_refusal(access, ACCESS_REFUSED_TOKEN, NULL, "the token is missing or wrong");
    http_exchange_add_header(exchange, "WWW-Authenticate", "Bearer realm=\"ferry\"");
    if (is_read(exchange) && !is_api(exchange)) { /* what a person's browser opens, and the page's own files */
        http_exchange_add_header(exchange, "WWW-Authenticate", "Basic realm=\"ferry\", charset=\"UTF-8\"");
    }
    http_exchange_problem(exchange, 401, "unauthenticated", "A token is needed",
                          "expected the header Authorization: Bearer with a token of the gateway's", 0);
}

/* As the configuration has it: "100/s". */
static char period_letter(int64_t period_ms)
{
    return period_ms == 1000 ? 's' : period_ms == 60000 ? 'm' : 'h';
}

/* false: it has replied. */
static bool take_from_rate(struct access_caller *caller, struct http_exchange *exchange)
{
    int64_t wait_ms = 0;
    struct error error = {0};
    if (rate_limit_take(&caller->limit, clock_monotonic_us(), &wait_ms)) {
        return true;
    }
    const struct settings_token *token = caller->grant.token;
    (void)error_set(&error, STATUS_RESOURCE_EXHAUSTED, "the token \"%s\" may send %lld/%c, at most %lld at once",
                    caller->grant.name, (long long)token->rate, period_letter(token->rate_period_ms),
                    (long long)token->burst);
    gateway_access_note_refusal(caller->access, ACCESS_REFUSED_RATE, caller->grant.name, error.text);
    http_exchange_problem(exchange, 429, "rate-limited", "Too many requests for this token", error.text,
                          (int)((wait_ms + 999) / 1000));
    return false;
}

/* Where nobody shows a token, a page of another site is as good as its reader. `auth: none` trusts whoever stands
 * before us with the name; with TLS the certificate has it. false: it has replied. */
static bool check_origin(struct gateway_access *access, struct http_exchange *exchange)
{
    const struct settings_gateway *settings = &access->settings->gateway;
    const struct origin_request request = {
        .origin = http_exchange_header(exchange, "origin"),
        .host = http_exchange_header(exchange, "host"),
        .is_read = is_read(exchange) || strcmp(http_exchange_method(exchange), "OPTIONS") == 0,
        .needs_local_host = !settings->auth_none && settings->tls_certificate == NULL,
        .cors = settings->cors,
    };
    struct error error = {0};
    if (origin_check(&request, &error) == STATUS_OK) {
        return true;
    }
    gateway_access_note_refusal(access, ACCESS_REFUSED_ORIGIN, NULL, error.text);
    http_exchange_problem(exchange, 403, "forbidden", "The request is not allowed", error.text, 0);
    return false;
}

/* NULL: it has replied. */
static struct access_caller *admit_caller(struct gateway_access *access, struct http_exchange *exchange)
{
    if (access->token_count == 0) {
        return check_origin(access, exchange) ? &access->anybody : NULL;
    }
    char *shown = shown_token(exchange);
    struct access_caller *caller = shown != NULL ? identify(access, shown) : NULL;
    secret_wipe(shown);
    if (caller == NULL) {
        refuse_token(access, exchange);
        return NULL;
    }
    metric_counter_add(caller->requests, 1);
    return take_from_rate(caller, exchange) ? caller : NULL;
}

/* ---- scopes ---- */

bool gateway_may(struct http_exchange *exchange, enum api_verb verb, const char *route, const char *namespace_)
{
    const struct access_caller *caller = http_exchange_caller(exchange);
    const struct access_request request = {.verb = verb, .route = route, .namespace_ = namespace_};
    struct error error = {0};
    CHECK(caller != NULL); /* a route that is open to everybody asks for nothing */
    if (access_scope_check(&caller->grant, &request, &error) == STATUS_OK) {
        return true;
    }
    gateway_access_note_refusal(caller->access, ACCESS_REFUSED_SCOPE, caller->grant.name, error.text);
    http_exchange_problem(exchange, 403, "forbidden", "The request is not allowed", error.text, 0);
    return false;
}

const struct access_grant *gateway_access_grant(const struct http_exchange *exchange)
{
    const struct access_caller *caller = http_exchange_caller(exchange);
    return caller != NULL ? &caller->grant : NULL;
}

bool gateway_admit(struct http_exchange *exchange, void *user)
{
    struct gateway_access *access = ((struct gateway *)user)->access;
    const struct settings_gateway *settings = &access->settings->gateway;
    const struct http_route *route = http_exchange_route(exchange);
    struct error error = {0};
    request_trace_begin(user, exchange);
    if (handle_origin(exchange, settings->cors)) {
        return false;
    }
    if (route != NULL ? route->tag == API_VERB_OPEN : !is_api(exchange)) {
        return true;
    }
    if (settings->tls_client_ca != NULL && http_exchange_verify_client(exchange, &error) != STATUS_OK) {
        gateway_access_note_refusal(access, ACCESS_REFUSED_CERTIFICATE, NULL, error.text);
        http_exchange_problem(exchange, 403, "client-certificate", "A client certificate is needed", error.text, 0);
        return false;
    }
    const struct access_caller *caller = admit_caller(access, exchange);
    if (caller == NULL) {
        return false;
    }
    http_exchange_set_caller(exchange, caller);
    return route == NULL || gateway_may(exchange, (enum api_verb)route->tag, http_exchange_parameter(exchange, "route"),
                                        http_exchange_query(exchange, "namespace"));
}

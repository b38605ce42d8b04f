/* Who may call the gateway: its tokens with their scopes, and the origins of browsers. */
#include "settings/access.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "loader.h"

#define RATE_MAX INT64_C(1000000)
#define RATE_DIGITS_MAX 7
#define CORS_MAX_AGE_MS (24 * SETTINGS_HOUR_MS)
#define CORS_DEFAULT_AGE_MS (600 * SETTINGS_SECOND_MS)
#define ORIGIN_MAX_BYTES 300

static const char *const s_verbs[SETTINGS_VERB_COUNT] = {"event",  "wait",   "read",      "start", "signal", "query",
                                                         "update", "cancel", "terminate", "reset", "delete"};

const char *settings_verb_name(enum settings_verb verb)
{
    return s_verbs[verb - SETTINGS_VERB_EVENT];
}

/* ---- lists of texts ---- */

void settings_free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(texts[i]);
    }
    free(texts);
}

static enum status read_item(const struct config_node *item, settings_check_fn *check, char *const *texts,
                             size_t count, struct error *error)
{
    const char *text = config_scalar(item);
    struct error why = {0};
    if (text == NULL) {
        return config_error(item, error, "expected a text");
    }
    if (check(text, &why) != STATUS_OK) {
        return config_error(item, error, "%s", why.text);
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0) {
            return config_error(item, error, "expected each once, found \"%s\" again", text);
        }
    }
    return STATUS_OK;
}

enum status settings_read_texts(const struct config_node *mapping, const char *key, settings_check_fn *check,
                                size_t maximum, char ***out_texts, size_t *out_count, struct error *error)
{
    const struct config_node *node = config_get(mapping, key);
    if (node == NULL) {
        return STATUS_OK;
    }
    size_t count = config_is_list(node) ? config_count(node) : 0;
    if (count == 0 || count > maximum) {
        return config_error(node, error, "expected a list of 1 to %zu", maximum);
    }
    char **texts = memory_alloc_array(count, sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        enum status status = read_item(config_item(node, i), check, texts, i, error);
        if (status != STATUS_OK) {
            settings_free_texts(texts, i);
            return status;
        }
        texts[i] = memory_copy_string(config_scalar(config_item(node, i)));
    }
    *out_texts = texts;
    *out_count = count;
    return STATUS_OK;
}

/* ---- tokens ---- */

static enum settings_verb verb_of(const char *name)
{
    for (int i = 0; i < SETTINGS_VERB_COUNT; i++) {
        if (strcmp(s_verbs[i], name) == 0) {
            return (enum settings_verb)(SETTINGS_VERB_EVENT + i);
        }
    }
    return (enum settings_verb)0;
}

static enum status check_verb(const char *value, struct error *error)
{
    if (verb_of(value) == 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "expected event, wait, read, start, signal, query, update, cancel, terminate, reset or "
                         "delete, not \"%s\"",
                         value);
    }
    return STATUS_OK;
}

static enum status read_verbs(struct settings_token *token, const struct config_node *node, struct error *error)
{
    char **names = NULL;
    size_t count = 0;
    SETTINGS_TRY(settings_read_texts(node, "allow", check_verb, SETTINGS_VERB_COUNT, &names, &count, error));
    token->verbs = count == 0 ? SETTINGS_VERBS_ALL : 0;
    for (size_t i = 0; i < count; i++) {
        token->verbs |= SETTINGS_VERB_BIT(verb_of(names[i]));
    }
    settings_free_texts(names, count);
    return STATUS_OK;
}

static enum status read_routes(const struct settings *settings, struct settings_token *token,
                               const struct config_node *node, struct error *error)
{
    SETTINGS_TRY(settings_read_texts(node, "routes", settings_check_route_name, SETTINGS_SCOPE_MAX, &token->routes,
                                     &token->route_count, error));
    for (size_t i = 0; i < token->route_count; i++) {
        if (settings_find_route(settings, token->routes[i]) == NULL) {
            return config_error(config_item(config_get(node, "routes"), i), error,
                                "expected the name of a route below \"routes\", not \"%s\"", token->routes[i]);
        }
    }
    return STATUS_OK;
}

/* "100/s", "600/m", "10/h". false: none of them. */
static bool parse_rate(const char *text, struct settings_token *token)
{
    size_t digits = strspn(text, "0123456789");
    int64_t rate = 0;
    if (digits == 0 || digits > RATE_DIGITS_MAX || text[digits] != '/' || strlen(text) != digits + 2) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        rate = rate * 10 + (text[i] - '0');
    }
    switch (text[digits + 1]) {
    case 's':
        token->rate_period_ms = SETTINGS_SECOND_MS;
        break;
    case 'm':
        token->rate_period_ms = 60 * SETTINGS_SECOND_MS;
        break;
    case 'h':
        token->rate_period_ms = SETTINGS_HOUR_MS;
        break;
    default:
        return false;
    }
    token->rate = rate;
    return rate >= 1 && rate <= RATE_MAX;
}

static enum status read_rate(struct settings_token *token, const struct config_node *node, struct error *error)
{
    const struct config_node *rate = config_get(node, "rate");
    const struct config_node *burst = config_get(node, "burst");
    if (rate == NULL) {
        return burst == NULL ? STATUS_OK : config_error(burst, error, "expected the key \"rate\" beside it");
    }
    const char *text = config_scalar(rate);
    if (text == NULL || !parse_rate(text, token)) {
        return config_error(rate, error, "expected a number of requests from 1 to %lld in a second, minute or hour, "
                                         "such as 100/s, 600/m or 10/h",
                            (long long)RATE_MAX);
    }
    token->burst = token->rate * SETTINGS_SECOND_MS / token->rate_period_ms;
    token->burst = token->burst < 1 ? 1 : token->burst;
    return config_read_integer(node, "burst", 1, RATE_MAX, &token->burst, error);
}

static enum status check_token_name(const char *value, struct error *error)
{
    size_t length = strlen(value);
    size_t good = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    if (length == 0 || length > SETTINGS_NAME_MAX || good != length) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "expected a token's name of 1 to %d letters, digits, \".\", \"_\" or \"-\", not \"%s\"",
                         SETTINGS_NAME_MAX, value);
    }
    if (strcmp(value, SETTINGS_TOKEN_DEFAULT) == 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "expected another name than \"%s\", which is that of gateway.token_file's token", value);
    }
    return STATUS_OK;
}

static enum status read_token(const struct settings *settings, struct settings_token *token,
                              const struct config_node *node, struct error *error)
{
    SETTINGS_TRY(settings_expect_mapping(node, error));
    SETTINGS_TRY(settings_read_text(node, "name", check_token_name, &token->name, error));
    SETTINGS_TRY(settings_read_text(node, "token_file", settings_check_name, &token->file, error));
    if (token->name == NULL) {
        return config_error(node, error, "expected the key \"name\": what logs and metrics call the token");
    }
    if (token->file == NULL) {
        return config_error(node, error, "expected the key \"token_file\": the file that holds the token");
    }
    token->line = config_line(config_get(node, "token_file"));
    SETTINGS_TRY(read_verbs(token, node, error));
    SETTINGS_TRY(read_routes(settings, token, node, error));
    SETTINGS_TRY(settings_read_texts(node, "namespaces", settings_check_name, SETTINGS_SCOPE_MAX, &token->namespaces,
                                     &token->namespace_count, error));
    return read_rate(token, node, error);
}

enum status settings_read_tokens(struct settings_loader *loader, const struct config_node *node, struct error *error)
{
    struct settings_gateway *gateway = &loader->settings->gateway;
    if (node == NULL) {
        return STATUS_OK;
    }
    size_t count = config_is_list(node) ? config_count(node) : 0;
    if (count == 0 || count > SETTINGS_TOKENS_MAX) {
        return config_error(node, error, "expected a list of 1 to %d tokens", SETTINGS_TOKENS_MAX);
    }
    if (gateway->auth_none) {
        return config_error(node, error, "expected tokens or auth: none, found both");
    }
    gateway->tokens = memory_alloc_array(count, sizeof *gateway->tokens);
    for (size_t i = 0; i < count; i++) {
        const struct config_node *item = config_item(node, i);
        gateway->token_count = i + 1;
        SETTINGS_TRY(read_token(loader->settings, &gateway->tokens[i], item, error));
        for (size_t j = 0; j < i; j++) {
            if (strcmp(gateway->tokens[j].name, gateway->tokens[i].name) == 0) {
                return config_error(config_get(item, "name"), error,
                                    "expected a name of its own for each token, found \"%s\" again",
                                    gateway->tokens[i].name);
            }
        }
    }
    return STATUS_OK;
}

/* ---- origins ---- */

static enum status check_origin(const char *value, struct error *error)
{
    const char *scheme_end = strstr(value, "://");
    bool is_http = strncmp(value, "http://", 7) == 0 || strncmp(value, "https://", 8) == 0;
    if (!is_http || strlen(value) > ORIGIN_MAX_BYTES || scheme_end[3] == '\0' ||
        strpbrk(scheme_end + 3, "/*@ \t,") != NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "expected an origin as browsers send it, such as https://app.example or "
                         "http://localhost:3000, not \"%s\"",
                         value);
    }
    return STATUS_OK;
}

enum status settings_read_cors(struct settings_loader *loader, const struct config_node *node, struct error *error)
{
    if (node == NULL) {
        return STATUS_OK;
    }
    SETTINGS_TRY(settings_expect_mapping(node, error));
    struct settings_cors *cors = memory_alloc(sizeof *cors);
    cors->max_age_ms = CORS_DEFAULT_AGE_MS;
    loader->settings->gateway.cors = cors;
    SETTINGS_TRY(settings_read_texts(node, "origins", check_origin, SETTINGS_SCOPE_MAX, &cors->origins,
                                     &cors->origin_count, error));
    if (cors->origin_count == 0) {
        return config_error(node, error, "expected the key \"origins\": a list of those that may call");
    }
    return config_read_duration_ms(node, "max_age", 0, CORS_MAX_AGE_MS, &cors->max_age_ms, error);
}

void settings_access_deinit(struct settings_gateway *gateway)
{
    for (size_t i = 0; i < gateway->token_count; i++) {
        struct settings_token *token = &gateway->tokens[i];
        free(token->name);
        free(token->file);
        settings_free_texts(token->routes, token->route_count);
        settings_free_texts(token->namespaces, token->namespace_count);
    }
    free(gateway->tokens);
    if (gateway->cors != NULL) {
        settings_free_texts(gateway->cors->origins, gateway->cors->origin_count);
        free(gateway->cors);
    }
}

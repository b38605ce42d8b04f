/* See access_scope.h. */
#include "access_scope.h"

#include <string.h>

#include "base/check.h"

/* The routes' verbs are those of the configuration. */
_Static_assert((int)API_VERB_EVENT == (int)SETTINGS_VERB_EVENT && (int)API_VERB_WAIT == (int)SETTINGS_VERB_WAIT &&
                   (int)API_VERB_READ == (int)SETTINGS_VERB_READ && (int)API_VERB_START == (int)SETTINGS_VERB_START &&
                   (int)API_VERB_SIGNAL == (int)SETTINGS_VERB_SIGNAL &&
                   (int)API_VERB_QUERY == (int)SETTINGS_VERB_QUERY &&
                   (int)API_VERB_UPDATE == (int)SETTINGS_VERB_UPDATE &&
                   (int)API_VERB_CANCEL == (int)SETTINGS_VERB_CANCEL &&
                   (int)API_VERB_TERMINATE == (int)SETTINGS_VERB_TERMINATE &&
                   (int)API_VERB_RESET == (int)SETTINGS_VERB_RESET && (int)API_VERB_DELETE == (int)SETTINGS_VERB_DELETE,
               "the order of the verbs");

static bool is_among(char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static bool covers_route(const struct settings_token *token, const char *route)
{
    return token->routes == NULL || is_among(token->routes, token->route_count, route);
}

static const char *namespace_of(const struct settings *settings, const struct settings_route *route)
{
    return route != NULL && route->namespace_ != NULL ? route->namespace_ : settings->temporal.namespace_;
}

static bool covers_namespace(const struct access_grant *grant, const char *namespace_)
{
    const struct settings_token *token = grant->token;
    const struct settings *settings = grant->settings;
    if (token->namespaces != NULL) {
        return is_among(token->namespaces, token->namespace_count, namespace_) ||
               is_among(token->namespaces, token->namespace_count, SETTINGS_ANY);
    }
    bool covers = strcmp(settings->temporal.namespace_, namespace_) == 0;
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct settings_route *route = &settings->routes[i];
        covers = covers ||
                 (covers_route(token, route->name) && strcmp(namespace_of(settings, route), namespace_) == 0);
    }
    return covers;
}

enum status access_scope_check(const struct access_grant *grant, const struct access_request *request,
                               struct error *error)
{
    const struct settings_token *token = grant->token;
    if (token == NULL) {
        return STATUS_OK;
    }
    CHECK(request->verb != API_VERB_OPEN);
    if ((token->verbs & SETTINGS_VERB_BIT(request->verb)) == 0) {
        return error_set(error, STATUS_PERMISSION_DENIED, "the token \"%s\" may not %s", grant->name,
                         settings_verb_name((enum settings_verb)request->verb));
    }
    if (request->route != NULL && !covers_route(token, request->route)) {
        return error_set(error, STATUS_PERMISSION_DENIED, "the token \"%s\" may not use the route \"%s\"",
                         grant->name, request->route);
    }
    const struct settings_route *route =
        request->route != NULL ? settings_find_route(grant->settings, request->route) : NULL;
    const char *namespace_ =
        request->namespace_ != NULL ? request->namespace_ : namespace_of(grant->settings, route);
    bool is_sent_on = route != NULL && route->target == SETTINGS_TARGET_SQS; /* to a queue, whatever the namespace */
    if (!is_sent_on && !covers_namespace(grant, namespace_)) {
        return error_set(error, STATUS_PERMISSION_DENIED, "the token \"%s\" may not use the namespace \"%s\"",
                         grant->name, namespace_);
    }
    return STATUS_OK;
}

bool access_scope_shows(const struct access_grant *grant, const char *route)
{
    const struct access_request request = {.verb = API_VERB_READ, .route = route};
    return access_scope_check(grant, &request, NULL) == STATUS_OK;
}

/* Scopes of tokens. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "access_scope.h"

static char s_default[] = "default";
static char s_staging[] = "staging";
static char s_any[] = "*";
static char s_orders[] = "orders";
static char s_hooks[] = "hooks";
static char s_away[] = "away";

static struct settings_route s_routes[] = {
    {.name = s_orders},
    {.name = s_away, .namespace_ = s_staging},
    {.name = s_hooks, .target = SETTINGS_TARGET_SQS},
};
static const struct settings s_settings = {
    .temporal = {.namespace_ = s_default}, .routes = s_routes, .route_count = 3};

static enum status ask(const struct settings_token *token, enum api_verb verb, const char *route,
                       const char *namespace_, struct error *error)
{
    const struct access_grant grant = {.name = "ci", .settings = &s_settings, .token = token};
    const struct access_request request = {.verb = verb, .route = route, .namespace_ = namespace_};
    return access_scope_check(&grant, &request, error);
}

#define assert_allowed(token, verb, route, namespace_) \
    assert_int_equal(ask((token), (verb), (route), (namespace_), NULL), STATUS_OK)

static void assert_denied(const struct settings_token *token, enum api_verb verb, const char *route,
                          const char *namespace_, const char *text)
{
    struct error error = {0};
    assert_int_equal(ask(token, verb, route, namespace_, &error), STATUS_PERMISSION_DENIED);
    assert_string_equal(error.text, text);
}

static void each_verb_is_allowed_by_itself_alone(void **state)
{
    (void)state;
    for (int allowed = SETTINGS_VERB_EVENT; allowed <= SETTINGS_VERB_DELETE; allowed++) {
        const struct settings_token token = {.verbs = SETTINGS_VERB_BIT(allowed)};
        for (int asked = API_VERB_EVENT; asked <= API_VERB_DELETE; asked++) {
            enum status expected = asked == allowed ? STATUS_OK : STATUS_PERMISSION_DENIED;
            assert_int_equal(ask(&token, (enum api_verb)asked, NULL, NULL, NULL), expected);
        }
    }
    const struct settings_token reader = {.verbs = SETTINGS_VERB_BIT(SETTINGS_VERB_READ)};
    assert_denied(&reader, API_VERB_TERMINATE, NULL, NULL, "the token \"ci\" may not terminate");
}

static void all_verbs_are_all_of_them(void **state)
{
    (void)state;
    const struct settings_token token = {.verbs = SETTINGS_VERBS_ALL};
    for (int verb = API_VERB_EVENT; verb <= API_VERB_DELETE; verb++) {
        assert_allowed(&token, (enum api_verb)verb, NULL, NULL);
    }
}

static void a_grant_without_a_scope_may_do_everything(void **state)
{
    (void)state;
    assert_allowed(NULL, API_VERB_DELETE, "nobody-knows", "anywhere");
}

static void routes_are_those_of_the_list(void **state)
{
    (void)state;
    char *routes[] = {s_orders};
    const struct settings_token token = {.verbs = SETTINGS_VERBS_ALL, .routes = routes, .route_count = 1};
    assert_allowed(&token, API_VERB_EVENT, "orders", NULL);
    assert_allowed(&token, API_VERB_START, NULL, NULL);
    assert_denied(&token, API_VERB_EVENT, "away", NULL, "the token \"ci\" may not use the route \"away\"");
    assert_denied(&token, API_VERB_EVENT, "order", NULL, "the token \"ci\" may not use the route \"order\"");
}

static void without_a_list_the_namespaces_are_the_default_and_the_routes_own(void **state)
{
    (void)state;
    char *routes[] = {s_orders};
    const struct settings_token token = {.verbs = SETTINGS_VERBS_ALL};
    const struct settings_token narrow = {.verbs = SETTINGS_VERBS_ALL, .routes = routes, .route_count = 1};
    assert_allowed(&token, API_VERB_READ, NULL, "default");
    assert_allowed(&token, API_VERB_READ, NULL, "staging");
    assert_allowed(&token, API_VERB_EVENT, "away", NULL);
    assert_denied(&token, API_VERB_READ, NULL, "prod", "the token \"ci\" may not use the namespace \"prod\"");
    assert_denied(&narrow, API_VERB_READ, NULL, "staging", "the token \"ci\" may not use the namespace \"staging\"");
}

static void a_list_of_namespaces_holds_for_routes_too(void **state)
{
    (void)state;
    char *namespaces[] = {s_staging};
    const struct settings_token token = {.verbs = SETTINGS_VERBS_ALL, .namespaces = namespaces, .namespace_count = 1};
    assert_allowed(&token, API_VERB_EVENT, "away", NULL);
    assert_allowed(&token, API_VERB_EVENT, "hooks", NULL); /* nobody starts anything there */
    assert_denied(&token, API_VERB_EVENT, "orders", NULL, "the token \"ci\" may not use the namespace \"default\"");
    assert_denied(&token, API_VERB_START, NULL, NULL, "the token \"ci\" may not use the namespace \"default\"");
}

static void a_star_is_every_namespace(void **state)
{
    (void)state;
    char *namespaces[] = {s_any};
    const struct settings_token token = {.verbs = SETTINGS_VERBS_ALL, .namespaces = namespaces, .namespace_count = 1};
    assert_allowed(&token, API_VERB_START, NULL, "prod");
    assert_allowed(&token, API_VERB_EVENT, "orders", NULL);
}

static void what_may_be_read_is_shown(void **state)
{
    (void)state;
    char *routes[] = {s_orders};
    char *namespaces[] = {s_staging};
    const struct settings_token reader = {.verbs = SETTINGS_VERBS_ALL, .routes = routes, .route_count = 1};
    const struct settings_token sender = {.verbs = SETTINGS_VERB_BIT(SETTINGS_VERB_EVENT)};
    const struct settings_token stager = {.verbs = SETTINGS_VERBS_ALL, .namespaces = namespaces, .namespace_count = 1};
    struct access_grant grant = {.name = "ci", .settings = &s_settings, .token = &reader};
    assert_true(access_scope_shows(&grant, "orders"));
    assert_false(access_scope_shows(&grant, "away"));
    assert_false(access_scope_shows(&grant, "no-longer-configured"));
    grant.token = &sender;
    assert_false(access_scope_shows(&grant, "orders"));
    grant.token = &stager;
    assert_false(access_scope_shows(&grant, "orders"));
    assert_true(access_scope_shows(&grant, "away"));
    grant.token = NULL;
    assert_true(access_scope_shows(&grant, "no-longer-configured"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verb_is_allowed_by_itself_alone),
        cmocka_unit_test(all_verbs_are_all_of_them),
        cmocka_unit_test(a_grant_without_a_scope_may_do_everything),
        cmocka_unit_test(routes_are_those_of_the_list),
        cmocka_unit_test(without_a_list_the_namespaces_are_the_default_and_the_routes_own),
        cmocka_unit_test(a_list_of_namespaces_holds_for_routes_too),
        cmocka_unit_test(a_star_is_every_namespace),
        cmocka_unit_test(what_may_be_read_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

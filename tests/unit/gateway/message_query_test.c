/* How a message is looked for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "message_query.h"

static char s_name[] = "orders";
static char s_by_message[] = "x/{MessageId}";
static char s_by_group[] = "{MessageGroupId}/{MessageId}";
static char s_attribute[] = "FerryMessageId";
static char s_template[] = "{MessageId}";

static void assert_query(const struct settings_route *route, const char *id, enum message_query_way way,
                         const char *text)
{
    struct message_query query = message_query_make(route, id);
    assert_int_equal(query.way, way);
    if (text == NULL) {
        assert_null(query.text);
    } else {
        assert_string_equal(query.text, text);
    }
    free(query.text);
}

static void by_id_where_the_id_needs_nothing_else(void **state)
{
    (void)state;
    struct settings_route route = {.name = s_name, .id_prefix = s_name, .id = s_by_message};
    assert_query(&route, "m", MESSAGE_QUERY_BY_ID, "orders-x/m");
}

static void by_attribute_where_the_route_sets_it(void **state)
{
    (void)state;
    struct settings_member attributes[] = {{s_attribute, s_template}};
    struct settings_route route = {.name = s_name, .id_prefix = s_name, .id = s_by_group,
                                   .search_attributes = attributes, .search_attribute_count = 1};
    assert_query(&route, "m", MESSAGE_QUERY_BY_ATTRIBUTE, "FerryMessageId = 'm'");
    assert_query(&route, "a' OR '\\", MESSAGE_QUERY_BY_ATTRIBUTE, "FerryMessageId = 'a\\' OR \\'\\\\'");
    route.search_attribute_count = 0;
    assert_query(&route, "m", MESSAGE_QUERY_IMPOSSIBLE, NULL);
}

static void never_among_signals(void **state)
{
    (void)state;
    struct settings_route route = {.name = s_name, .id_prefix = s_name, .id = s_by_message,
                                   .target = SETTINGS_TARGET_SIGNAL};
    assert_query(&route, "m", MESSAGE_QUERY_IMPOSSIBLE, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_id_where_the_id_needs_nothing_else),
        cmocka_unit_test(by_attribute_where_the_route_sets_it),
        cmocka_unit_test(never_among_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* GET /v1/routes: what is told of the configuration, and what is not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "route_list.h"

static char s_orders[] = "orders";
static char s_workflow[] = "processOrder";
static char s_task_queue[] = "orders-queue";
static char s_prefix[] = "o";
static char s_signal[] = "message";
static char s_namespace[] = "shop";
static char s_default[] = "default";
static char s_filter[] = "{}";
static char s_first[] = "first.fifo";
static char s_second[] = "second";
static char s_url[] = "https://sqs.test/1/first.fifo";

static void a_route_says_what_it_does_and_where_its_messages_come_from(void **state)
{
    (void)state;
    char *names[] = {s_orders};
    struct settings_route routes[] = {
        {.name = s_orders, .workflow = s_workflow, .task_queue = s_task_queue, .id_prefix = s_prefix,
         .target = SETTINGS_TARGET_SIGNAL, .signal = s_signal, .namespace_ = s_namespace,
         .input = SETTINGS_INPUT_BODY, .ack = SETTINGS_ACK_START, .order = SETTINGS_ORDER_GROUP, .filter = s_filter},
    };
    struct settings_queue queues[] = {
        {.name = s_first, .url = s_url, .routes = names, .route_count = 1},
        {.name = s_second, .url = s_url},
    };
    const struct settings settings = {.temporal = {.namespace_ = s_default}, .routes = routes, .route_count = 1,
                                      .queues = queues, .queue_count = 2};
    char *text = route_list_write(&(struct access_grant){.settings = &settings});
    assert_string_equal(text, "{\"routes\":[{\"name\":\"orders\",\"target\":\"signal\",\"workflow\":\"processOrder\","
                              "\"signal\":\"message\",\"taskQueue\":\"orders-queue\",\"namespace\":\"shop\","
                              "\"idPrefix\":\"o\",\"input\":\"body\",\"ack\":\"start\",\"order\":\"group\","
                              "\"hasSchema\":false,\"hasFilter\":true,\"queues\":[\"first.fifo\"]}]}");
    free(text);
}

static void what_is_not_configured_is_the_default_or_left_out(void **state)
{
    (void)state;
    struct settings_route routes[] = {{.name = s_orders, .workflow = s_workflow, .task_queue = s_task_queue,
                                       .id_prefix = s_orders, .ack = SETTINGS_ACK_WORKER}};
    const struct settings settings = {.temporal = {.namespace_ = s_default}, .routes = routes, .route_count = 1};
    char *text = route_list_write(&(struct access_grant){.settings = &settings});
    assert_string_equal(text, "{\"routes\":[{\"name\":\"orders\",\"target\":\"workflow\",\"workflow\":\"processOrder\","
                              "\"taskQueue\":\"orders-queue\",\"namespace\":\"default\",\"idPrefix\":\"orders\","
                              "\"input\":\"message\",\"ack\":\"worker\",\"order\":\"auto\",\"hasSchema\":false,"
                              "\"hasFilter\":false,\"queues\":[]}]}");
    free(text);
}

static void only_what_the_grant_shows_is_listed(void **state)
{
    (void)state;
    char *names[] = {s_workflow};
    struct settings_route routes[] = {{.name = s_orders}, {.name = s_workflow}};
    const struct settings settings = {.temporal = {.namespace_ = s_default}, .routes = routes, .route_count = 2};
    const struct settings_token token = {.verbs = SETTINGS_VERB_BIT(SETTINGS_VERB_READ), .routes = names,
                                         .route_count = 1};
    char *text = route_list_write(&(struct access_grant){.settings = &settings, .token = &token});
    assert_null(strstr(text, "\"orders\""));
    assert_non_null(strstr(text, "\"processOrder\""));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_says_what_it_does_and_where_its_messages_come_from),
        cmocka_unit_test(what_is_not_configured_is_the_default_or_left_out),
        cmocka_unit_test(only_what_the_grant_shows_is_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which queue a word means. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "queue_names.h"

#define HOST "https://sqs.eu-central-1.amazonaws.com/123456789012/"

static char s_orders_url[] = HOST "orders.fifo";
static char s_orders_dead[] = HOST "orders-dead.fifo";
static char s_events_url[] = HOST "events";
static char s_events_dead[] = HOST "events-dead";
static char s_other_dead[] = HOST "other-dead";
static char s_plain_url[] = HOST "plain";
static char s_orders[] = "orders";
static char s_bills[] = "bills";
static char s_others[] = "others";
static char s_plain[] = "plain";
static char s_shop[] = "shop";
static char s_events[] = "events";
static char *s_shop_routes[] = {s_orders, s_bills};
static char *s_event_routes[] = {s_others, s_bills};
static char *s_plain_routes[] = {s_plain};

static struct settings_route s_route_list[] = {
    {.name = s_orders, .dead_letter_queue = s_orders_dead},
    {.name = s_bills, .dead_letter_queue = s_orders_dead},
    {.name = s_others, .dead_letter_queue = s_events_dead},
    {.name = s_plain},
};
static struct settings_queue s_queue_list[] = {
    {.url = s_orders_url, .name = s_shop, .routes = s_shop_routes, .route_count = 2},
    {.url = s_events_url, .name = s_events, .routes = s_event_routes, .route_count = 2,
     .dead_letter_queue = s_other_dead},
    {.url = s_plain_url, .name = s_plain, .routes = s_plain_routes, .route_count = 1},
};
static const struct settings s_settings = {
    .queues = s_queue_list, .queue_count = 3, .routes = s_route_list, .route_count = 4};
static const struct settings s_empty = {.queues = NULL};

typedef enum status find_fn(const struct settings *settings, const char *word, char **out_url, struct error *error);

static void assert_found(find_fn *find, const char *word, const char *expected)
{
    char *url = NULL;
    struct error error = {0};
    if (find(&s_settings, word, &url, &error) != STATUS_OK) {
        fail_msg("%s: %s", word, error.text);
    }
    assert_string_equal(url, expected);
    free(url);
}

static void assert_refused(find_fn *find, const struct settings *settings, const char *word, const char *words)
{
    char *url = NULL;
    struct error error = {0};
    assert_int_equal(find(settings, word, &url, &error), STATUS_INVALID_ARGUMENT);
    assert_null(url);
    if (strstr(error.text, words) == NULL) {
        fail_msg("%s: %s", word, error.text);
    }
}

static void a_queue_is_a_url_a_name_or_the_end_of_a_url(void **state)
{
    (void)state;
    assert_found(queue_names_find, HOST "elsewhere", HOST "elsewhere");
    assert_found(queue_names_find, "shop", s_orders_url);
    assert_found(queue_names_find, "orders.fifo", s_orders_url);
    assert_refused(queue_names_find, &s_settings, "orders", "it names shop, events, plain");
    assert_refused(queue_names_find, &s_empty, "orders", "it names none");
    assert_refused(queue_names_find, &s_settings, "ftp://x", "URL of an SQS queue");
}

static void a_dead_letter_queue_is_its_own_name_or_that_of_the_queue_before_it(void **state)
{
    (void)state;
    assert_found(queue_names_find_dead, HOST "elsewhere", HOST "elsewhere");
    assert_found(queue_names_find_dead, "orders-dead.fifo", s_orders_dead);
    assert_found(queue_names_find_dead, "shop", s_orders_dead);
    assert_found(queue_names_find_dead, "orders.fifo", s_orders_dead);
    assert_found(queue_names_find_dead, "other-dead", s_other_dead);
}

static void a_name_that_leads_to_none_or_several_is_refused(void **state)
{
    (void)state;
    assert_refused(queue_names_find_dead, &s_settings, "events",
                   "several dead-letter queues, choose one: events-dead, orders-dead.fifo, other-dead");
    assert_refused(queue_names_find_dead, &s_settings, "plain", "names no dead-letter queue for \"plain\"");
    assert_refused(queue_names_find_dead, &s_settings, "nowhere",
                   "it names orders-dead.fifo, events-dead, other-dead");
    assert_refused(queue_names_find_dead, &s_empty, "nowhere", "it names none");
}

static void the_list_has_each_dead_letter_queue_once_with_all_that_name_it(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *of;
    } expected[] = {{"orders-dead.fifo", "route orders, route bills"},
                    {"events-dead", "route others"},
                    {"other-dead", "queue events"}};
    json_t *rows = queue_names_dead(&s_settings);
    assert_int_equal(json_array_size(rows), 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *row = json_array_get(rows, i);
        assert_string_equal(json_string_value(json_object_get(row, "name")), expected[i].name);
        assert_string_equal(json_string_value(json_object_get(row, "of")), expected[i].of);
    }
    json_decref(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_is_a_url_a_name_or_the_end_of_a_url),
        cmocka_unit_test(a_dead_letter_queue_is_its_own_name_or_that_of_the_queue_before_it),
        cmocka_unit_test(a_name_that_leads_to_none_or_several_is_refused),
        cmocka_unit_test(the_list_has_each_dead_letter_queue_once_with_all_that_name_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which route takes a message. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <jansson.h>

#include "messages/routing.h"
#include "rules/event_pattern.h"

static struct event_pattern *pattern_of(const char *text)
{
    struct event_pattern *pattern = NULL;
    json_t *json = json_loads(text, 0, NULL);
    assert_int_equal(event_pattern_compile(json, &pattern, NULL), STATUS_OK);
    json_decref(json);
    return pattern;
}

static struct sqs_message message_of(const char *id, const char *json)
{
    struct sqs_message message = {.message_id = id, .json = json, .json_length = strlen(json)};
    message.body = json_scan_member(json, strlen(json), "Body");
    return message;
}

static void without_filters_the_first_route_takes_everything(void **state)
{
    (void)state;
    char url[] = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
    const struct settings_route route = {.backoff_ms = 1};
    const struct settings_route *routes[] = {&route};
    const struct settings_queue queue = {.url = url, .envelope = SETTINGS_ENVELOPE_SNS};
    struct routing routing;
    size_t line = 7;
    struct sqs_message message = message_of("m", "{}");
    routing_init(&routing, &queue, routes, 1);
    assert_int_equal(routing_choose(&routing, &message, &line, NULL), STATUS_OK); /* the envelope is not looked at */
    assert_int_equal(line, 0);
    assert_string_equal(routing.queue_arn, "arn:aws:sqs:eu-west-1:123456789012:orders");
    routing_deinit(&routing);
}

static void the_first_filter_that_takes_it_decides_and_none_may(void **state)
{
    (void)state;
    char url[] = "http://127.0.0.1:4566/000000000000/orders";
    struct settings_route first = {.pattern = pattern_of("{\"messageId\":[\"a\"]}")};
    struct settings_route second = {.pattern = pattern_of("{\"messageId\":[\"b\"]}")};
    const struct settings_route *routes[] = {&first, &second};
    const struct settings_queue queue = {.url = url};
    struct routing routing;
    size_t line = 7;
    routing_init(&routing, &queue, routes, 2);
    assert_null(routing.queue_arn);
    const char *const ids[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++) {
        struct sqs_message message = message_of(ids[i], "{\"Body\":\"x\"}");
        assert_int_equal(routing_choose(&routing, &message, &line, NULL), STATUS_OK);
        assert_int_equal(line, i);
    }
    routing_deinit(&routing);
    event_pattern_destroy(first.pattern);
    event_pattern_destroy(second.pattern);
}

static void filters_see_what_is_inside_the_envelope(void **state)
{
    (void)state;
    char url[] = "http://127.0.0.1:4566/000000000000/orders";
    struct settings_route route = {.pattern = pattern_of("{\"messageId\":[\"a\"]}")};
    const struct settings_route *routes[] = {&route};
    const struct settings_queue queue = {.url = url, .envelope = SETTINGS_ENVELOPE_EVENTBRIDGE};
    struct routing routing;
    struct error error = {0};
    size_t line = 7;
    routing_init(&routing, &queue, routes, 1);
    struct sqs_message message = message_of(
        "a", "{\"Body\":\"{\\\"source\\\":\\\"s\\\",\\\"detail-type\\\":\\\"d\\\",\\\"detail\\\":{}}\"}");
    assert_int_equal(routing_choose(&routing, &message, &line, NULL), STATUS_OK);
    assert_int_equal(line, 0);
    message = message_of("a", "{\"Body\":\"{}\"}");
    assert_int_equal(routing_choose(&routing, &message, &line, &error), STATUS_MALFORMED);
    assert_int_equal(line, 1);
    routing_deinit(&routing);
    event_pattern_destroy(route.pattern);
}

static void says_why_the_filters_before_it_refuse_and_where_dead_letters_go(void **state)
{
    (void)state;
    char url[] = "http://127.0.0.1:4566/000000000000/orders";
    char of_route[] = "http://127.0.0.1:4566/000000000000/dead";
    char of_queue[] = "http://127.0.0.1:4566/000000000000/unmatched";
    struct settings_route first = {.pattern = pattern_of("{\"messageId\":[\"a\"]}"), .dead_letter_queue = of_route};
    struct settings_route second = {.pattern = pattern_of("{\"body\":[\"x\"]}")};
    const struct settings_route *routes[] = {&first, &second};
    struct settings_queue queue = {.url = url};
    struct routing routing;
    char why[2][EVENT_PATTERN_WHY_SIZE];
    size_t line = 7;
    routing_init(&routing, &queue, routes, 2);
    struct sqs_message message = message_of("b", "{\"Body\":\"x\"}");
    assert_int_equal(routing_explain(&routing, &message, &line, why, NULL), STATUS_OK);
    assert_int_equal(line, 1);
    assert_string_equal(why[0], "messageId: no condition takes \"b\"");
    assert_string_equal(why[1], "");
    assert_string_equal(routing_dead_letter_queue(&routing, 0), of_route);
    assert_null(routing_dead_letter_queue(&routing, 1));
    assert_null(routing_dead_letter_queue(&routing, 2)); /* of several routes: none of theirs */
    routing_deinit(&routing);
    routing_init(&routing, &queue, routes, 1);
    assert_string_equal(routing_dead_letter_queue(&routing, 1), of_route); /* of the only one */
    routing_deinit(&routing);
    queue.dead_letter_queue = of_queue;
    routing_init(&routing, &queue, routes, 1);
    assert_string_equal(routing_dead_letter_queue(&routing, 1), of_queue);
    routing_deinit(&routing);
    event_pattern_destroy(first.pattern);
    event_pattern_destroy(second.pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_filters_the_first_route_takes_everything),
        cmocka_unit_test(the_first_filter_that_takes_it_decides_and_none_may),
        cmocka_unit_test(filters_see_what_is_inside_the_envelope),
        cmocka_unit_test(says_why_the_filters_before_it_refuse_and_where_dead_letters_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

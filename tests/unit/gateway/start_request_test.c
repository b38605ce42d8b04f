/* Route and event → workflow ID, request ID and input. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "start_request.h"

static char s_name[] = "orders";
static char s_by_message[] = "{MessageId}";
static char s_by_group[] = "{MessageGroupId}/{MessageId}";
static char s_no_prefix[] = "";

static struct settings_route route_with(char *id)
{
    return (struct settings_route){.name = s_name, .id = id, .id_prefix = s_name, .input = SETTINGS_INPUT_MESSAGE};
}

static struct event event_with(const char *data, char *message_id)
{
    return (struct event){.data = {.data = data, .length = strlen(data)}, .message_id = message_id};
}

static struct start_request make(const struct settings_route *route, const char *data, char *message_id)
{
    struct event event = event_with(data, message_id);
    struct start_request request = {0};
    struct error error = {0};
    if (start_request_make(route, &event, &request, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return request;
}

static void assert_refused(const struct settings_route *route, const char *data, const char *expected)
{
    char id[] = "m";
    struct event event = event_with(data, id);
    struct start_request request = {0};
    struct error error = {0};
    assert_int_equal(start_request_make(route, &event, &request, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, expected);
    assert_null(request.workflow_id);
}

static void assert_input(const struct start_request *request, const char *expected)
{
    assert_int_equal(request->input_length, strlen(expected));
    assert_memory_equal(request->input, expected, strlen(expected));
}

static void the_id_is_prefix_and_template(void **state)
{
    (void)state;
    char id[] = "m-1";
    struct settings_route route = route_with(s_by_message);
    struct start_request request = make(&route, "{}", id);
    assert_string_equal(request.workflow_id, "orders-m-1");
    assert_string_equal(request.memo_message_id, "\"m-1\"");
    assert_string_equal(request.memo_route, "\"orders\"");
    start_request_deinit(&request);
    route.id_prefix = s_no_prefix;
    route.id = s_by_group;
    request = make(&route, "{\"Attributes\":{\"MessageGroupId\":\"g\\n\"}}", id);
    assert_string_equal(request.workflow_id, "g\n/m-1");
    start_request_deinit(&request);
}

static void the_request_id_is_a_function_of_the_workflow_id(void **state)
{
    (void)state;
    char id[] = "m-1";
    char other[] = "m-2";
    struct settings_route route = route_with(s_by_message);
    struct start_request first = make(&route, "{}", id);
    struct start_request again = make(&route, "{\"x\":1}", id);
    struct start_request second = make(&route, "{}", other);
    assert_string_equal(first.request_id, again.request_id);
    assert_string_not_equal(first.request_id, second.request_id);
    start_request_deinit(&first);
    start_request_deinit(&again);
    start_request_deinit(&second);
}

static void a_long_id_is_hashed_behind_its_prefix(void **state)
{
    (void)state;
    char id[WORKFLOW_ID_MAX + 1];
    memset(id, 'i', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    struct settings_route route = route_with(s_by_message);
    struct start_request request = make(&route, "{}", id);
    assert_int_equal(strlen(request.workflow_id), 7 + 64);
    assert_memory_equal(request.workflow_id, "orders-", 7);
    start_request_deinit(&request);
    id[WORKFLOW_ID_MAX - 7] = '\0'; /* fits exactly */
    request = make(&route, "{}", id);
    assert_int_equal(strlen(request.workflow_id), WORKFLOW_ID_MAX);
    start_request_deinit(&request);
}

static void a_missing_attribute_is_refused(void **state)
{
    (void)state;
    struct settings_route route = route_with(s_by_group);
    assert_refused(&route, "{}", "the message has no attribute MessageGroupId, which the route's id needs");
    assert_refused(&route, "{\"Attributes\":{\"MessageGroupId\":\"\"}}",
                   "the message has no attribute MessageGroupId, which the route's id needs");
    assert_refused(&route, "{\"Attributes\":{\"MessageGroupId\":\"a\\u0000b\"}}",
                   "the message has no attribute MessageGroupId, which the route's id needs");
}

static void the_input_is_the_message_itself(void **state)
{
    (void)state;
    char id[] = "m";
    struct settings_route route = route_with(s_by_message);
    struct start_request request = make(&route, "{\"Body\" : \"1.00\"}", id);
    assert_input(&request, "{\"Body\" : \"1.00\"}");
    start_request_deinit(&request);
}

static void the_input_is_the_body_where_the_route_says_so(void **state)
{
    (void)state;
    char id[] = "m";
    struct settings_route route = route_with(s_by_message);
    route.input = SETTINGS_INPUT_BODY;
    struct start_request request = make(&route, "{\"MessageId\":\"m\",\"Body\":\" {\\\"a\\\":1.00} \"}", id);
    assert_input(&request, "{\"a\":1.00}");
    start_request_deinit(&request);
    request = make(&route, "{\"a\":2.00}", id); /* no SQS message: it is its own body */
    assert_input(&request, "{\"a\":2.00}");
    start_request_deinit(&request);
}

static void a_body_that_is_no_json_is_refused_where_json_is_needed(void **state)
{
    (void)state;
    struct settings_route route = route_with(s_by_message);
    route.input = SETTINGS_INPUT_BODY;
    assert_refused(&route, "{\"MessageId\":\"m\",\"Body\":\"hello\"}",
                   "the message's Body is not JSON, which the route's input needs");
    assert_refused(&route, "{\"MessageId\":\"m\",\"Body\":7}",
                   "the message's Body is not JSON, which the route's input needs");
    assert_refused(&route, "{\"MessageId\":\"m\"}", "the message has no Body, which the route's input needs");
}

static void a_defect_is_the_reason(void **state)
{
    (void)state;
    struct settings_route route = route_with(s_by_message);
    struct event event = {.defect = "broken"};
    struct start_request request = {0};
    struct error error = {0};
    assert_int_equal(start_request_make(&route, &event, &request, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "broken");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_id_is_prefix_and_template),
        cmocka_unit_test(the_request_id_is_a_function_of_the_workflow_id),
        cmocka_unit_test(a_long_id_is_hashed_behind_its_prefix),
        cmocka_unit_test(a_missing_attribute_is_refused),
        cmocka_unit_test(the_input_is_the_message_itself),
        cmocka_unit_test(the_input_is_the_body_where_the_route_says_so),
        cmocka_unit_test(a_body_that_is_no_json_is_refused_where_json_is_needed),
        cmocka_unit_test(a_defect_is_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

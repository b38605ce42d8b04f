/* Route and event → workflow ID, request ID and input. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "messages/start_request.h"
#include "rules/json_schema.h"

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
    enum entry_class class = ENTRY_CLASS_BAD_EVENT;
    if (start_request_make(route, &event, &request, &class, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return request;
}

static void assert_refused(const struct settings_route *route, const char *data, enum entry_class expected_class,
                           const char *expected)
{
    enum entry_class class = ENTRY_CLASS_BAD_EVENT;
    char id[] = "m";
    struct event event = event_with(data, id);
    struct start_request request = {0};
    struct error error = {0};
    assert_int_equal(start_request_make(route, &event, &request, &class, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, expected);
    assert_int_equal(class, expected_class);
    assert_null(request.workflow_id);
}

static void assert_input(const struct start_request *request, const char *expected)
{
    assert_int_equal(request->input_length, strlen(expected));
    assert_memory_equal(request->input, expected, strlen(expected));
}

/* json NULL: there is none of that name. */
static void assert_member(const struct start_request_member *members, size_t count, const char *name, const char *json)
{
    const char *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(members[i].name, name) == 0) {
            assert_null(found);
            found = members[i].json;
        }
    }
    if (json == NULL) {
        assert_null(found);
    } else {
        assert_non_null(found);
        assert_string_equal(found, json);
    }
}

static void the_id_is_prefix_and_template(void **state)
{
    (void)state;
    char id[] = "m-1";
    struct settings_route route = route_with(s_by_message);
    struct start_request request = make(&route, "{}", id);
    assert_string_equal(request.workflow_id, "orders-m-1");
    assert_member(request.memo, request.memo_count, MEMO_MESSAGE, "\"m-1\"");
    assert_member(request.memo, request.memo_count, MEMO_ROUTE, "\"orders\"");
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
    assert_refused(&route, "{}", ENTRY_CLASS_TEMPLATE,
                   "the message has no attribute MessageGroupId, which the route's id needs");
    assert_refused(&route, "{\"Attributes\":{\"MessageGroupId\":\"\"}}", ENTRY_CLASS_TEMPLATE,
                   "the message has no attribute MessageGroupId, which the route's id needs");
    assert_refused(&route, "{\"Attributes\":{\"MessageGroupId\":\"a\\u0000b\"}}", ENTRY_CLASS_TEMPLATE,
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
    assert_refused(&route, "{\"MessageId\":\"m\",\"Body\":\"hello\"}", ENTRY_CLASS_NOT_JSON,
                   "the message's Body is not JSON, which the route's input needs");
    assert_refused(&route, "{\"MessageId\":\"m\",\"Body\":7}", ENTRY_CLASS_NOT_JSON,
                   "the message's Body is not JSON, which the route's input needs");
    assert_refused(&route, "{\"MessageId\":\"m\"}", ENTRY_CLASS_NOT_JSON,
                   "the message has no Body, which the route's input needs");
}

static void a_defect_is_the_reason(void **state)
{
    (void)state;
    struct settings_route route = route_with(s_by_message);
    struct event event = {.defect = "broken"};
    struct start_request request = {0};
    struct error error = {0};
    enum entry_class class = ENTRY_CLASS_TEMPLATE;
    assert_int_equal(start_request_make(&route, &event, &request, &class, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "broken");
    assert_int_equal(class, ENTRY_CLASS_BAD_EVENT);
}

static void each_attempt_has_a_request_id_of_its_own(void **state)
{
    (void)state;
    char first[CRYPTO_UUID_SIZE];
    char after[CRYPTO_UUID_SIZE];
    char again[CRYPTO_UUID_SIZE];
    start_request_id("w", first);
    start_request_id_after("w", "r1", after);
    start_request_id_after("w", "r1", again);
    assert_string_equal(after, again);
    assert_string_not_equal(first, after);
    start_request_id_after("w", "r2", again);
    assert_string_not_equal(after, again);
    start_request_id_after("w:r", "1", after); /* what stands where is no riddle */
    start_request_id_after("w", "r:1", again);
    assert_string_not_equal(after, again);
}

static char s_tenant[] = "tenant";
static char s_total[] = "total";
static char s_attribute[] = "{attributes.tenant}";
static char s_body_total[] = "{body.order.total}";
static char s_body_text[] = "is {body.order.total}";
static char s_ferry[] = "FerryRoute";
static char s_mine[] = "mine";

#define ORDER "{\"MessageId\":\"m\",\"Body\":\"{\\\"order\\\":{\\\"total\\\":1.50,\\\"p\\\":2}}\"," \
              "\"MessageAttributes\":{\"tenant\":{\"DataType\":\"String\",\"StringValue\":\"a\\\"b\"}}}"

static void memo_and_attributes_are_filled_from_the_message(void **state)
{
    (void)state;
    char id[] = "m";
    struct settings_member memo[] = {{s_tenant, s_attribute}, {s_ferry, s_mine}};
    struct settings_member attributes[] = {{s_total, s_body_total}, {s_tenant, s_body_text}};
    struct settings_route route = route_with(s_by_message);
    route.memo = memo;
    route.memo_count = 2;
    route.search_attributes = attributes;
    route.search_attribute_count = 2;
    struct start_request request = make(&route, ORDER, id);
    assert_member(request.memo, request.memo_count, "tenant", "\"a\\\"b\"");
    assert_member(request.memo, request.memo_count, "FerryRoute", "\"orders\""); /* the gateway's own */
    assert_member(request.search_attributes, request.search_attribute_count, "total", "1.50"); /* a number stays one */
    assert_member(request.search_attributes, request.search_attribute_count, "tenant", "\"is 1.50\"");
    start_request_deinit(&request);
    assert_refused(&route, "{\"MessageId\":\"m\"}", ENTRY_CLASS_TEMPLATE,
                   "the message has no message attribute tenant with a text, which the route's memo needs");
}

static void the_memo_names_the_queue(void **state)
{
    (void)state;
    char id[] = "m";
    char queue[] = "http://sqs/1/q";
    struct settings_route route = route_with(s_by_message);
    struct event event = event_with("{}", id);
    struct start_request request = {0};
    enum entry_class class = ENTRY_CLASS_BAD_EVENT;
    event.queue = queue;
    assert_int_equal(start_request_make(&route, &event, &request, &class, NULL), STATUS_OK);
    assert_member(request.memo, request.memo_count, MEMO_QUEUE, "\"http://sqs/1/q\"");
    start_request_deinit(&request);
}

static void the_priority_is_one_to_five(void **state)
{
    (void)state;
    char id[] = "m";
    char priority[] = "{body.order.p}";
    struct settings_route route = route_with(s_by_message);
    route.priority = priority;
    struct start_request request = make(&route, ORDER, id);
    assert_int_equal(request.priority, 2);
    start_request_deinit(&request);
    route.priority = s_body_total;
    assert_refused(&route, ORDER, ENTRY_CLASS_TEMPLATE,
                   "the route's priority becomes a text of 4 bytes that is no number from 1 to 5");
    assert_refused(&route, "{}", ENTRY_CLASS_TEMPLATE,
                   "the message's body has no text, number or boolean at order.total, which the route's priority "
                   "needs");
}

static void a_long_fairness_key_is_hashed(void **state)
{
    (void)state;
    char id[FAIRNESS_KEY_MAX + 2];
    struct settings_route route = route_with(s_by_message);
    route.fairness_key = s_by_message;
    memset(id, 'i', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    struct start_request request = make(&route, "{}", id);
    assert_int_equal(strlen(request.fairness_key), FAIRNESS_KEY_MAX);
    assert_string_not_equal(request.fairness_key, id);
    start_request_deinit(&request);
    id[FAIRNESS_KEY_MAX] = '\0';
    request = make(&route, "{}", id);
    assert_string_equal(request.fairness_key, id);
    start_request_deinit(&request);
}

static void a_signal_has_a_request_id_for_each_message(void **state)
{
    (void)state;
    char first_id[] = "m-1";
    char second_id[] = "m-2";
    char by_group[] = "{MessageGroupId}";
    struct settings_route route = route_with(by_group);
    route.target = SETTINGS_TARGET_SIGNAL;
    struct start_request first = make(&route, "{\"Attributes\":{\"MessageGroupId\":\"g\"}}", first_id);
    struct start_request second = make(&route, "{\"Attributes\":{\"MessageGroupId\":\"g\"}}", second_id);
    assert_string_equal(first.workflow_id, second.workflow_id);
    assert_string_not_equal(first.request_id, second.request_id);
    assert_member(first.memo, first.memo_count, MEMO_MESSAGE, NULL);
    start_request_deinit(&first);
    start_request_deinit(&second);
}

static void the_id_of_a_message_is_known_where_the_template_needs_no_more(void **state)
{
    (void)state;
    struct settings_route route = route_with(s_by_message);
    char *id = start_request_workflow_id_of(&route, "m-1");
    assert_string_equal(id, "orders-m-1");
    free(id);
    route.id = s_by_group;
    assert_null(start_request_workflow_id_of(&route, "m-1"));
}

static struct json_schema *schema_of(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    struct json_schema *schema = NULL;
    struct error error = {0};
    if (json_schema_compile(json, &schema, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    json_decref(json);
    return schema;
}

static void the_schema_sees_the_body_whatever_the_input_is(void **state)
{
    (void)state;
    char id[] = "m";
    struct settings_route route = route_with(s_by_message);
    route.schema = schema_of("true");
    struct start_request request = make(&route, ORDER, id);
    assert_input(&request, ORDER);
    start_request_deinit(&request);
    request = make(&route, "{\"no\":\"SQS message\"}", id);
    start_request_deinit(&request);
    assert_refused(&route, "{\"MessageId\":\"m\",\"Body\":\"hello\"}", ENTRY_CLASS_NOT_JSON,
                   "the message's Body is not JSON, which the route's schema needs");
    json_schema_destroy(route.schema);
    route.schema = schema_of("false");
    enum entry_class class = ENTRY_CLASS_BAD_EVENT;
    struct error error = {0};
    struct event event = event_with("{\"MessageId\":\"m\",\"Body\":\"[\\\"secret\\\"]\"}", id);
    assert_int_equal(start_request_make(&route, &event, &request, &class, &error), STATUS_INVALID_ARGUMENT);
    assert_int_equal(class, ENTRY_CLASS_SCHEMA);
    assert_null(strstr(error.text, "secret"));
    json_schema_destroy(route.schema);
}

static struct start_request make_of(const struct settings_route *route, const struct event *event)
{
    struct start_request request = {0};
    enum entry_class class = ENTRY_CLASS_BAD_EVENT;
    struct error error = {0};
    if (start_request_make(route, event, &request, &class, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return request;
}

static void no_data_is_null_and_bytes_are_bytes(void **state)
{
    (void)state;
    struct settings_route route = route_with(s_by_message);
    char id[] = "m";
    struct event none = {.content = EVENT_CONTENT_NONE, .message_id = id};
    struct event bytes = {.content = EVENT_CONTENT_BYTES, .bytes = "\xff\x00", .bytes_length = 2, .message_id = id};
    struct start_request request = make_of(&route, &none);
    assert_input(&request, "null");
    assert_null(request.input_encoding);
    start_request_deinit(&request);
    request = make_of(&route, &bytes);
    assert_ptr_equal(request.input, bytes.bytes);
    assert_int_equal(request.input_length, 2);
    assert_string_equal(request.input_encoding, "binary/plain");
    start_request_deinit(&request);
}

static void the_whole_event_is_handed_on_as_it_came_or_is_made(void **state)
{
    (void)state;
    struct settings_route route = route_with(s_by_message);
    static const char json[] = "{ \"id\":\"1\", \"data\" : 1.0}";
    static const char attributes[] = "{\"id\":\"1\"}";
    char id[] = "m";
    struct event whole = {.json = {json, sizeof json - 1}, .is_whole = true, .message_id = id,
                          .content = EVENT_CONTENT_NONE};
    struct event binary = {.json = {attributes, sizeof attributes - 1}, .message_id = id, .data = {"1.0", 3}};
    struct event plain = event_with("[1.0]", id);
    route.input = SETTINGS_INPUT_EVENT;
    struct start_request request = make_of(&route, &whole);
    assert_ptr_equal(request.input, json);
    start_request_deinit(&request);
    request = make_of(&route, &binary);
    assert_input(&request, "{\"id\":\"1\",\"data\":1.0}");
    start_request_deinit(&request);
    request = make_of(&route, &plain);
    assert_input(&request, "{\"specversion\":\"1.0\",\"type\":\"ferry.json\",\"datacontenttype\":\"application/json\","
                           "\"source\":\"/v1/routes/orders\",\"id\":\"m\",\"data\":[1.0]}");
    start_request_deinit(&request);
}

static void a_keyed_start_is_named_by_its_body_too(void **state)
{
    (void)state;
    struct settings_route route = route_with(s_by_message);
    char id[] = "key";
    struct event event = event_with("{\"a\":1}", id);
    struct event other = event_with("{\"a\":2}", id);
    event.is_keyed = other.is_keyed = true;
    struct start_request first = make_of(&route, &event);
    struct start_request again = make_of(&route, &event);
    struct start_request second = make_of(&route, &other);
    assert_string_equal(first.workflow_id, second.workflow_id);
    assert_string_equal(first.request_id, again.request_id);
    assert_string_not_equal(first.request_id, second.request_id);
    assert_true(first.is_keyed);
    assert_string_equal(first.memo[2].name, "FerryIdempotencyKey");
    assert_string_equal(first.memo[3].name, "FerryRequestHash");
    assert_string_equal(first.memo[2].json, second.memo[2].json);
    assert_string_not_equal(first.memo[3].json, second.memo[3].json);
    start_request_deinit(&first);
    start_request_deinit(&again);
    start_request_deinit(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_data_is_null_and_bytes_are_bytes),
        cmocka_unit_test(the_whole_event_is_handed_on_as_it_came_or_is_made),
        cmocka_unit_test(a_keyed_start_is_named_by_its_body_too),
        cmocka_unit_test(the_id_is_prefix_and_template),
        cmocka_unit_test(the_request_id_is_a_function_of_the_workflow_id),
        cmocka_unit_test(a_long_id_is_hashed_behind_its_prefix),
        cmocka_unit_test(a_missing_attribute_is_refused),
        cmocka_unit_test(the_input_is_the_message_itself),
        cmocka_unit_test(the_input_is_the_body_where_the_route_says_so),
        cmocka_unit_test(a_body_that_is_no_json_is_refused_where_json_is_needed),
        cmocka_unit_test(a_defect_is_the_reason),
        cmocka_unit_test(each_attempt_has_a_request_id_of_its_own),
        cmocka_unit_test(memo_and_attributes_are_filled_from_the_message),
        cmocka_unit_test(the_memo_names_the_queue),
        cmocka_unit_test(the_priority_is_one_to_five),
        cmocka_unit_test(a_long_fairness_key_is_hashed),
        cmocka_unit_test(a_signal_has_a_request_id_for_each_message),
        cmocka_unit_test(the_id_of_a_message_is_known_where_the_template_needs_no_more),
        cmocka_unit_test(the_schema_sees_the_body_whatever_the_input_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

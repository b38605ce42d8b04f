/* Fuzzes what a request to the gateway goes through before Temporal hears of it: headers and body become events, each
 * event becomes a start, or a message for a queue, and the bodies of /v1/runs/wait and /v1/workflows become requests.
 *
 * The input's first byte chooses the headers and the route; what comes before the first zero byte is the text of the
 * headers, what follows it is the body. Without a zero byte all of it is the body. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/media_type.h"
#include "base/memory.h"
#include "event_data.h"
#include "messages/event.h"
#include "messages/queue_message.h"
#include "messages/start_request.h"
#include "run_list.h"
#include "wait_preference.h"
#include "workflow_request.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define WAIT_MAX_MS 60000

static char s_name[] = "orders";
static char s_id[] = "{MessageId}";
static char s_id_of_all[] = "{MessageGroupId}/{MessageDeduplicationId}/{SequenceNumber}/{MessageId}";
static char s_no_prefix[] = "";
static char s_member[] = "x";
static char s_of_body[] = "{body.a.b}";
static char s_of_attribute[] = "{attributes.a}-{body.a}";
static char s_of_event[] = "{event.type}{event.x}";
static char s_queue[] = "https://sqs.eu-central-1.amazonaws.com/1/q.fifo";
static struct settings_member s_memo[] = {{s_member, s_of_body}};
static struct settings_member s_attributes[] = {{s_member, s_of_attribute}};

static struct settings_route s_routes[] = {
    {.name = s_name, .id_prefix = s_name, .id = s_id, .input = SETTINGS_INPUT_MESSAGE},
    {.name = s_name, .id_prefix = s_no_prefix, .id = s_id, .input = SETTINGS_INPUT_BODY},
    {.name = s_name, .id_prefix = s_name, .id = s_id_of_all, .input = SETTINGS_INPUT_BODY},
    {.name = s_name, .id_prefix = s_no_prefix, .id = s_id_of_all, .input = SETTINGS_INPUT_MESSAGE},
    {.name = s_name, .id_prefix = s_name, .namespace_ = s_member, .id = s_id, .memo = s_memo, .memo_count = 1},
    {.name = s_name, .id_prefix = s_name, .id = s_id, .search_attributes = s_attributes, .search_attribute_count = 1},
    {.name = s_name, .id_prefix = s_name, .id = s_of_body, .priority = s_of_body, .fairness_key = s_of_attribute},
    {.name = s_name, .id_prefix = s_name, .id = s_id, .target = SETTINGS_TARGET_SIGNAL, .fairness_key = s_of_event,
     .input = SETTINGS_INPUT_EVENT},
};

static struct settings_route s_queue_routes[] = {
    {.name = s_name, .target = SETTINGS_TARGET_SQS, .queue = s_queue, .group = s_of_event, .deduplication_id = s_id},
    {.name = s_name, .target = SETTINGS_TARGET_SQS, .queue = s_queue, .group = s_of_body, .input = SETTINGS_INPUT_BODY},
    {.name = s_name, .target = SETTINGS_TARGET_SQS, .queue = s_queue, .group = s_id, .input = SETTINGS_INPUT_EVENT},
};

static const struct settings s_settings = {.routes = s_routes, .route_count = sizeof s_routes / sizeof s_routes[0]};

static bool is_inside(const char *data, size_t length, const char *body, size_t size)
{
    return data >= body && length <= size && data + length <= body + size;
}

static void check_members(const struct start_request_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CHECK(json_scan_value(members[i].json, strlen(members[i].json), NULL));
    }
}

static void check_start(const struct settings_route *route, const struct event *event)
{
    struct start_request request = {0};
    struct start_request again = {0};
    struct error error = {0};
    enum entry_class class = ENTRY_CLASS_BAD_EVENT;
    enum status status = start_request_make(route, event, &request, &class, &error);
    CHECK(status == error.status);
    if (status != STATUS_OK) {
        CHECK(status == STATUS_INVALID_ARGUMENT && error.text[0] != '\0' && request.workflow_id == NULL);
        return;
    }
    CHECK(event->defect == NULL);
    CHECK(request.workflow_id[0] != '\0' && strlen(request.workflow_id) <= WORKFLOW_ID_MAX);
    CHECK(request.input_encoding != NULL || json_scan_value(request.input, request.input_length, NULL));
    CHECK(request.input_encoding == NULL || event->content == EVENT_CONTENT_BYTES);
    check_members(request.memo, request.memo_count);
    check_members(request.search_attributes, request.search_attribute_count);
    CHECK(request.fairness_key == NULL || strlen(request.fairness_key) <= FAIRNESS_KEY_MAX);
    CHECK(request.priority >= 0 && request.priority <= 5);
    CHECK(request.owned_input != NULL || event->content == EVENT_CONTENT_NONE ||
          is_inside(request.input, request.input_length, event->data.data, event->data.length) ||
          is_inside(request.input, request.input_length, event->json.data, event->json.length) ||
          is_inside(request.input, request.input_length, event->bytes, event->bytes_length));
    /* The same message is the same start: rule 1 of the delivery contract. */
    CHECK(start_request_make(route, event, &again, &class, NULL) == STATUS_OK);
    CHECK(strcmp(request.workflow_id, again.workflow_id) == 0);
    CHECK(strcmp(request.request_id, again.request_id) == 0);
    start_request_deinit(&again);
    start_request_deinit(&request);
}

static void check_queue_message(const struct settings_route *route, const struct event *event, const char *traceparent)
{
    struct queue_message message = {0};
    struct error error = {0};
    enum entry_class class = ENTRY_CLASS_BAD_EVENT;
    enum status status = queue_message_make(route, event, traceparent, &message, &class, &error);
    CHECK(status == error.status);
    if (status != STATUS_OK) {
        CHECK(status == STATUS_INVALID_ARGUMENT && error.text[0] != '\0' && message.body == NULL);
        return;
    }
    CHECK(message.body_length > 0 && message.body_length <= QUEUE_MESSAGE_BYTES_MAX);
    CHECK(route->input == SETTINGS_INPUT_MESSAGE || json_scan_value(message.body, message.body_length, NULL));
    CHECK(message.group_id[0] != '\0' && strlen(message.group_id) <= QUEUE_MESSAGE_ID_MAX);
    for (size_t i = 0; i < message.attribute_count; i++) {
        CHECK(message.attributes[i].name[0] != '\0' && message.attributes[i].value_length > 0);
    }
    queue_message_deinit(&message);
}

/* The same event, whatever form it came in. */
static void check_whole(const struct event *event)
{
    size_t length = 0;
    char *whole = event->is_whole ? NULL : event_data_whole(event, "a/b", &length);
    if (whole != NULL) {
        struct event_list list = {0};
        static const struct event_headers headers = {.content_type = "application/cloudevents+json"};
        CHECK(event_list_parse(EVENT_FORM_STRUCTURED, &headers, whole, length, &list, NULL) == STATUS_OK);
        size_t first_length = 0;
        size_t again_length = 0;
        char *first = event_data_copy(event, &first_length);
        char *again = event_data_copy(&list.events[0], &again_length);
        CHECK(first_length == again_length && memcmp(first, again, first_length) == 0);
        free(first);
        free(again);
        event_list_deinit(&list);
    }
    free(whole);
}

static void read_events(const struct settings_route *route, const struct event_headers *headers, const char *body,
                        size_t size)
{
    struct event_list list = {0};
    struct error error = {0};
    enum event_form form = event_form(headers);
    enum status status = event_list_parse(form, headers, body, size, &list, &error);
    CHECK(status == error.status);
    if (status != STATUS_OK) {
        CHECK(list.events == NULL && error.text[0] != '\0');
        return;
    }
    CHECK(list.count > 0 && list.count <= (form == EVENT_FORM_BATCH ? EVENT_BATCH_MAX : 1));
    for (size_t i = 0; i < list.count; i++) {
        const struct event *event = &list.events[i];
        CHECK((event->defect == NULL) == (event->message_id != NULL));
        CHECK(event->after == NULL || (event->defect == NULL && strlen(event->after) <= EVENT_RUN_ID_MAX));
        if (event->defect == NULL) {
            CHECK(event->message_id[0] != '\0' && strlen(event->message_id) <= EVENT_IDENTITY_MAX);
            CHECK(event->data.data == NULL || event->owned_data != NULL ||
                  is_inside(event->data.data, event->data.length, body, size));
            CHECK((event->content == EVENT_CONTENT_JSON || event->content == EVENT_CONTENT_TEXT) ==
                  (event->data.data != NULL));
            check_whole(event);
        }
        check_start(route, event);
        for (size_t j = 0; j < sizeof s_queue_routes / sizeof s_queue_routes[0]; j++) {
            check_queue_message(&s_queue_routes[j], event, headers->idempotency_key);
        }
    }
    event_list_deinit(&list);
}

static void read_others(const char *key, const char *body, size_t size)
{
    struct run_list runs = {0};
    if (run_list_parse(body, size, &s_settings, WAIT_MAX_MS, &runs, NULL) == STATUS_OK) {
        CHECK(runs.count <= RUN_LIST_MAX && runs.wait_ms >= 0 && runs.wait_ms <= WAIT_MAX_MS);
        for (size_t i = 0; i < runs.count; i++) {
            CHECK(runs.runs[i].workflow_id[0] != '\0' && runs.runs[i].first_run_id[0] != '\0');
        }
        run_list_deinit(&runs);
    }
    for (int kind = WORKFLOW_REQUEST_START; kind <= WORKFLOW_REQUEST_UPDATE; kind++) {
        struct workflow_request request = {0};
        if (workflow_request_parse((enum workflow_request_kind)kind, body, size, &request, NULL) == STATUS_OK) {
            CHECK(request.workflow_type[0] != '\0' && request.task_queue[0] != '\0');
            for (size_t i = 0; i < request.input.count; i++) {
                CHECK(is_inside(request.input.payloads[i].data, request.input.payloads[i].length, body, size));
            }
            workflow_request_deinit(&request);
        }
    }
    struct arguments arguments = {0};
    if (arguments_of_body(body, size, true, &arguments, NULL) == STATUS_OK) {
        CHECK(arguments.count <= ARGUMENTS_MAX);
        arguments_deinit(&arguments);
    }
    struct wait_preference wait;
    CHECK(wait_preference_read(key, NULL, WAIT_MAX_MS, &wait, NULL) != STATUS_OK ||
          (wait.wait_ms >= 0 && wait.wait_ms <= WAIT_MAX_MS));
    CHECK(wait_preference_read(NULL, key, WAIT_MAX_MS, &wait, NULL) == STATUS_OK && wait.wait_ms <= WAIT_MAX_MS);
    (void)media_type_is_acceptable(key, "application/json");
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char *const types[] = {"application/cloudevents-batch+json", "application/cloudevents+json",
                                        "text/plain; charset=utf-8", "application/json"};
    if (size == 0) {
        return 0;
    }
    unsigned choice = data[0];
    const unsigned char *zero = memchr(data + 1, '\0', size - 1);
    size_t header_length = zero == NULL ? 0 : (size_t)(zero - data) - 1;
    size_t body_at = zero == NULL ? 1 : header_length + 2;
    char *header = zero == NULL ? NULL : memory_copy(data + 1, header_length);
    size_t body_length = size - body_at;
    char *body = memory_copy(data + body_at, body_length); /* terminated, as HTTP bodies are */
    const char *value = header != NULL ? header : "";
    const struct event_header attributes[] = {
        {"id", value}, {"source", value}, {"type", "t"}, {"x", value}, {value, "y"}, {"specversion", "1.0"},
        {"ferryafter", value}};
    const struct event_headers headers = {
        .content_type = (choice & 0x80u) != 0 ? header : types[choice & 3u],
        .attributes = attributes,
        .attribute_count = (choice & 1u) != 0 ? 0 : sizeof attributes / sizeof attributes[0] - ((choice & 2u) != 0),
        .idempotency_key = (choice & 0x40u) != 0 ? header : NULL,
    };
    read_events(&s_routes[choice >> 3 & 7u], &headers, body, body_length);
    read_others(header, body, body_length);
    free(header);
    free(body);
    return 0;
}

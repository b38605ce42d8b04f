/* The workflow ID from the route's template; the input from the message's own bytes; what goes along with a start. */
#include "messages/start_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "event_data.h"
#include "messages/message_view.h"
#include "schema_check.h"
#include "settings/template.h"

/* "prefix-" if there is a prefix. */
static void append_prefix(const char *prefix, struct buffer *id)
{
    if (*prefix != '\0') {
        CHECK(buffer_append_format(id, "%s-", prefix));
    }
}

static enum status make_workflow_id(const struct settings_route *route, struct message_view *view, char **out_id,
                                    bool *out_is_hashed, struct error *error)
{
    struct buffer id;
    buffer_init(&id, MESSAGE_VIEW_TEXT_MAX);
    append_prefix(route->id_prefix, &id);
    enum status status = message_view_fill(view, route->id, "id", &id, error);
    *out_is_hashed = status == STATUS_OK && id.length > WORKFLOW_ID_MAX;
    if (*out_is_hashed) {
        char hash[CRYPTO_SHA256_HEX_SIZE];
        crypto_sha256_hex(id.data, id.length, hash);
        buffer_clear(&id);
        append_prefix(route->id_prefix, &id);
        CHECK(buffer_append_string(&id, hash));
    }
    if (status == STATUS_OK) {
        *out_id = buffer_take(&id, NULL);
    }
    buffer_deinit(&id);
    return status;
}

char *start_request_workflow_id_of(const struct settings_route *route, const char *message_id)
{
    struct event event = {.message_id = memory_copy_string(message_id)};
    struct message_view view;
    const char *cursor = route->id;
    struct settings_template_part part;
    char *id = NULL;
    bool is_enough = true;
    while (settings_template_next(&cursor, &part)) {
        is_enough = is_enough &&
                    (part.field == SETTINGS_TEMPLATE_TEXT || part.field == SETTINGS_TEMPLATE_MESSAGE_ID);
    }
    message_view_init(&view, &event);
    bool is_hashed = false;
    if (is_enough && make_workflow_id(route, &view, &id, &is_hashed, NULL) != STATUS_OK) {
        id = NULL;
    }
    message_view_deinit(&view);
    free(event.message_id);
    return id;
}

static enum status set_input_to_body(struct message_view *view, struct start_request *request, struct error *error)
{
    struct json_slice json = {0};
    enum status status = message_view_json(view, "input", &json, error);
    if (status == STATUS_OK) {
        request->owned_input = view->owned_body; /* the view goes on borrowing it until the request is made */
        request->input = json.data;
        request->input_length = json.length;
    }
    return status;
}

static enum status set_input_to_event(const struct settings_route *route, const struct event *event,
                                      struct start_request *request, struct error *error)
{
    if (event->is_whole) {
        request->input = event->json.data;
        request->input_length = event->json.length;
        return STATUS_OK;
    }
    request->owned_input = event_data_whole(event, route->name, &request->input_length);
    request->input = request->owned_input;
    return request->input != NULL ? STATUS_OK
                                  : error_set(error, STATUS_INVALID_ARGUMENT, "the message's ID is not valid UTF-8");
}

/* The data as it came: JSON, or the text as a JSON string, or bytes as bytes. */
static void set_input_to_data(const struct event *event, struct start_request *request)
{
    static const char null[] = "null";
    if (event->content == EVENT_CONTENT_BYTES) {
        request->input = event->bytes;
        request->input_length = event->bytes_length;
        request->input_encoding = START_REQUEST_ENCODING_BINARY;
    } else {
        bool is_there = event->content != EVENT_CONTENT_NONE;
        request->input = is_there ? event->data.data : null;
        request->input_length = is_there ? event->data.length : strlen(null);
    }
}

static enum status make_input(const struct settings_route *route, struct message_view *view,
                              struct start_request *request, enum entry_class *out_class, struct error *error)
{
    switch (route->input) {
    case SETTINGS_INPUT_BODY:
        *out_class = ENTRY_CLASS_NOT_JSON;
        return set_input_to_body(view, request, error);
    case SETTINGS_INPUT_EVENT:
        *out_class = ENTRY_CLASS_BAD_EVENT;
        return set_input_to_event(route, view->event, request, error);
    case SETTINGS_INPUT_MESSAGE:
        break;
    }
    set_input_to_data(view->event, request);
    return STATUS_OK;
}

/* A name that is the gateway's own is left to it. */
static bool is_reserved(const struct start_request *request, const char *name)
{
    bool reserved = strcmp(name, MEMO_ATTEMPT) == 0 || strcmp(name, MEMO_QUEUE) == 0;
    for (size_t i = 0; i < request->memo_count; i++) {
        reserved = reserved || strcmp(name, request->memo[i].name) == 0;
    }
    return reserved;
}

static enum status make_memo(const struct settings_route *route, struct message_view *view,
                             struct start_request *request, struct error *error)
{
    const struct event *event = view->event;
    enum status status = STATUS_OK;
    request->memo = memory_alloc_array(route->memo_count + 5, sizeof *request->memo);
    request->memo[request->memo_count++] =
        (struct start_request_member){MEMO_ROUTE, json_quote(route->name, strlen(route->name))};
    if (route->target == SETTINGS_TARGET_WORKFLOW) { /* a run that takes many messages is none of theirs */
        char *id = json_quote(event->message_id, strlen(event->message_id));
        if (id == NULL) { /* a header may hold anything */
            return error_set(error, STATUS_INVALID_ARGUMENT, "the message's ID is not valid UTF-8");
        }
        request->memo[request->memo_count++] = (struct start_request_member){MEMO_MESSAGE, id};
        char *queue = event->queue != NULL ? json_quote(event->queue, strlen(event->queue)) : NULL;
        if (queue != NULL) {
            request->memo[request->memo_count++] = (struct start_request_member){MEMO_QUEUE, queue};
        }
    }
    if (request->is_keyed) {
        request->memo[request->memo_count++] = (struct start_request_member){
            IDEMPOTENCY_MEMO_KEY, memory_copy_string(request->idempotency.key_json)};
        request->memo[request->memo_count++] = (struct start_request_member){
            IDEMPOTENCY_MEMO_HASH, memory_copy_string(request->idempotency.hash_json)};
    }
    for (size_t i = 0; status == STATUS_OK && i < route->memo_count; i++) {
        struct start_request_member *member = &request->memo[request->memo_count];
        if (is_reserved(request, route->memo[i].name)) {
            continue;
        }
        member->name = route->memo[i].name;
        status = message_view_fill_json(view, route->memo[i].value, "memo", &member->json, error);
        request->memo_count += status == STATUS_OK ? 1 : 0;
    }
    return status;
}

static enum status make_search_attributes(const struct settings_route *route, struct message_view *view,
                                          struct start_request *request, struct error *error)
{
    enum status status = STATUS_OK;
    if (route->search_attribute_count == 0) {
        return STATUS_OK;
    }
    request->search_attributes = memory_alloc_array(route->search_attribute_count, sizeof *request->search_attributes);
    for (size_t i = 0; status == STATUS_OK && i < route->search_attribute_count; i++) {
        struct start_request_member *member = &request->search_attributes[i];
        member->name = route->search_attributes[i].name;
        status = message_view_fill_json(view, route->search_attributes[i].value, "search_attributes", &member->json,
                                        error);
        request->search_attribute_count += status == STATUS_OK ? 1 : 0;
    }
    return status;
}

static enum status make_priority(const struct settings_route *route, struct message_view *view,
                                 struct start_request *request, struct error *error)
{
    struct buffer text;
    if (route->priority == NULL) {
        return STATUS_OK;
    }
    buffer_init(&text, MESSAGE_VIEW_TEXT_MAX);
    enum status status = message_view_fill(view, route->priority, "priority", &text, error);
    if (status == STATUS_OK && (text.length != 1 || text.data[0] < '1' || text.data[0] > '5')) {
        status = error_set(error, STATUS_INVALID_ARGUMENT,
                           "the route's priority becomes a text of %zu bytes that is no number from 1 to 5",
                           text.length);
    } else if (status == STATUS_OK) {
        request->priority = text.data[0] - '0';
    }
    buffer_deinit(&text);
    return status;
}

static enum status make_fairness_key(const struct settings_route *route, struct message_view *view,
                                     struct start_request *request, struct error *error)
{
    struct buffer text;
    if (route->fairness_key == NULL) {
        return STATUS_OK;
    }
    buffer_init(&text, MESSAGE_VIEW_TEXT_MAX);
    enum status status = message_view_fill(view, route->fairness_key, "fairness_key", &text, error);
    if (status == STATUS_OK && text.length > FAIRNESS_KEY_MAX) {
        char hash[CRYPTO_SHA256_HEX_SIZE]; /* exactly as long as a key may be */
        crypto_sha256_hex(text.data, text.length, hash);
        buffer_clear(&text);
        CHECK(buffer_append_string(&text, hash));
    }
    if (status == STATUS_OK) {
        request->fairness_key = buffer_take(&text, NULL);
    }
    buffer_deinit(&text);
    return status;
}

static enum status fill(const struct settings_route *route, struct message_view *view, struct start_request *request,
                        enum entry_class *out_class, struct error *error)
{
    enum status status = STATUS_OK;
    *out_class = ENTRY_CLASS_BAD_EVENT;
    if (view->event->defect != NULL) {
        (void)error_set(error, STATUS_INVALID_ARGUMENT, "%s", view->event->defect);
        return STATUS_INVALID_ARGUMENT;
    }
    *out_class = ENTRY_CLASS_TEMPLATE;
    status = make_workflow_id(route, view, &request->workflow_id, &request->is_id_hashed, error);
    if (status == STATUS_OK && view->event->is_keyed && route->target == SETTINGS_TARGET_WORKFLOW) {
        const struct json_slice data = view->event->data;
        request->is_keyed = true;
        idempotency_init(&request->idempotency, request->workflow_id, view->event->message_id, data.data, data.length);
    }
    if (status == STATUS_OK) {
        status = make_memo(route, view, request, error);
    }
    if (status == STATUS_OK) {
        status = make_search_attributes(route, view, request, error);
    }
    if (status == STATUS_OK) {
        status = make_priority(route, view, request, error);
    }
    if (status == STATUS_OK) {
        status = make_fairness_key(route, view, request, error);
    }
    if (status == STATUS_OK) {
        status = make_input(route, view, request, out_class, error);
    }
    if (status == STATUS_OK) {
        status = schema_check(route, view, out_class, error);
    }
    return status;
}

static void make_request_id(const struct settings_route *route, const struct event *event,
                            struct start_request *request)
{
    if (request->is_keyed) { /* another body is another start */
        memcpy(request->request_id, request->idempotency.request_id, sizeof request->request_id);
        return;
    }
    if (route->target == SETTINGS_TARGET_WORKFLOW) {
        start_request_id(request->workflow_id, request->request_id);
        return;
    }
    char *name = memory_format("signal:%zu:%s:%s", strlen(request->workflow_id), request->workflow_id,
                               event->message_id);
    crypto_stable_uuid(name, request->request_id);
    free(name);
}

void start_request_id(const char *workflow_id, char out[CRYPTO_UUID_SIZE])
{
    char *name = memory_format("start:%s", workflow_id);
    crypto_stable_uuid(name, out);
    free(name);
}

void start_request_id_after(const char *workflow_id, const char *run_id, char out[CRYPTO_UUID_SIZE])
{
    char *name = memory_format("after:%zu:%s:%s", strlen(workflow_id), workflow_id, run_id);
    crypto_stable_uuid(name, out);
    free(name);
}

enum status start_request_make(const struct settings_route *route, const struct event *event,
                               struct start_request *out_request, enum entry_class *out_class, struct error *error)
{
    struct start_request request = {0};
    struct message_view view;
    message_view_init(&view, event);
    enum status status = fill(route, &view, &request, out_class, error);
    if (request.owned_input != NULL && request.owned_input == view.owned_body) {
        view.owned_body = NULL; /* it is the request's */
    }
    if (status == STATUS_OK) {
        make_request_id(route, event, &request);
        *out_request = request;
    } else {
        start_request_deinit(&request);
    }
    message_view_deinit(&view);
    return status;
}

static void free_members(struct start_request_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(members[i].json);
    }
    free(members);
}

void start_request_deinit(struct start_request *request)
{
    free(request->workflow_id);
    free(request->owned_input);
    free(request->fairness_key);
    free_members(request->memo, request->memo_count);
    free_members(request->search_attributes, request->search_attribute_count);
    *request = (struct start_request){0};
}

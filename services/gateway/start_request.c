/* The workflow ID from the route's template; the input from the message's own bytes. */
#include "start_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "settings/template.h"

#define TEMPLATE_RESULT_MAX ((size_t)1 << 20) /* bytes before hashing; a message is no longer */

/* free() it. NULL: the message has no such attribute. */
static char *attribute_text(const struct event *event, const char *name)
{
    struct json_slice attributes = json_scan_member(event->data.data, event->data.length, "Attributes");
    size_t length = 0;
    char *text = NULL;
    if (attributes.data != NULL) {
        text = json_scan_string(json_scan_member(attributes.data, attributes.length, name), &length);
    }
    if (text != NULL && (length == 0 || strlen(text) != length)) {
        free(text);
        text = NULL;
    }
    return text;
}

static enum status append_part(const struct settings_template_part *part, const struct event *event,
                               struct buffer *id, struct error *error)
{
    bool fits = false;
    if (part->field == SETTINGS_TEMPLATE_TEXT) {
        fits = buffer_append(id, part->text, part->length);
    } else if (part->field == SETTINGS_TEMPLATE_MESSAGE_ID) {
        fits = buffer_append_string(id, event->message_id);
    } else {
        const char *name = settings_template_field_name(part->field);
        char *text = attribute_text(event, name);
        if (text == NULL) {
            return error_set(error, STATUS_INVALID_ARGUMENT,
                             "the message has no attribute %s, which the route's id needs", name);
        }
        fits = buffer_append_string(id, text);
        free(text);
    }
    if (!fits) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "the route's id becomes longer than %zu bytes",
                         TEMPLATE_RESULT_MAX);
    }
    return STATUS_OK;
}

/* "prefix-" if there is a prefix. */
static void append_prefix(const char *prefix, struct buffer *id)
{
    if (*prefix != '\0') {
        CHECK(buffer_append_format(id, "%s-", prefix));
    }
}

static enum status make_workflow_id(const struct settings_route *route, const struct event *event, char **out_id,
                                    struct error *error)
{
    const char *cursor = route->id;
    struct settings_template_part part;
    struct buffer id;
    enum status status = STATUS_OK;
    buffer_init(&id, TEMPLATE_RESULT_MAX);
    append_prefix(route->id_prefix, &id);
    while (status == STATUS_OK && settings_template_next(&cursor, &part)) {
        status = append_part(&part, event, &id, error);
    }
    if (status == STATUS_OK && id.length > WORKFLOW_ID_MAX) {
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

/* The Body's text where the message has one; data that is no SQS message is its own body. */
static enum status make_body_input(const struct event *event, struct start_request *request, struct error *error)
{
    struct json_slice member = json_scan_member(event->data.data, event->data.length, "Body");
    size_t length = 0;
    if (member.data == NULL) {
        if (json_scan_member(event->data.data, event->data.length, "MessageId").data != NULL) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "the message has no Body, which the route's input needs");
        }
        request->input = event->data.data;
        request->input_length = event->data.length;
        return STATUS_OK;
    }
    char *body = json_scan_string(member, &length);
    struct json_slice value;
    if (body == NULL || !json_scan_value(body, length, &value)) {
        free(body);
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "the message's Body is not JSON, which the route's input needs");
    }
    request->owned_input = body;
    request->input = value.data;
    request->input_length = value.length;
    return STATUS_OK;
}

void start_request_id(const char *workflow_id, char out[CRYPTO_UUID_SIZE])
{
    char *name = memory_format("start:%s", workflow_id);
    crypto_stable_uuid(name, out);
    free(name);
}

enum status start_request_make(const struct settings_route *route, const struct event *event,
                               struct start_request *out_request, struct error *error)
{
    struct start_request request = {.input = event->data.data, .input_length = event->data.length};
    if (event->defect != NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s", event->defect);
    }
    enum status status = make_workflow_id(route, event, &request.workflow_id, error);
    if (status == STATUS_OK && route->input == SETTINGS_INPUT_BODY) {
        status = make_body_input(event, &request, error);
    }
    if (status == STATUS_OK) {
        request.memo_message_id = json_quote(event->message_id, strlen(event->message_id));
        request.memo_route = json_quote(route->name, strlen(route->name));
        if (request.memo_message_id == NULL) { /* a header may hold anything */
            status = error_set(error, STATUS_INVALID_ARGUMENT, "the message's ID is not valid UTF-8");
        }
    }
    if (status != STATUS_OK) {
        start_request_deinit(&request);
        return status;
    }
    start_request_id(request.workflow_id, request.request_id);
    *out_request = request;
    return STATUS_OK;
}

void start_request_deinit(struct start_request *request)
{
    free(request->workflow_id);
    free(request->owned_input);
    free(request->memo_message_id);
    free(request->memo_route);
    *request = (struct start_request){0};
}

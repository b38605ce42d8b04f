/* See hello_request.h. */
#include "hello_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* NULL: not a string, empty, or with a zero byte inside. */
static char *text_member(const char *text, size_t length, const char *name)
{
    size_t value_length = 0;
    char *value = json_scan_string(json_scan_member(text, length, name), &value_length);
    if (value && (value_length == 0 || strlen(value) != value_length)) {
        free(value);
        value = NULL;
    }
    return value;
}

static bool is_literal(struct json_slice value, const char *literal)
{
    return value.data && value.length == strlen(literal) && memcmp(value.data, literal, value.length) == 0;
}

enum status hello_request_read(const char *text, size_t length, struct hello_request *out_request,
                               struct error *error)
{
    struct hello_request *request = out_request;
    request->correlation_id = text_member(text, length, "correlationId");
    request->receipt_handle = text_member(text, length, "sqsReceipt");
    request->queue_url = text_member(text, length, "sqsQueue");
    request->route = text_member(text, length, "route");
    request->request = json_scan_member(text, length, "request");
    if (is_literal(json_scan_member(text, length, "requestIsJson"), "false")) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "the message's body is not JSON");
    }
    if (!request->request.data) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "the activity's input has no member \"request\"");
    }
    if (*request->request.data != '{') {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "the message's body is not a JSON object with a member \"message\"");
    }
    size_t message_length = 0;
    char *message = json_scan_string(json_scan_member(request->request.data, request->request.length, "message"),
                                     &message_length);
    free(message);
    if (message_length == 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "the message's body needs a member \"message\" that is a non-empty string");
    }
    return STATUS_OK;
}

void hello_request_deinit(struct hello_request *request)
{
    memory_wipe_string(request->receipt_handle);
    free(request->correlation_id);
    free(request->receipt_handle);
    free(request->queue_url);
    free(request->route);
    *request = (struct hello_request){0};
}

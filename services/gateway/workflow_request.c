/* See workflow_request.h. */
#include "workflow_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

/* *out stays NULL where there is no such member. */
static enum status read_text(struct json_slice object, const char *name, char **out, struct error *error)
{
    struct json_slice member = json_scan_member(object.data, object.length, name);
    size_t length = 0;
    if (member.data == NULL) {
        return STATUS_OK;
    }
    char *text = json_scan_string(member, &length);
    if (text == NULL || length == 0 || strlen(text) != length) {
        free(text);
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected a text", name);
    }
    *out = text;
    return STATUS_OK;
}

static enum status expect(const char *text, const char *name, struct error *error)
{
    return text != NULL ? STATUS_OK
                        : error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected a text, found none", name);
}

/* The same key for the same workflow type is the same workflow. */
static void name_workflow(struct workflow_request *request, const char *key)
{
    if (request->workflow_id == NULL) {
        char uuid[RANDOM_UUID_SIZE];
        if (key != NULL) {
            char *name = memory_format("workflow:%s:%s", request->workflow_type, key);
            crypto_stable_uuid(name, uuid);
            free(name);
        } else {
            random_uuid(uuid);
        }
        request->workflow_id = memory_format("%s-%s", request->workflow_type, uuid);
    }
    if (key != NULL) {
        char *name = memory_format("key:%s:%s", request->workflow_id, key);
        crypto_stable_uuid(name, request->request_id);
        request->has_key = true;
        free(name);
    }
}

enum status workflow_request_parse(const char *body, size_t length, const char *idempotency_key,
                                   struct workflow_request *out_request, struct error *error)
{
    struct workflow_request request = {0};
    struct json_slice text;
    enum status status = STATUS_OK;
    if (!json_scan_value(body, length, &text)) {
        return error_set(error, STATUS_MALFORMED, "the body is not valid JSON in UTF-8");
    }
    if (text.data[0] != '{') {
        return error_set(error, STATUS_INVALID_ARGUMENT, "expected a JSON object");
    }
    status = read_text(text, "workflowType", &request.workflow_type, error);
    if (status == STATUS_OK) {
        status = read_text(text, "taskQueue", &request.task_queue, error);
    }
    if (status == STATUS_OK) {
        status = read_text(text, "workflowId", &request.workflow_id, error);
    }
    if (status == STATUS_OK) {
        status = expect(request.workflow_type, "workflowType", error);
    }
    if (status == STATUS_OK) {
        status = expect(request.task_queue, "taskQueue", error);
    }
    if (status != STATUS_OK) {
        workflow_request_deinit(&request);
        return status;
    }
    request.input = json_scan_member(text.data, text.length, "input");
    name_workflow(&request, idempotency_key != NULL && *idempotency_key != '\0' ? idempotency_key : NULL);
    *out_request = request;
    return STATUS_OK;
}

void workflow_request_deinit(struct workflow_request *request)
{
    free(request->workflow_type);
    free(request->task_queue);
    free(request->workflow_id);
    *request = (struct workflow_request){0};
}

enum status workflow_request_wait(const char *text, int64_t maximum_ms, int64_t *out_ms, struct error *error)
{
    static const struct {
        const char *unit;
        int64_t factor;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"", 1000}};
    int64_t number = 0;
    size_t digits = text == NULL ? 0 : strspn(text, "0123456789");
    if (text == NULL) {
        *out_ms = 0;
        return STATUS_OK;
    }
    for (size_t i = 0; i < digits && i < 9; i++) {
        number = number * 10 + (text[i] - '0');
    }
    for (size_t i = 0; digits > 0 && digits <= 9 && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text + digits, units[i].unit) == 0 && number * units[i].factor <= maximum_ms) {
            *out_ms = number * units[i].factor;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_INVALID_ARGUMENT, "wait: expected a duration (500ms, 30s, 1m) of at most %lld s",
                     (long long)(maximum_ms / 1000));
}

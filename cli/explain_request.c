/* See explain_request.h. */
#include "explain_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "messages/queue_message.h"
#include "messages/start_request.h"
#include "settings/names.h"

#define BLOB_MAX ((size_t)2 << 20) /* limit.blobSize.error of Temporal, unless it is set otherwise */

void explain_set_text(json_t *object, const char *name, const char *text)
{
    if (text == NULL) {
        return;
    }
    json_t *value = json_string(text);
    if (value == NULL) {
        char *plain = memory_copy_string(text);
        for (char *at = plain; *at != '\0'; at++) {
            *at = (unsigned char)*at < 0x80 ? *at : '?';
        }
        value = json_string(plain);
        free(plain);
    }
    CHECK(json_object_set_new(object, name, value) == 0);
}

static void set_integer(json_t *object, const char *name, int64_t number)
{
    CHECK(json_object_set_new(object, name, json_integer(number)) == 0);
}

static void set_positive(json_t *object, const char *name, int64_t number)
{
    if (number > 0) {
        set_integer(object, name, number);
    }
}

/* JSON text that came from a message: a number beyond what jansson holds stays a text. */
static json_t *value_of(const char *json)
{
    json_t *value = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    return value != NULL ? value : json_string(json);
}

static json_t *members_of(const struct start_request_member *members, size_t count)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        CHECK(json_object_set_new(object, members[i].name, value_of(members[i].json)) == 0);
    }
    return object;
}

static json_t *input_of(const struct settings *settings, const struct settings_route *route,
                        const struct start_request *request)
{
    json_t *input = json_object();
    explain_set_text(input, "kind", settings_input_name(route->input));
    explain_set_text(input, "encoding", request->input_encoding != NULL ? request->input_encoding : "json/plain");
    set_integer(input, "bytes", (int64_t)request->input_length);
    if (settings->temporal.codec_key_count > 0) {
        explain_set_text(input, "encryptedWith", settings->temporal.codec_keys[0].id);
    }
    if (request->input_length > BLOB_MAX) {
        explain_set_text(input, "warning",
                         "longer than 2 MiB: Temporal refuses it unless limit.blobSize.error is set higher, and then "
                         "the message is rejected as too_large");
    }
    return input;
}

/* What starts and signals have in common. */
static json_t *target_of(const struct settings *settings, const struct settings_route *route,
                         const struct start_request *request)
{
    json_t *target = json_object();
    explain_set_text(target, "workflowId", request->workflow_id);
    CHECK(json_object_set_new(target, "workflowIdIsHashed", json_boolean(request->is_id_hashed)) == 0);
    explain_set_text(target, "requestId", request->request_id);
    explain_set_text(target, "workflowType", route->workflow);
    explain_set_text(target, "taskQueue", route->task_queue);
    explain_set_text(target, "namespace",
                     route->namespace_ != NULL ? route->namespace_ : settings->temporal.namespace_);
    CHECK(json_object_set_new(target, "input", input_of(settings, route, request)) == 0);
    CHECK(json_object_set_new(target, "memo", members_of(request->memo, request->memo_count)) == 0);
    if (request->search_attribute_count > 0) {
        json_t *attributes = members_of(request->search_attributes, request->search_attribute_count);
        CHECK(json_object_set_new(target, "searchAttributes", attributes) == 0);
    }
    set_positive(target, "priority", request->priority);
    explain_set_text(target, "fairnessKey", request->fairness_key);
    set_positive(target, "executionTimeoutMs", route->execution_timeout_ms);
    set_positive(target, "runTimeoutMs", route->run_timeout_ms);
    set_positive(target, "taskTimeoutMs", route->task_timeout_ms);
    return target;
}

static void set_start(const struct settings *settings, const struct settings_route *route, const struct event *event,
                      const struct start_request *request, json_t *explanation)
{
    json_t *start = target_of(settings, route, request);
    char request_id[CRYPTO_UUID_SIZE];
    bool is_attempt = event->after != NULL;
    explain_set_text(explanation, "decision", is_attempt ? "attempt" : "start");
    explain_set_text(start, "idReuse", is_attempt ? "failed_only" : "reject");
    explain_set_text(start, "idConflict", "use_existing");
    if (is_attempt) {
        start_request_id_after(request->workflow_id, event->after, request_id);
        explain_set_text(start, "requestId", request_id);
        explain_set_text(start, "after", event->after);
        CHECK(json_object_set_new(start, "countsAnew", json_boolean(event->is_anew)) == 0);
    } else { /* of a further attempt the gateway knows the number once it has asked Temporal */
        set_integer(json_object_get(start, "memo"), MEMO_ATTEMPT, 1);
    }
    CHECK(json_object_set_new(explanation, "start", start) == 0);
}

static void set_signal(const struct settings *settings, const struct settings_route *route,
                       const struct start_request *request, json_t *explanation)
{
    json_t *signal = target_of(settings, route, request);
    explain_set_text(explanation, "decision", "signal");
    explain_set_text(signal, "signal", route->signal);
    explain_set_text(signal, "idReuse", "allow");
    explain_set_text(signal, "idConflict", "use_existing");
    CHECK(json_object_set_new(explanation, "signal", signal) == 0);
}

static void set_send(const struct settings_route *route, const struct queue_message *message, json_t *explanation)
{
    json_t *send = json_object();
    json_t *attributes = json_object();
    explain_set_text(explanation, "decision", "send");
    explain_set_text(send, "queue", route->queue);
    explain_set_text(send, "groupId", message->group_id);
    explain_set_text(send, "deduplicationId", message->deduplication_id);
    if (message->delay_seconds >= 0) {
        set_integer(send, "delaySeconds", message->delay_seconds);
    }
    set_integer(send, "bodyBytes", (int64_t)message->body_length);
    for (size_t i = 0; i < message->attribute_count; i++) {
        explain_set_text(attributes, message->attributes[i].name, message->attributes[i].value);
    }
    CHECK(json_object_set_new(send, "attributes", attributes) == 0);
    CHECK(json_object_set_new(explanation, "send", send) == 0);
}

enum status explain_request(const struct settings *settings, const struct settings_route *route,
                            const struct event *event, json_t *explanation, enum entry_class *out_class,
                            struct error *error)
{
    if (route->target == SETTINGS_TARGET_SQS) {
        struct queue_message message = {0};
        enum status status = queue_message_make(route, event, NULL, &message, out_class, error);
        if (status == STATUS_OK) {
            set_send(route, &message, explanation);
            queue_message_deinit(&message);
        }
        return status;
    }
    struct start_request request = {0};
    enum status status = start_request_make(route, event, &request, out_class, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (route->target == SETTINGS_TARGET_SIGNAL) {
        set_signal(settings, route, &request, explanation);
    } else {
        set_start(settings, route, event, &request, explanation);
    }
    start_request_deinit(&request);
    return STATUS_OK;
}

/* See sqs_request.h. Texts name members, never their values: what was given may be a receipt handle in the wrong
 * place. */
#include "sqs_request.h"

#include <string.h>

#include "aws/sqs_client.h"

static size_t count_member(const json_t *input, const char *name)
{
    return json_object_get(input, name) ? 1 : 0;
}

static enum status check_members(const json_t *input, bool has_visibility, struct error *error)
{
    size_t known = count_member(input, "queueUrl") + count_member(input, "receiptHandle") +
                   (has_visibility ? count_member(input, "visibilityTimeout") : 0);
    if (json_object_size(input) != known) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "the input has a member that is none of queueUrl, receiptHandle%s",
                         has_visibility ? ", visibilityTimeout" : "");
    }
    return STATUS_OK;
}

/* NULL and no error: none is given. */
static enum status read_text(const json_t *input, const char *name, const char **out_text, struct error *error)
{
    const json_t *value = json_object_get(input, name);
    const char *text = json_string_value(value);
    if (value && (!text || *text == '\0' || json_string_length(value) != strlen(text))) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s is not a non-empty string", name);
    }
    *out_text = text;
    return STATUS_OK;
}

static enum status read_handle(const json_t *input, struct sqs_activity_request *request, struct error *error)
{
    enum status status = read_text(input, "receiptHandle", &request->receipt_handle, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (!request->receipt_handle) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "receiptHandle is missing");
    }
    if (strlen(request->receipt_handle) > SQS_REQUEST_HANDLE_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "receiptHandle is longer than %zu bytes",
                         SQS_REQUEST_HANDLE_MAX);
    }
    return STATUS_OK;
}

static enum status read_visibility(const json_t *input, struct sqs_activity_request *request, struct error *error)
{
    const json_t *value = json_object_get(input, "visibilityTimeout");
    json_int_t seconds = json_integer_value(value);
    if (!json_is_integer(value) || seconds < 0 || seconds > SQS_VISIBILITY_SECONDS_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "visibilityTimeout is %s: a whole number of seconds, 0 to %d, is needed",
                         value ? "out of range or no such number" : "missing", SQS_VISIBILITY_SECONDS_MAX);
    }
    request->visibility_timeout = (int)seconds;
    return STATUS_OK;
}

static enum status find_queue(const json_t *input, const struct settings *settings,
                              struct sqs_activity_request *request, struct error *error)
{
    const char *url = NULL;
    enum status status = read_text(input, "queueUrl", &url, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (!url && settings->queue_count != 1) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "queueUrl is missing, and ferry-worker's configuration has %zu queues: it can be left out "
                         "where there is exactly one",
                         settings->queue_count);
    }
    for (size_t i = 0; i < settings->queue_count; i++) {
        if (!url || strcmp(settings->queues[i].url, url) == 0) {
            request->queue_url = settings->queues[i].url;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_PERMISSION_DENIED,
                     "queueUrl is none of the queues of ferry-worker's configuration: add it to `queues` there, "
                     "exactly as it is given here, or set FERRY_QUEUE_URL");
}

enum status sqs_activity_request_read(const json_t *input, bool has_visibility, const struct settings *settings,
                                      struct sqs_activity_request *out_request, struct error *error)
{
    struct sqs_activity_request request = {0};
    if (!json_is_object(input)) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "the input is no JSON object: {\"queueUrl\": …, \"receiptHandle\": …%s}",
                         has_visibility ? ", \"visibilityTimeout\": …" : "");
    }
    enum status status = check_members(input, has_visibility, error);
    if (status == STATUS_OK) {
        status = read_handle(input, &request, error);
    }
    if (status == STATUS_OK && has_visibility) {
        status = read_visibility(input, &request, error);
    }
    if (status == STATUS_OK) {
        status = find_queue(input, settings, &request, error);
    }
    if (status == STATUS_OK) {
        *out_request = request;
    }
    return status;
}

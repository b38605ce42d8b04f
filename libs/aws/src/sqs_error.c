/* Classes of SQS errors, by code, alias and HTTP status. */
#include "sqs_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "error_codes.h"

static const char *const s_missing[] = {"InvalidAddress", "NonExistentQueue", "QueueDoesNotExist", NULL};
static const char *const s_handle[] = {"InvalidIdFormat", "MessageNotInflight", "ReceiptHandleIsInvalid", NULL};
static const char *const s_parameter[] = {"InvalidParameterValue", "InvalidParameterValueException",
                                          "InvalidParameterException", "ValidationError", "ValidationException", NULL};

/* "Value … for parameter ReceiptHandle is invalid", "Message does not exist or is not available for visibility
 * timeout change": but not "Total VisibilityTimeout for the message is beyond the limit". */
static bool speaks_of_handle(const char *text)
{
    return strcasestr(text, "ReceiptHandle") != NULL || strcasestr(text, "receipt handle") != NULL ||
           strcasestr(text, "not available for visibility timeout change") != NULL;
}

/* false: the code says nothing. */
static bool classify_code(const char *code, const char *text, enum sqs_error_class *out)
{
    const char *plain = error_code_plain(code);
    if (error_code_is(ERROR_CODES_THROTTLED, plain)) {
        *out = SQS_ERROR_THROTTLED;
    } else if (error_code_is(ERROR_CODES_TRANSIENT, plain)) {
        *out = SQS_ERROR_TRANSIENT;
    } else if (error_code_is(ERROR_CODES_CLOCK, plain) || error_code_is(ERROR_CODES_EXPIRED, plain) ||
               error_code_is(ERROR_CODES_REFUSED, plain)) {
        *out = SQS_ERROR_CREDENTIALS;
    } else if (error_code_is_one_of(plain, s_missing)) {
        *out = SQS_ERROR_MISSING_QUEUE;
    } else if (error_code_is_one_of(plain, s_handle) ||
               (error_code_is_one_of(plain, s_parameter) && speaks_of_handle(text))) {
        *out = SQS_ERROR_HANDLE;
    } else {
        return false;
    }
    return true;
}

enum sqs_error_class sqs_error_classify(const char *code, const char *alias, const char *text, int http_status)
{
    enum sqs_error_class class;
    if (classify_code(code, text, &class) || classify_code(alias, text, &class)) {
        return class;
    }
    if (http_status == 429) {
        return SQS_ERROR_THROTTLED;
    }
    if (http_status >= 500 || http_status == 408) {
        return SQS_ERROR_TRANSIENT;
    }
    return http_status == 401 || http_status == 403 ? SQS_ERROR_CREDENTIALS : SQS_ERROR_FINAL;
}

void sqs_error_safe_text(enum sqs_error_class class, const char *text, char *out, size_t size)
{
    if (class == SQS_ERROR_HANDLE || speaks_of_handle(text)) {
        text = "the receipt handle was refused";
    }
    int length = (int)strcspn(text, "\r\n");
    (void)snprintf(out, size, "%.*s", length, text); /* cut at the size */
}

const char *sqs_error_class_name(enum sqs_error_class class)
{
    switch (class) {
    case SQS_ERROR_THROTTLED:
        return "throttled";
    case SQS_ERROR_CREDENTIALS:
        return "credentials";
    case SQS_ERROR_MISSING_QUEUE:
        return "missing_queue";
    case SQS_ERROR_HANDLE:
        return "handle";
    case SQS_ERROR_TRANSIENT:
        return "transient";
    case SQS_ERROR_FINAL:
        return "final";
    }
    return "unknown";
}

static enum status status_of(enum sqs_error_class class, const char *code)
{
    switch (class) {
    case SQS_ERROR_THROTTLED:
        return STATUS_RESOURCE_EXHAUSTED;
    case SQS_ERROR_CREDENTIALS:
        return strncmp(error_code_plain(code), "AccessDenied", strlen("AccessDenied")) == 0 ? STATUS_PERMISSION_DENIED
                                                                                      : STATUS_UNAUTHENTICATED;
    case SQS_ERROR_MISSING_QUEUE:
        return STATUS_NOT_FOUND;
    case SQS_ERROR_HANDLE:
        return STATUS_FAILED_PRECONDITION;
    case SQS_ERROR_TRANSIENT:
        return STATUS_UNAVAILABLE;
    case SQS_ERROR_FINAL:
        return STATUS_INVALID_ARGUMENT;
    }
    return STATUS_INTERNAL;
}

/* The text of a member, to free(); NULL: it has none. */
static char *member_text(const struct http_response *response, const char *name)
{
    size_t length = 0;
    struct json_slice value = json_scan_member(response->body, response->body_length, name);
    return value.data == NULL ? NULL : json_scan_string(value, &length);
}

/* "com.amazonaws.sqs#QueueDoesNotExist", "QueueDoesNotExist:http://…": the name alone. */
static void copy_code(const char *type, char out[SQS_CODE_SIZE])
{
    const char *hash = strchr(type, '#');
    const char *start = hash == NULL ? type : hash + 1;
    (void)snprintf(out, SQS_CODE_SIZE, "%.*s", (int)strcspn(start, ":;, "), start);
}

static int64_t parse_digits(const char *text)
{
    int64_t number = 0;
    size_t length = strspn(text, "0123456789");
    if (length == 0 || length > 12 || text[length] != '\0') {
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

static int64_t retry_after_ms(const struct http_response *response)
{
    const char *precise = http_response_header(response, "x-amz-retry-after"); /* ms */
    const char *seconds = http_response_header(response, "retry-after");
    int64_t ms = precise == NULL ? 0 : parse_digits(precise);
    if (ms == 0 && seconds != NULL) {
        ms = parse_digits(seconds) * 1000;
    }
    return ms;
}

static void finish(struct sqs_failure *out)
{
    out->public.code = out->code;
    out->public.alias = out->alias;
}

void sqs_failure_from_response(const char *action, const struct http_response *response, struct sqs_failure *out)
{
    *out = (struct sqs_failure){0};
    char *type = member_text(response, "__type");
    char *message = member_text(response, "message");
    if (message == NULL) {
        message = member_text(response, "Message");
    }
    const char *type_header = http_response_header(response, "x-amzn-errortype");
    const char *alias = http_response_header(response, "x-amzn-query-error");
    if (type != NULL || type_header != NULL) {
        copy_code(type != NULL ? type : type_header, out->code);
    }
    if (alias != NULL) {
        copy_code(alias, out->alias);
    }
    const char *text = message == NULL ? "" : message;
    struct sqs_error *public = &out->public;
    public->class = sqs_error_classify(out->code, out->alias, text, response->status);
    public->http_status = response->status;
    public->retry_after_ms = retry_after_ms(response);
    char safe[256];
    sqs_error_safe_text(public->class, text, safe, sizeof safe);
    (void)error_set(&public->error, status_of(public->class, out->code), "SQS %s: HTTP %d %s%s%s", action,
                    response->status, out->code[0] == '\0' ? "without an error code" : out->code,
                    safe[0] == '\0' ? "" : ": ", safe);
    finish(out);
    free(type);
    free(message);
}

void sqs_failure_from_error(const char *action, const struct error *error, struct sqs_failure *out)
{
    *out = (struct sqs_failure){0};
    out->public.error = *error;
    error_prefix(&out->public.error, "SQS %s: ", action);
    bool is_final = error->status == STATUS_TOO_LARGE || error->status == STATUS_INVALID_ARGUMENT;
    out->public.class = is_final ? SQS_ERROR_FINAL : SQS_ERROR_TRANSIENT;
    finish(out);
}

void sqs_failure_from_credentials(const char *action, const struct error *error, struct sqs_failure *out)
{
    sqs_failure_from_error(action, error, out);
    out->public.class = error->status == STATUS_CANCELED ? SQS_ERROR_TRANSIENT : SQS_ERROR_CREDENTIALS;
}

bool sqs_error_is_clock(const struct sqs_failure *failure)
{
    return error_code_is(ERROR_CODES_CLOCK, failure->code) || error_code_is(ERROR_CODES_CLOCK, failure->alias);
}

bool sqs_error_is_expired(const struct sqs_failure *failure)
{
    return error_code_is(ERROR_CODES_EXPIRED, failure->code) || error_code_is(ERROR_CODES_EXPIRED, failure->alias);
}

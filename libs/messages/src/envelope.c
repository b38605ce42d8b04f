/* See envelope.h. The bytes of what is inside never go through a JSON library: slices are found, and put together. */
#include "envelope.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/check.h"
#include "base/json_scan.h"

struct text {
    char *data; /* NULL: none */
    size_t length;
};

static struct json_slice member(struct text text, const char *name)
{
    return json_scan_member(text.data, text.length, name);
}

static bool is_string(struct json_slice value)
{
    return value.data != NULL && value.data[0] == '"';
}

static bool append_slice(struct buffer *out, const char *before, struct json_slice value)
{
    return buffer_append_string(out, before) && buffer_append(out, value.data, value.length);
}

/* --- attributes --------------------------------------------------------------------------------------------------- */

/* One attribute of SNS's, {"Type": "String", "Value": "…"}, in the shape of SQS. Others are left out. */
static bool append_attribute(struct buffer *out, const char *name, struct json_slice attribute, bool is_first)
{
    struct json_slice type = json_scan_member(attribute.data, attribute.length, "Type");
    struct json_slice value = json_scan_member(attribute.data, attribute.length, "Value");
    char *quoted = json_quote(name, strlen(name));
    CHECK(quoted != NULL); /* jansson read it: UTF-8 */
    bool is_binary = type.length >= 7 && strncmp(type.data, "\"Binary", 7) == 0;
    bool fits = (is_first || buffer_append_string(out, ",")) && buffer_append_string(out, quoted) &&
                append_slice(out, ":{\"DataType\":", type) &&
                append_slice(out, is_binary ? ",\"BinaryValue\":" : ",\"StringValue\":", value) &&
                buffer_append_string(out, "}");
    free(quoted);
    return fits;
}

static bool is_attribute(struct json_slice attribute)
{
    return attribute.data != NULL &&
           is_string(json_scan_member(attribute.data, attribute.length, "Type")) &&
           is_string(json_scan_member(attribute.data, attribute.length, "Value"));
}

/* Of the message itself, without the braces. */
static bool append_own_attributes(struct buffer *out, struct json_slice own, bool *out_has_any)
{
    if (own.data == NULL || own.data[0] != '{') {
        return true;
    }
    const char *start = own.data + 1;
    size_t length = own.length - 2;
    while (length > 0 && strchr(" \t\r\n", *start) != NULL) {
        start++;
        length--;
    }
    *out_has_any = length > 0;
    return buffer_append(out, start, length);
}

static enum status append_sns_attributes(struct buffer *out, struct json_slice theirs, struct json_slice own,
                                         bool has_own, struct error *error)
{
    enum status status = STATUS_OK;
    size_t written = has_own ? 1 : 0;
    const char *name = NULL;
    json_t *value = NULL;
    json_t *names = theirs.data == NULL ? NULL : json_loadb(theirs.data, theirs.length, 0, NULL);
    if (json_object_size(names) > ENVELOPE_ATTRIBUTES_MAX) {
        status = error_set(error, STATUS_MALFORMED, "the SNS envelope has %zu attributes, more than %d",
                           json_object_size(names), ENVELOPE_ATTRIBUTES_MAX);
        goto done;
    }
    json_object_foreach(names, name, value)
    {
        struct json_slice attribute = json_scan_member(theirs.data, theirs.length, name);
        if (!is_attribute(attribute) || json_scan_member(own.data, own.length, name).data != NULL) {
            continue;
        }
        if (!append_attribute(out, name, attribute, written == 0)) {
            status = error_set(error, STATUS_TOO_LARGE, "the message is over the limit of a request");
            goto done;
        }
        written++;
    }
done:
    json_decref(names);
    return status;
}

/* --- what is inside ----------------------------------------------------------------------------------------------- */

struct inside {
    struct json_slice body; /* a JSON string */
    char *quoted;           /* NULL, or what body points to: to be freed */
    struct json_slice attributes;
};

static enum status open_sns(struct text envelope, struct inside *out, struct error *error)
{
    struct json_slice type = member(envelope, "Type");
    struct json_slice body = member(envelope, "Message");
    static const char notification[] = "\"Notification\"";
    if (type.length != sizeof notification - 1 || memcmp(type.data, notification, type.length) != 0 ||
        !is_string(member(envelope, "TopicArn")) || !is_string(body)) {
        return error_set(error, STATUS_MALFORMED,
                         "the body is no SNS notification (JSON with Type \"Notification\", TopicArn and Message); "
                         "does the subscription use raw delivery?");
    }
    out->body = body;
    out->attributes = member(envelope, "MessageAttributes");
    return STATUS_OK;
}

static enum status open_eventbridge(struct text envelope, struct inside *out, struct error *error)
{
    struct json_slice detail = member(envelope, "detail");
    if (detail.data == NULL || detail.data[0] != '{' || !is_string(member(envelope, "detail-type")) ||
        !is_string(member(envelope, "source"))) {
        return error_set(error, STATUS_MALFORMED,
                         "the body is no EventBridge event (JSON with source, detail-type and an object detail)");
    }
    out->quoted = json_quote(detail.data, detail.length);
    CHECK(out->quoted != NULL); /* the scanner has seen to it: UTF-8 */
    out->body = (struct json_slice){out->quoted, strlen(out->quoted)};
    return STATUS_OK;
}

static bool append_kept(struct buffer *out, const struct sqs_message *message, const char *name)
{
    struct json_slice value = json_scan_member(message->json, message->json_length, name);
    return value.data == NULL || (buffer_append_format(out, "\"%s\":", name) &&
                                  buffer_append(out, value.data, value.length) && buffer_append_string(out, ","));
}

static enum status write_message(const struct sqs_message *message, const struct inside *inside, struct buffer *out,
                                 struct error *error)
{
    bool has_own = false;
    struct json_slice own = message->attributes;
    if (!buffer_append_string(out, "{") || !append_kept(out, message, "MessageId") ||
        !append_kept(out, message, "ReceiptHandle") || !append_kept(out, message, "Attributes") ||
        !append_slice(out, "\"Body\":", inside->body) || !buffer_append_string(out, ",\"MessageAttributes\":{") ||
        !append_own_attributes(out, own, &has_own)) {
        return error_set(error, STATUS_TOO_LARGE, "the message is over the limit of a request");
    }
    enum status status = append_sns_attributes(out, inside->attributes, own, has_own, error);
    if (status == STATUS_OK && !buffer_append_string(out, "}}")) {
        status = error_set(error, STATUS_TOO_LARGE, "the message is over the limit of a request");
    }
    return status;
}

enum status envelope_unwrap(enum settings_envelope kind, const struct sqs_message *message, struct buffer *out,
                            struct error *error)
{
    enum status status = STATUS_OK;
    struct inside inside = {0};
    struct text envelope = {0};
    struct buffer text;
    buffer_init(&text, out->maximum - out->length);
    envelope.data = sqs_message_body(message, &envelope.length);
    if (envelope.data == NULL) {
        status = error_set(error, STATUS_MALFORMED, "the message has no body");
        goto done;
    }
    status = kind == SETTINGS_ENVELOPE_SNS ? open_sns(envelope, &inside, error)
                                           : open_eventbridge(envelope, &inside, error);
    if (status != STATUS_OK) {
        goto done;
    }
    status = write_message(message, &inside, &text, error);
    if (status == STATUS_OK) {
        CHECK(buffer_append(out, text.data, text.length)); /* it was limited to what is left */
    }
done:
    buffer_deinit(&text);
    free(inside.quoted);
    free(envelope.data);
    return status;
}

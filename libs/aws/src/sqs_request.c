/* Writing SQS requests. */
#include "sqs_request.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/encode.h"
#include "json_walk.h"

static bool put_bytes(struct buffer *out, const char *text, size_t length)
{
    char *quoted = json_quote(text, length);
    bool is_fine = quoted != NULL && buffer_append_string(out, quoted);
    free(quoted);
    return is_fine;
}

/* before: what stands in front of the string, for example `,"MessageGroupId":`. value NULL: nothing is written. */
static bool put(struct buffer *out, const char *before, const char *value)
{
    return value == NULL || (buffer_append_string(out, before) && put_bytes(out, value, strlen(value)));
}

static bool put_queue(struct buffer *out, const char *queue_url)
{
    return put(out, "{\"QueueUrl\":", queue_url);
}

static bool put_close(struct buffer *out)
{
    return buffer_append(out, "}", 1);
}

bool sqs_request_receive(struct buffer *out, const struct sqs_receive_request *request)
{
    bool is_fine = put_queue(out, request->queue_url) &&
                   buffer_append_format(out, ",\"MaxNumberOfMessages\":%d,\"WaitTimeSeconds\":%d",
                                        request->max_messages, request->wait_seconds);
    if (request->visibility_seconds >= 0) {
        is_fine = is_fine && buffer_append_format(out, ",\"VisibilityTimeout\":%d", request->visibility_seconds);
    }
    /* AttributeNames is the older name of MessageSystemAttributeNames, for servers that do not know the new one. */
    return is_fine && put(out, ",\"ReceiveRequestAttemptId\":", request->attempt_id) &&
           buffer_append_string(out, ",\"MessageSystemAttributeNames\":[\"All\"],\"AttributeNames\":[\"All\"],"
                                     "\"MessageAttributeNames\":[\"All\"]}");
}

bool sqs_request_delete(struct buffer *out, const char *queue_url, const char *receipt_handle)
{
    return put_queue(out, queue_url) && put(out, ",\"ReceiptHandle\":", receipt_handle) && put_close(out);
}

static bool put_visibility(struct buffer *out, const struct sqs_visibility_entry *entry)
{
    return put(out, ",\"ReceiptHandle\":", entry->receipt_handle) &&
           buffer_append_format(out, ",\"VisibilityTimeout\":%d}", entry->visibility_seconds);
}

bool sqs_request_visibility(struct buffer *out, const char *queue_url, const struct sqs_visibility_entry *entry)
{
    return put_queue(out, queue_url) && put_visibility(out, entry);
}

static bool put_message_attribute(struct buffer *out, const struct sqs_message_attribute *attribute)
{
    bool is_binary = strncmp(attribute->type, "Binary", 6) == 0 &&
                     (attribute->type[6] == '\0' || attribute->type[6] == '.');
    bool is_fine = put_bytes(out, attribute->name, strlen(attribute->name)) &&
                   put(out, ":{\"DataType\":", attribute->type) &&
                   buffer_append_string(out, is_binary ? ",\"BinaryValue\":" : ",\"StringValue\":");
    if (is_binary) {
        char *encoded = crypto_base64_encode(attribute->value, attribute->value_length);
        is_fine = is_fine && put_bytes(out, encoded, strlen(encoded));
        free(encoded);
    } else {
        is_fine = is_fine && put_bytes(out, attribute->value, attribute->value_length);
    }
    return is_fine && put_close(out);
}

static bool is_replaced(const struct sqs_send_entry *entry, struct json_slice name)
{
    for (size_t i = 0; i < entry->attribute_count; i++) {
        if (json_walk_text_is(name, entry->attributes[i].name)) {
            return true;
        }
    }
    return false;
}

/* Those that were received, then our own. */
static bool put_message_attributes(struct buffer *out, const struct sqs_send_entry *entry)
{
    static const char s_start[] = ",\"MessageAttributes\":{";
    size_t count = 0;
    bool is_fine = true;
    struct json_walk walk;
    struct json_slice name;
    struct json_slice value;
    if (json_walk_object(entry->attributes_json, &walk)) {
        while (is_fine && json_walk_member(&walk, &name, &value)) {
            if (!is_replaced(entry, name)) {
                is_fine = buffer_append_string(out, count++ == 0 ? s_start : ",") &&
                          buffer_append(out, name.data, name.length) && buffer_append(out, ":", 1) &&
                          buffer_append(out, value.data, value.length);
            }
        }
    }
    for (size_t i = 0; is_fine && i < entry->attribute_count; i++) {
        is_fine = buffer_append_string(out, count++ == 0 ? s_start : ",") &&
                  put_message_attribute(out, &entry->attributes[i]);
    }
    return is_fine && (count == 0 || put_close(out));
}

static bool put_body(struct buffer *out, const struct sqs_send_entry *entry)
{
    return buffer_append_string(out, ",\"MessageBody\":") &&
           (entry->body_json.data != NULL ? buffer_append(out, entry->body_json.data, entry->body_json.length)
                                          : put_bytes(out, entry->body, entry->body_length));
}

static bool put_send(struct buffer *out, const struct sqs_send_entry *entry)
{
    bool is_fine = put_body(out, entry) && put(out, ",\"MessageGroupId\":", entry->group_id) &&
                   put(out, ",\"MessageDeduplicationId\":", entry->deduplication_id);
    if (entry->delay_seconds >= 0) {
        is_fine = is_fine && buffer_append_format(out, ",\"DelaySeconds\":%d", entry->delay_seconds);
    }
    if (entry->trace_header != NULL) {
        is_fine = is_fine &&
                  put(out, ",\"MessageSystemAttributes\":{\"AWSTraceHeader\":{\"DataType\":\"String\",\"StringValue\":",
                      entry->trace_header) &&
                  buffer_append_string(out, "}}");
    }
    return is_fine && put_message_attributes(out, entry) && put_close(out);
}

bool sqs_request_send(struct buffer *out, const char *queue_url, const struct sqs_send_entry *entry)
{
    return put_queue(out, queue_url) && put_send(out, entry);
}

static bool put_entry_start(struct buffer *out, size_t index)
{
    return buffer_append_format(out, "%s{\"Id\":\"%zu\"", index == 0 ? ",\"Entries\":[" : ",", index);
}

bool sqs_request_delete_batch(struct buffer *out, const char *queue_url, const char *const *receipt_handles,
                              size_t count)
{
    bool is_fine = put_queue(out, queue_url);
    for (size_t i = 0; is_fine && i < count; i++) {
        is_fine = put_entry_start(out, i) && put(out, ",\"ReceiptHandle\":", receipt_handles[i]) && put_close(out);
    }
    return is_fine && buffer_append_string(out, "]}");
}

bool sqs_request_visibility_batch(struct buffer *out, const char *queue_url,
                                  const struct sqs_visibility_entry *entries, size_t count)
{
    bool is_fine = put_queue(out, queue_url);
    for (size_t i = 0; is_fine && i < count; i++) {
        is_fine = put_entry_start(out, i) && put_visibility(out, &entries[i]);
    }
    return is_fine && buffer_append_string(out, "]}");
}

bool sqs_request_send_batch(struct buffer *out, const char *queue_url, const struct sqs_send_entry *entries,
                            size_t count)
{
    bool is_fine = put_queue(out, queue_url) && (count > 0 || buffer_append_string(out, ",\"Entries\":["));
    for (size_t i = 0; is_fine && i < count; i++) {
        is_fine = put_entry_start(out, i) && put_send(out, &entries[i]);
    }
    return is_fine && buffer_append_string(out, "]}");
}

bool sqs_request_attributes(struct buffer *out, const char *queue_url)
{
    return put_queue(out, queue_url) && buffer_append_string(out, ",\"AttributeNames\":[\"All\"]}");
}

bool sqs_request_queue_url(struct buffer *out, const char *queue_name)
{
    return put(out, "{\"QueueName\":", queue_name) && put_close(out);
}

bool sqs_request_create(struct buffer *out, const char *queue_name, const struct sqs_queue_attribute *attributes,
                        size_t count)
{
    bool is_fine = put(out, "{\"QueueName\":", queue_name);
    for (size_t i = 0; is_fine && i < count; i++) {
        is_fine = buffer_append_string(out, i == 0 ? ",\"Attributes\":{" : ",") &&
                  put_bytes(out, attributes[i].name, strlen(attributes[i].name)) &&
                  put(out, ":", attributes[i].value);
    }
    return is_fine && (count == 0 || put_close(out)) && put_close(out);
}

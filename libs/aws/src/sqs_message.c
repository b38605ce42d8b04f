/* Messages as they come from ReceiveMessage. One allocation holds a message: the struct, its JSON, its texts. */
#include "sqs_receive_parsed.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "attributes_md5.h"
#include "base/check.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "json_walk.h"

/* The raw values that are of interest. */
struct raw_message {
    struct json_slice message_id;
    struct json_slice receipt_handle;
    struct json_slice body;
    struct json_slice body_md5;
    struct json_slice message_attributes;
    struct json_slice attributes_md5;
    struct json_slice group_id;
    struct json_slice sequence_number;
    struct json_slice deduplication_id;
    struct json_slice trace_header;
    struct json_slice receive_count;
    struct json_slice sent_timestamp;
};

struct wanted {
    const char *name;
    size_t offset; /* in struct raw_message */
};

static const struct wanted s_members[] = {
    {"MessageId", offsetof(struct raw_message, message_id)},
    {"ReceiptHandle", offsetof(struct raw_message, receipt_handle)},
    {"Body", offsetof(struct raw_message, body)},
    {"MD5OfBody", offsetof(struct raw_message, body_md5)},
    {"MessageAttributes", offsetof(struct raw_message, message_attributes)},
    {"MD5OfMessageAttributes", offsetof(struct raw_message, attributes_md5)},
};

static const struct wanted s_attributes[] = {
    {"MessageGroupId", offsetof(struct raw_message, group_id)},
    {"SequenceNumber", offsetof(struct raw_message, sequence_number)},
    {"MessageDeduplicationId", offsetof(struct raw_message, deduplication_id)},
    {"AWSTraceHeader", offsetof(struct raw_message, trace_header)},
    {"ApproximateReceiveCount", offsetof(struct raw_message, receive_count)},
    {"SentTimestamp", offsetof(struct raw_message, sent_timestamp)},
};

/* A name that occurs twice: the last one holds. */
static void keep(struct raw_message *raw, const struct wanted *wanted, size_t count, struct json_slice name,
                 struct json_slice value)
{
    for (size_t i = 0; i < count; i++) {
        if (json_walk_text_is(name, wanted[i].name)) {
            *(struct json_slice *)(void *)((char *)raw + wanted[i].offset) = value;
            return;
        }
    }
}

static struct raw_message read_members(struct json_slice element)
{
    struct raw_message raw = {0};
    struct json_slice attributes = {0};
    struct json_slice name;
    struct json_slice value;
    struct json_walk walk;
    if (!json_walk_object(element, &walk)) {
        return raw;
    }
    while (json_walk_member(&walk, &name, &value)) {
        if (json_walk_text_is(name, "Attributes")) {
            attributes = value;
        } else {
            keep(&raw, s_members, sizeof s_members / sizeof s_members[0], name, value);
        }
    }
    if (json_walk_object(attributes, &walk)) {
        while (json_walk_member(&walk, &name, &value)) {
            keep(&raw, s_attributes, sizeof s_attributes / sizeof s_attributes[0], name, value);
        }
    }
    return raw;
}

/* Unescapes value to *at and moves *at behind the terminator; unescaped text is never longer than the raw one. NULL:
 * not a string, or one that cannot stand in a zero-terminated text. */
static const char *put_text(struct json_slice value, char **at)
{
    if (!json_walk_is_string(value)) {
        return NULL;
    }
    char *text = *at;
    size_t length = value.length - 2;
    if (!json_walk_has_escapes(value)) {
        memcpy(text, value.data + 1, length);
    } else {
        char *plain = json_scan_string(value, &length);
        if (plain == NULL || memchr(plain, '\0', length) != NULL) {
            free(plain);
            return NULL;
        }
        CHECK(length <= value.length - 2);
        memcpy(text, plain, length);
        free(plain);
    }
    text[length] = '\0';
    *at = text + length + 1;
    return text;
}

static bool is_md5_of(const char *text, size_t length, struct json_slice expected)
{
    char digest[CRYPTO_MD5_HEX_SIZE];
    if (crypto_md5_hex(text, length, digest, NULL) != STATUS_OK) {
        return true; /* this machine cannot tell (FIPS) */
    }
    return expected.length == CRYPTO_MD5_HEX_SIZE + 1 &&
           strncasecmp(expected.data + 1, digest, CRYPTO_MD5_HEX_SIZE - 1) == 0;
}

static bool is_body_damaged(const struct raw_message *raw)
{
    if (!json_walk_is_string(raw->body) || !json_walk_is_string(raw->body_md5)) {
        return false;
    }
    if (!json_walk_has_escapes(raw->body)) {
        return !is_md5_of(raw->body.data + 1, raw->body.length - 2, raw->body_md5);
    }
    size_t length = 0;
    char *plain = json_scan_string(raw->body, &length);
    bool is_damaged = plain == NULL || !is_md5_of(plain, length, raw->body_md5);
    free(plain);
    return is_damaged;
}

/* NULL: not a message. */
static struct sqs_message *message_new(struct json_slice element)
{
    struct raw_message raw = read_members(element);
    size_t texts = raw.message_id.length + raw.receipt_handle.length + raw.group_id.length +
                   raw.sequence_number.length + raw.deduplication_id.length + raw.trace_header.length;
    struct sqs_message *message = memory_alloc(sizeof *message + element.length + 1 + texts);
    char *json = (char *)(message + 1);
    char *at = json + element.length + 1;
    memcpy(json, element.data, element.length);
    json[element.length] = '\0';
    message->json = json;
    message->json_length = element.length;
    message->message_id = put_text(raw.message_id, &at);
    message->receipt_handle = put_text(raw.receipt_handle, &at);
    message->group_id = put_text(raw.group_id, &at);
    message->sequence_number = put_text(raw.sequence_number, &at);
    message->deduplication_id = put_text(raw.deduplication_id, &at);
    message->trace_header = put_text(raw.trace_header, &at);
    message->receive_count = json_walk_integer(raw.receive_count);
    message->sent_timestamp_ms = json_walk_integer(raw.sent_timestamp);
    if (json_walk_is_string(raw.body)) {
        message->body = (struct json_slice){json + (raw.body.data - element.data), raw.body.length};
    }
    struct json_walk walk;
    if (json_walk_object(raw.message_attributes, &walk)) {
        message->attributes = (struct json_slice){json + (raw.message_attributes.data - element.data),
                                                  raw.message_attributes.length};
    }
    message->is_damaged = is_body_damaged(&raw) || attributes_md5_differs(raw.message_attributes, raw.attributes_md5);
    bool is_complete = message->message_id != NULL && message->message_id[0] != '\0' &&
                       message->receipt_handle != NULL && message->receipt_handle[0] != '\0';
    if (!is_complete) {
        free(message);
        return NULL;
    }
    return message;
}

char *sqs_message_body(const struct sqs_message *message, size_t *out_length)
{
    return message->body.data == NULL ? NULL : json_scan_string(message->body, out_length);
}

struct sqs_message *sqs_message_from_json(const char *json, size_t length)
{
    struct json_slice element;
    return json_scan_value(json, length, &element) ? message_new(element) : NULL;
}

void sqs_message_destroy(struct sqs_message *message)
{
    free(message);
}

struct sqs_message *sqs_receive_result_take(const struct sqs_receive_result *result, size_t index)
{
    CHECK(index < result->count);
    struct sqs_receive_parsed *parsed =
        (struct sqs_receive_parsed *)((uintptr_t)result - offsetof(struct sqs_receive_parsed, result));
    struct sqs_message *message = parsed->messages[index];
    parsed->messages[index] = NULL;
    return message;
}

enum status sqs_receive_parse(const char *text, size_t length, struct sqs_receive_parsed *out, struct error *error)
{
    struct json_slice top;
    struct json_slice messages = {0};
    struct json_slice name;
    struct json_slice value;
    struct json_walk walk;
    if (!json_scan_value(text, length, &top) || !json_walk_object(top, &walk)) {
        return error_set(error, STATUS_MALFORMED, "the answer of ReceiveMessage is not a JSON object");
    }
    while (json_walk_member(&walk, &name, &value)) {
        if (json_walk_text_is(name, "Messages")) {
            messages = value;
        }
    }
    *out = (struct sqs_receive_parsed){.result = {.messages = out->messages}};
    bool is_none = messages.data == NULL || (messages.length == 4 && messages.data[0] == 'n');
    if (is_none) {
        return STATUS_OK;
    }
    if (!json_walk_array(messages, &walk)) {
        return error_set(error, STATUS_MALFORMED, "\"Messages\" in the answer of ReceiveMessage is not an array");
    }
    while (json_walk_element(&walk, &value)) {
        struct sqs_message *message = message_new(value);
        if (message == NULL) {
            out->result.malformed_count++;
        } else if (out->result.count == SQS_BATCH_MAX) {
            sqs_message_destroy(message);
            sqs_receive_parsed_deinit(out);
            return error_set(error, STATUS_MALFORMED, "the answer of ReceiveMessage holds more than %d messages",
                             SQS_BATCH_MAX);
        } else {
            out->messages[out->result.count++] = message;
        }
    }
    return STATUS_OK;
}

void sqs_receive_parsed_deinit(struct sqs_receive_parsed *parsed)
{
    for (size_t i = 0; i < parsed->result.count; i++) {
        sqs_message_destroy(parsed->messages[i]);
        parsed->messages[i] = NULL;
    }
    parsed->result.count = 0;
}

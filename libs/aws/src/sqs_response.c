/* Reading SQS's answers. */
#include "sqs_response.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "json_walk.h"
#include "sqs_error.h"

static enum status malformed(struct error *error)
{
    return error_set(error, STATUS_MALFORMED, "the answer is not what SQS answers to this call");
}

/* The string of a member, to free(); NULL: there is none. */
static char *text_of(struct json_slice value)
{
    size_t length = 0;
    return json_walk_is_string(value) ? json_scan_string(value, &length) : NULL;
}

enum text_place { TEXT_CODE, TEXT_TEXT, TEXT_MESSAGE_ID, TEXT_SEQUENCE_NUMBER };

struct entry_parts {
    struct json_slice id;
    struct json_slice code;
    struct json_slice message;
    struct json_slice message_id;
    struct json_slice sequence_number;
    bool is_senders_fault;
};

static struct entry_parts read_entry(struct json_slice element)
{
    struct entry_parts parts = {0};
    struct json_slice name;
    struct json_slice value;
    struct json_walk walk;
    if (!json_walk_object(element, &walk)) {
        return parts;
    }
    while (json_walk_member(&walk, &name, &value)) {
        if (json_walk_text_is(name, "Id")) {
            parts.id = value;
        } else if (json_walk_text_is(name, "Code")) {
            parts.code = value;
        } else if (json_walk_text_is(name, "Message")) {
            parts.message = value;
        } else if (json_walk_text_is(name, "MessageId")) {
            parts.message_id = value;
        } else if (json_walk_text_is(name, "SequenceNumber")) {
            parts.sequence_number = value;
        } else if (json_walk_text_is(name, "SenderFault")) {
            parts.is_senders_fault = value.length == 4 && value.data[0] == 't';
        }
    }
    return parts;
}

static void keep_text(struct sqs_batch_parsed *parsed, size_t index, enum text_place place, char *text,
                      const char **out)
{
    free(parsed->texts[index][place]);
    parsed->texts[index][place] = text;
    *out = text == NULL ? "" : text;
}

static void keep_success(struct sqs_batch_parsed *parsed, size_t index, const struct entry_parts *parts)
{
    struct sqs_entry_result *entry = &parsed->entries[index];
    entry->is_ok = true;
    entry->text = "";
    keep_text(parsed, index, TEXT_MESSAGE_ID, text_of(parts->message_id), &entry->message_id);
    keep_text(parsed, index, TEXT_SEQUENCE_NUMBER, text_of(parts->sequence_number), &entry->sequence_number);
}

static void keep_failure(struct sqs_batch_parsed *parsed, size_t index, const struct entry_parts *parts)
{
    struct sqs_entry_result *entry = &parsed->entries[index];
    char *message = text_of(parts->message);
    entry->is_ok = false;
    keep_text(parsed, index, TEXT_CODE, text_of(parts->code), &entry->code);
    entry->class = sqs_error_classify(entry->code, "", message == NULL ? "" : message, 200);
    if (entry->class == SQS_ERROR_FINAL && !parts->is_senders_fault) {
        entry->class = SQS_ERROR_TRANSIENT;
    }
    char *safe = memory_alloc(SQS_ENTRY_TEXT_SIZE);
    sqs_error_safe_text(entry->class, message == NULL ? "" : message, safe, SQS_ENTRY_TEXT_SIZE);
    keep_text(parsed, index, TEXT_TEXT, safe, &entry->text);
    free(message);
}

static void init_entries(struct sqs_batch_parsed *out, size_t count)
{
    *out = (struct sqs_batch_parsed){.result = {.entries = out->entries, .count = count}};
    for (size_t i = 0; i < count; i++) {
        out->entries[i] = (struct sqs_entry_result){.class = SQS_ERROR_TRANSIENT,
                                                    .code = "",
                                                    .text = "SQS did not say what became of it",
                                                    .message_id = "",
                                                    .sequence_number = ""};
    }
}

static void read_entries(struct json_slice list, size_t count, bool is_success, struct sqs_batch_parsed *out)
{
    struct json_walk walk;
    struct json_slice element;
    if (!json_walk_array(list, &walk)) {
        return;
    }
    while (json_walk_element(&walk, &element)) {
        struct entry_parts parts = read_entry(element);
        /* Ours are one digit. */
        bool is_ours = json_walk_is_string(parts.id) && parts.id.length == 3 && parts.id.data[1] >= '0' &&
                       parts.id.data[1] <= '9' && (size_t)(parts.id.data[1] - '0') < count;
        if (is_ours && is_success) {
            keep_success(out, (size_t)(parts.id.data[1] - '0'), &parts);
        } else if (is_ours) {
            keep_failure(out, (size_t)(parts.id.data[1] - '0'), &parts);
        }
    }
}

enum status sqs_batch_parse(const char *text, size_t length, size_t count, struct sqs_batch_parsed *out,
                            struct error *error)
{
    CHECK(count <= SQS_BATCH_MAX);
    struct json_slice top;
    struct json_slice successful = {0};
    struct json_slice failed = {0};
    struct json_slice name;
    struct json_slice value;
    struct json_walk walk;
    if (!json_scan_value(text, length, &top) || !json_walk_object(top, &walk)) {
        return malformed(error);
    }
    while (json_walk_member(&walk, &name, &value)) {
        if (json_walk_text_is(name, "Successful")) {
            successful = value;
        } else if (json_walk_text_is(name, "Failed")) {
            failed = value;
        }
    }
    init_entries(out, count);
    read_entries(successful, count, true, out);
    read_entries(failed, count, false, out);
    return STATUS_OK;
}

void sqs_batch_parsed_deinit(struct sqs_batch_parsed *parsed)
{
    for (size_t i = 0; i < SQS_BATCH_MAX; i++) {
        for (size_t j = 0; j < sizeof parsed->texts[i] / sizeof parsed->texts[i][0]; j++) {
            free(parsed->texts[i][j]);
        }
    }
    *parsed = (struct sqs_batch_parsed){0};
}

enum status sqs_send_parse(const char *text, size_t length, struct sqs_batch_parsed *out, struct error *error)
{
    struct json_slice top;
    if (!json_scan_value(text, length, &top)) {
        return malformed(error);
    }
    struct entry_parts parts = read_entry(top);
    if (!json_walk_is_string(parts.message_id)) {
        return malformed(error);
    }
    init_entries(out, 1);
    keep_success(out, 0, &parts);
    return STATUS_OK;
}

enum status sqs_attributes_parse(const char *text, size_t length, struct sqs_attributes_parsed *out,
                                 struct error *error)
{
    struct json_slice top;
    struct json_slice attributes = {0};
    struct json_slice name;
    struct json_slice value;
    struct json_walk walk;
    if (!json_scan_value(text, length, &top) || !json_walk_object(top, &walk)) {
        return malformed(error);
    }
    while (json_walk_member(&walk, &name, &value)) {
        if (json_walk_text_is(name, "Attributes")) {
            attributes = value;
        }
    }
    *out = (struct sqs_attributes_parsed){.result = {.attributes = out->attributes}};
    if (!json_walk_object(attributes, &walk)) {
        return STATUS_OK; /* no attributes: left out, or null */
    }
    size_t count = 0;
    while (count < SQS_ATTRIBUTES_MAX && json_walk_member(&walk, &name, &value)) {
        char *name_text = text_of(name);
        char *value_text = text_of(value);
        if (name_text == NULL || value_text == NULL) {
            free(name_text);
            free(value_text);
            continue;
        }
        out->texts[count][0] = name_text;
        out->texts[count][1] = value_text;
        out->attributes[count++] = (struct sqs_queue_attribute){.name = name_text, .value = value_text};
    }
    out->result.count = count;
    return STATUS_OK;
}

void sqs_attributes_parsed_deinit(struct sqs_attributes_parsed *parsed)
{
    for (size_t i = 0; i < parsed->result.count; i++) {
        free(parsed->texts[i][0]);
        free(parsed->texts[i][1]);
    }
    *parsed = (struct sqs_attributes_parsed){0};
}

const char *sqs_attributes_get(const struct sqs_attributes_result *result, const char *name)
{
    for (size_t i = 0; i < result->count; i++) {
        if (strcmp(result->attributes[i].name, name) == 0) {
            return result->attributes[i].value;
        }
    }
    return NULL;
}

enum status sqs_queue_url_parse(const char *text, size_t length, char **out_url, struct error *error)
{
    char *url = text_of(json_scan_member(text, length, "QueueUrl"));
    if (url == NULL) {
        return malformed(error);
    }
    *out_url = url;
    return STATUS_OK;
}

enum status sqs_nothing_parse(const char *text, size_t length, struct error *error)
{
    struct json_slice top;
    if (length == 0 || (json_scan_value(text, length, &top) && top.data[0] == '{')) {
        return STATUS_OK;
    }
    return malformed(error);
}

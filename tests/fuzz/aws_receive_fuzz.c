/* Fuzzes the reading of SQS's answers: ReceiveMessage against jansson, the others for their memory alone. Every
 * message must show the very bytes of its element, and the texts that jansson reads there; sent on, it is valid
 * JSON. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "sqs_error.h"
#include "sqs_receive_parsed.h"
#include "sqs_request.h"
#include "sqs_response.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_text(const char *ours, json_t *theirs)
{
    CHECK(ours == NULL || (json_is_string(theirs) && strcmp(ours, json_string_value(theirs)) == 0));
}

static void check_sent_on(const struct sqs_message *message)
{
    const struct sqs_message_attribute own = {"kind", "String", "x", 1};
    const struct sqs_send_entry entry = {.body = "",
                                         .body_json = message->body,
                                         .group_id = message->group_id,
                                         .trace_header = message->trace_header,
                                         .delay_seconds = -1,
                                         .attributes = &own,
                                         .attribute_count = 1,
                                         .attributes_json = message->attributes};
    struct buffer out;
    buffer_init(&out, SQS_REQUEST_MAX);
    if (sqs_request_send(&out, "http://x/1/q", &entry)) {
        CHECK(json_scan_value(out.data, out.length, NULL));
    }
    buffer_deinit(&out);
}

static void check_message(const char *text, size_t size, const struct sqs_message *message)
{
    CHECK(message->json[message->json_length] == '\0');
    CHECK(memmem(text, size, message->json, message->json_length) != NULL);
    CHECK(json_scan_value(message->json, message->json_length, NULL));
    check_sent_on(message);
    json_t *parsed = json_loadb(message->json, message->json_length, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
    if (parsed != NULL) { /* jansson refuses numbers beyond a double, and zero bytes in names */
        check_text(message->message_id, json_object_get(parsed, "MessageId"));
        check_text(message->receipt_handle, json_object_get(parsed, "ReceiptHandle"));
        json_t *attributes = json_object_get(parsed, "Attributes");
        check_text(message->group_id, json_object_get(attributes, "MessageGroupId"));
        check_text(message->sequence_number, json_object_get(attributes, "SequenceNumber"));
        size_t length = 0;
        char *body = sqs_message_body(message, &length);
        json_t *theirs = json_object_get(parsed, "Body");
        CHECK((body != NULL) == json_is_string(theirs));
        CHECK(body == NULL || (length == json_string_length(theirs) &&
                               memcmp(body, json_string_value(theirs), length) == 0));
        free(body);
        json_decref(parsed);
    }
}

static void read_others(const char *text, size_t size)
{
    struct sqs_batch_parsed batch = {0};
    if (sqs_batch_parse(text, size, 3, &batch, NULL) == STATUS_OK) {
        CHECK(batch.result.count == 3);
        sqs_batch_parsed_deinit(&batch);
    }
    if (sqs_send_parse(text, size, &batch, NULL) == STATUS_OK) {
        sqs_batch_parsed_deinit(&batch);
    }
    struct sqs_attributes_parsed attributes = {0};
    if (sqs_attributes_parse(text, size, &attributes, NULL) == STATUS_OK) {
        (void)sqs_attributes_get(&attributes.result, "QueueArn"); /* for its reads */
        sqs_attributes_parsed_deinit(&attributes);
    }
    char *url = NULL;
    if (sqs_queue_url_parse(text, size, &url, NULL) == STATUS_OK) {
        free(url);
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *text = malloc(size + 1); /* zero-terminated, as HTTP bodies are */
    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    struct sqs_receive_parsed parsed = {0};
    if (sqs_receive_parse(text, size, &parsed, NULL) == STATUS_OK) {
        for (size_t i = 0; i < parsed.result.count; i++) {
            check_message(text, size, parsed.result.messages[i]);
        }
        sqs_receive_parsed_deinit(&parsed);
    }
    read_others(text, size);
    const struct http_header headers[] = {{"x-amzn-query-error", text}, {"retry-after", text}};
    const struct http_response response = {
        .status = 400, .body = text, .body_length = size, .headers = headers, .header_count = 2};
    struct sqs_failure failure;
    sqs_failure_from_response("ReceiveMessage", &response, &failure);
    free(text);
    return 0;
}

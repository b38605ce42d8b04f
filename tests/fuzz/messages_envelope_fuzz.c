/* Fuzzes the envelopes of SNS and EventBridge: the input is a message's body. What comes out must be JSON, with the
 * bytes of what was inside. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "envelope.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define OUT_MAX ((size_t)1 << 20)

static bool is_same(char *left, size_t left_length, char *right, size_t right_length)
{
    bool is_same = left != NULL && right != NULL && left_length == right_length &&
                   memcmp(left, right, left_length) == 0;
    free(left);
    free(right);
    return is_same;
}

static void check_body(enum settings_envelope kind, const char *body, size_t size, const struct buffer *out)
{
    struct json_slice outer = json_scan_member(out->data, out->length, "Body");
    struct json_slice inner = json_scan_member(body, size, kind == SETTINGS_ENVELOPE_SNS ? "Message" : "detail");
    size_t outer_length = 0;
    size_t inner_length = inner.length;
    char *outer_text = json_scan_string(outer, &outer_length);
    char *inner_text = kind == SETTINGS_ENVELOPE_SNS ? json_scan_string(inner, &inner_length)
                                                     : memory_copy(inner.data, inner.length);
    CHECK(is_same(outer_text, outer_length, inner_text, inner_length));
}

static void unwrap(enum settings_envelope kind, const char *body, size_t size)
{
    char *quoted = json_quote(body, size);
    struct buffer out;
    struct error error = {0};
    if (quoted == NULL) {
        return; /* not UTF-8: no JSON answer of SQS holds it */
    }
    char *json = memory_format("{\"MessageId\":\"m\",\"Body\":%s,\"MessageAttributes\":{\"a\":{}}}", quoted);
    struct sqs_message message = {.message_id = "m", .json = json, .json_length = strlen(json)};
    message.body = json_scan_member(json, strlen(json), "Body");
    message.attributes = json_scan_member(json, strlen(json), "MessageAttributes");
    buffer_init(&out, OUT_MAX);
    enum status status = envelope_unwrap(kind, &message, &out, &error);
    CHECK(status == error.status);
    if (status == STATUS_OK) {
        CHECK(json_scan_value(out.data, out.length, NULL));
        check_body(kind, body, size, &out);
    } else {
        CHECK(out.length == 0 && (status == STATUS_MALFORMED || status == STATUS_TOO_LARGE));
    }
    buffer_deinit(&out);
    free(json);
    free(quoted);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *body = memory_copy(data, size);
    unwrap(SETTINGS_ENVELOPE_SNS, body, size);
    unwrap(SETTINGS_ENVELOPE_EVENTBRIDGE, body, size);
    free(body);
    return 0;
}

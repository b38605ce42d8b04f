/* helloWorld(message): no Body → "oops!"; else helloWorldActivity({correlationId, request, sqsReceipt}) → "finished!".
 * How the message came, as the gateway notes it in the memo, goes along as "route" and "sqsQueue".
 *
 * The values pass as the bytes they came in: a parser would alter big numbers and refuse what is valid. A Body that is
 * not JSON goes to the activity as text with "requestIsJson": false, since it is the activity that validates. */
#include "hello_world.h"

#include <stdlib.h>
#include <string.h>

#include <temporal/workflow.h>

#include "base/json_scan.h"

/* More than the activity's two waits can take, ten minutes each. A dead worker shows by its missing heartbeat. */
#define START_TO_CLOSE_MS 1800000
#define HEARTBEAT_MS 10000
#define RETRY_MAXIMUM_INTERVAL_MS 60000

/* A copy that goes with the run. */
static struct json_slice keep(struct temporal_workflow *workflow, const char *text, size_t length)
{
    char *copy = temporal_workflow_alloc(workflow, length + 1);
    if (copy) {
        memcpy(copy, text, length);
    }
    return (struct json_slice){.data = copy, .length = copy ? length : 0};
}

/* The JSON that a string value holds as its text: .data NULL: that text is not JSON. */
static struct json_slice parse_body(struct temporal_workflow *workflow, struct json_slice body)
{
    struct json_slice value = {0};
    size_t length = 0;
    char *text = json_scan_string(body, &length);
    if (text && json_scan_value(text, length, &value)) {
        value = keep(workflow, value.data, value.length);
    }
    free(text);
    return value;
}

struct part {
    const char *name;
    struct json_slice value;
};

/* {"name":value, …} without the parts that are not there. */
static struct json_slice build_object(struct temporal_workflow *workflow, const struct part *parts, size_t count)
{
    size_t length = 2;
    for (size_t i = 0; i < count; i++) {
        length += strlen(parts[i].name) + parts[i].value.length + sizeof ",\"\":";
    }
    char *text = temporal_workflow_alloc(workflow, length);
    if (!text) {
        return (struct json_slice){0};
    }
    char *end = text;
    *end++ = '{';
    for (size_t i = 0; i < count; i++) {
        if (!parts[i].value.data) {
            continue;
        }
        size_t name_length = strlen(parts[i].name);
        if (end > text + 1) {
            *end++ = ',';
        }
        *end++ = '"';
        memcpy(end, parts[i].name, name_length);
        end += name_length;
        *end++ = '"';
        *end++ = ':';
        memcpy(end, parts[i].value.data, parts[i].value.length);
        end += parts[i].value.length;
    }
    *end++ = '}';
    return (struct json_slice){.data = text, .length = (size_t)(end - text)};
}

static struct json_slice member_or_null(const struct temporal_payload *input, const char *name)
{
    struct json_slice value = json_scan_member(input->data, input->length, name);
    if (!value.data) {
        value = (struct json_slice){.data = "null", .length = 4};
    }
    return value;
}

/* A JSON string of the memo; .data NULL: there is none. */
static struct json_slice memo_text(struct temporal_workflow *workflow, const char *key)
{
    struct temporal_payload value = {0};
    struct json_slice text = {0};
    if (temporal_workflow_memo_payload(workflow, key, &value) && json_scan_value(value.data, value.length, &text) &&
        *text.data == '"') {
        return text;
    }
    return (struct json_slice){0};
}

static json_t *hello_world(struct temporal_workflow *workflow, const json_t *message)
{
    (void)message; /* read from its bytes */
    struct temporal_payload input = {0};
    struct temporal_payload result = {0};
    bool has_input = temporal_workflow_input_payload(workflow, 0, &input);
    struct json_slice body = has_input ? json_scan_member(input.data, input.length, "Body") : (struct json_slice){0};
    if (!body.data || *body.data != '"') {
        return json_string("oops!");
    }
    struct json_slice request = parse_body(workflow, body);
    bool is_json = request.data != NULL;
    const struct part parts[] = {
        {"correlationId", member_or_null(&input, "MessageId")},
        {"request", is_json ? request : body},
        {"sqsReceipt", member_or_null(&input, "ReceiptHandle")},
        {"requestIsJson", {.data = is_json ? NULL : "false", .length = 5}},
        {"route", memo_text(workflow, "FerryRoute")},
        {"sqsQueue", memo_text(workflow, "FerryQueue")},
    };
    struct json_slice arguments = build_object(workflow, parts, sizeof parts / sizeof parts[0]);
    if (!arguments.data) {
        return temporal_workflow_fail(workflow, "TooLarge", "the message does not fit into the run's memory");
    }
    temporal_workflow_log(workflow, TEMPORAL_LOG_INFO, "helloWorld starts helloWorldActivity", NULL);
    /* Attempts without end: what fails for good is non-retryable, and an outage must not fail runs. */
    if (!temporal_workflow_execute_activity_raw(
            workflow, "helloWorldActivity",
            &(struct temporal_payload){.data = arguments.data, .length = arguments.length},
            &(struct temporal_activity_options){
                .start_to_close_ms = START_TO_CLOSE_MS,
                .heartbeat_ms = HEARTBEAT_MS,
                .retry = {.maximum_interval_ms = RETRY_MAXIMUM_INTERVAL_MS},
            },
            &result)) {
        return NULL;
    }
    return json_string("finished!");
}

void hello_world_register(struct temporal_worker *worker)
{
    temporal_worker_register_workflow(worker, "helloWorld", hello_world);
}

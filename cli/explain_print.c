/* See explain_print.h. A closed terminal is nothing to act on: results of fprintf are not looked at here. */
#include "explain_print.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "time_text.h"

#define TITLE_WIDTH 19 /* the longest, "execution timeout", and two blanks */

static const char *text_of(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

static void title(const char *text, FILE *out)
{
    (void)fprintf(out, "%-*s", TITLE_WIDTH, text);
}

/* Nothing where there is no value. A text as it is, other JSON as JSON. */
static void line(const char *what, const json_t *value, FILE *out)
{
    if (value == NULL) {
        return;
    }
    title(what, out);
    if (json_is_string(value)) {
        output_text(out, json_string_value(value));
    } else {
        char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        output_text(out, json != NULL ? json : "");
        free(json);
    }
    (void)fputc('\n', out);
}

static void member(const json_t *object, const char *name, const char *what, FILE *out)
{
    line(what, json_object_get(object, name), out);
}

/* A member in milliseconds. */
static void duration(const json_t *object, const char *name, const char *what, FILE *out)
{
    char text[TIME_TEXT_SIZE];
    const json_t *value = json_object_get(object, name);
    if (json_is_integer(value)) {
        time_text_duration(json_integer_value(value), text);
        title(what, out);
        (void)fprintf(out, "%s\n", text);
    }
}

static void members(const json_t *object, const char *name, const char *what, FILE *out)
{
    const char *key = NULL;
    const json_t *value = NULL;
    json_t *all = json_object_get(object, name);
    json_object_foreach(all, key, value)
    {
        title(what, out);
        output_text(out, key);
        (void)fputs(" = ", out);
        char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        output_text(out, json != NULL ? json : "");
        free(json);
        (void)fputc('\n', out);
    }
}

static void print_place(const json_t *explanation, FILE *out)
{
    size_t index = 0;
    const json_t *refusal = NULL;
    member(explanation, "messageId", "message", out);
    member(explanation, "queue", "queue", out);
    member(explanation, "envelope", "envelope", out);
    member(explanation, "order", "order", out);
    member(explanation, "lane", "lane", out);
    member(explanation, "sequenceNumber", "sequence number", out);
    json_array_foreach(json_object_get(explanation, "refusedBy"), index, refusal)
    {
        title("not taken by", out);
        output_text(out, text_of(refusal, "route"));
        (void)fputs(": ", out);
        output_text(out, text_of(refusal, "why"));
        (void)fputc('\n', out);
    }
    member(explanation, "route", "route", out);
    member(explanation, "schema", "schema", out);
}

static void print_input(const json_t *input, FILE *out)
{
    const char *key = text_of(input, "encryptedWith");
    if (input == NULL) {
        return;
    }
    title("input", out);
    (void)fprintf(out, "%s, %s, %" JSON_INTEGER_FORMAT " bytes", text_of(input, "kind"), text_of(input, "encoding"),
                  json_integer_value(json_object_get(input, "bytes")));
    if (key != NULL) {
        (void)fputs(", encrypted with the key ", out);
        output_text(out, key);
    }
    (void)fputc('\n', out);
    member(input, "warning", "warning", out);
}

static void print_target(const json_t *target, FILE *out)
{
    bool is_hashed = json_is_true(json_object_get(target, "workflowIdIsHashed"));
    member(target, "signal", "signal", out);
    member(target, "workflowType", "workflow", out);
    member(target, "taskQueue", "task queue", out);
    member(target, "namespace", "namespace", out);
    member(target, "workflowId", is_hashed ? "ID (hashed)" : "ID", out);
    member(target, "requestId", "request ID", out);
    member(target, "after", "after the run", out);
    print_input(json_object_get(target, "input"), out);
    members(target, "memo", "memo", out);
    members(target, "searchAttributes", "search attribute", out);
    member(target, "priority", "priority", out);
    member(target, "fairnessKey", "fairness key", out);
    duration(target, "executionTimeoutMs", "execution timeout", out);
    duration(target, "runTimeoutMs", "run timeout", out);
    duration(target, "taskTimeoutMs", "task timeout", out);
}

static void print_send(const json_t *send, FILE *out)
{
    member(send, "queue", "to", out);
    member(send, "groupId", "group", out);
    member(send, "deduplicationId", "deduplication ID", out);
    member(send, "delaySeconds", "delay (s)", out);
    member(send, "bodyBytes", "body (bytes)", out);
    members(send, "attributes", "attribute", out);
}

static const char *decision_text(const char *decision)
{
    static const char *const texts[][2] = {
        {"start", "a workflow is started, unless one of that ID has been"},
        {"attempt", "a further attempt is started, if that run is the current one and has failed"},
        {"signal", "a workflow is signalled, and started first if none is open"},
        {"send", "a message is sent to a queue"},
        {"rejected", "rejected: it can never be accepted"},
        {"unmatched", "no route takes it"},
        {"returned", "returned to the queue unseen"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(decision, texts[i][0]) == 0) {
            return texts[i][1];
        }
    }
    return decision;
}

void explain_print(const json_t *explanation, FILE *out)
{
    print_place(explanation, out);
    title("decision", out);
    (void)fprintf(out, "%s\n", decision_text(text_of(explanation, "decision")));
    member(explanation, "class", "class", out);
    member(explanation, "reason", "reason", out);
    member(explanation, "then", "then", out);
    print_target(json_object_get(explanation, "start"), out);
    print_target(json_object_get(explanation, "signal"), out);
    print_send(json_object_get(explanation, "send"), out);
    member(explanation, "ack", "ack", out);
    member(explanation, "maxAttempts", "attempts", out);
    member(explanation, "onFailed", "on failed", out);
    member(explanation, "onCanceled", "on canceled", out);
    member(explanation, "deadLetterQueue", "dead letters to", out);
}

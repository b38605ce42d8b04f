/* See routing.h. */
#include "messages/routing.h"

#include <stdlib.h>
#include <string.h>

#include "aws/region.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "envelope.h"
#include "rules/event_pattern.h"

#define UNWRAPPED_MAX ((size_t)32 << 20) /* bytes: 1 MiB of body and attributes, escaped, several times over */

/* "https://sqs.eu-west-1.amazonaws.com/123456789012/orders" → "arn:aws:sqs:eu-west-1:123456789012:orders". */
static char *arn_of(const char *url, const char *region)
{
    const char *name = strrchr(url, '/');
    const char *account = name;
    if (region == NULL || name == NULL) {
        return NULL;
    }
    while (account > url && account[-1] != '/') {
        account--;
    }
    const char *partition = "aws";
    if (strncmp(region, "cn-", 3) == 0) {
        partition = "aws-cn";
    } else if (strncmp(region, "us-gov-", 7) == 0) {
        partition = "aws-us-gov";
    }
    return memory_format("arn:%s:sqs:%s:%.*s:%s", partition, region, (int)(name - account), account, name + 1);
}

void routing_init(struct routing *routing, const struct settings_queue *queue,
                  const struct settings_route *const *routes, size_t count)
{
    *routing = (struct routing){
        .count = count, .envelope = queue->envelope, .dead_letter_queue = queue->dead_letter_queue};
    routing->routes = memory_alloc_array(count, sizeof *routing->routes);
    for (size_t i = 0; i < count; i++) {
        routing->routes[i] = routes[i];
        routing->has_filters = routing->has_filters || routes[i]->pattern != NULL;
    }
    routing->region = aws_region_from_queue_url(queue->url);
    routing->queue_arn = arn_of(queue->url, routing->region);
}

void routing_deinit(struct routing *routing)
{
    free(routing->routes);
    free(routing->queue_arn);
    free(routing->region);
    *routing = (struct routing){0};
}

static json_t *load_member(const char *json, size_t length, const char *name)
{
    struct json_slice value = json_scan_member(json, length, name);
    return value.data == NULL ? NULL : json_loadb(value.data, value.length, JSON_ALLOW_NUL, NULL);
}

/* why NULL: nobody asks. */
static bool takes(const struct settings_route *route, struct event_subject *subject, char *why)
{
    if (route->pattern == NULL) {
        return true;
    }
    return why != NULL ? event_pattern_explain(route->pattern, subject, why)
                       : event_pattern_matches(route->pattern, subject);
}

static size_t first_that_takes(const struct routing *routing, const char *json, size_t length,
                               const char *message_id, char (*why)[EVENT_PATTERN_WHY_SIZE])
{
    size_t line = 0;
    size_t body_length = 0;
    char *body = json_scan_string(json_scan_member(json, length, "Body"), &body_length);
    json_t *message_attributes = load_member(json, length, "MessageAttributes");
    json_t *attributes = load_member(json, length, "Attributes");
    struct event_subject subject = {
        .message_id = message_id,
        .body = body,
        .body_length = body_length,
        .message_attributes = message_attributes,
        .attributes = attributes,
        .event_source_arn = routing->queue_arn,
        .aws_region = routing->region,
    };
    while (line < routing->count && !takes(routing->routes[line], &subject, why != NULL ? why[line] : NULL)) {
        line++;
    }
    event_subject_deinit(&subject);
    json_decref(attributes);
    json_decref(message_attributes);
    free(body);
    return line;
}

static enum status choose(const struct routing *routing, const struct sqs_message *message, size_t *out_line,
                          char (*why)[EVENT_PATTERN_WHY_SIZE], struct error *error)
{
    struct buffer unwrapped;
    enum status status = STATUS_OK;
    if (!routing->has_filters) {
        *out_line = 0;
        return STATUS_OK;
    }
    if (routing->envelope == SETTINGS_ENVELOPE_NONE) {
        *out_line = first_that_takes(routing, message->json, message->json_length, message->message_id,
                                     why);
        return STATUS_OK;
    }
    buffer_init(&unwrapped, UNWRAPPED_MAX);
    *out_line = routing->count;
    status = envelope_unwrap(routing->envelope, message, &unwrapped, error);
    if (status == STATUS_OK) {
        *out_line = first_that_takes(routing, unwrapped.data, unwrapped.length, message->message_id, why);
    }
    buffer_deinit(&unwrapped);
    return status;
}

enum status routing_choose(const struct routing *routing, const struct sqs_message *message, size_t *out_line,
                           struct error *error)
{
    return choose(routing, message, out_line, NULL, error);
}

enum status routing_explain(const struct routing *routing, const struct sqs_message *message, size_t *out_line,
                            char (*out_why)[EVENT_PATTERN_WHY_SIZE], struct error *error)
{
    for (size_t i = 0; i < routing->count; i++) {
        out_why[i][0] = '\0';
    }
    return choose(routing, message, out_line, out_why, error);
}

const char *routing_dead_letter_queue(const struct routing *routing, size_t line)
{
    if (line < routing->count) {
        return routing->routes[line]->dead_letter_queue;
    }
    if (routing->dead_letter_queue != NULL || routing->count > 1) {
        return routing->dead_letter_queue;
    }
    return routing->routes[0]->dead_letter_queue;
}

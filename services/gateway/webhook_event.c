/* See webhook_event.h. */
#include "webhook_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/memory.h"

#define HEADER_MAX ((size_t)255)

void webhook_event_deinit(struct webhook_event *event)
{
    free(event->id);
    free(event->type);
    *event = (struct webhook_event){0};
}

static bool is_text(const char *header)
{
    return header != NULL && *header != '\0' && strlen(header) <= HEADER_MAX;
}

enum status webhook_event_of_github(const char *delivery, const char *kind, struct webhook_event *out_event,
                                    struct error *error)
{
    if (!is_text(delivery) || !is_text(kind)) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "expected the headers X-GitHub-Delivery and X-GitHub-Event, of 1 to %zu bytes", HEADER_MAX);
    }
    *out_event = (struct webhook_event){.id = memory_copy_string(delivery), .type = memory_copy_string(kind)};
    return STATUS_OK;
}

/* A text that is not empty, or a number as it is written; free() it. NULL: neither. */
static char *scalar_text(struct json_slice value)
{
    size_t length = 0;
    if (value.data == NULL || strchr("{[ntf", value.data[0]) != NULL) {
        return NULL;
    }
    if (value.data[0] != '"') {
        return memory_format("%.*s", (int)value.length, value.data);
    }
    char *text = json_scan_string(value, &length);
    if (text != NULL && (length == 0 || strlen(text) != length)) {
        free(text);
        text = NULL;
    }
    return text;
}

enum status webhook_event_of_stripe(const char *body, size_t length, struct webhook_event *out_event,
                                    struct error *error)
{
    static const char *const names[] = {"id", "type"};
    struct json_slice values[2];
    json_scan_members(body, length, names, values, 2);
    struct webhook_event event = {.id = scalar_text(values[0]), .type = scalar_text(values[1])};
    if (event.id == NULL || event.type == NULL) {
        webhook_event_deinit(&event);
        return error_set(error, STATUS_INVALID_ARGUMENT, "expected a JSON object with id and type");
    }
    *out_event = event;
    return STATUS_OK;
}

enum { OBJECT_TYPE, OBJECT_ID, ASPECT_TYPE, EVENT_TIME, SUBSCRIPTION_ID, STRAVA_COUNT };

static enum status strava_event(char *const texts[STRAVA_COUNT], int64_t subscription_id,
                                struct webhook_event *out_event, struct error *error)
{
    char expected[24];
    for (size_t i = 0; i < STRAVA_COUNT; i++) {
        if (texts[i] == NULL) {
            return error_set(error, STATUS_INVALID_ARGUMENT,
                             "expected a JSON object with object_type, object_id, aspect_type, event_time and "
                             "subscription_id");
        }
    }
    (void)snprintf(expected, sizeof expected, "%" PRId64, subscription_id);
    if (subscription_id != 0 && strcmp(texts[SUBSCRIPTION_ID], expected) != 0) {
        return error_set(error, STATUS_UNAUTHENTICATED, "subscription_id is not the route's");
    }
    out_event->id = memory_format("%s-%s-%s-%s", texts[OBJECT_TYPE], texts[OBJECT_ID], texts[ASPECT_TYPE],
                                  texts[EVENT_TIME]);
    out_event->type = memory_format("%s.%s", texts[OBJECT_TYPE], texts[ASPECT_TYPE]);
    return STATUS_OK;
}

enum status webhook_event_of_strava(const char *body, size_t length, int64_t subscription_id,
                                    struct webhook_event *out_event, struct error *error)
{
    static const char *const names[STRAVA_COUNT] = {
        [OBJECT_TYPE] = "object_type", [OBJECT_ID] = "object_id",           [ASPECT_TYPE] = "aspect_type",
        [EVENT_TIME] = "event_time",   [SUBSCRIPTION_ID] = "subscription_id",
    };
    struct json_slice values[STRAVA_COUNT];
    char *texts[STRAVA_COUNT];
    json_scan_members(body, length, names, values, STRAVA_COUNT);
    for (size_t i = 0; i < STRAVA_COUNT; i++) {
        texts[i] = scalar_text(values[i]);
    }
    enum status status = strava_event(texts, subscription_id, out_event, error);
    for (size_t i = 0; i < STRAVA_COUNT; i++) {
        free(texts[i]);
    }
    return status;
}

bool webhook_wants(const struct settings_webhook *webhook, const char *type)
{
    if (webhook->events == NULL) {
        return webhook->kind != SETTINGS_WEBHOOK_GITHUB || strcmp(type, "ping") != 0;
    }
    for (size_t i = 0; i < webhook->event_count; i++) {
        if (strcmp(webhook->events[i], type) == 0) {
            return true;
        }
    }
    return false;
}

/* The data of an event: what it is, by its media type, and what it becomes. Pure. */
#ifndef MESSAGES_SRC_EVENT_DATA_H
#define MESSAGES_SRC_EVENT_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json_scan.h"
#include "messages/event.h"

/* Of an event in JSON form: the raw members; .data NULL: not there. Sets the defect where they are no data. JSON is
 * what the media type says is JSON (none at all says so, too); a string of another type is the text of the data. */
void event_data_of_members(struct event *event, struct json_slice data, struct json_slice base64,
                           struct json_slice content_type);

/* A body: JSON, text (text/…, …/xml, …+xml in UTF-8) or bytes. content_type NULL: bytes. false: the type says JSON, and
 * it is none. */
MUST_CHECK bool event_data_of_bytes(struct event *event, const char *content_type, const char *bytes, size_t length);

/* The data's own bytes, zero-terminated beyond *out_length; free() it. No data: none of them. */
char *event_data_copy(const struct event *event, size_t *out_length);

/* The whole event in CloudEvents' JSON form where event->json is not that already; free() it. Plain JSON becomes an
 * event of the type EVENT_PLAIN_TYPE, whose id is its message ID, and whose source is the route's path. NULL: its
 * message ID is no UTF-8. */
#define EVENT_PLAIN_TYPE "ferry.json"
char *event_data_whole(const struct event *event, const char *route, size_t *out_length);

#endif

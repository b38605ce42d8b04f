/* What a route's templates and checks see of a message: its ID, its attributes, its body as JSON. Pure; reads raw
 * slices of the event's data, so that nothing alters a value on its way. */
#ifndef MESSAGES_MESSAGE_VIEW_H
#define MESSAGES_MESSAGE_VIEW_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json_scan.h"
#include "messages/entry_class.h"
#include "messages/event.h"

#define MESSAGE_VIEW_TEXT_MAX ((size_t)1 << 20) /* bytes that a template becomes; a message is no longer */

/* Caller's storage; the event must outlive it. */
struct message_view {
    const struct event *event;
    bool is_body_read; /* the rest is set */
    bool has_body;
    char *owned_body;       /* the unescaped Body; NULL: the data is its own body, or has none */
    size_t body_length;     /* bytes of it */
    struct json_slice json; /* the body as one JSON value; .data NULL: it is none */
};

void message_view_init(struct message_view *view, const struct event *event);
void message_view_deinit(struct message_view *view);

/* The Body's text where the message has one; data that is no SQS message is its own body. Bytes as they were sent. */
size_t message_view_body_length(struct message_view *view);

/* The body's JSON, borrowed from the view. INVALID_ARGUMENT: there is none ("..., which the route's input needs"). */
MUST_CHECK enum status message_view_json(struct message_view *view, const char *user, struct json_slice *out_json,
                                         struct error *error);

/* Appends what the template becomes to out. INVALID_ARGUMENT: the message lacks a field ("the message has no attribute
 * MessageGroupId, which the route's id needs"), or the text becomes too long. */
MUST_CHECK enum status message_view_fill(struct message_view *view, const char *text, const char *user,
                                         struct buffer *out, struct error *error);

/* The same as a JSON value, free() it: a text, but a template that is nothing but one {body.PATH} keeps a number or a
 * boolean as what it is. */
MUST_CHECK enum status message_view_fill_json(struct message_view *view, const char *text, const char *user,
                                              char **out_json, struct error *error);

#endif

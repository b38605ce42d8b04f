/* Server-sent events as text (WHATWG HTML, section 9.2: "text/event-stream"). Pure. */
#ifndef GATEWAY_EVENT_STREAM_H
#define GATEWAY_EVENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define EVENT_STREAM_TYPE "text/event-stream"

/* One event. id, name: one line; id NULL: the reader keeps the last one's. Each line of data, whatever ends it (LF, CR,
 * CR LF), becomes a line of the event: its reader puts them together again with LF. false: the buffer's maximum. */
MUST_CHECK bool event_stream_append(struct buffer *out, const char *id, const char *name, const char *data,
                                    size_t length);

/* What readers skip, so that nobody between takes the connection for dead. */
#define EVENT_STREAM_HEARTBEAT ":\n\n"

/* Where a reader of a history stands: behind an event of a run. */
struct event_stream_position {
    char *run_id; /* owned; NULL: of the run that the request names */
    int64_t event_id;
};

/* "RUN/7", as an event's id; free() it. */
char *event_stream_position_text(const char *run_id, int64_t event_id);
/* The header Last-Event-ID: "RUN/7", or "7". NULL or "": from the beginning. INVALID_ARGUMENT: neither. */
MUST_CHECK enum status event_stream_position_read(const char *text, struct event_stream_position *out_position,
                                                  struct error *error);

#endif

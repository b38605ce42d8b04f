/* The events request of the gateway and its answer: messages as a CloudEvents batch, one result for each. Pure. */
#ifndef POLLER_EVENTS_H
#define POLLER_EVENTS_H

#include <stdint.h>

#include "answer.h"
#include "base/buffer.h"
#include "base/error.h"
#include "message.h"
#include "settings/settings.h"
#include "verdict.h"

#define EVENTS_CONTENT_TYPE "application/cloudevents-batch+json"
#define EVENTS_BATCH_MAX 32                        /* messages in one request */
#define EVENTS_BATCH_BYTES ((size_t)4 << 20)       /* raw messages in one request; a longer one goes alone */
#define EVENTS_REQUEST_MAX ((size_t)64 << 20)      /* bytes */

/* quoted_source: the queue's URL as a JSON string. Appends one event (and a comma before all but the first); its data
 * is what stands inside the envelope. A message attribute traceparent becomes the event's, too. A message that asks for
 * an attempt carries the run after which it is asked for.
 * INVALID_ARGUMENT: the message's texts are not UTF-8; TOO_LARGE: over out's maximum; MALFORMED: it is not in the
 * envelope. On failure out is unchanged. */
MUST_CHECK enum status events_append(struct buffer *out, const struct message *message,
                                     enum settings_envelope envelope, const char *quoted_source, bool is_first,
                                     struct error *error);
/* The word for such a failure among the gateway's classes of rejected messages. */
const char *events_reject_class(enum status status);

struct event_result {
    enum event_outcome outcome;
    enum run_status status; /* of closed */
    const char *workflow_id; /* the texts: "" when not said */
    const char *run_id;
    const char *first_run_id; /* run_id when not said */
    const char *failure_type;
    const char *failure_message;
    const char *reason;
    const char *reject_class; /* of rejected: one word */
    bool is_non_retryable;    /* of closed: its failure says so */
    bool is_signaled;         /* the signal is durable */
    int64_t attempt;        /* 0: not said */
    int64_t retry_after_ms; /* 0: not said */
};
struct event_results {
    struct answer_texts texts;
    struct event_result *entries;
    size_t count;
};
/* MALFORMED: not JSON, or not one entry with an outcome for each of count events, or a start without its IDs. */
MUST_CHECK enum status event_results_parse(const char *body, size_t length, size_t count,
                                           struct event_results *out_results, struct error *error);
void event_results_deinit(struct event_results *results);

#endif

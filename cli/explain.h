/* What would be done with a message of a queue, or with an event sent to the gateway: decided by the services' own code
 * (libs/messages), and not done. Pure. docs/explain.md describes the members. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <jansson.h>

#include "aws/sqs_message.h"
#include "messages/event.h"
#include "settings/settings.h"

/* "decision" says what follows; "start", "signal" and "send" hold what would be asked for. json_decref() it. */
json_t *explain_message(const struct settings *settings, const struct settings_queue *queue,
                        const struct sqs_message *message);
/* The same for an event at the gateway's /v1/routes/{route}/events. */
json_t *explain_event(const struct settings *settings, const struct settings_route *route, const struct event *event);

#endif

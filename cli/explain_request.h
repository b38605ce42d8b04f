/* An event and its route as what the gateway would ask Temporal or SQS for, as JSON. Pure. */
#ifndef CLI_EXPLAIN_REQUEST_H
#define CLI_EXPLAIN_REQUEST_H

#include <jansson.h>

#include "base/error.h"
#include "messages/entry_class.h"
#include "messages/event.h"
#include "settings/settings.h"

/* Sets "decision" and with it "start", "signal" or "send" in explanation. INVALID_ARGUMENT: the event can never be
 * accepted; the text is the reason, *out_class its kind; explanation is as it was. */
MUST_CHECK enum status explain_request(const struct settings *settings, const struct settings_route *route,
                                       const struct event *event, json_t *explanation, enum entry_class *out_class,
                                       struct error *error);

/* Texts that are not UTF-8 are shown without the bytes that are none; NULL: nothing is set. */
void explain_set_text(json_t *object, const char *name, const char *text);

#endif

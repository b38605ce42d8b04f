/* A message's body against its route's schema. Pure. */
#ifndef MESSAGES_SRC_SCHEMA_CHECK_H
#define MESSAGES_SRC_SCHEMA_CHECK_H

#include "messages/entry_class.h"
#include "messages/message_view.h"
#include "settings/settings.h"

/* A route without a schema takes everything. INVALID_ARGUMENT: the body is no JSON, or not as the schema wants it;
 * *out_class says which. */
MUST_CHECK enum status schema_check(const struct settings_route *route, struct message_view *view,
                                    enum entry_class *out_class, struct error *error);

#endif

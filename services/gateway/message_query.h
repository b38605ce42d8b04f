/* How a message is looked for, given its ID alone. Pure. */
#ifndef GATEWAY_MESSAGE_QUERY_H
#define GATEWAY_MESSAGE_QUERY_H

#include "settings/settings.h"

#define MESSAGE_QUERY_ATTRIBUTE "FerryMessageId"

enum message_query_way {
    MESSAGE_QUERY_BY_ID,        /* the route's ID is a function of the message's */
    MESSAGE_QUERY_BY_ATTRIBUTE, /* the route sets the search attribute */
    MESSAGE_QUERY_IMPOSSIBLE
};

struct message_query {
    enum message_query_way way;
    char *text; /* the workflow ID, or a query for a list; NULL: impossible. free() it */
};

struct message_query message_query_make(const struct settings_route *route, const char *message_id);

#endif

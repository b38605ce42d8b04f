/* See message_query.h. */
#include "message_query.h"

#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "messages/start_request.h"

#define QUERY_MAX ((size_t)1 << 20) /* a path segment of an HTTP request is shorter */

static bool sets_attribute(const struct settings_route *route)
{
    for (size_t i = 0; i < route->search_attribute_count; i++) {
        if (strcmp(route->search_attributes[i].name, MESSAGE_QUERY_ATTRIBUTE) == 0) {
            return true;
        }
    }
    return false;
}

static char *list_query(const char *message_id)
{
    struct buffer query;
    buffer_init(&query, QUERY_MAX);
    CHECK(buffer_append_string(&query, MESSAGE_QUERY_ATTRIBUTE " = '"));
    for (const char *byte = message_id; *byte != '\0'; byte++) {
        CHECK(*byte != '\'' && *byte != '\\' ? buffer_append(&query, byte, 1)
                                             : buffer_append_format(&query, "\\%c", *byte));
    }
    CHECK(buffer_append(&query, "'", 1));
    return buffer_take(&query, NULL);
}

struct message_query message_query_make(const struct settings_route *route, const char *message_id)
{
    if (route->target == SETTINGS_TARGET_WORKFLOW) {
        char *id = start_request_workflow_id_of(route, message_id);
        if (id != NULL) {
            return (struct message_query){.way = MESSAGE_QUERY_BY_ID, .text = id};
        }
        if (sets_attribute(route)) {
            return (struct message_query){.way = MESSAGE_QUERY_BY_ATTRIBUTE, .text = list_query(message_id)};
        }
    }
    return (struct message_query){.way = MESSAGE_QUERY_IMPOSSIBLE};
}

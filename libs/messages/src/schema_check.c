/* See schema_check.h. */
#include "schema_check.h"

#include "rules/json_schema.h"
#include "rules/json_value.h"

enum status schema_check(const struct settings_route *route, struct message_view *view,
                         enum entry_class *out_class, struct error *error)
{
    struct json_slice json;
    json_t *value = NULL;
    struct error why = {0};
    if (route->schema == NULL) {
        return STATUS_OK;
    }
    *out_class = ENTRY_CLASS_NOT_JSON;
    enum status status = message_view_json(view, "schema", &json, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (json_value_parse(json.data, json.length, &value, &why) != STATUS_OK) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "the message's body cannot be held against the schema: %s",
                         why.text);
    }
    if (!json_schema_validate(route->schema, value, &why)) {
        *out_class = ENTRY_CLASS_SCHEMA;
        status = error_set(error, STATUS_INVALID_ARGUMENT,
                           "the message's body is not as the route's schema wants it: %s", why.text);
    }
    json_decref(value);
    return status;
}

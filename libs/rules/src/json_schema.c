/* Compiled schemas: for now the boolean ones. */
#include "rules/json_schema.h"

#include <stdlib.h>

#include "base/memory.h"

struct json_schema {
    bool takes_all;
};

enum status json_schema_compile(const json_t *schema, struct json_schema **out_schema, struct error *error)
{
    if (!json_is_boolean(schema)) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "/: only true and false are supported as schemas");
    }
    struct json_schema *compiled = memory_alloc(sizeof *compiled);
    compiled->takes_all = json_is_true(schema);
    *out_schema = compiled;
    return STATUS_OK;
}

void json_schema_destroy(struct json_schema *schema)
{
    free(schema);
}

bool json_schema_validate(const struct json_schema *schema, const json_t *value, struct error *why)
{
    if (value != NULL && schema->takes_all) {
        return true;
    }
    (void)error_set(why, STATUS_INVALID_ARGUMENT, "/: nothing is allowed here");
    return false;
}

/* A route's JSON Schema on its way into the OpenAPI document: what pointed into its own file must point into the
 * document then. Pure. */
#ifndef GATEWAY_OPENAPI_SCHEMA_H
#define GATEWAY_OPENAPI_SCHEMA_H

#include <jansson.h>

/* schema: one that json_schema_compile has accepted; changed in place. place: the JSON pointer at which it will stand,
 * "#/components/schemas/orders". "#/$defs/item" and "#anchor" become pointers below place; $id and $schema go. */
void openapi_schema_move(json_t *schema, const char *place);

#endif

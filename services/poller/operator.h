/* The operator's hand: routes on the admin port (docs/operating.md). A request comes on the admin server's thread, is
 * checked there and posted to the loop, which owns everything it is about and answers. */
#ifndef POLLER_OPERATOR_H
#define POLLER_OPERATOR_H

#include "base/loop.h"
#include "base/secret.h"
#include "poller.h"
#include "service/service.h"
#include "settings/settings.h"

extern const struct service_api_route operator_routes[];
extern const size_t operator_route_count;

struct operator;

/* All borrowed; they outlive it. Its handlers take it as their user (service_set_api). */
struct operator *operator_new(struct loop *loop, struct poller *poller, const struct settings *settings,
                              struct secret *token); /* NULL: none is configured */
/* After service_set_api(NULL), on the loop's thread, when the loop does not run any more: what was posted is
 * answered. */
void operator_destroy(struct operator *operator); /* NULL is fine */

#endif

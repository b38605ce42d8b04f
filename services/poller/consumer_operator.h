/* What an operator may see and do of one queue. The loop's thread. */
#ifndef POLLER_CONSUMER_OPERATOR_H
#define POLLER_CONSUMER_OPERATOR_H

#include <jansson.h>

#include "base/error.h"
#include "consumer.h"

enum operator_order { OPERATOR_RETRY, OPERATOR_SKIP, OPERATOR_DEAD_LETTER };
const char *operator_order_name(enum operator_order order); /* "retry", "skip", "dead-letter" */

const char *consumer_name(const struct consumer *consumer);

/* {"name", "url", "routes", "paused", "circuits": {route: state}, "inHand": {state: count}, "oldestSeconds"}; the
 * caller's. */
json_t *consumer_describe(const struct consumer *consumer);

/* The lanes, those with the oldest heads first, and messages without a lane that wait for something: at most limit. An
 * array, the caller's. */
json_t *consumer_describe_lanes(const struct consumer *consumer, size_t limit);

/* Paused: nothing is received or forwarded, what is held or rests is handed back, open runs go on and are settled. Not
 * kept over a restart. */
void consumer_set_paused(struct consumer *consumer, bool is_paused);

/* Retry: the next attempt now, counted anew; a message that was never started is forwarded now. Skip: deleted, whatever
 * its run does. Dead letter: sent to the route's queue, then deleted.
 * NOT_FOUND: not in hand. FAILED_PRECONDITION: not in its present state, the text says which. */
MUST_CHECK enum status consumer_order(struct consumer *consumer, const char *message_id, enum operator_order order,
                                      struct error *error);

#endif

/* How many receive calls to have open, and how much to ask for. Pure. Idle: one long poll. While messages flow: one
 * more for each receive that brought some, up to the setting, as long as there is room. */
#ifndef POLLER_RECEIVE_PLAN_H
#define POLLER_RECEIVE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct receive_plan {
    int64_t receives_max;
    int64_t messages_max;
    int64_t bytes_max;
    int64_t wanted;        /* 1 .. receives_max: how many calls the flow justifies */
    int64_t average_bytes; /* of a message, so far */
};

void receive_plan_init(struct receive_plan *plan, int64_t receives_max, int64_t messages_max, int64_t bytes_max);
/* A receive brought this. */
void receive_plan_got(struct receive_plan *plan, size_t messages, size_t bytes);

/* How many messages the next call may ask for (1 .. 10), with this much in hand and open calls that may bring
 * outstanding_messages; 0: no further call now. */
int receive_plan_next(const struct receive_plan *plan, size_t open_calls, size_t outstanding_messages,
                      size_t messages_in_hand, size_t bytes_in_hand);

#endif

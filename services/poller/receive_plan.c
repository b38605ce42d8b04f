/* See receive_plan.h. */
#include "receive_plan.h"

#define RECEIVE_MAX 10

void receive_plan_init(struct receive_plan *plan, int64_t receives_max, int64_t messages_max, int64_t bytes_max)
{
    *plan = (struct receive_plan){.receives_max = receives_max > 0 ? receives_max : 1,
                                  .messages_max = messages_max,
                                  .bytes_max = bytes_max,
                                  .wanted = 1,
                                  .average_bytes = 0};
}

void receive_plan_got(struct receive_plan *plan, size_t messages, size_t bytes)
{
    if (messages == 0) {
        plan->wanted = 1;
        return;
    }
    if (plan->wanted < plan->receives_max) {
        plan->wanted++;
    }
    int64_t average = (int64_t)(bytes / messages);
    plan->average_bytes = plan->average_bytes == 0 ? average : (plan->average_bytes * 7 + average) / 8;
}

/* So many must fit before a call is worth it: a whole receive, rather than one message at a time while the hand is
 * nearly full; but with no call open at most a tenth of the hand, since what fills the rest may run for hours. */
static int64_t least_room(const struct receive_plan *plan, size_t open_calls)
{
    if (plan->messages_max < (int64_t)2 * RECEIVE_MAX) {
        return 1;
    }
    int64_t tenth = plan->messages_max / 10;
    return open_calls > 0 || tenth > RECEIVE_MAX ? RECEIVE_MAX : tenth;
}

int receive_plan_next(const struct receive_plan *plan, size_t open_calls, size_t outstanding_messages,
                      size_t messages_in_hand, size_t bytes_in_hand)
{
    if ((int64_t)open_calls >= plan->wanted) {
        return 0;
    }
    int64_t room = plan->messages_max - (int64_t)messages_in_hand - (int64_t)outstanding_messages;
    int64_t expected_bytes = (int64_t)bytes_in_hand + (int64_t)outstanding_messages * plan->average_bytes;
    int64_t room_bytes = plan->bytes_max - expected_bytes;
    if (room <= 0 || room_bytes <= 0) {
        return 0;
    }
    if (room < least_room(plan, open_calls)) {
        return 0;
    }
    if (plan->average_bytes > 0 && room_bytes / plan->average_bytes < room) {
        room = room_bytes / plan->average_bytes;
    }
    if (room < 1) {
        room = 1; /* bytes are left: one message at least, or a long one would stop everything */
    }
    return room > RECEIVE_MAX ? RECEIVE_MAX : (int)room;
}

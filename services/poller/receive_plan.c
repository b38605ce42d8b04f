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
    if (room < RECEIVE_MAX && plan->messages_max >= (int64_t)2 * RECEIVE_MAX) {
        return 0; /* nearly full: wait until a whole receive fits rather than ask for one message at a time */
    }
    if (plan->average_bytes > 0 && room_bytes / plan->average_bytes < room) {
        room = room_bytes / plan->average_bytes;
    }
    if (room < 1) {
        room = 1; /* bytes are left: one message at least, or a long one would stop everything */
    }
    return room > RECEIVE_MAX ? RECEIVE_MAX : (int)room;
}

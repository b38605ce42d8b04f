/* The messages in hand of one queue: the table by MessageId, the lanes of groups, the lists of what may be forwarded,
 * the leases by deadline. Pure: no I/O, no clock. The loop's thread owns it.
 *
 * In a lane only one message at a time is anything but held, and it is the first one; the next becomes ready when that
 * one is settled. A message that rests between two attempts, or whose dead letter is under way, blocks its lane like a
 * running one. A message that leaves unsettled takes everything behind it along (rule 4: lanes hold no gaps).
 *
 * What is ready is kept in lines, one for each route of the queue, since each route has a circuit and requests of its
 * own; a last line may hold what no route takes. A lane may hold messages of all lines. */
#ifndef POLLER_HAND_H
#define POLLER_HAND_H

#include "base/list.h"
#include "base/map.h"
#include "message.h"

struct lane {
    struct list messages; /* message.in_lane */
    size_t busy;          /* messages that are not held */
    struct message *ready;
    char *group;
};

struct ready_line {
    struct list messages; /* message.in_ready, in the order in which they became ready */
    size_t count;
};

struct hand {
    struct map *messages; /* MessageId -> struct message, one reference each */
    struct map *lanes;    /* MessageGroupId -> struct lane; NULL: no order */
    struct ready_line *lines;
    size_t line_count;
    struct list leases;   /* message.in_leases */
    size_t bytes;         /* raw messages in hand */
    size_t held;          /* counts by state */
    size_t forwarding;
    size_t running;
    size_t resting;
    size_t dead_lettering;
    size_t settling;
};

void hand_init(struct hand *hand, bool is_ordered, size_t line_count);
void hand_deinit(struct hand *hand); /* forgets what is still there */
size_t hand_count(const struct hand *hand);

enum hand_added {
    HAND_NEW,       /* *out_message is new, held */
    HAND_NEWER_COPY, /* *out_message was there and has the newer handle and lease now */
    HAND_OLDER_COPY /* the one there is newer: the delivery was released, *out_message is the one there */
};
/* Takes the delivery. line: of a new message; one that is there keeps its own. */
enum hand_added hand_add(struct hand *hand, struct sqs_message *delivery,
                         void (*release)(struct sqs_message *delivery), const struct lease *lease, size_t line,
                         struct message **out_message);
/* A message that has left (gone) comes in again as it is, held; its ID must not be there. Takes the reference. */
void hand_take_back(struct hand *hand, struct message *take_message);
struct message *hand_find(const struct hand *hand, const char *message_id); /* NULL: not there */

/* The first of the line that is ready and whose not_before_ms has come; NULL: none. Changes nothing. */
struct message *hand_first_ready(const struct hand *hand, size_t line, int64_t now_ms);
/* The earliest not_before_ms later than now_ms of what is ready; INT64_MAX: none. */
int64_t hand_next_ready_ms(const struct hand *hand, size_t line, int64_t now_ms);
/* The first that is ready and was not tried in this opening of the line's circuit; NULL: none. */
struct message *hand_first_untried(const struct hand *hand, size_t line, uint64_t opening);
/* Held, and it may be forwarded as far as its lane goes. */
bool hand_is_ready(const struct message *message);

void hand_forward(struct hand *hand, struct message *message);  /* ready -> forwarding */
void hand_put_back(struct hand *hand, struct message *message); /* forwarding -> held, behind all that is ready */
void hand_run(struct hand *hand, struct message *message);      /* forwarding -> running */
/* ready, forwarding, running or dead-lettering -> resting */
void hand_rest(struct hand *hand, struct message *message);
void hand_wake(struct hand *hand, struct message *message);     /* resting -> held, behind all that is ready */
void hand_dead_letter(struct hand *hand, struct message *message); /* resting -> dead-lettering */
/* -> settling, from all but settling and gone; a held one must be ready. is_completed: the chain is Completed, which is
 * settled whatever the delete answers: the next of its lane becomes ready at once. */
void hand_settle(struct hand *hand, struct message *message, bool is_completed);
/* Settling, or running and settled by somebody else: leaves hand; the next of its lane becomes ready. */
void hand_remove_settled(struct hand *hand, struct message *message);

/* The message leaves unsettled, and with it what is behind it in its lane, except what is settling. Each is appended
 * to out (message.in_work), the table's reference with it: highest SequenceNumber first at visibility 0, the message
 * itself last, with seconds (LEAVE_AS_IS: no call). Those whose lease has lapsed at now_ms (boot time) leave as is. */
void hand_leave(struct hand *hand, struct message *message, int seconds, const char *reason, int64_t now_ms,
                struct list *out);
/* Shutdown, or a pause: all that is held or resting leaves at visibility 0, highest SequenceNumber first over all
 * lanes. */
void hand_leave_held(struct hand *hand, const char *reason, int64_t now_ms, struct list *out);

/* After a change of message->lease. */
void hand_lease_changed(struct hand *hand, struct message *message);
struct message *hand_first_lease(const struct hand *hand);                                    /* NULL: none */
struct message *hand_next_lease(const struct hand *hand, const struct message *message);      /* NULL: end */

#endif

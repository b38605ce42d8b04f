/* The commands of a run in the order in which its code issued them. A command stays here until its event is seen:
 * first unsent, then (answered to the server, or passed in replay) sent. Events meet commands first in, first out.
 * One owner: the run. */
#ifndef TEMPORAL_COMMAND_QUEUE_H
#define TEMPORAL_COMMAND_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include <temporal/api/command/v1/message.pb-c.h>
#include <temporal/api/history/v1/message.pb-c.h>

#include "base/list.h"

struct temporal_future;

struct command {
    struct list link;
    Pb__CommandType type;
    struct temporal_future *future; /* borrowed; NULL for a terminal command */
    Pb__Command *message;           /* owned; NULL once it was moved into a completion */
    bool is_sent;
};

struct command_queue {
    struct list commands;
};

void command_queue_init(struct command_queue *queue);
void command_queue_deinit(struct command_queue *queue);
/* Takes message. */
void command_queue_add(struct command_queue *queue, Pb__Command *message, struct temporal_future *future);
/* Takes the unsent command of that future out: it was cancelled before anybody saw it. */
void command_queue_drop(struct command_queue *queue, const struct temporal_future *future);

const struct command *command_queue_first(const struct command_queue *queue); /* NULL: empty */
void command_queue_remove_first(struct command_queue *queue);

/* Marks all as sent. If out_messages is not NULL, the messages of those that were not sent before are moved there as
 * an owned array (NULL if there are none). */
void command_queue_send(struct command_queue *queue, Pb__Command ***out_messages, size_t *out_count);

/* The event that the server writes for a command of this type; UNSPECIFIED if there is none. */
Pb__EventType command_event_type(Pb__CommandType type);
const char *command_type_name(Pb__CommandType type); /* "SCHEDULE_ACTIVITY_TASK" */
/* Complete, fail, cancel, continue as new: ends the run. */
bool command_type_is_terminal(Pb__CommandType type);

#endif

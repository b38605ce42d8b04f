/* What a dead letter says about its message: the attribute FerryDeadLetter. Pure. */
#ifndef POLLER_DEAD_LETTER_H
#define POLLER_DEAD_LETTER_H

#include <stdbool.h>
#include <stdint.h>

#include "message.h"

#define DEAD_LETTER_ATTRIBUTE "FerryDeadLetter"
#define DEAD_LETTER_REPLAY_ATTRIBUTE "FerryReplay"
#define DEAD_LETTER_TEXT_MAX 1024 /* bytes of each text in it: longer ones are cut between characters */

/* The attribute's text, JSON; free() it. route NULL: none took the message. now_wall_ms: when it is made. A message
 * that is a replay is called by the original's messageId. */
char *dead_letter_describe(const struct message *message, const char *queue_url, const char *route,
                           int64_t now_wall_ms);

/* The messageId in the message's FerryReplay attribute, to free(); NULL: it is no replay. */
char *dead_letter_original_id(const struct sqs_message *delivery);

#endif

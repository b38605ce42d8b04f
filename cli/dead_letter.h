/* What a dead letter says about the message that it was, and what its replay carries. Pure. */
#ifndef CLI_DEAD_LETTER_H
#define CLI_DEAD_LETTER_H

#include <jansson.h>

#include "aws/sqs_message.h"
#include "base/error.h"

#define DEAD_LETTER_ATTRIBUTE "FerryDeadLetter" /* written by the poller */
#define REPLAY_ATTRIBUTE "FerryReplay"          /* read by the gateway */

/* Texts are owned; NULL: not said, as with a message that SQS itself has moved to the dead-letter queue. */
struct dead_letter {
    char *message_id; /* of the message that it was at first; never NULL */
    char *queue;      /* URL of the queue that it came from */
    char *route;
    char *workflow_id;
    char *run_id; /* the run that failed last */
    char *reason;
    json_t *said; /* all that the attribute says, an object; empty where there is none */
};

/* MALFORMED: the attribute is there and is not what the poller writes. */
MUST_CHECK enum status dead_letter_read(const struct sqs_message *message, struct dead_letter *out_letter,
                                        struct error *error);
void dead_letter_deinit(struct dead_letter *letter);

/* The MessageAttributes of the replay: the message's own, without DEAD_LETTER_ATTRIBUTE, with REPLAY_ATTRIBUTE; free()
 * it. */
char *dead_letter_replay_attributes(const struct sqs_message *message, const struct dead_letter *letter);

#endif

/* An SQS queue in memory, in place of cli/sqs_session.c in every test of the tool's parts: it hides what it gives out,
 * locks groups of a FIFO queue, and fails as it is told. Its clock moves when a test moves it, when somebody waits, and
 * with a receive that finds nothing. Sends go nowhere but into its journal.
 *
 * Every call is a line of the journal: "receive a b", "receive -" (nothing), "visibility 240 a b", "delete a",
 * "send QUEUE a" (the message's deduplication ID, or else its body); behind what failed stands "!": "delete a! b". */
#ifndef TESTS_CLI_SUPPORT_QUEUE_H
#define TESTS_CLI_SUPPORT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sqs_session.h"

#define FAKE_QUEUE_MESSAGES_MAX 128

enum fake_call { FAKE_RECEIVE, FAKE_VISIBILITY, FAKE_DELETE, FAKE_SEND, FAKE_CALLS };

struct sqs_session *fake_queue_new(void); /* fake_queue_destroy */
void fake_queue_destroy(struct sqs_session *session);

/* Texts are constants. group: NULL in a standard queue. attributes: MessageAttributes as JSON; NULL: none. */
void fake_queue_put(struct sqs_session *session, const char *id, const char *group, const char *body,
                    const char *attributes);
void fake_queue_set_sent(struct sqs_session *session, const char *id, int64_t wall_ms); /* otherwise: long ago */
/* Somebody else receives it, for so many seconds. */
void fake_queue_hide(struct sqs_session *session, const char *id, int seconds);
void fake_queue_move_clock(struct sqs_session *session, int64_t ms);

/* Such calls fail as a whole from now on; code NULL: no more. */
void fake_queue_fail(struct sqs_session *session, enum fake_call call, enum sqs_error_class class, const char *code);
/* Their entry of this message (send: whose deduplication ID or body is id) does; id NULL: no more. */
void fake_queue_fail_entry(struct sqs_session *session, enum fake_call call, const char *id,
                           enum sqs_error_class class);

/* "a b": what is there, in order, and behind each that is hidden "*". Valid until the next call. */
const char *fake_queue_content(struct sqs_session *session);
/* The lines since the last call, each with its end; valid until the next call. */
const char *fake_queue_journal(struct sqs_session *session);
/* The message as a receive would bring it; the queue stays as it is. sqs_message_destroy. */
struct sqs_message *fake_queue_message(struct sqs_session *session, const char *id);
const char *fake_queue_last_attributes(const struct sqs_session *session); /* JSON, of the last message sent */

#endif

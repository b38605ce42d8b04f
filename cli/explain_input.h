/* What `ferry explain` is given: a file or standard input as messages, or as what a POST to the gateway brings. */
#ifndef CLI_EXPLAIN_INPUT_H
#define CLI_EXPLAIN_INPUT_H

#include <stddef.h>

#include "aws/sqs_message.h"
#include "base/error.h"
#include "messages/event.h"

#define EXPLAIN_INPUT_MAX ((size_t)64 << 20) /* bytes */
#define EXPLAIN_MESSAGES_MAX 100
#define EXPLAIN_BODY_MESSAGE_ID "00000000-0000-0000-0000-000000000000" /* of a body alone, unless it is given one */

/* path "-": standard input. Zero-terminated beyond *out_length; free() it. */
MUST_CHECK enum status explain_read(const char *path, char **out_text, size_t *out_length, struct error *error);

/* One message in AWS's shape, or {"Messages": [...]} as `aws sqs receive-message` prints it; sqs_message_destroy each.
 * MALFORMED: neither; a message without MessageId or ReceiptHandle; none. TOO_LARGE: over EXPLAIN_MESSAGES_MAX. */
MUST_CHECK enum status explain_parse_messages(const char *text, size_t length,
                                              struct sqs_message *out_messages[EXPLAIN_MESSAGES_MAX],
                                              size_t *out_count, struct error *error);
/* A message of this body. group NULL: none. INVALID_ARGUMENT: the texts are not UTF-8. */
MUST_CHECK enum status explain_wrap_body(const char *body, size_t length, const char *message_id, const char *group,
                                         struct sqs_message **out_message, struct error *error);

/* The Content-Type of a POST that says none: of a batch where the text is a JSON array, of one event where it has a
 * specversion, else of plain JSON. A constant. */
const char *explain_content_type(const char *text, size_t length);

#endif

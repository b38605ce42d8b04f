/* Successful answers of SQS, but for ReceiveMessage (sqs_message.h). Pure. Private to libs/aws. All results own what
 * they point to until their deinit. MALFORMED: the text is not what the action answers. */
#ifndef AWS_SRC_SQS_RESPONSE_H
#define AWS_SRC_SQS_RESPONSE_H

#include "aws/sqs_client.h"

#define SQS_ENTRY_TEXT_SIZE 200

struct sqs_batch_parsed {
    struct sqs_batch_result result;
    struct sqs_entry_result entries[SQS_BATCH_MAX];
    char *texts[SQS_BATCH_MAX][4]; /* owned: code, text, message_id, sequence_number */
};
/* count: of the request's entries. Entries that the answer does not name have failed; ids that we did not give out are
 * passed over; an id in both lists has failed. */
MUST_CHECK enum status sqs_batch_parse(const char *text, size_t length, size_t count, struct sqs_batch_parsed *out,
                                       struct error *error);
void sqs_batch_parsed_deinit(struct sqs_batch_parsed *parsed);

/* SendMessage's answer as the only entry. */
MUST_CHECK enum status sqs_send_parse(const char *text, size_t length, struct sqs_batch_parsed *out,
                                      struct error *error);

struct sqs_attributes_parsed {
    struct sqs_attributes_result result;
    struct sqs_queue_attribute attributes[SQS_ATTRIBUTES_MAX];
    char *texts[SQS_ATTRIBUTES_MAX][2]; /* owned: name, value */
};
MUST_CHECK enum status sqs_attributes_parse(const char *text, size_t length, struct sqs_attributes_parsed *out,
                                            struct error *error);
void sqs_attributes_parsed_deinit(struct sqs_attributes_parsed *parsed);

/* *out_url is the caller's to free. */
MUST_CHECK enum status sqs_queue_url_parse(const char *text, size_t length, char **out_url, struct error *error);

/* An action that answers nothing: empty, or any JSON object. */
MUST_CHECK enum status sqs_nothing_parse(const char *text, size_t length, struct error *error);

#endif

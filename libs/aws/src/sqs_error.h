/* What an answer that is not a success means. Pure. Private to libs/aws. */
#ifndef AWS_SRC_SQS_ERROR_H
#define AWS_SRC_SQS_ERROR_H

#include "aws/sqs_client.h"

#define SQS_CODE_SIZE 128

/* Caller's storage for the texts that a struct sqs_error borrows. */
struct sqs_failure {
    struct sqs_error public;
    char code[SQS_CODE_SIZE];
    char alias[SQS_CODE_SIZE];
};

/* code, alias: "" where unknown. text: the service's message, "" where unknown. http_status 200 for entries of
 * batches. */
enum sqs_error_class sqs_error_classify(const char *code, const char *alias, const char *text, int http_status);
/* What may be logged of the service's message: it may quote the receipt handle or parts of the signed request. */
void sqs_error_safe_text(enum sqs_error_class class, const char *text, char *out, size_t size);

/* Of an HTTP response with another status than 200. */
void sqs_failure_from_response(const char *action, const struct http_response *response, struct sqs_failure *out);
/* No answer, or one that does not parse. */
void sqs_failure_from_error(const char *action, const struct error *error, struct sqs_failure *out);
/* No request could be made: credentials. */
void sqs_failure_from_credentials(const char *action, const struct error *error, struct sqs_failure *out);

bool sqs_error_is_clock(const struct sqs_failure *failure);
bool sqs_error_is_expired(const struct sqs_failure *failure);

#endif

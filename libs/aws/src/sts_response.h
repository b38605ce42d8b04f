/* What STS answers to AssumeRole and AssumeRoleWithWebIdentity. Pure. Private to libs/aws. */
#ifndef AWS_SRC_STS_RESPONSE_H
#define AWS_SRC_STS_RESPONSE_H

#include "aws/credentials.h"

#define STS_CODE_SIZE 128
#define STS_TEXT_SIZE 256

/* out: empty. MALFORMED: the answer holds no complete credentials. */
MUST_CHECK enum status sts_response_parse(const char *text, size_t length, struct aws_credentials *out,
                                          struct error *error);

/* Code and the first line of the message of an answer that is a failure; "" where there is none. */
void sts_response_explain(const char *text, size_t length, char out_code[STS_CODE_SIZE], char out_text[STS_TEXT_SIZE]);

#endif

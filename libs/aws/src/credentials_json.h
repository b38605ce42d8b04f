/* Credentials as the container endpoints and the instance's metadata service answer them. Pure. Private to
 * libs/aws. */
#ifndef AWS_SRC_CREDENTIALS_JSON_H
#define AWS_SRC_CREDENTIALS_JSON_H

#include "aws/credentials.h"

/* {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}; out: empty. Without "Expiration" they never expire.
 * UNAVAILABLE: "Code" is there and not "Success": a failure inside an answer of HTTP 200. MALFORMED: anything else. */
MUST_CHECK enum status credentials_json_parse(const char *text, size_t length, struct aws_credentials *out,
                                              struct error *error);

/* "code: message" of an answer that is a failure, in either case of letters, for people; cut at the size. "":
 * neither. */
void credentials_json_explain(const char *text, size_t length, char *out, size_t size);

#endif

/* SQS's checksum of message attributes. Pure. Private to libs/aws. */
#ifndef AWS_SRC_ATTRIBUTES_MD5_H
#define AWS_SRC_ATTRIBUTES_MD5_H

#include <stdbool.h>

#include "base/json_scan.h"

#define ATTRIBUTES_MD5_MAX 64 /* attributes; SQS allows 10 */

/* expected: the raw string MD5OfMessageAttributes. attributes: the raw object MessageAttributes. false also where there
 * is nothing to compare: one of them is not there, there are more than ATTRIBUTES_MD5_MAX, or this machine has no MD5
 * (FIPS). */
MUST_CHECK bool attributes_md5_differs(struct json_slice attributes, struct json_slice expected);

#endif

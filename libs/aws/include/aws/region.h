/* Which AWS region a queue is in. Any thread; reads the environment and the config file each time. */
#ifndef AWS_REGION_H
#define AWS_REGION_H

#include "aws/credentials.h"

/* explicit_region (may be NULL), AWS_REGION, AWS_DEFAULT_REGION, the profile's region. *out_region is the caller's to
 * free. NOT_FOUND: none of them names one. INVALID_ARGUMENT: what they name is no region's name, or a profile file is
 * wrong. */
MUST_CHECK enum status aws_region_find(const char *explicit_region, char **out_region, struct error *error);

/* The same, then the host of queue_url (may be NULL): sqs.REGION.amazonaws.com and its kin. INVALID_ARGUMENT also:
 * nothing names one. */
MUST_CHECK enum status aws_region_resolve(const char *explicit_region, const char *queue_url, char **out_region,
                                          struct error *error);

/* The region in a queue URL's host, to free; NULL: none there (an emulator, a VPC endpoint of your own name). */
char *aws_region_from_queue_url(const char *queue_url);

#endif

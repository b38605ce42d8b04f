/* Where a service is called: configured URLs, and the names that AWS gives each region's endpoints. Reads environment
 * and profile files each time. Private to libs/aws. */
#ifndef AWS_SRC_ENDPOINT_H
#define AWS_SRC_ENDPOINT_H

#include <stdbool.h>

#include "base/error.h"
#include "profile_file.h"

/* AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, else the profile's use_fips_endpoint,
 * use_dualstack_endpoint. */
struct endpoint_variant {
    bool is_fips;
    bool is_dual_stack;
};

/* What configures the endpoint of "sqs" or "sts": given, AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL, the profile's
 * services section, its endpoint_url; none of them but given where AWS_IGNORE_CONFIGURED_ENDPOINT_URLS (or the
 * profile) says so. *out_url is to be freed; NULL: nothing. INVALID_ARGUMENT: a switch is neither true nor false, a
 * profile file is wrong, or an endpoint is configured together with a variant, which AWS's rules forbid. */
MUST_CHECK enum status endpoint_find(const char *service, const char *given, char **out_url,
                                     struct endpoint_variant *out_variant, struct error *error);

/* "https://sqs.eu-west-1.amazonaws.com"; to free. */
char *endpoint_of_region(const char *service, const char *region, const struct endpoint_variant *variant);

#endif

/* How the EC2 instance's metadata service is asked, by environment and profile. Private to libs/aws. */
#ifndef AWS_SRC_INSTANCE_CONFIG_H
#define AWS_SRC_INSTANCE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct instance_config {
    char *endpoint; /* "http://169.254.169.254", without a slash at its end; owned */
    bool is_version_1_allowed;
    int64_t attempt_ms;
    int attempts;
};

/* AWS_EC2_METADATA_DISABLED, AWS_EC2_METADATA_V1_DISABLED, AWS_EC2_METADATA_SERVICE_ENDPOINT and its _MODE (IPv4,
 * IPv6), AWS_METADATA_SERVICE_TIMEOUT (seconds), AWS_METADATA_SERVICE_NUM_ATTEMPTS, and the profile's properties of
 * the same names. NOT_FOUND: switched off. INVALID_ARGUMENT: a value makes no sense. */
MUST_CHECK enum status instance_config_load(struct instance_config *out, struct error *error);
void instance_config_deinit(struct instance_config *config);

/* The role's name: the first line with something in it, to free. NULL: there is none, or one that cannot stand in a
 * path. */
char *instance_role_parse(const char *text, size_t length);

#endif

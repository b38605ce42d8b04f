/* Settings of the instance's metadata service. */
#include "instance_config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aws_uri.h"
#include "base/memory.h"
#include "profile_file.h"

#define IPV4_ENDPOINT "http://169.254.169.254"
#define IPV6_ENDPOINT "http://[fd00:ec2::254]"
#define ROLE_LENGTH_MAX 128

/* The variable, else the property; NULL: neither. */
static const char *find(const struct profile_section *profile, const char *variable, const char *property)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0' ? value : profile_get(profile, property);
}

static bool is_true(const char *value)
{
    return value != NULL && strcasecmp(value, "true") == 0;
}

static enum status find_number(const struct profile_section *profile, const char *variable, const char *property,
                               int maximum, int *out, struct error *error)
{
    const char *value = find(profile, variable, property);
    *out = 1;
    if (value == NULL) {
        return STATUS_OK;
    }
    size_t length = strspn(value, "0123456789");
    long number = length == 0 || length > 6 || value[length] != '\0' ? 0 : strtol(value, NULL, 10);
    if (number < 1 || number > maximum) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s is \"%s\", but must be 1 to %d", variable, value, maximum);
    }
    *out = (int)number;
    return STATUS_OK;
}

static enum status find_endpoint(const struct profile_section *profile, char **out, struct error *error)
{
    const char *given = find(profile, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
    const char *mode = find(profile, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
    if (given != NULL) {
        struct aws_endpoint endpoint;
        if (aws_endpoint_parse(given, &endpoint, error) != STATUS_OK) {
            error_prefix(error, "AWS_EC2_METADATA_SERVICE_ENDPOINT: ");
            return STATUS_INVALID_ARGUMENT;
        }
        size_t length = strlen(given);
        *out = memory_copy(given, given[length - 1] == '/' ? length - 1 : length);
        return STATUS_OK;
    }
    if (mode != NULL && strcasecmp(mode, "IPv4") != 0 && strcasecmp(mode, "IPv6") != 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is \"%s\", but must be IPv4 or IPv6", mode);
    }
    *out = memory_copy_string(mode != NULL && strcasecmp(mode, "IPv6") == 0 ? IPV6_ENDPOINT : IPV4_ENDPOINT);
    return STATUS_OK;
}

enum status instance_config_load(struct instance_config *out, struct error *error)
{
    struct profile_files files = {0};
    struct instance_config config = {0};
    bool is_asked = false;
    int seconds = 0;
    enum status status = profile_files_load(NULL, &files, error);
    if (status != STATUS_OK) {
        return status;
    }
    const struct profile_section *profile =
        profile_files_find(&files, PROFILE_SECTION_PROFILE, profile_name_choose(NULL, &is_asked));
    if (is_true(getenv("AWS_EC2_METADATA_DISABLED"))) {
        status = error_set(error, STATUS_NOT_FOUND, "AWS_EC2_METADATA_DISABLED says so");
        goto done;
    }
    config.is_version_1_allowed =
        !is_true(find(profile, "AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled"));
    status = find_number(profile, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", 60, &seconds, error);
    if (status != STATUS_OK) {
        goto done;
    }
    config.attempt_ms = (int64_t)seconds * 1000;
    status = find_number(profile, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts", 10,
                         &config.attempts, error);
    if (status != STATUS_OK) {
        goto done;
    }
    status = find_endpoint(profile, &config.endpoint, error);
    if (status == STATUS_OK) {
        *out = config;
    }

done:
    profile_files_deinit(&files);
    return status;
}

void instance_config_deinit(struct instance_config *config)
{
    free(config->endpoint);
    *config = (struct instance_config){0};
}

char *instance_role_parse(const char *text, size_t length)
{
    static const char s_allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-";
    const char *end = text + length;
    while (text < end && strchr(" \t\r\n", *text) != NULL && *text != '\0') {
        text++;
    }
    size_t role = 0;
    while (text + role < end && text[role] != '\0' && strchr(s_allowed, text[role]) != NULL) {
        role++;
    }
    bool is_whole = text + role == end || (text[role] != '\0' && strchr(" \t\r\n", text[role]) != NULL);
    return role == 0 || role > ROLE_LENGTH_MAX || !is_whole ? NULL : memory_copy(text, role);
}

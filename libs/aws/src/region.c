/* Finding the region. */
#include "aws/region.h"

#include <stdlib.h>
#include <string.h>

#include "aws_uri.h"
#include "base/memory.h"
#include "profile_file.h"

#define REGION_LENGTH_MAX 63 /* a host name's label */

static bool is_region(const char *text, size_t length)
{
    if (length == 0 || length > REGION_LENGTH_MAX || text[0] == '-' || text[length - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        char character = text[i];
        bool is_fine = (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
                       (character == '-' && i > 0 && i + 1 < length);
        if (!is_fine) {
            return false;
        }
    }
    return true;
}

/* PREFIX.REGION.amazonaws.com[.cn], or PREFIX.REGION.api.aws: the dual-stack names. A VPC endpoint's own host,
 * vpce-ID.sqs.REGION.vpce.amazonaws.com, has the same shape behind "sqs." */
char *aws_region_from_queue_url(const char *queue_url)
{
    struct aws_endpoint endpoint;
    if (aws_endpoint_parse(queue_url, &endpoint, NULL) != STATUS_OK) {
        return NULL;
    }
    static const char *const s_prefixes[] = {"sqs.", "sqs-fips."};
    static const char *const s_suffixes[] = {".amazonaws.com",
                                             ".amazonaws.com.cn",
                                             ".amazonaws.eu",
                                             ".api.aws",
                                             ".api.amazonwebservices.com.cn",
                                             ".api.amazonwebservices.eu",
                                             ".vpce.amazonaws.com",
                                             ".vpce.amazonaws.com.cn"};
    const char *host = endpoint.host;
    const char *inner = strstr(host, ".sqs.");
    if (strncmp(host, "vpce-", 5) == 0 && inner != NULL) {
        host = inner + 1;
    }
    for (size_t i = 0; i < sizeof s_prefixes / sizeof s_prefixes[0]; i++) {
        size_t prefix = strlen(s_prefixes[i]);
        if (strncmp(host, s_prefixes[i], prefix) != 0) {
            continue;
        }
        const char *region = host + prefix;
        size_t length = strcspn(region, ".:");
        for (size_t j = 0; j < sizeof s_suffixes / sizeof s_suffixes[0]; j++) {
            const char *rest = region + length;
            size_t rest_length = strcspn(rest, ":");
            if (rest_length == strlen(s_suffixes[j]) && memcmp(rest, s_suffixes[j], rest_length) == 0 &&
                is_region(region, length)) {
                return memory_copy(region, length);
            }
        }
    }
    return NULL;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

enum status aws_region_find(const char *explicit_region, char **out_region, struct error *error)
{
    enum status status = STATUS_OK;
    struct profile_files files = {0};
    bool is_asked = false;
    const char *named = explicit_region;
    if (named == NULL || named[0] == '\0') {
        named = variable("AWS_REGION");
    }
    if (named == NULL) {
        named = variable("AWS_DEFAULT_REGION");
    }
    if (named == NULL) {
        status = profile_files_load(NULL, &files, error);
        if (status != STATUS_OK) {
            error_prefix(error, "looking for the AWS region: ");
            goto done;
        }
        named = profile_get(
            profile_files_find(&files, PROFILE_SECTION_PROFILE, profile_name_choose(NULL, &is_asked)), "region");
    }
    if (named == NULL) {
        status = error_set(error, STATUS_NOT_FOUND, "no AWS region is configured");
    } else if (!is_region(named, strlen(named))) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "\"%s\" is not the name of an AWS region", named);
    } else {
        *out_region = memory_copy_string(named);
    }

done:
    profile_files_deinit(&files);
    return status;
}

enum status aws_region_resolve(const char *explicit_region, const char *queue_url, char **out_region,
                               struct error *error)
{
    enum status status = aws_region_find(explicit_region, out_region, error);
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    char *region = queue_url == NULL ? NULL : aws_region_from_queue_url(queue_url);
    if (region == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "no AWS region: set AWS_REGION, or use a queue URL whose host names one");
    }
    if (error != NULL) {
        error_init(error);
    }
    *out_region = region;
    return STATUS_OK;
}

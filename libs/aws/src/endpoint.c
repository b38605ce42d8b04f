/* Endpoints by configuration and by region. The names are those of AWS's published endpoint rules. */
#include "endpoint.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* What is said of the environment and of the profile. */
struct sources {
    struct profile_files files;
    const struct profile_section *profile; /* NULL: none */
};

static enum status find_switch(const struct sources *sources, const char *variable_name, const char *property,
                               bool *out, struct error *error)
{
    const char *name = variable_name;
    const char *value = variable(variable_name);
    if (value == NULL) {
        name = property;
        value = profile_get(sources->profile, property);
    }
    if (value != NULL && strcasecmp(value, "true") != 0 && strcasecmp(value, "false") != 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s is \"%s\", but must be true or false", name, value);
    }
    *out = value != NULL && strcasecmp(value, "true") == 0;
    return STATUS_OK;
}

/* To free; NULL: nothing. */
static char *find_url(const struct sources *sources, const char *service)
{
    char *name = memory_format("AWS_ENDPOINT_URL_%s", service);
    for (char *at = name; *at != '\0'; at++) {
        *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
    }
    const char *of_service = variable(name);
    free(name);
    const char *of_all = variable("AWS_ENDPOINT_URL");
    if (of_service != NULL || of_all != NULL) {
        return memory_copy_string(of_service != NULL ? of_service : of_all);
    }
    const char *services = profile_get(sources->profile, "services");
    if (services != NULL) {
        char *url = profile_get_nested(profile_files_find(&sources->files, PROFILE_SECTION_SERVICES, services),
                                       service, "endpoint_url");
        if (url != NULL) {
            return url;
        }
    }
    return memory_copy_string(profile_get(sources->profile, "endpoint_url"));
}

enum status endpoint_find(const char *service, const char *given, char **out_url,
                          struct endpoint_variant *out_variant, struct error *error)
{
    struct sources sources = {0};
    struct endpoint_variant variant = {0};
    char *url = NULL;
    bool is_ignored = false;
    bool is_asked = false;
    enum status status = profile_files_load(NULL, &sources.files, error);
    if (status != STATUS_OK) {
        error_prefix(error, "looking for the AWS endpoint: ");
        return status;
    }
    sources.profile =
        profile_files_find(&sources.files, PROFILE_SECTION_PROFILE, profile_name_choose(NULL, &is_asked));
    status = find_switch(&sources, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", &variant.is_fips, error);
    if (status != STATUS_OK) {
        goto done;
    }
    status = find_switch(&sources, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", &variant.is_dual_stack,
                         error);
    if (status != STATUS_OK) {
        goto done;
    }
    status = find_switch(&sources, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls",
                         &is_ignored, error);
    if (status != STATUS_OK) {
        goto done;
    }
    if (given != NULL && given[0] != '\0') {
        url = memory_copy_string(given);
    } else if (!is_ignored) {
        url = find_url(&sources, service);
    }
    if (url != NULL && (variant.is_fips || variant.is_dual_stack)) {
        status = error_set(error, STATUS_INVALID_ARGUMENT,
                           "the endpoint %s and %s exclude each other: take one of them away", url,
                           variant.is_fips ? "AWS_USE_FIPS_ENDPOINT" : "AWS_USE_DUALSTACK_ENDPOINT");
        goto done;
    }
    *out_url = url;
    *out_variant = variant;
    url = NULL;

done:
    free(url);
    profile_files_deinit(&sources.files);
    return status;
}

struct partition {
    const char *region_prefix;
    const char *suffix;
    const char *dual_stack_suffix;
};

static const struct partition *partition_of(const char *region)
{
    static const struct partition s_partitions[] = {
        {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
        {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
        {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
        {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
        {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
        {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
        {"", "amazonaws.com", "api.aws"},
    };
    const struct partition *partition = s_partitions;
    while (strncmp(region, partition->region_prefix, strlen(partition->region_prefix)) != 0) {
        partition++;
    }
    return partition;
}

char *endpoint_of_region(const char *service, const char *region, const struct endpoint_variant *variant)
{
    const struct partition *partition = partition_of(region);
    /* The plain names of GovCloud are validated already. */
    bool is_plain = strncmp(region, "us-gov-", 7) == 0 && !variant->is_dual_stack;
    return memory_format("https://%s%s.%s.%s", service, variant->is_fips && !is_plain ? "-fips" : "", region,
                         variant->is_dual_stack ? partition->dual_stack_suffix : partition->suffix);
}

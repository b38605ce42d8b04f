/* Following role_arn and source_profile. */
#include "role_plan.h"

#include <stdlib.h>
#include <string.h>

#define DURATION_MIN_S 900
#define DURATION_MAX_S 43200

const char *role_plan_unsupported(const struct profile_section *profile)
{
    static const char *const s_ways[] = {"sso_session", "sso_start_url", "sso_account_id", "login_session",
                                         "credential_process"};
    for (size_t i = 0; i < sizeof s_ways / sizeof s_ways[0]; i++) {
        if (profile_get(profile, s_ways[i]) != NULL) {
            return s_ways[i];
        }
    }
    return NULL;
}

bool role_plan_is_session_name(const char *name)
{
    static const char s_allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-";
    size_t length = strlen(name);
    return length >= 2 && length <= 64 && strspn(name, s_allowed) == length;
}

static bool has_keys(const struct profile_section *profile)
{
    return profile_get(profile, "aws_access_key_id") != NULL && profile_get(profile, "aws_secret_access_key") != NULL;
}

static bool has_role(const struct profile_section *profile)
{
    return profile_get(profile, "role_arn") != NULL && profile_get(profile, "web_identity_token_file") == NULL;
}

static enum status read_hop(const struct profile_section *profile, struct role_hop *out, struct error *error)
{
    struct role_hop hop = {.role_arn = profile_get(profile, "role_arn"),
                           .session_name = profile_get(profile, "role_session_name"),
                           .external_id = profile_get(profile, "external_id"),
                           .duration_seconds = profile_get(profile, "duration_seconds")};
    if (hop.session_name != NULL && !role_plan_is_session_name(hop.session_name)) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "AWS profile \"%s\": role_session_name must be 2 to 64 letters, digits or _+=,.@-",
                         profile->name);
    }
    if (hop.duration_seconds != NULL) {
        size_t length = strspn(hop.duration_seconds, "0123456789");
        long seconds = length == 0 || length > 6 || hop.duration_seconds[length] != '\0'
                           ? 0
                           : strtol(hop.duration_seconds, NULL, 10);
        if (seconds < DURATION_MIN_S || seconds > DURATION_MAX_S) {
            return error_set(error, STATUS_INVALID_ARGUMENT,
                             "AWS profile \"%s\": duration_seconds must be %d to %d", profile->name, DURATION_MIN_S,
                             DURATION_MAX_S);
        }
    }
    if (profile_get(profile, "mfa_serial") != NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "AWS profile \"%s\" asks for a one-time password (mfa_serial), which a service cannot give",
                         profile->name);
    }
    *out = hop;
    return STATUS_OK;
}

static enum status read_source(const struct profile_section *profile, struct role_plan *plan, struct error *error)
{
    static const struct {
        const char *name;
        enum role_base base;
    } s_sources[] = {{"Environment", ROLE_BASE_ENVIRONMENT},
                     {"Ec2InstanceMetadata", ROLE_BASE_INSTANCE},
                     {"EcsContainer", ROLE_BASE_CONTAINER}};
    const char *source = profile_get(profile, "credential_source");
    for (size_t i = 0; i < sizeof s_sources / sizeof s_sources[0]; i++) {
        if (strcmp(source, s_sources[i].name) == 0) {
            plan->base = s_sources[i].base;
            plan->profile = profile;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_INVALID_ARGUMENT,
                     "AWS profile \"%s\": credential_source is \"%s\", but must be Environment, Ec2InstanceMetadata or "
                     "EcsContainer",
                     profile->name, source);
}

/* A profile that no other role stands behind. */
static enum status read_base(const struct profile_section *profile, struct role_plan *plan, struct error *error)
{
    const char *unsupported = role_plan_unsupported(profile);
    plan->profile = profile;
    if (has_keys(profile)) {
        plan->base = ROLE_BASE_KEYS;
        return STATUS_OK;
    }
    if (profile_get(profile, "web_identity_token_file") != NULL) {
        plan->base = ROLE_BASE_WEB_IDENTITY;
        return STATUS_OK;
    }
    if (unsupported != NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "AWS profile \"%s\" gets its credentials by %s, which Ferry does not support", profile->name,
                         unsupported);
    }
    return error_set(error, STATUS_INVALID_ARGUMENT,
                     "AWS profile \"%s\" is a source_profile, but holds neither keys nor a role", profile->name);
}

static bool is_visited(const struct role_plan *plan, const struct profile_section *const *visited,
                       const struct profile_section *profile)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (visited[i] == profile) {
            return true;
        }
    }
    return false;
}

enum status role_plan_make(const struct profile_files *files, const char *profile_name, struct role_plan *out,
                           struct error *error)
{
    struct role_plan plan = {0};
    const struct profile_section *visited[ROLE_HOPS_MAX];
    const struct profile_section *profile = profile_files_find(files, PROFILE_SECTION_PROFILE, profile_name);
    if (!has_role(profile)) {
        return error_set(error, STATUS_NOT_FOUND, "AWS profile \"%s\" has no role", profile_name);
    }
    enum status status = STATUS_OK;
    while (true) {
        if (plan.count == ROLE_HOPS_MAX) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "AWS profile \"%s\": more than %d roles in a row",
                             profile_name, ROLE_HOPS_MAX);
        }
        visited[plan.count] = profile;
        status = read_hop(profile, &plan.hops[plan.count++], error);
        const char *source = profile_get(profile, "source_profile");
        bool has_source = profile_get(profile, "credential_source") != NULL;
        if (status == STATUS_OK && (source == NULL) != has_source) {
            status = error_set(error, STATUS_INVALID_ARGUMENT,
                               "AWS profile \"%s\" has a role_arn, and so needs source_profile or credential_source, "
                               "and not both",
                               profile->name);
        }
        if (status != STATUS_OK || has_source) {
            status = status == STATUS_OK ? read_source(profile, &plan, error) : status;
            break;
        }
        const struct profile_section *next = profile_files_find(files, PROFILE_SECTION_PROFILE, source);
        if (next == NULL) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "AWS profile \"%s\": there is no source_profile \"%s\"",
                             profile->name, source);
        }
        /* keys come before a role here: so a profile may be its own source */
        if (has_keys(next) || !has_role(next)) {
            status = read_base(next, &plan, error);
            break;
        }
        if (is_visited(&plan, visited, next)) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "AWS profile \"%s\": source_profile leads back to \"%s\"",
                             profile_name, source);
        }
        profile = next;
    }
    if (status == STATUS_OK) {
        *out = plan;
    }
    return status;
}

/* Credentials from a profile of the shared credentials and config files. */
#include <stdlib.h>

#include "base/memory.h"
#include "credentials_provider.h"
#include "profile_file.h"
#include "role_plan.h"

struct profile_provider {
    struct aws_credentials_provider base;
    char *credentials_file; /* NULL: by the environment; so the next two */
    char *config_file;
    char *profile;
};

static enum status find_keys(const struct profile_section *profile, const char *name, bool is_asked,
                             struct aws_credentials *out, struct error *error)
{
    const char *key = profile_get(profile, "aws_access_key_id");
    const char *secret = profile_get(profile, "aws_secret_access_key");
    const char *unsupported = role_plan_unsupported(profile);
    if (key != NULL && secret != NULL) {
        aws_credentials_init(out, key, secret, profile_get(profile, "aws_session_token"), AWS_CREDENTIALS_NEVER_EXPIRE);
        return STATUS_OK;
    }
    if (key != NULL || secret != NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "AWS profile \"%s\" has no %s", name,
                         key == NULL ? "aws_access_key_id" : "aws_secret_access_key");
    }
    if (unsupported != NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "AWS profile \"%s\" gets its credentials by %s, which Ferry does not support: give it "
                         "aws_access_key_id and aws_secret_access_key or a role, or set them in the environment",
                         name, unsupported);
    }
    if (profile == NULL && is_asked) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "there is no AWS profile \"%s\"", name);
    }
    return error_set(error, STATUS_NOT_FOUND, "AWS profile \"%s\" holds no keys", name);
}

static void load(struct aws_credentials_provider *provider)
{
    struct profile_provider *self = (struct profile_provider *)(void *)provider;
    const struct aws_profile_options options = {
        .credentials_file = self->credentials_file, .config_file = self->config_file, .profile = self->profile};
    struct profile_files files = {0};
    struct aws_credentials credentials = {0};
    struct error error = {0};
    bool is_asked = false;
    enum status status = profile_files_load(&options, &files, &error);
    if (status == STATUS_OK) {
        const char *name = profile_name_choose(self->profile, &is_asked);
        const struct profile_section *profile = profile_files_find(&files, PROFILE_SECTION_PROFILE, name);
        status = find_keys(profile, name, is_asked, &credentials, &error);
    }
    aws_credentials_loaded(provider, status == STATUS_OK ? &credentials : NULL, status == STATUS_OK ? NULL : &error);
    aws_credentials_deinit(&credentials);
    profile_files_deinit(&files);
}

static void deinit(struct aws_credentials_provider *provider)
{
    struct profile_provider *self = (struct profile_provider *)(void *)provider;
    free(self->credentials_file);
    free(self->config_file);
    free(self->profile);
}

static const struct aws_credentials_class s_class = {.name = "profile", .load = load, .deinit = deinit};

struct aws_credentials_provider *aws_credentials_provider_new_profile(struct loop *loop,
                                                                      const struct aws_profile_options *options)
{
    struct profile_provider *self = memory_alloc(sizeof *self);
    aws_credentials_provider_init(&self->base, &s_class, loop);
    if (options != NULL) {
        self->credentials_file = memory_copy_string(options->credentials_file);
        self->config_file = memory_copy_string(options->config_file);
        self->profile = memory_copy_string(options->profile);
    }
    return &self->base;
}

/* Credentials from a profile of the shared credentials and config files. */
#include <stdlib.h>

#include "base/memory.h"
#include "credentials_provider.h"
#include "profile_file.h"

struct profile_provider {
    struct aws_credentials_provider base;
    char *credentials_file; /* NULL: by the environment; so the next two */
    char *config_file;
    char *profile;
};

/* What the profile lacks, as an error. */
static void explain(const struct profile *profile, const char *name, bool is_asked, struct error *error)
{
    bool has_key = profile->access_key_id != NULL || profile->secret_access_key != NULL;
    if (has_key) {
        (void)error_set(error, STATUS_INVALID_ARGUMENT, "AWS profile \"%s\" has no %s", name,
                        profile->access_key_id == NULL ? "aws_access_key_id" : "aws_secret_access_key");
    } else if (profile->indirection != NULL) {
        (void)error_set(error, STATUS_INVALID_ARGUMENT,
                        "AWS profile \"%s\" gets its credentials by %s, which this version cannot do: give it "
                        "aws_access_key_id and aws_secret_access_key, or set them in the environment",
                        name, profile->indirection);
    } else if (!is_asked) {
        (void)error_set(error, STATUS_NOT_FOUND, "there is no default AWS profile with keys");
    } else if (!profile->is_found) {
        (void)error_set(error, STATUS_INVALID_ARGUMENT, "there is no AWS profile \"%s\"", name);
    } else {
        (void)error_set(error, STATUS_INVALID_ARGUMENT, "AWS profile \"%s\" has no aws_access_key_id", name);
    }
}

static void load(struct aws_credentials_provider *provider)
{
    struct profile_provider *self = (struct profile_provider *)(void *)provider;
    const struct aws_profile_options options = {
        .credentials_file = self->credentials_file, .config_file = self->config_file, .profile = self->profile};
    struct profile profile = {0};
    char *name = NULL;
    bool is_asked = false;
    struct error error = {0};
    if (aws_profile_load(&options, &profile, &name, &is_asked, &error) != STATUS_OK) {
        aws_credentials_loaded(provider, NULL, &error);
        return;
    }
    if (profile.access_key_id != NULL && profile.secret_access_key != NULL) {
        struct aws_credentials credentials;
        aws_credentials_init(&credentials, profile.access_key_id, profile.secret_access_key, profile.session_token,
                             AWS_CREDENTIALS_NEVER_EXPIRE);
        aws_credentials_loaded(provider, &credentials, NULL);
        aws_credentials_deinit(&credentials);
    } else {
        explain(&profile, name, is_asked, &error);
        aws_credentials_loaded(provider, NULL, &error);
    }
    aws_profile_deinit(&profile);
    free(name);
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

/* Credentials of a role for a token of another identity provider, such as Kubernetes (IRSA). */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "credentials_sources.h"
#include "file_text.h"
#include "profile_file.h"
#include "role_plan.h"
#include "sts_call.h"

#define TOKEN_MAX ((size_t)20000) /* bytes: STS's own limit */

struct web_identity_provider {
    struct aws_credentials_provider base;
    char *source_profile; /* NULL: environment, then the profile that it names */
    struct sts_call sts;
};

static void on_role(void *user, const struct aws_credentials *credentials, const struct error *error)
{
    struct web_identity_provider *self = user;
    aws_credentials_loaded(&self->base, credentials, error);
}

/* The variable unless only the profile counts, then the profile's property; NULL: neither. */
static const char *find(const struct web_identity_provider *self, const struct profile_section *profile,
                        const char *variable, const char *property)
{
    const char *value = self->source_profile != NULL ? NULL : getenv(variable);
    return value != NULL && value[0] != '\0' ? value : profile_get(profile, property);
}

/* *out: without white space around it; the caller wipes and frees. */
static enum status read_token(const char *path, char **out, struct error *error)
{
    struct buffer text;
    buffer_init(&text, TOKEN_MAX);
    enum status status = file_text_read(path, &text, error);
    if (status != STATUS_OK) {
        memory_wipe(text.data, text.capacity);
        buffer_deinit(&text);
        error_prefix(error, "the web identity token: ");
        /* NOT_FOUND would ask the next source */
        if (error != NULL) {
            error->status = STATUS_INVALID_ARGUMENT;
        }
        return STATUS_INVALID_ARGUMENT;
    }
    size_t length = 0;
    char *token = buffer_take(&text, &length);
    token[strcspn(token, " \t\r\n")] = '\0';
    if (token[0] == '\0') {
        free(token);
        return error_set(error, STATUS_INVALID_ARGUMENT, "the web identity token: %s is empty", path);
    }
    *out = token;
    return STATUS_OK;
}

static enum status start(struct web_identity_provider *self, const struct profile_section *profile,
                         struct error *error)
{
    const char *path = find(self, profile, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
    const char *role_arn = find(self, profile, "AWS_ROLE_ARN", "role_arn");
    const char *name = find(self, profile, "AWS_ROLE_SESSION_NAME", "role_session_name");
    if (path == NULL) {
        return error_set(error, STATUS_NOT_FOUND, "there is no web identity token file");
    }
    if (role_arn == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "there is a web identity token file, but no role: set AWS_ROLE_ARN or role_arn");
    }
    if (name != NULL && !role_plan_is_session_name(name)) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "the role session's name must be 2 to 64 letters, digits or _+=,.@-");
    }
    char *token = NULL;
    enum status status = read_token(path, &token, error);
    if (status != STATUS_OK) {
        return status;
    }
    char *own_name = memory_format("ferry-%lld", (long long)clock_wall_ms());
    const struct sts_parameter parameters[] = {
        {"RoleArn", role_arn},
        {"RoleSessionName", name != NULL ? name : own_name},
        {"WebIdentityToken", token},
        {NULL, NULL},
    };
    sts_call_start(&self->sts, "AssumeRoleWithWebIdentity", parameters, NULL, on_role, self);
    free(own_name);
    memory_wipe_string(token);
    free(token);
    return STATUS_OK;
}

static void load(struct aws_credentials_provider *provider)
{
    struct web_identity_provider *self = (struct web_identity_provider *)(void *)provider;
    struct profile_files files = {0};
    struct error error = {0};
    bool is_asked = false;
    enum status status = profile_files_load(NULL, &files, &error);
    if (status == STATUS_OK) {
        const char *name = profile_name_choose(self->source_profile, &is_asked);
        status = start(self, profile_files_find(&files, PROFILE_SECTION_PROFILE, name), &error);
    }
    profile_files_deinit(&files);
    if (status != STATUS_OK) {
        aws_credentials_loaded(provider, NULL, &error);
    }
}

static void deinit(struct aws_credentials_provider *provider)
{
    struct web_identity_provider *self = (struct web_identity_provider *)(void *)provider;
    sts_call_deinit(&self->sts);
    free(self->source_profile);
}

static const struct aws_credentials_class s_class = {.name = "web identity", .load = load, .deinit = deinit};

struct aws_credentials_provider *credentials_web_identity_new(struct loop *loop, struct http_client *http,
                                                              const char *source_profile)
{
    struct web_identity_provider *self = memory_alloc(sizeof *self);
    aws_credentials_provider_init(&self->base, &s_class, loop);
    self->source_profile = memory_copy_string(source_profile);
    self->sts.loop = loop;
    self->sts.http = http;
    return &self->base;
}

/* Credentials of a role that a profile takes on, perhaps by way of others. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "credentials_sources.h"
#include "role_plan.h"
#include "sts_call.h"

struct role_provider {
    struct aws_credentials_provider base;
    struct http_client *http;
    struct profile_files files; /* of the load under way; plan points into it */
    struct role_plan plan;
    size_t left;                              /* roles still to be asked for */
    struct aws_credentials_provider *source;  /* whose credentials the first one is asked with */
    struct aws_credentials_request request;
    struct sts_call sts;
};

static void take_next(struct role_provider *self, const struct aws_credentials *credentials);

/* Ends a load. The source goes in a turn of its own: this may be its callback. */
static void finish(struct role_provider *self, const struct aws_credentials *credentials, const struct error *error)
{
    profile_files_deinit(&self->files);
    aws_credentials_loaded(&self->base, credentials, error);
}

static void on_role(void *user, const struct aws_credentials *credentials, const struct error *error)
{
    struct role_provider *self = user;
    if (error != NULL) {
        finish(self, NULL, error);
    } else {
        take_next(self, credentials);
    }
}

static void take_next(struct role_provider *self, const struct aws_credentials *credentials)
{
    if (self->left == 0) {
        finish(self, credentials, NULL);
        return;
    }
    const struct role_hop *hop = &self->plan.hops[--self->left];
    char *own_name = memory_format("ferry-%lld", (long long)clock_wall_ms());
    const struct sts_parameter parameters[] = {
        {"RoleArn", hop->role_arn},
        {"RoleSessionName", hop->session_name != NULL ? hop->session_name : own_name},
        {"ExternalId", hop->external_id},
        {"DurationSeconds", hop->duration_seconds},
        {NULL, NULL},
    };
    sts_call_start(&self->sts, "AssumeRole", parameters, credentials, on_role, self);
    free(own_name);
}

static void on_source(void *user, const struct aws_credentials *credentials, const struct error *error)
{
    struct role_provider *self = user;
    if (error == NULL) {
        take_next(self, credentials);
        return;
    }
    struct error failure = *error;
    if (failure.status == STATUS_NOT_FOUND) { /* the role is configured: nobody else is to be asked */
        failure.status = failure.retryable ? STATUS_UNAVAILABLE : STATUS_INVALID_ARGUMENT;
    }
    error_prefix(&failure, "AWS profile \"%s\", for its role: ", self->plan.profile->name);
    finish(self, NULL, &failure);
}

static struct aws_credentials_provider *new_source(const struct role_provider *self)
{
    struct loop *loop = self->base.loop;
    const struct profile_section *profile = self->plan.profile;
    struct aws_credentials keys;
    struct aws_credentials_provider *provider = NULL;
    switch (self->plan.base) {
    case ROLE_BASE_KEYS:
        aws_credentials_init(&keys, profile_get(profile, "aws_access_key_id"),
                             profile_get(profile, "aws_secret_access_key"), profile_get(profile, "aws_session_token"),
                             AWS_CREDENTIALS_NEVER_EXPIRE);
        provider = aws_credentials_provider_new_static(loop, &keys);
        aws_credentials_deinit(&keys);
        break;
    case ROLE_BASE_WEB_IDENTITY:
        provider = credentials_web_identity_new(loop, self->http, profile->name);
        break;
    case ROLE_BASE_ENVIRONMENT:
        provider = aws_credentials_provider_new_environment(loop);
        break;
    case ROLE_BASE_INSTANCE:
        provider = credentials_instance_new(loop, self->http);
        break;
    case ROLE_BASE_CONTAINER:
        provider = credentials_container_new(loop, self->http);
        break;
    }
    CHECK(provider != NULL); /* an enum has no other values */
    return provider;
}

static void load(struct aws_credentials_provider *provider)
{
    struct role_provider *self = (struct role_provider *)(void *)provider;
    struct error error = {0};
    bool is_asked = false;
    aws_credentials_provider_destroy(self->source);
    self->source = NULL;
    if (profile_files_load(NULL, &self->files, &error) != STATUS_OK ||
        role_plan_make(&self->files, profile_name_choose(NULL, &is_asked), &self->plan, &error) != STATUS_OK) {
        finish(self, NULL, &error);
        return;
    }
    self->left = self->plan.count;
    self->source = new_source(self);
    self->source->is_member = true;
    aws_credentials_provider_get(self->source, &self->request, on_source, self);
}

static void deinit(struct aws_credentials_provider *provider)
{
    struct role_provider *self = (struct role_provider *)(void *)provider;
    sts_call_deinit(&self->sts);
    aws_credentials_request_cancel(&self->request);
    aws_credentials_provider_destroy(self->source);
    profile_files_deinit(&self->files);
}

static const struct aws_credentials_class s_class = {.name = "profile's role", .load = load, .deinit = deinit};

struct aws_credentials_provider *credentials_role_new(struct loop *loop, struct http_client *http)
{
    struct role_provider *self = memory_alloc(sizeof *self);
    aws_credentials_provider_init(&self->base, &s_class, loop);
    self->http = http;
    self->sts.loop = loop;
    self->sts.http = http;
    return &self->base;
}

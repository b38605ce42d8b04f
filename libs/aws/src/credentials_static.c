/* Credentials that were given in code. */
#include "base/memory.h"
#include "credentials_provider.h"

struct static_provider {
    struct aws_credentials_provider base;
    struct aws_credentials credentials;
};

static void load(struct aws_credentials_provider *provider)
{
    struct static_provider *self = (struct static_provider *)(void *)provider;
    aws_credentials_loaded(provider, &self->credentials, NULL);
}

static void deinit(struct aws_credentials_provider *provider)
{
    struct static_provider *self = (struct static_provider *)(void *)provider;
    aws_credentials_deinit(&self->credentials);
}

static const struct aws_credentials_class s_class = {.name = "static", .load = load, .deinit = deinit};

struct aws_credentials_provider *aws_credentials_provider_new_static(struct loop *loop,
                                                                     const struct aws_credentials *credentials)
{
    struct static_provider *self = memory_alloc(sizeof *self);
    aws_credentials_provider_init(&self->base, &s_class, loop);
    aws_credentials_copy(&self->credentials, credentials);
    return &self->base;
}

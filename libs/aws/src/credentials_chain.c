/* Several sources, asked one after the other until one is configured. */
#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"
#include "credentials_sources.h"

struct chain_provider {
    struct aws_credentials_provider base;
    struct aws_credentials_provider *members[AWS_CREDENTIALS_CHAIN_MAX]; /* owned */
    size_t count;
    size_t asked; /* the member that is being asked */
    struct aws_credentials_request request;
};

static void ask_next(struct chain_provider *self);

static void fail_unconfigured(struct chain_provider *self)
{
    struct buffer names;
    buffer_init(&names, ERROR_TEXT_SIZE);
    for (size_t i = 0; i < self->count; i++) {
        bool is_fine = (i == 0 || buffer_append_string(&names, ", ")) &&
                       buffer_append_string(&names, aws_credentials_provider_name(self->members[i]));
        if (!is_fine) {
            break;
        }
    }
    struct error error = {0};
    (void)error_set(&error, STATUS_NOT_FOUND, "no AWS credentials found (looked at: %s)",
                    names.data == NULL ? "nothing" : names.data);
    buffer_deinit(&names);
    aws_credentials_loaded(&self->base, NULL, &error);
}

static void on_answer(void *user, const struct aws_credentials *credentials, const struct error *error)
{
    struct chain_provider *self = user;
    if (error != NULL && error->status == STATUS_NOT_FOUND) {
        self->asked++;
        ask_next(self);
        return;
    }
    aws_credentials_loaded(&self->base, credentials, error);
}

static void ask_next(struct chain_provider *self)
{
    if (self->asked == self->count) {
        fail_unconfigured(self);
    } else {
        aws_credentials_provider_get(self->members[self->asked], &self->request, on_answer, self);
    }
}

static void load(struct aws_credentials_provider *provider)
{
    struct chain_provider *self = (struct chain_provider *)(void *)provider;
    self->asked = 0;
    ask_next(self);
}

static void deinit(struct aws_credentials_provider *provider)
{
    struct chain_provider *self = (struct chain_provider *)(void *)provider;
    aws_credentials_request_cancel(&self->request);
    for (size_t i = 0; i < self->count; i++) {
        aws_credentials_provider_destroy(self->members[i]);
    }
}

static const char *source(const struct aws_credentials_provider *provider)
{
    const struct chain_provider *self = (const struct chain_provider *)(const void *)provider;
    return self->asked < self->count ? aws_credentials_provider_name(self->members[self->asked]) : "chain";
}

static const struct aws_credentials_class s_class = {
    .name = "chain", .load = load, .deinit = deinit, .source = source};

struct aws_credentials_provider *aws_credentials_provider_new_chain(struct loop *loop,
                                                                    struct aws_credentials_provider **members,
                                                                    size_t count)
{
    CHECK(count <= AWS_CREDENTIALS_CHAIN_MAX);
    struct chain_provider *self = memory_alloc(sizeof *self);
    aws_credentials_provider_init(&self->base, &s_class, loop);
    while (self->count < count) {
        self->members[self->count] = members[self->count];
        self->members[self->count]->is_member = true;
        self->count++;
    }
    return &self->base;
}

struct aws_credentials_provider *aws_credentials_provider_new_default(struct loop *loop, struct http_client *http)
{
    struct aws_credentials_provider *members[] = {
        aws_credentials_provider_new_environment(loop),
        credentials_role_new(loop, http),
        credentials_web_identity_new(loop, http, NULL),
        aws_credentials_provider_new_profile(loop, NULL),
        credentials_container_new(loop, http),
        credentials_instance_new(loop, http),
    };
    return aws_credentials_provider_new_chain(loop, members, sizeof members / sizeof members[0]);
}

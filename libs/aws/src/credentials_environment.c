/* Credentials from the process's environment. */
#include <stdlib.h>

#include "base/memory.h"
#include "credentials_provider.h"

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

static void load(struct aws_credentials_provider *provider)
{
    const char *access_key_id = variable("AWS_ACCESS_KEY_ID");
    const char *secret = variable("AWS_SECRET_ACCESS_KEY");
    struct error error = {0};
    if (access_key_id != NULL && secret != NULL) {
        struct aws_credentials credentials;
        aws_credentials_init(&credentials, access_key_id, secret, variable("AWS_SESSION_TOKEN"),
                             AWS_CREDENTIALS_NEVER_EXPIRE);
        aws_credentials_loaded(provider, &credentials, NULL);
        aws_credentials_deinit(&credentials);
        return;
    }
    if (access_key_id == NULL && secret == NULL) {
        (void)error_set(&error, STATUS_NOT_FOUND, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
    } else {
        (void)error_set(&error, STATUS_INVALID_ARGUMENT, "%s is set, but %s is not",
                        access_key_id != NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                        access_key_id != NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    }
    aws_credentials_loaded(provider, NULL, &error);
}

static const struct aws_credentials_class s_class = {.name = "environment", .load = load};

struct aws_credentials_provider *aws_credentials_provider_new_environment(struct loop *loop)
{
    struct aws_credentials_provider *provider = memory_alloc(sizeof *provider);
    aws_credentials_provider_init(provider, &s_class, loop);
    return provider;
}

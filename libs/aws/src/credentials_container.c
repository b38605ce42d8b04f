/* Credentials of a container: the endpoints of ECS and of EKS Pod Identity, and whatever else is named like them. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "container_uri.h"
#include "credentials_json.h"
#include "credentials_sources.h"
#include "file_text.h"

#define RELATIVE_BASE "http://169.254.170.2"
#define ATTEMPT_MS INT64_C(2000)
#define PAUSE_MS INT64_C(1000)
#define ATTEMPTS_MAX 3
#define TOKEN_MAX ((size_t)16 << 10)
#define RESPONSE_MAX ((size_t)64 << 10)

struct container_provider {
    struct aws_credentials_provider base;
    struct http_client *http;
    int attempts;
    struct http_call *call;
    struct loop_timer timer;
};

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

static void attempt(void *argument);

static void fail(struct container_provider *self, struct error *error)
{
    error_prefix(error, "the container's credentials: ");
    aws_credentials_loaded(&self->base, NULL, error);
}

static void fail_or_try_again(struct container_provider *self, bool may_help, struct error *error)
{
    if (may_help && self->attempts < ATTEMPTS_MAX) {
        loop_timer_start(self->base.loop, &self->timer, clock_monotonic_ms() + PAUSE_MS, attempt, self);
    } else {
        fail(self, error);
    }
}

static void on_http_done(void *user, const struct http_response *response, const struct error *error)
{
    struct container_provider *self = user;
    struct error failure = {0};
    struct aws_credentials credentials = {0};
    self->call = NULL;
    if (response == NULL) {
        failure = *error;
        fail_or_try_again(self, failure.status != STATUS_INVALID_ARGUMENT && failure.status != STATUS_CANCELED,
                          &failure);
        return;
    }
    if (response->status != 200) {
        bool may_help = response->status >= 500 || response->status == 429;
        char reason[200];
        credentials_json_explain(response->body, response->body_length, reason, sizeof reason);
        (void)error_set(&failure, may_help ? STATUS_UNAVAILABLE : STATUS_UNAUTHENTICATED, "HTTP %d%s%s",
                        response->status, reason[0] == '\0' ? "" : ": ", reason);
        fail_or_try_again(self, may_help, &failure);
        return;
    }
    if (credentials_json_parse(response->body, response->body_length, &credentials, &failure) != STATUS_OK) {
        failure.retryable = true;
        fail_or_try_again(self, true, &failure);
        return;
    }
    aws_credentials_loaded(&self->base, &credentials, NULL);
    aws_credentials_deinit(&credentials);
}

/* Of its file, which may be replaced at any time, or of its variable. "": none. */
static enum status read_token(struct buffer *out, struct error *error)
{
    const char *path = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    enum status status = STATUS_OK;
    if (path != NULL) {
        status = file_text_read(path, out, error);
    } else if (token != NULL && !buffer_append_string(out, token)) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "AWS_CONTAINER_AUTHORIZATION_TOKEN is longer than %zu bytes",
                           TOKEN_MAX);
    }
    if (status != STATUS_OK) {
        error->status = STATUS_INVALID_ARGUMENT; /* NOT_FOUND would ask the next source */
        return STATUS_INVALID_ARGUMENT;
    }
    return container_token_check(out->data, out->length, error);
}

/* *out_url is to be freed. */
static enum status find_url(char **out_url, struct error *error)
{
    const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (relative != NULL) {
        if (relative[0] != '/') {
            return error_set(error, STATUS_INVALID_ARGUMENT,
                             "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must start with a slash");
        }
        *out_url = memory_format("%s%s", RELATIVE_BASE, relative);
        return STATUS_OK;
    }
    if (full == NULL) {
        return error_set(error, STATUS_NOT_FOUND, "no container credentials are configured");
    }
    enum status status = container_uri_check(full, error);
    if (status == STATUS_OK) {
        *out_url = memory_copy_string(full);
    }
    return status;
}

static void attempt(void *argument)
{
    struct container_provider *self = argument;
    struct error error = {0};
    char *url = NULL;
    struct buffer token;
    buffer_init(&token, TOKEN_MAX);
    self->attempts++;
    if (find_url(&url, &error) != STATUS_OK || read_token(&token, &error) != STATUS_OK) {
        fail(self, &error);
    } else {
        const struct http_header headers[] = {{"accept", "application/json"}, {"authorization", token.data}};
        const struct http_request request = {
            .method = "GET",
            .url = url,
            .headers = headers,
            .header_count = token.length > 0 ? 2 : 1,
            .deadline_ms = clock_monotonic_ms() + ATTEMPT_MS,
            .max_response_bytes = RESPONSE_MAX,
        };
        self->call = http_client_send(self->http, &request, on_http_done, self);
    }
    memory_wipe(token.data, token.capacity);
    buffer_deinit(&token);
    free(url);
}

static void load(struct aws_credentials_provider *provider)
{
    struct container_provider *self = (struct container_provider *)(void *)provider;
    self->attempts = 0;
    attempt(self);
}

static void deinit(struct aws_credentials_provider *provider)
{
    struct container_provider *self = (struct container_provider *)(void *)provider;
    loop_timer_stop(provider->loop, &self->timer);
    if (self->call != NULL) {
        http_call_cancel(self->call);
    }
}

static const struct aws_credentials_class s_class = {.name = "container", .load = load, .deinit = deinit};

struct aws_credentials_provider *credentials_container_new(struct loop *loop, struct http_client *http)
{
    struct container_provider *self = memory_alloc(sizeof *self);
    aws_credentials_provider_init(&self->base, &s_class, loop);
    self->http = http;
    return &self->base;
}

/* Credentials of an EC2 instance's role: the metadata service's token, the role's name, the role's keys. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "credentials_json.h"
#include "credentials_sources.h"
#include "instance_config.h"

#define TOKEN_PATH "/latest/api/token"
#define ROLE_PATH "/latest/meta-data/iam/security-credentials/"
#define TOKEN_SECONDS "21600"
#define TOKEN_LENGTH_MAX 1024
#define RESPONSE_MAX ((size_t)64 << 10)
#define ADVISORY_MS (INT64_C(15) * 60 * 1000)
#define STABLE_LEFT_MS (INT64_C(10) * 60 * 1000) /* keys with less to live are kept in use */
#define STABLE_JITTER_FROM_MS (INT64_C(2) * 60 * 1000)
#define STABLE_JITTER_TO_MS (INT64_C(10) * 60 * 1000)

enum step { STEP_TOKEN, STEP_ROLE, STEP_KEYS };

struct instance_provider {
    struct aws_credentials_provider base;
    struct http_client *http;
    struct instance_config config; /* of the load under way, as all below */
    bool was_there;                /* the service has answered at some time: it is one, and now perhaps away */
    enum step step;
    int attempts; /* of this step */
    char *token;  /* NULL: version 1 */
    char *role;
    struct http_call *call;
};

static void attempt(struct instance_provider *self);

static void forget(struct instance_provider *self)
{
    instance_config_deinit(&self->config);
    memory_wipe_string(self->token);
    free(self->token);
    free(self->role);
    self->token = NULL;
    self->role = NULL;
}

static void fail(struct instance_provider *self, struct error *error)
{
    error_prefix(error, "the instance's metadata service: ");
    forget(self);
    aws_credentials_loaded(&self->base, NULL, error);
}

static void go_on(struct instance_provider *self, enum step step)
{
    self->step = step;
    self->attempts = 0;
    attempt(self);
}

/* No token: version 1, if it may be. */
static void do_without_token(struct instance_provider *self, struct error *error)
{
    if (self->config.is_version_1_allowed) {
        go_on(self, STEP_ROLE);
        return;
    }
    error_prefix(error, "no token, and version 1 is switched off: ");
    fail(self, error);
}

static void fail_or_try_again(struct instance_provider *self, struct error *error)
{
    if (self->attempts < self->config.attempts) {
        attempt(self);
    } else {
        fail(self, error);
    }
}

static void on_no_answer(struct instance_provider *self, const struct error *error)
{
    struct error failure = *error;
    bool is_timeout = failure.status == STATUS_DEADLINE_EXCEEDED;
    if (self->step == STEP_TOKEN && is_timeout && self->attempts >= self->config.attempts) {
        do_without_token(self, &failure); /* a container behind one hop too many: the answer is dropped on its way */
        return;
    }
    if (!self->was_there) {
        failure.status = STATUS_NOT_FOUND; /* no EC2 instance */
    }
    fail_or_try_again(self, &failure);
}

static void on_token(struct instance_provider *self, const struct http_response *response)
{
    struct error error = {0};
    (void)error_set(&error, STATUS_UNAVAILABLE, "HTTP %d for the token", response->status);
    size_t length = strcspn(response->body, " \t\r\n");
    if (response->status == 200 && length > 0 && length <= TOKEN_LENGTH_MAX) {
        self->token = memory_copy(response->body, length);
        go_on(self, STEP_ROLE);
    } else if (response->status == 403 || response->status == 404 || response->status == 405) {
        do_without_token(self, &error);
    } else if (response->status == 400) {
        fail(self, &error);
    } else {
        fail_or_try_again(self, &error);
    }
}

static void on_role(struct instance_provider *self, const struct http_response *response)
{
    struct error error = {0};
    if (response->status == 404) {
        (void)error_set(&error, STATUS_NOT_FOUND, "the instance has no role");
        fail(self, &error);
        return;
    }
    self->role = response->status == 200 ? instance_role_parse(response->body, response->body_length) : NULL;
    if (self->role != NULL) {
        go_on(self, STEP_KEYS);
        return;
    }
    (void)error_set(&error, STATUS_UNAVAILABLE, "HTTP %d for the role, and no role's name", response->status);
    fail_or_try_again(self, &error);
}

/* The service may have nothing newer for hours: what it has is used on, and asked for again in some minutes. */
static void keep_stable(struct instance_provider *self, struct aws_credentials *credentials)
{
    int64_t now_ms = self->base.wall_ms();
    int64_t jitter_ms = STABLE_JITTER_FROM_MS +
                        (int64_t)random_below((uint64_t)(STABLE_JITTER_TO_MS - STABLE_JITTER_FROM_MS) + 1);
    if (credentials->expires_wall_ms - now_ms <= STABLE_LEFT_MS) {
        credentials->expires_wall_ms = now_ms + ADVISORY_MS + jitter_ms;
        log_plain(LOG_LEVEL_WARN, "the instance's metadata service answers credentials about to expire: used on");
    }
}

static void on_keys(struct instance_provider *self, const struct http_response *response)
{
    struct error error = {0};
    struct aws_credentials credentials = {0};
    if (response->status != 200) {
        (void)error_set(&error, STATUS_UNAVAILABLE, "HTTP %d for the role's keys", response->status);
        fail_or_try_again(self, &error);
    } else if (credentials_json_parse(response->body, response->body_length, &credentials, &error) != STATUS_OK) {
        error.retryable = true;
        fail_or_try_again(self, &error);
    } else {
        keep_stable(self, &credentials);
        forget(self);
        aws_credentials_loaded(&self->base, &credentials, NULL);
        aws_credentials_deinit(&credentials);
    }
}

static void on_http_done(void *user, const struct http_response *response, const struct error *error)
{
    struct instance_provider *self = user;
    self->call = NULL;
    if (response == NULL) {
        on_no_answer(self, error);
        return;
    }
    self->was_there = true;
    switch (self->step) {
    case STEP_TOKEN:
        on_token(self, response);
        break;
    case STEP_ROLE:
        on_role(self, response);
        break;
    case STEP_KEYS:
        on_keys(self, response);
        break;
    }
}

static void attempt(struct instance_provider *self)
{
    bool is_token = self->step == STEP_TOKEN;
    char *url = memory_format("%s%s%s", self->config.endpoint, is_token ? TOKEN_PATH : ROLE_PATH,
                              self->step == STEP_KEYS ? self->role : "");
    const struct http_header header = {
        is_token ? "x-aws-ec2-metadata-token-ttl-seconds" : "x-aws-ec2-metadata-token",
        is_token ? TOKEN_SECONDS : self->token,
    };
    const struct http_request request = {
        .method = is_token ? "PUT" : "GET",
        .url = url,
        .headers = &header,
        .header_count = header.value != NULL ? 1 : 0,
        .deadline_ms = clock_monotonic_ms() + self->config.attempt_ms,
        .max_response_bytes = RESPONSE_MAX,
    };
    self->attempts++;
    self->call = http_client_send(self->http, &request, on_http_done, self);
    free(url);
}

static void load(struct aws_credentials_provider *provider)
{
    struct instance_provider *self = (struct instance_provider *)(void *)provider;
    struct error error = {0};
    if (instance_config_load(&self->config, &error) != STATUS_OK) {
        fail(self, &error);
        return;
    }
    go_on(self, STEP_TOKEN);
}

static void deinit(struct aws_credentials_provider *provider)
{
    struct instance_provider *self = (struct instance_provider *)(void *)provider;
    if (self->call != NULL) {
        http_call_cancel(self->call);
    }
    forget(self);
}

static const struct aws_credentials_class s_class = {.name = "instance metadata", .load = load, .deinit = deinit};

struct aws_credentials_provider *credentials_instance_new(struct loop *loop, struct http_client *http)
{
    struct instance_provider *self = memory_alloc(sizeof *self);
    aws_credentials_provider_init(&self->base, &s_class, loop);
    self->http = http;
    return &self->base;
}

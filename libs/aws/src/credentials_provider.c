/* Waiting, keeping and refreshing: the same for every source of credentials. */
#include "credentials_provider.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"

#define ADVISORY_MS (INT64_C(15) * 60 * 1000)
#define MANDATORY_MS (INT64_C(10) * 60 * 1000)
#define SHORT_LIFE_MANDATORY_MS (INT64_C(60) * 1000) /* of keys that come with less than MANDATORY_MS to live */
#define REFRESH_PAUSE_MS (INT64_C(60) * 1000)
#define REFRESH_LOG_MS (INT64_C(5) * 60 * 1000)

void aws_credentials_provider_init(struct aws_credentials_provider *provider,
                                   const struct aws_credentials_class *class, struct loop *loop)
{
    *provider = (struct aws_credentials_provider){.class = class, .loop = loop, .wall_ms = clock_wall_ms};
    list_init(&provider->waiting);
}

const char *aws_credentials_provider_name(const struct aws_credentials_provider *provider)
{
    return provider->class->name;
}

const char *aws_credentials_provider_source(const struct aws_credentials_provider *provider)
{
    return provider->class->source != NULL ? provider->class->source(provider) : provider->class->name;
}

static void start_load(struct aws_credentials_provider *provider)
{
    if (!provider->is_loading) {
        provider->is_loading = true;
        provider->class->load(provider);
    }
}

/* What was loaded and has not expired: for a member, whose owner keeps it; else while it may be kept. */
static bool is_usable(const struct aws_credentials_provider *provider, int64_t now_ms)
{
    const struct aws_credentials *current = &provider->current;
    if (current->access_key_id == NULL || (provider->is_member && provider->failure.status != STATUS_OK)) {
        return false;
    }
    int64_t last_use_ms = provider->is_member ? 0 : provider->last_use_ms;
    return current->expires_wall_ms == AWS_CREDENTIALS_NEVER_EXPIRE || current->expires_wall_ms - now_ms > last_use_ms;
}

const struct aws_credentials *aws_credentials_provider_current(struct aws_credentials_provider *provider)
{
    int64_t now_ms = provider->wall_ms();
    if (provider->is_member || !is_usable(provider, now_ms)) {
        return NULL;
    }
    if (provider->current.expires_wall_ms != AWS_CREDENTIALS_NEVER_EXPIRE &&
        provider->current.expires_wall_ms - now_ms < ADVISORY_MS && now_ms >= provider->next_refresh_wall_ms) {
        provider->next_refresh_wall_ms = now_ms + REFRESH_PAUSE_MS;
        start_load(provider);
    }
    return is_usable(provider, now_ms) ? &provider->current : NULL;
}

static void deliver(void *argument)
{
    struct aws_credentials_provider *provider = argument;
    struct list ready;
    list_init(&ready);
    struct list *node;
    while ((node = list_take_first(&provider->waiting)) != NULL) {
        list_append(&ready, node);
    }
    /* A callback may invalidate, so each gets a copy that no one takes away. */
    bool is_found = is_usable(provider, provider->wall_ms());
    struct aws_credentials copy = {0};
    struct error failure = provider->failure;
    if (is_found) {
        aws_credentials_copy(&copy, &provider->current);
    } else if (failure.status == STATUS_OK) {
        (void)error_set(&failure, STATUS_UNAUTHENTICATED, "the AWS credentials from %s have expired",
                        provider->class->name);
        failure.retryable = true;
    }
    while ((node = list_take_first(&ready)) != NULL) {
        struct aws_credentials_request *request = LIST_ITEM(node, struct aws_credentials_request, link);
        aws_credentials_done_fn *done = request->done;
        request->done = NULL;
        done(request->user, is_found ? &copy : NULL, is_found ? NULL : &failure);
    }
    aws_credentials_deinit(&copy);
}

static void schedule_delivery(struct aws_credentials_provider *provider)
{
    if (!loop_timer_is_running(&provider->deliver)) {
        loop_timer_start(provider->loop, &provider->deliver, clock_monotonic_ms(), deliver, provider);
    }
}

void aws_credentials_provider_get(struct aws_credentials_provider *provider, struct aws_credentials_request *request,
                                  aws_credentials_done_fn *done, void *user)
{
    CHECK(request->done == NULL);
    request->done = done;
    request->user = user;
    list_append(&provider->waiting, &request->link);
    if (!provider->is_member && is_usable(provider, provider->wall_ms())) {
        schedule_delivery(provider);
    } else {
        start_load(provider);
    }
}

void aws_credentials_request_cancel(struct aws_credentials_request *request)
{
    if (request->done != NULL) {
        list_remove(&request->link);
        request->done = NULL;
    }
}

static void keep(struct aws_credentials_provider *provider, const struct aws_credentials *credentials)
{
    struct aws_credentials old = provider->current;
    aws_credentials_copy(&provider->current, credentials);
    aws_credentials_deinit(&old);
    provider->current.generation = ++provider->generation;
    bool is_short = credentials->expires_wall_ms - provider->wall_ms() <= MANDATORY_MS;
    provider->last_use_ms = is_short ? SHORT_LIFE_MANDATORY_MS : MANDATORY_MS;
    error_init(&provider->failure);
}

void aws_credentials_loaded(struct aws_credentials_provider *provider, const struct aws_credentials *credentials,
                            const struct error *error)
{
    CHECK(provider->is_loading && (credentials == NULL) != (error == NULL));
    provider->is_loading = false;
    if (credentials != NULL) {
        keep(provider, credentials);
    } else {
        provider->failure = *error;
    }
    int64_t suppressed = 0;
    if (!list_is_empty(&provider->waiting)) {
        schedule_delivery(provider);
    } else if (error != NULL && log_limiter_allows(&provider->refresh_log, REFRESH_LOG_MS, &suppressed)) {
        log_event(LOG_LEVEL_WARN, "AWS credentials could not be renewed ahead of their expiry",
                  LOG_STRING("source", provider->class->name), LOG_ERROR(error),
                  LOG_INTEGER("expires_in_s", (provider->current.expires_wall_ms - provider->wall_ms()) / 1000),
                  LOG_INTEGER("suppressed", suppressed));
    }
}

void aws_credentials_provider_invalidate(struct aws_credentials_provider *provider, uint64_t generation)
{
    if (generation == 0 || generation == provider->current.generation) {
        aws_credentials_deinit(&provider->current);
    }
}

void aws_credentials_provider_destroy(struct aws_credentials_provider *provider)
{
    if (provider == NULL) {
        return;
    }
    loop_timer_stop(provider->loop, &provider->deliver);
    if (provider->class->deinit != NULL) {
        provider->class->deinit(provider);
    }
    aws_credentials_deinit(&provider->current);
    (void)error_set(&provider->failure, STATUS_CANCELED, "the source of AWS credentials is closed");
    deliver(provider);
    free(provider);
}

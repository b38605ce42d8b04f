/* Waiting, keeping and refreshing: the same for every source of credentials.
 *
 * Keys without expiry are kept until they are invalidated. Keys that expire are loaded anew in the background from 15
 * minutes before their end (a failure then is tried again a minute later), and are no longer given out in the last
 * minute. */
#include "credentials_provider.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"

#define REFRESH_AHEAD_MS (INT64_C(15) * 60 * 1000)
#define REFRESH_PAUSE_MS (INT64_C(60) * 1000)
#define LAST_USE_MS (INT64_C(60) * 1000)

void aws_credentials_provider_init(struct aws_credentials_provider *provider,
                                   const struct aws_credentials_class *class, struct loop *loop)
{
    *provider = (struct aws_credentials_provider){.class = class, .loop = loop};
    list_init(&provider->waiting);
}

const char *aws_credentials_provider_name(const struct aws_credentials_provider *provider)
{
    return provider->class->name;
}

static void start_load(struct aws_credentials_provider *provider)
{
    if (!provider->is_loading) {
        provider->is_loading = true;
        provider->class->load(provider);
    }
}

static bool is_usable(const struct aws_credentials_provider *provider, int64_t now_ms)
{
    const struct aws_credentials *current = &provider->current;
    return current->access_key_id != NULL && (current->expires_wall_ms == AWS_CREDENTIALS_NEVER_EXPIRE ||
                                              current->expires_wall_ms - now_ms > LAST_USE_MS);
}

const struct aws_credentials *aws_credentials_provider_current(struct aws_credentials_provider *provider)
{
    int64_t now_ms = clock_wall_ms();
    if (!is_usable(provider, now_ms)) {
        return NULL;
    }
    if (provider->current.expires_wall_ms != AWS_CREDENTIALS_NEVER_EXPIRE &&
        provider->current.expires_wall_ms - now_ms < REFRESH_AHEAD_MS && now_ms >= provider->next_refresh_wall_ms) {
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
    bool is_found = is_usable(provider, clock_wall_ms());
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
    if (is_usable(provider, clock_wall_ms())) {
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

void aws_credentials_loaded(struct aws_credentials_provider *provider, const struct aws_credentials *credentials,
                            const struct error *error)
{
    CHECK(provider->is_loading && (credentials == NULL) != (error == NULL));
    provider->is_loading = false;
    if (credentials != NULL) {
        struct aws_credentials old = provider->current;
        aws_credentials_copy(&provider->current, credentials);
        aws_credentials_deinit(&old);
        error_init(&provider->failure);
    } else {
        provider->failure = *error;
    }
    if (!list_is_empty(&provider->waiting)) {
        schedule_delivery(provider);
    }
}

void aws_credentials_provider_invalidate(struct aws_credentials_provider *provider)
{
    aws_credentials_deinit(&provider->current);
    if (provider->class->invalidate != NULL) {
        provider->class->invalidate(provider);
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

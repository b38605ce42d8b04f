/* The life of a call: credentials, signature, HTTP, what the answer means, and whether to try again. */
#include "sqs_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/region.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"

#define ATTEMPT_MS INT64_C(15000) /* of an action that is retried */
#define SIGNED_HEADERS_MAX 6
#define AUTHORIZATION_MAX 4096

static void attempt(void *argument);
static void on_fail_timer(void *argument);

static void call_free(struct sqs_call *call)
{
    buffer_deinit(&call->body);
    free(call->region);
    free(call);
}

/* Nothing will come back to the call after this, and the client no longer knows it. */
static void detach(struct sqs_call *call)
{
    list_remove(&call->link);
    loop_timer_stop(call->client->loop, &call->timer);
    aws_credentials_request_cancel(&call->credentials_request);
    if (call->http_call != NULL) {
        http_call_cancel(call->http_call);
        call->http_call = NULL;
    }
}

/* Takes the call from the client first: done may do anything but touch this call. */
static void fail(struct sqs_call *call)
{
    detach(call);
    call->action->fail(call, &call->failure.public);
    call_free(call);
}

static void on_fail_timer(void *argument)
{
    fail(argument);
}

void sqs_call_abort(struct sqs_call *call)
{
    struct error error = {0};
    (void)error_set(&error, STATUS_CANCELED, "given up");
    sqs_failure_from_error(call->action->name, &error, &call->failure);
    fail(call);
}

void sqs_call_cancel(struct sqs_call *call)
{
    detach(call);
    call_free(call);
}

static void start_timer(struct sqs_call *call, int64_t pause_ms, loop_task_fn *fire)
{
    loop_timer_start(call->client->loop, &call->timer, clock_monotonic_ms() + pause_ms, fire, call);
}

/* A receive is repeated by its caller, at its caller's pace, on the same budget. Once that is spent, the failure is
 * told late: no caller may spin. */
static bool pace_receive(struct sqs_call *call)
{
    struct sqs_client *client = call->client;
    client->receive_failures += client->receive_failures < INT32_MAX ? 1 : 0;
    client->receive_debt =
        retry_quota_take(&client->quota, call->failure.public.error.status == STATUS_DEADLINE_EXCEEDED);
    int64_t left_ms = call->deadline_ms - clock_monotonic_ms();
    if (client->receive_debt > 0 || left_ms <= 0) {
        return false;
    }
    int64_t pause_ms = retry_pause_ms(client->receive_failures, call->failure.public.retry_after_ms);
    start_timer(call, pause_ms < left_ms ? pause_ms : left_ms, on_fail_timer);
    return true;
}

/* Where the failure says that another attempt may help: starts it, or the pause before it. */
static bool try_again(struct sqs_call *call)
{
    const struct sqs_error *error = &call->failure.public;
    bool may_help = error->class == SQS_ERROR_THROTTLED || error->class == SQS_ERROR_TRANSIENT;
    if (!may_help || error->error.status == STATUS_CANCELED) {
        return false;
    }
    if (!call->action->is_retried) {
        return pace_receive(call);
    }
    int64_t pause_ms = retry_pause_ms(call->attempts, error->retry_after_ms);
    if (call->attempts >= RETRY_ATTEMPTS_MAX || clock_monotonic_ms() + pause_ms >= call->deadline_ms) {
        return false;
    }
    call->taken = retry_quota_take(&call->client->quota, error->error.status == STATUS_DEADLINE_EXCEEDED);
    if (call->taken == 0) {
        return false;
    }
    start_timer(call, pause_ms, attempt);
    return true;
}

static void succeed(struct sqs_call *call)
{
    struct sqs_client *client = call->client;
    retry_quota_succeed(&client->quota, call->action->is_retried ? call->taken : client->receive_debt);
    if (!call->action->is_retried) {
        client->receive_debt = 0;
        client->receive_failures = 0;
    }
}

/* true: the answer told the service's time. */
static bool learn_clock(struct sqs_call *call, const struct http_response *response)
{
    struct sqs_client *client = call->client;
    return service_clock_learn(&client->clock, http_response_header(response, "date"),
                               http_response_header(response, "age"), call->sent_wall_ms, client->wall_ms());
}

/* A wrong clock and old credentials are mended once, without a pause; for a receive, too: what was refused has given
 * out no message. */
static bool mend(struct sqs_call *call, bool is_clock_learnt)
{
    struct sqs_client *client = call->client;
    bool is_mended = false;
    if (sqs_error_is_clock(&call->failure)) {
        is_mended = is_clock_learnt && !call->is_clock_corrected &&
                    service_clock_is_to_blame(&client->clock, call->signed_offset_ms);
        call->is_clock_corrected = call->is_clock_corrected || is_mended;
    } else if (sqs_error_is_expired(&call->failure)) {
        aws_credentials_provider_invalidate(client->credentials, call->generation);
        is_mended = !call->is_credentials_renewed;
        call->is_credentials_renewed = true;
    }
    if (!is_mended || clock_monotonic_ms() >= call->deadline_ms) {
        return false;
    }
    start_timer(call, 0, attempt);
    return true;
}

static void on_response(struct sqs_call *call, const struct http_response *response)
{
    bool is_clock_learnt = learn_clock(call, response);
    if (response->status != 200) {
        sqs_failure_from_response(call->action->name, response, &call->failure);
        if (!mend(call, is_clock_learnt) && !try_again(call)) {
            fail(call);
        }
        return;
    }
    struct error error = {0};
    succeed(call);            /* a body that does not parse takes its tokens again */
    list_remove(&call->link); /* done may destroy the client */
    if (call->action->deliver(call, response->body, response->body_length, &error) == STATUS_OK) {
        call_free(call);
        return;
    }
    list_append(&call->client->calls, &call->link);
    error.retryable = true;
    sqs_failure_from_error(call->action->name, &error, &call->failure);
    call->failure.public.http_status = response->status;
    if (!try_again(call)) {
        fail(call);
    }
}

static void on_http_done(void *user, const struct http_response *response, const struct error *error)
{
    struct sqs_call *call = user;
    call->http_call = NULL;
    if (response != NULL) {
        on_response(call, response);
        return;
    }
    sqs_failure_from_error(call->action->name, error, &call->failure);
    if (!try_again(call)) {
        fail(call);
    }
}

/* Host comes first: it is signed, but the HTTP client writes it. */
static size_t list_headers(const struct sqs_call *call, const struct aws_credentials *credentials, const char *date,
                           struct http_header out[SIGNED_HEADERS_MAX])
{
    size_t count = 0;
    out[count++] = (struct http_header){"host", call->endpoint.host};
    out[count++] = (struct http_header){"content-type", "application/x-amz-json-1.0"};
    out[count++] = (struct http_header){"x-amz-date", date};
    out[count++] = (struct http_header){"x-amz-target", call->action->target};
    out[count++] = (struct http_header){"x-amzn-query-mode", "true"};
    if (credentials->session_token != NULL) {
        out[count++] = (struct http_header){"x-amz-security-token", credentials->session_token};
    }
    return count;
}

static void send_signed(struct sqs_call *call, const struct aws_credentials *credentials)
{
    struct sqs_client *client = call->client;
    struct sigv4_scope scope = {.region = call->region, .service = "sqs"};
    call->sent_wall_ms = client->wall_ms();
    call->signed_offset_ms = client->clock.offset_ms;
    call->generation = credentials->generation;
    clock_format_basic(call->sent_wall_ms + call->signed_offset_ms, scope.date);
    struct http_header headers[SIGNED_HEADERS_MAX + 1];
    size_t count = list_headers(call, credentials, scope.date, headers);
    const struct sigv4_request to_sign = {
        .method = "POST", .headers = headers, .header_count = count, .payload_hash = call->body_hash};
    struct buffer authorization;
    buffer_init(&authorization, AUTHORIZATION_MAX);
    struct error error = {0};
    if (sigv4_sign(&to_sign, &scope, credentials, &client->keys, &authorization, &error) != STATUS_OK) {
        sqs_failure_from_error(call->action->name, &error, &call->failure);
        start_timer(call, 0, on_fail_timer);
        buffer_deinit(&authorization);
        return;
    }
    headers[count] = (struct http_header){"authorization", authorization.data};
    char url[AWS_URI_HOST_MAX + sizeof "https:///"];
    (void)snprintf(url, sizeof url, "%s://%s/", call->endpoint.is_secure ? "https" : "http", call->endpoint.host);
    int64_t deadline_ms = call->deadline_ms;
    if (call->action->is_retried && deadline_ms - clock_monotonic_ms() > ATTEMPT_MS) {
        deadline_ms = clock_monotonic_ms() + ATTEMPT_MS;
    }
    call->attempts++;
    const struct http_request request = {
        .method = "POST",
        .url = url,
        .headers = headers + 1,
        .header_count = count,
        .body = call->body.data,
        .body_length = call->body.length,
        .deadline_ms = deadline_ms,
        .max_response_bytes = call->action->max_response_bytes,
    };
    call->http_call = http_client_send(client->http, &request, on_http_done, call);
    buffer_deinit(&authorization);
}

static void on_credentials(void *user, const struct aws_credentials *credentials, const struct error *error)
{
    struct sqs_call *call = user;
    if (error != NULL) {
        sqs_failure_from_credentials(call->action->name, error, &call->failure);
        fail(call);
        return;
    }
    send_signed(call, credentials);
}

static void attempt(void *argument)
{
    struct sqs_call *call = argument;
    struct aws_credentials_provider *provider = call->client->credentials;
    const struct aws_credentials *credentials = aws_credentials_provider_current(provider);
    if (credentials != NULL) {
        send_signed(call, credentials);
    } else {
        aws_credentials_provider_get(provider, &call->credentials_request, on_credentials, call);
    }
}

struct sqs_call *sqs_call_new(struct sqs_client *client, const struct sqs_action *action, int64_t deadline_ms,
                              void *user)
{
    struct sqs_call *call = memory_alloc(sizeof *call);
    call->client = client;
    call->action = action;
    call->user = user;
    call->deadline_ms = deadline_ms;
    buffer_init(&call->body, SQS_REQUEST_MAX);
    list_append(&client->calls, &call->link);
    return call;
}

/* A queue URL's region counts where the queue URL is where we call. */
static char *find_region(const struct sqs_client *client, const char *queue_url)
{
    bool is_asked_first = !client->is_region_given && !client->has_endpoint;
    char *region = is_asked_first && queue_url != NULL ? aws_region_from_queue_url(queue_url) : NULL;
    if (region == NULL) {
        region = memory_copy_string(client->region);
    }
    return region != NULL || queue_url == NULL ? region : aws_region_from_queue_url(queue_url);
}

/* The queue URL's host is AWS's own, and another of the same region is to be called in its place. */
static bool is_host_replaced(const struct sqs_client *client, const struct aws_endpoint *queue)
{
    bool is_own = strncmp(queue->host, "sqs.", 4) == 0 || strncmp(queue->host, "sqs-fips.", 9) == 0;
    return is_own && (client->variant.is_fips || client->variant.is_dual_stack);
}

/* Endpoint and region, by the client's options or the queue URL. */
static enum status find_target(struct sqs_call *call, const char *queue_url, struct error *error)
{
    const struct sqs_client *client = call->client;
    call->region = find_region(client, queue_url);
    if (call->region == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "no AWS region: set AWS_REGION, or use a queue URL whose host names one");
    }
    if (client->has_endpoint) {
        call->endpoint = client->endpoint;
        return STATUS_OK;
    }
    if (queue_url != NULL) {
        enum status status = aws_endpoint_parse(queue_url, &call->endpoint, error);
        if (status != STATUS_OK || !is_host_replaced(client, &call->endpoint)) {
            return status;
        }
    }
    char *url = endpoint_of_region("sqs", call->region, &client->variant);
    enum status status = aws_endpoint_parse(url, &call->endpoint, error);
    free(url);
    return status;
}

struct sqs_call *sqs_call_start(struct sqs_call *call, const char *queue_url, bool is_written)
{
    struct error error = {0};
    enum status status = STATUS_OK;
    if (!is_written) {
        status = error_set(&error, STATUS_INVALID_ARGUMENT, "a text is not UTF-8, or the request longer than %zu bytes",
                           SQS_REQUEST_MAX);
    } else {
        status = find_target(call, queue_url, &error);
    }
    if (status != STATUS_OK) {
        sqs_failure_from_error(call->action->name, &error, &call->failure);
        start_timer(call, 0, on_fail_timer);
        return call;
    }
    crypto_sha256_hex(call->body.data, call->body.length, call->body_hash);
    attempt(call);
    return call;
}

/* STS in its Query protocol: a form in, XML out. */
#include "sts_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/region.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "endpoint.h"
#include "error_codes.h"
#include "sts_response.h"

#define ATTEMPT_MS INT64_C(10000)
#define AUTHORIZATION_MAX 4096
#define HEADERS_MAX 5
#define CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"
#define GLOBAL_REGION "us-east-1" /* that the global endpoint signs with */

static void attempt(void *argument);

void sts_call_stop(struct sts_call *call)
{
    if (call->done == NULL) {
        return;
    }
    call->done = NULL;
    loop_timer_stop(call->loop, &call->timer);
    if (call->http_call != NULL) {
        http_call_cancel(call->http_call);
        call->http_call = NULL;
    }
    memory_wipe(call->body.data, call->body.capacity);
    buffer_deinit(&call->body);
    aws_credentials_deinit(&call->signer);
    free(call->region);
    call->region = NULL;
}

void sts_call_deinit(struct sts_call *call)
{
    sts_call_stop(call);
    sigv4_key_cache_deinit(&call->keys);
}

/* Both are the callback's to borrow: the call itself is over before. */
static void finish(struct sts_call *call, const struct aws_credentials *credentials)
{
    sts_done_fn *done = call->done;
    void *user = call->user;
    struct error failure = call->failure;
    sts_call_stop(call);
    done(user, credentials, credentials == NULL ? &failure : NULL);
}

static void on_fail_timer(void *argument)
{
    finish(argument, NULL);
}

static void start_timer(struct sts_call *call, int64_t pause_ms, loop_task_fn *fire)
{
    loop_timer_start(call->loop, &call->timer, clock_monotonic_ms() + pause_ms, fire, call);
}

static void fail_or_try_again(struct sts_call *call, bool may_help, int64_t retry_after_ms)
{
    if (may_help && call->attempts < RETRY_ATTEMPTS_MAX) {
        call->taken = retry_quota_take(&call->quota, call->failure.status == STATUS_DEADLINE_EXCEEDED);
        if (call->taken > 0) {
            start_timer(call, retry_pause_ms(call->attempts, retry_after_ms), attempt);
            return;
        }
    }
    finish(call, NULL);
}

/* The provider of a web identity may have been away for a moment, and its newest token may not have reached STS. */
static bool may_help(const char *code, int http_status)
{
    static const char *const s_own[] = {"IDPCommunicationError", "InvalidIdentityToken", NULL};
    return error_code_is(ERROR_CODES_THROTTLED, code) || error_code_is(ERROR_CODES_TRANSIENT, code) ||
           error_code_is_one_of(code, s_own) || http_status >= 500 || http_status == 429;
}

static void on_refused(struct sts_call *call, const struct http_response *response, bool is_clock_learnt)
{
    char code[STS_CODE_SIZE];
    char text[STS_TEXT_SIZE];
    sts_response_explain(response->body, response->body_length, code, text);
    bool is_transient = may_help(code, response->status);
    bool is_identity = strcmp(code, "InvalidIdentityToken") == 0;
    enum status status = STATUS_UNAUTHENTICATED;
    if (is_transient && !is_identity) {
        status = STATUS_UNAVAILABLE;
    } else if (strncmp(code, "AccessDenied", strlen("AccessDenied")) == 0) {
        status = STATUS_PERMISSION_DENIED;
    }
    (void)error_set(&call->failure, status, "STS %s: HTTP %d %s%s%s", call->action, response->status,
                    code[0] == '\0' ? "without an error code" : code, text[0] == '\0' ? "" : ": ", text);
    if (error_code_is(ERROR_CODES_CLOCK, code) && is_clock_learnt && !call->is_clock_corrected &&
        service_clock_is_to_blame(&call->clock, call->signed_offset_ms)) {
        call->is_clock_corrected = true;
        start_timer(call, 0, attempt);
        return;
    }
    fail_or_try_again(call, is_transient, 0);
}

static void on_http_done(void *user, const struct http_response *response, const struct error *error)
{
    struct sts_call *call = user;
    call->http_call = NULL;
    if (response == NULL) {
        call->failure = *error;
        error_prefix(&call->failure, "STS %s: ", call->action);
        fail_or_try_again(call, error->status != STATUS_INVALID_ARGUMENT && error->status != STATUS_CANCELED, 0);
        return;
    }
    bool is_clock_learnt =
        service_clock_learn(&call->clock, http_response_header(response, "date"),
                            http_response_header(response, "age"), call->sent_wall_ms, clock_wall_ms());
    if (response->status != 200) {
        on_refused(call, response, is_clock_learnt);
        return;
    }
    struct aws_credentials credentials = {0};
    if (sts_response_parse(response->body, response->body_length, &credentials, &call->failure) != STATUS_OK) {
        error_prefix(&call->failure, "STS %s: ", call->action);
        call->failure.retryable = true;
        fail_or_try_again(call, true, 0);
        return;
    }
    retry_quota_succeed(&call->quota, call->taken);
    finish(call, &credentials);
    aws_credentials_deinit(&credentials);
}

static enum status sign(struct sts_call *call, struct http_header *headers, size_t count, const char *date,
                        struct buffer *out_authorization, struct error *error)
{
    char hash[CRYPTO_SHA256_HEX_SIZE];
    crypto_sha256_hex(call->body.data, call->body.length, hash);
    struct sigv4_scope scope = {.region = call->region, .service = "sts"};
    memcpy(scope.date, date, sizeof scope.date);
    const struct sigv4_request request = {
        .method = "POST", .headers = headers, .header_count = count, .payload_hash = hash};
    return sigv4_sign(&request, &scope, &call->signer, &call->keys, out_authorization, error);
}

static void attempt(void *argument)
{
    struct sts_call *call = argument;
    char date[CLOCK_BASIC_SIZE];
    call->attempts++;
    call->sent_wall_ms = clock_wall_ms();
    call->signed_offset_ms = call->clock.offset_ms;
    clock_format_basic(call->sent_wall_ms + call->signed_offset_ms, date);
    struct http_header headers[HEADERS_MAX] = {{"host", call->endpoint.host}, {"content-type", CONTENT_TYPE}};
    size_t count = 2;
    struct buffer authorization;
    buffer_init(&authorization, AUTHORIZATION_MAX);
    if (call->is_signed) {
        headers[count++] = (struct http_header){"x-amz-date", date};
        if (call->signer.session_token != NULL) {
            headers[count++] = (struct http_header){"x-amz-security-token", call->signer.session_token};
        }
        if (sign(call, headers, count, date, &authorization, &call->failure) != STATUS_OK) {
            start_timer(call, 0, on_fail_timer);
            buffer_deinit(&authorization);
            return;
        }
        headers[count++] = (struct http_header){"authorization", authorization.data};
    }
    char url[AWS_URI_HOST_MAX + sizeof "https:///"];
    (void)snprintf(url, sizeof url, "%s://%s/", call->endpoint.is_secure ? "https" : "http", call->endpoint.host);
    const struct http_request request = {
        .method = "POST",
        .url = url,
        .headers = headers + 1, /* the HTTP client writes Host itself */
        .header_count = count - 1,
        .body = call->body.data,
        .body_length = call->body.length,
        .deadline_ms = clock_monotonic_ms() + ATTEMPT_MS,
        .max_response_bytes = STS_RESPONSE_MAX,
    };
    call->http_call = http_client_send(call->http, &request, on_http_done, call);
    buffer_deinit(&authorization);
}

static enum status find_endpoint(struct sts_call *call, struct error *error)
{
    char *url = NULL;
    struct endpoint_variant variant = {0};
    enum status status = endpoint_find("sts", NULL, &url, &variant, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = aws_region_find(NULL, &call->region, error);
    if (status == STATUS_OK && url == NULL) {
        url = endpoint_of_region("sts", call->region, &variant);
    } else if (status == STATUS_NOT_FOUND) {
        call->region = memory_copy_string(GLOBAL_REGION);
        url = url == NULL ? memory_copy_string("https://sts.amazonaws.com") : url;
        status = STATUS_OK;
        error_init(error);
    }
    if (status == STATUS_OK) {
        status = aws_endpoint_parse(url, &call->endpoint, error);
    }
    free(url);
    return status;
}

static bool put_form(struct buffer *out, const char *action, const struct sts_parameter *parameters)
{
    bool is_fine = buffer_append_format(out, "Action=%s&Version=2011-06-15", action);
    for (; is_fine && parameters->name != NULL; parameters++) {
        if (parameters->value != NULL) {
            is_fine = buffer_append_format(out, "&%s=", parameters->name) &&
                      aws_uri_append_encoded(out, parameters->value);
        }
    }
    return is_fine;
}

void sts_call_start(struct sts_call *call, const char *action, const struct sts_parameter *parameters,
                    const struct aws_credentials *signer, sts_done_fn *done, void *user)
{
    CHECK(call->done == NULL);
    if (!call->is_prepared) {
        retry_quota_init(&call->quota);
        call->is_prepared = true;
    }
    call->done = done;
    call->user = user;
    call->action = action;
    call->attempts = 0;
    call->taken = 0;
    call->is_clock_corrected = false;
    call->is_signed = signer != NULL;
    if (signer != NULL) {
        aws_credentials_copy(&call->signer, signer);
    }
    error_init(&call->failure);
    buffer_init(&call->body, STS_REQUEST_MAX);
    if (!put_form(&call->body, action, parameters)) {
        (void)error_set(&call->failure, STATUS_INVALID_ARGUMENT, "STS %s: the request is longer than %zu bytes",
                        action, STS_REQUEST_MAX);
    } else if (find_endpoint(call, &call->failure) == STATUS_OK) {
        attempt(call);
        return;
    }
    start_timer(call, 0, on_fail_timer);
}

/* The scripted SQS server, on http/server.h. Its handler runs on the server's thread: the lock guards everything. */
#include "support_server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/credentials.h"
#include "aws/sigv4.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "http/server.h"

#define REQUESTS_MAX 16

static pthread_mutex_t s_lock = PTHREAD_MUTEX_INITIALIZER;
static const struct fake_answer *s_answers;
static size_t s_answer_count;
static struct fake_request s_requests[REQUESTS_MAX];
static size_t s_request_count;
static struct http_exchange *s_held[REQUESTS_MAX];
static size_t s_held_count;
static struct http_server *s_server;

static void copy_header(const struct http_exchange *exchange, const char *name, char *out, size_t size)
{
    const char *value = http_exchange_header(exchange, name);
    (void)snprintf(out, size, "%s", value == NULL ? "" : value);
}

/* As AWS does it: the request that came, signed with the secret that we know, must give the same header. */
static bool is_signed_well(const struct http_exchange *exchange, const char *body, size_t length)
{
    static const char *const s_names[] = {"host",         "content-type",      "x-amz-date",
                                          "x-amz-target", "x-amzn-query-mode", "x-amz-security-token"};
    struct http_header headers[6];
    size_t count = 0;
    for (size_t i = 0; i < 6; i++) {
        const char *value = http_exchange_header(exchange, s_names[i]);
        if (value != NULL) {
            headers[count++] = (struct http_header){s_names[i], value};
        }
    }
    const char *authorization = http_exchange_header(exchange, "authorization");
    const char *date = http_exchange_header(exchange, "x-amz-date");
    if (authorization == NULL || date == NULL) {
        return false;
    }
    char hash[CRYPTO_SHA256_HEX_SIZE];
    crypto_sha256_hex(body, length, hash);
    const struct sigv4_request request = {.method = http_exchange_method(exchange),
                                          .path = http_exchange_path(exchange),
                                          .headers = headers,
                                          .header_count = count,
                                          .payload_hash = hash};
    struct sigv4_scope scope = {.region = FAKE_REGION, .service = "sqs"};
    (void)snprintf(scope.date, sizeof scope.date, "%s", date);
    struct aws_credentials credentials;
    aws_credentials_init(&credentials, FAKE_ACCESS_KEY, FAKE_SECRET, NULL, AWS_CREDENTIALS_NEVER_EXPIRE);
    struct sigv4_key_cache cache = {0};
    struct buffer expected;
    buffer_init(&expected, 4096);
    CHECK(sigv4_sign(&request, &scope, &credentials, &cache, &expected, NULL) == STATUS_OK);
    bool is_right = strcmp(expected.data, authorization) == 0;
    buffer_deinit(&expected);
    aws_credentials_deinit(&credentials);
    return is_right;
}

static void handle(struct http_exchange *exchange, void *user)
{
    (void)user;
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    pthread_mutex_lock(&s_lock);
    CHECK(s_request_count < REQUESTS_MAX);
    struct fake_request *request = &s_requests[s_request_count];
    copy_header(exchange, "x-amz-target", request->target, sizeof request->target);
    copy_header(exchange, "x-amz-date", request->date, sizeof request->date);
    copy_header(exchange, "x-amz-security-token", request->token, sizeof request->token);
    copy_header(exchange, "content-type", request->content_type, sizeof request->content_type);
    copy_header(exchange, "x-amzn-query-mode", request->query_mode, sizeof request->query_mode);
    request->body = memory_copy(body, length);
    request->is_signature_right = is_signed_well(exchange, body, length);
    const struct fake_answer *answer = s_request_count < s_answer_count ? &s_answers[s_request_count] : NULL;
    s_request_count++;
    bool is_held = answer != NULL && answer->is_held;
    if (is_held) {
        s_held[s_held_count++] = exchange;
    }
    pthread_mutex_unlock(&s_lock);
    if (is_held) {
        return;
    }
    if (answer == NULL) {
        http_exchange_reply(exchange, 599, "text/plain", NULL, 0, NULL, 0);
        return;
    }
    const struct http_header header = {answer->header_name, answer->header_value};
    http_exchange_reply(exchange, answer->status, "application/x-amz-json-1.0", &header,
                        answer->header_name == NULL ? 0 : 1, answer->body, strlen(answer->body));
}

void fake_server_start(const struct fake_answer *answers, size_t count)
{
    s_answers = answers;
    s_answer_count = count;
    s_request_count = 0;
    s_held_count = 0;
    const struct http_route route = {.method = "POST", .path = "/", .handler = handle};
    const struct http_server_options options = {.listen = "127.0.0.1:0", .routes = &route, .route_count = 1};
    CHECK(http_server_start(&options, &s_server, NULL) == STATUS_OK);
}

void fake_server_stop(void)
{
    pthread_mutex_lock(&s_lock);
    size_t count = s_held_count;
    s_held_count = 0;
    pthread_mutex_unlock(&s_lock);
    for (size_t i = 0; i < count; i++) {
        http_exchange_reply(s_held[i], 503, "text/plain", NULL, 0, NULL, 0);
    }
    (void)http_server_drain(s_server, clock_monotonic_ms() + 5000);
    http_server_destroy(s_server);
    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        free(s_requests[i].body);
        s_requests[i] = (struct fake_request){0};
    }
}

int fake_server_port(void)
{
    return http_server_port(s_server);
}

size_t fake_server_count(void)
{
    pthread_mutex_lock(&s_lock);
    size_t count = s_request_count;
    pthread_mutex_unlock(&s_lock);
    return count;
}

const struct fake_request *fake_server_request(size_t index)
{
    CHECK(index < fake_server_count());
    return &s_requests[index]; /* complete, and never changed again */
}

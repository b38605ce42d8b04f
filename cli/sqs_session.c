/* See sqs_session.h. */
#include "sqs_session.h"

#include <stdlib.h>

#include "aws/credentials.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/memory.h"
#include "http/client.h"

struct sqs_session {
    struct loop *loop;
    struct http_client *http;
    struct aws_credentials_provider *credentials;
    struct sqs_client *sqs;
};

/* One call, filled by its done. */
struct answer {
    struct sqs_session *session;
    bool is_there;
    struct error error;
    struct sqs_message **messages; /* receive: where they go */
    size_t count;
};

enum status sqs_session_new(struct sqs_session **out_session, struct error *error)
{
    struct sqs_session *session = memory_alloc(sizeof *session);
    session->loop = loop_new();
    const struct http_client_options http_options = {0};
    struct sqs_client_options options = {.loop = session->loop};
    enum status status = http_client_new(session->loop, &http_options, &session->http, error);
    if (status != STATUS_OK) {
        goto done;
    }
    session->credentials = aws_credentials_provider_new_default(session->loop, session->http);
    options.http = session->http;
    options.credentials = session->credentials;
    status = sqs_client_new(&options, &session->sqs, error);
    if (status != STATUS_OK) {
        goto done;
    }
    *out_session = session;
    session = NULL;
done:
    sqs_session_destroy(session);
    return status;
}

void sqs_session_destroy(struct sqs_session *session)
{
    if (session == NULL) {
        return;
    }
    sqs_client_destroy(session->sqs);
    aws_credentials_provider_destroy(session->credentials);
    http_client_destroy(session->http);
    loop_destroy(session->loop);
    free(session);
}

static void finish(struct answer *answer, const struct sqs_error *error)
{
    if (error != NULL) {
        answer->error = error->error;
    }
    answer->is_there = true;
}

/* Runs the loop until finish(). */
static enum status await(struct answer *answer, struct error *error)
{
    while (!answer->is_there) {
        loop_run_once(answer->session->loop, SQS_SESSION_CALL_MS);
    }
    if (answer->error.status != STATUS_OK && error != NULL) {
        *error = answer->error;
    }
    return answer->error.status;
}

static int64_t deadline_ms(void)
{
    return clock_monotonic_ms() + SQS_SESSION_CALL_MS;
}

static void on_received(void *user, const struct sqs_receive_result *result, const struct sqs_error *error)
{
    struct answer *answer = user;
    for (size_t i = 0; error == NULL && i < result->count; i++) {
        CHECK(answer->count < SQS_BATCH_MAX);
        answer->messages[answer->count++] = sqs_receive_result_take(result, i);
    }
    finish(answer, error);
}

enum status sqs_session_receive(struct sqs_session *session, const char *queue_url, int wait_seconds,
                                int visibility_seconds, struct sqs_message *out_messages[SQS_BATCH_MAX],
                                size_t *out_count, struct error *error)
{
    struct answer answer = {.session = session, .messages = out_messages};
    const struct sqs_receive_request request = {
        .queue_url = queue_url,
        .max_messages = SQS_BATCH_MAX,
        .wait_seconds = wait_seconds,
        .visibility_seconds = visibility_seconds,
        .deadline_ms = deadline_ms(),
    };
    (void)sqs_client_receive_message(session->sqs, &request, on_received, &answer);
    enum status status = await(&answer, error);
    if (status == STATUS_OK) {
        *out_count = answer.count;
    }
    return status;
}

static void on_sent(void *user, const struct sqs_entry_result *result, const struct sqs_error *error)
{
    (void)result;
    finish(user, error);
}

enum status sqs_session_send(struct sqs_session *session, const char *queue_url, const struct sqs_send_entry *entry,
                             struct error *error)
{
    struct answer answer = {.session = session};
    (void)sqs_client_send_message(session->sqs, queue_url, entry, deadline_ms(), on_sent, &answer);
    return await(&answer, error);
}

static void on_done(void *user, const struct sqs_error *error)
{
    finish(user, error);
}

enum status sqs_session_delete(struct sqs_session *session, const char *queue_url, const char *receipt_handle,
                               struct error *error)
{
    struct answer answer = {.session = session};
    (void)sqs_client_delete_message(session->sqs, queue_url, receipt_handle, deadline_ms(), on_done, &answer);
    return await(&answer, error);
}

enum status sqs_session_change_visibility(struct sqs_session *session, const char *queue_url,
                                          const char *receipt_handle, int seconds, struct error *error)
{
    struct answer answer = {.session = session};
    (void)sqs_client_change_visibility(session->sqs, queue_url, receipt_handle, seconds, deadline_ms(), on_done,
                                       &answer);
    return await(&answer, error);
}

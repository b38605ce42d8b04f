/* See sqs_session.h. */
#include "sqs_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/sqs_stack.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"

struct sqs_session {
    struct sqs_stack *stack;
    struct loop *loop;      /* the stack's, as the next */
    struct sqs_client *sqs;
    enum sqs_error_class error_class; /* of the last call that failed */
    char error_code[SQS_SESSION_CODE_SIZE];
};

/* One call, filled by its done. */
struct answer {
    struct sqs_session *session;
    bool is_there;
    struct error error;
    struct sqs_message **messages; /* receive: where they go */
    size_t count;
    struct sqs_session_entry *entries; /* of a batch: where they go */
    json_t *attributes;
};

enum status sqs_session_new(struct sqs_session **out_session, struct error *error)
{
    struct sqs_session *session = memory_alloc(sizeof *session);
    enum status status = sqs_stack_new(NULL, &session->stack, error);
    if (status == STATUS_OK) {
        session->loop = sqs_stack_loop(session->stack);
        session->sqs = sqs_stack_client(session->stack);
        *out_session = session;
        session = NULL;
    }
    sqs_session_destroy(session);
    return status;
}

void sqs_session_destroy(struct sqs_session *session)
{
    if (session == NULL) {
        return;
    }
    sqs_stack_destroy(session->stack);
    free(session);
}

enum sqs_error_class sqs_session_error_class(const struct sqs_session *session)
{
    return session->error_class;
}

const char *sqs_session_error_code(const struct sqs_session *session)
{
    return session->error_code;
}

int64_t sqs_session_now_ms(const struct sqs_session *session)
{
    (void)session;
    return clock_monotonic_ms();
}

void sqs_session_wait_until(struct sqs_session *session, int64_t monotonic_ms)
{
    for (int64_t left_ms = 0; (left_ms = monotonic_ms - clock_monotonic_ms()) > 0;) {
        loop_run_once(session->loop, left_ms);
    }
}

static void finish(struct answer *answer, const struct sqs_error *error)
{
    if (error != NULL) {
        struct sqs_session *session = answer->session;
        answer->error = error->error;
        session->error_class = error->class;
        (void)snprintf(session->error_code, sizeof session->error_code, "%s", error->code);
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

static void on_batch(void *user, const struct sqs_batch_result *result, const struct sqs_error *error)
{
    struct answer *answer = user;
    for (size_t i = 0; error == NULL && i < result->count; i++) {
        const struct sqs_entry_result *from = &result->entries[i];
        struct sqs_session_entry *to = &answer->entries[i];
        *to = (struct sqs_session_entry){.is_ok = from->is_ok, .class = from->class};
        (void)snprintf(to->text, sizeof to->text, "%s", from->is_ok ? "" : from->text);
        (void)snprintf(to->message_id, sizeof to->message_id, "%s", from->is_ok ? from->message_id : "");
    }
    finish(answer, error);
}

enum status sqs_session_send_batch(struct sqs_session *session, const char *queue_url,
                                   const struct sqs_send_entry *entries, size_t count,
                                   struct sqs_session_entry *out_entries, struct error *error)
{
    struct answer answer = {.session = session, .entries = out_entries};
    (void)sqs_client_send_message_batch(session->sqs, queue_url, entries, count, deadline_ms(), on_batch, &answer);
    return await(&answer, error);
}

enum status sqs_session_delete_batch(struct sqs_session *session, const char *queue_url,
                                     const char *const *receipt_handles, size_t count,
                                     struct sqs_session_entry *out_entries, struct error *error)
{
    struct answer answer = {.session = session, .entries = out_entries};
    (void)sqs_client_delete_message_batch(session->sqs, queue_url, receipt_handles, count, deadline_ms(), on_batch,
                                          &answer);
    return await(&answer, error);
}

enum status sqs_session_change_visibility_batch(struct sqs_session *session, const char *queue_url,
                                                const char *const *receipt_handles, size_t count, int seconds,
                                                struct sqs_session_entry *out_entries, struct error *error)
{
    struct answer answer = {.session = session, .entries = out_entries};
    struct sqs_visibility_entry entries[SQS_BATCH_MAX];
    CHECK(count <= SQS_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        entries[i] = (struct sqs_visibility_entry){receipt_handles[i], seconds};
    }
    (void)sqs_client_change_visibility_batch(session->sqs, queue_url, entries, count, deadline_ms(), on_batch, &answer);
    return await(&answer, error);
}

static void on_attributes(void *user, const struct sqs_attributes_result *result, const struct sqs_error *error)
{
    struct answer *answer = user;
    for (size_t i = 0; error == NULL && i < result->count; i++) {
        const struct sqs_queue_attribute *attribute = &result->attributes[i];
        CHECK(json_object_set_new(answer->attributes, attribute->name, json_string(attribute->value)) == 0);
    }
    finish(answer, error);
}

enum status sqs_session_get_queue_attributes(struct sqs_session *session, const char *queue_url,
                                             json_t **out_attributes, struct error *error)
{
    struct answer answer = {.session = session, .attributes = json_object()};
    (void)sqs_client_get_queue_attributes(session->sqs, queue_url, deadline_ms(), on_attributes, &answer);
    enum status status = await(&answer, error);
    if (status == STATUS_OK) {
        *out_attributes = answer.attributes;
        answer.attributes = NULL;
    }
    json_decref(answer.attributes);
    return status;
}

enum status sqs_session_probe_send(struct sqs_session *session, const char *queue_url, struct error *error)
{
    struct answer answer = {.session = session};
    (void)sqs_client_probe_send(session->sqs, queue_url, deadline_ms(), on_batch, &answer);
    enum status status = await(&answer, error);
    return status != STATUS_OK && strstr(session->error_code, "EmptyBatchRequest") != NULL ? STATUS_OK : status;
}

static void on_credentials(void *user, const struct aws_credentials *credentials, const struct error *error)
{
    struct answer *answer = user;
    if (credentials == NULL) {
        answer->error = *error;
    }
    answer->is_there = true;
}

enum status sqs_session_find_credentials(struct sqs_session *session, const char **out_source, struct error *error)
{
    struct answer answer = {.session = session};
    struct aws_credentials_request request = {0};
    struct aws_credentials_provider *provider = sqs_stack_credentials(session->stack);
    aws_credentials_provider_get(provider, &request, on_credentials, &answer);
    enum status status = await(&answer, error);
    if (status == STATUS_OK) {
        *out_source = aws_credentials_provider_source(provider);
    }
    return status;
}

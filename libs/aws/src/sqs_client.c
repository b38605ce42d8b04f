/* The client, and its actions: which request, how the answer is read, which done is called. */
#include "aws/sqs_client.h"

#include <stdlib.h>
#include <string.h>

#include "aws/region.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "sqs_call.h"
#include "sqs_receive_parsed.h"
#include "sqs_request.h"
#include "sqs_response.h"

/* Actions are posted to "/". */
static bool has_no_path(const char *url)
{
    const char *host = strstr(url, "://") + 3; /* an endpoint that was parsed */
    const char *rest = host + strcspn(host, "/?#");
    return rest[0] == '\0' || strcmp(rest, "/") == 0;
}

enum status sqs_client_new(const struct sqs_client_options *options, struct sqs_client **out_client,
                           struct error *error)
{
    struct aws_endpoint endpoint = {0};
    struct endpoint_variant variant = {0};
    char *endpoint_url = NULL;
    char *region = NULL;
    struct sqs_client *client = NULL;
    struct error region_error = {0};
    enum status status = endpoint_find("sqs", options->endpoint, &endpoint_url, &variant, error);
    if (status != STATUS_OK) {
        goto done;
    }
    if (endpoint_url != NULL) {
        status = aws_endpoint_parse(endpoint_url, &endpoint, error);
        if (status != STATUS_OK) {
            error_prefix(error, "the SQS endpoint: ");
            goto done;
        }
        if (!has_no_path(endpoint_url)) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "the SQS endpoint: \"%s\" must not have a path",
                               endpoint_url);
            goto done;
        }
    }
    status = aws_region_find(options->region, &region, &region_error);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "%s", region_error.text);
        goto done;
    }
    client = memory_alloc(sizeof *client);
    client->loop = options->loop;
    client->http = options->http;
    client->credentials = options->credentials;
    client->wall_ms = options->wall_ms != NULL ? options->wall_ms : clock_wall_ms;
    client->region = region;
    client->is_region_given = options->region != NULL && options->region[0] != '\0';
    client->has_endpoint = endpoint_url != NULL;
    client->endpoint = endpoint;
    client->variant = variant;
    retry_quota_init(&client->quota);
    list_init(&client->calls);
    *out_client = client;
    region = NULL;
    status = STATUS_OK;

done:
    free(endpoint_url);
    free(region);
    return status;
}

void sqs_client_destroy(struct sqs_client *client)
{
    if (client == NULL) {
        return;
    }
    while (!list_is_empty(&client->calls)) {
        sqs_call_abort(LIST_ITEM(client->calls.next, struct sqs_call, link));
    }
    sigv4_key_cache_deinit(&client->keys);
    free(client->region);
    free(client);
}

static enum status deliver_receive(struct sqs_call *call, const char *body, size_t length, struct error *error)
{
    struct sqs_receive_parsed parsed = {0};
    enum status status = sqs_receive_parse(body, length, &parsed, error);
    if (status == STATUS_OK) {
        call->done.receive(call->user, &parsed.result, NULL);
        sqs_receive_parsed_deinit(&parsed);
    }
    return status;
}

static void fail_receive(struct sqs_call *call, const struct sqs_error *error)
{
    call->done.receive(call->user, NULL, error);
}

static enum status deliver_nothing(struct sqs_call *call, const char *body, size_t length, struct error *error)
{
    enum status status = sqs_nothing_parse(body, length, error);
    if (status == STATUS_OK) {
        call->done.nothing(call->user, NULL);
    }
    return status;
}

static void fail_nothing(struct sqs_call *call, const struct sqs_error *error)
{
    call->done.nothing(call->user, error);
}

static enum status deliver_batch(struct sqs_call *call, const char *body, size_t length, struct error *error)
{
    struct sqs_batch_parsed parsed = {0};
    enum status status = sqs_batch_parse(body, length, call->entry_count, &parsed, error);
    if (status == STATUS_OK) {
        call->done.batch(call->user, &parsed.result, NULL);
        sqs_batch_parsed_deinit(&parsed);
    }
    return status;
}

static void fail_batch(struct sqs_call *call, const struct sqs_error *error)
{
    call->done.batch(call->user, NULL, error);
}

static enum status deliver_send(struct sqs_call *call, const char *body, size_t length, struct error *error)
{
    struct sqs_batch_parsed parsed = {0};
    enum status status = sqs_send_parse(body, length, &parsed, error);
    if (status == STATUS_OK) {
        call->done.send(call->user, &parsed.entries[0], NULL);
        sqs_batch_parsed_deinit(&parsed);
    }
    return status;
}

static void fail_send(struct sqs_call *call, const struct sqs_error *error)
{
    call->done.send(call->user, NULL, error);
}

static enum status deliver_attributes(struct sqs_call *call, const char *body, size_t length, struct error *error)
{
    struct sqs_attributes_parsed parsed = {0};
    enum status status = sqs_attributes_parse(body, length, &parsed, error);
    if (status == STATUS_OK) {
        call->done.attributes(call->user, &parsed.result, NULL);
        sqs_attributes_parsed_deinit(&parsed);
    }
    return status;
}

static void fail_attributes(struct sqs_call *call, const struct sqs_error *error)
{
    call->done.attributes(call->user, NULL, error);
}

static enum status deliver_queue_url(struct sqs_call *call, const char *body, size_t length, struct error *error)
{
    char *url = NULL;
    enum status status = sqs_queue_url_parse(body, length, &url, error);
    if (status == STATUS_OK) {
        call->done.queue_url(call->user, url, NULL);
        free(url);
    }
    return status;
}

static void fail_queue_url(struct sqs_call *call, const struct sqs_error *error)
{
    call->done.queue_url(call->user, NULL, error);
}

#define ACTION(action_name, retried, limit, kind)                                       \
    {                                                                                   \
        .name = action_name, .target = "AmazonSQS." action_name, .is_retried = retried, \
        .max_response_bytes = limit, .deliver = deliver_##kind, .fail = fail_##kind     \
    }
static const struct sqs_action s_receive = ACTION("ReceiveMessage", false, SQS_RECEIVE_RESPONSE_MAX, receive);
static const struct sqs_action s_delete = ACTION("DeleteMessage", true, SQS_RESPONSE_MAX, nothing);
static const struct sqs_action s_delete_batch = ACTION("DeleteMessageBatch", true, SQS_RESPONSE_MAX, batch);
static const struct sqs_action s_visibility = ACTION("ChangeMessageVisibility", true, SQS_RESPONSE_MAX, nothing);
static const struct sqs_action s_visibility_batch =
    ACTION("ChangeMessageVisibilityBatch", true, SQS_RESPONSE_MAX, batch);
static const struct sqs_action s_send = ACTION("SendMessage", true, SQS_RESPONSE_MAX, send);
static const struct sqs_action s_send_batch = ACTION("SendMessageBatch", true, SQS_RESPONSE_MAX, batch);
static const struct sqs_action s_get_attributes = ACTION("GetQueueAttributes", true, SQS_RESPONSE_MAX, attributes);
static const struct sqs_action s_get_queue_url = ACTION("GetQueueUrl", true, SQS_RESPONSE_MAX, queue_url);
static const struct sqs_action s_create_queue = ACTION("CreateQueue", true, SQS_RESPONSE_MAX, queue_url);

struct sqs_call *sqs_client_receive_message(struct sqs_client *client, const struct sqs_receive_request *request,
                                            sqs_receive_done_fn *done, void *user)
{
    CHECK(request->max_messages >= 1 && request->max_messages <= SQS_BATCH_MAX);
    CHECK(request->wait_seconds >= 0 && request->wait_seconds <= SQS_WAIT_SECONDS_MAX);
    CHECK(request->visibility_seconds <= SQS_VISIBILITY_SECONDS_MAX);
    struct sqs_call *call = sqs_call_new(client, &s_receive, request->deadline_ms, user);
    call->done.receive = done;
    return sqs_call_start(call, request->queue_url, sqs_request_receive(&call->body, request));
}

struct sqs_call *sqs_client_delete_message(struct sqs_client *client, const char *queue_url,
                                           const char *receipt_handle, int64_t deadline_ms, sqs_done_fn *done,
                                           void *user)
{
    struct sqs_call *call = sqs_call_new(client, &s_delete, deadline_ms, user);
    call->done.nothing = done;
    return sqs_call_start(call, queue_url, sqs_request_delete(&call->body, queue_url, receipt_handle));
}

struct sqs_call *sqs_client_change_visibility(struct sqs_client *client, const char *queue_url,
                                              const char *receipt_handle, int visibility_seconds,
                                              int64_t deadline_ms, sqs_done_fn *done, void *user)
{
    const struct sqs_visibility_entry entry = {.receipt_handle = receipt_handle,
                                               .visibility_seconds = visibility_seconds};
    struct sqs_call *call = sqs_call_new(client, &s_visibility, deadline_ms, user);
    call->done.nothing = done;
    return sqs_call_start(call, queue_url, sqs_request_visibility(&call->body, queue_url, &entry));
}

static struct sqs_call *batch_new(struct sqs_client *client, const struct sqs_action *action, size_t count,
                                  int64_t deadline_ms, sqs_batch_done_fn *done, void *user)
{
    CHECK(count >= 1 && count <= SQS_BATCH_MAX);
    struct sqs_call *call = sqs_call_new(client, action, deadline_ms, user);
    call->done.batch = done;
    call->entry_count = count;
    return call;
}

struct sqs_call *sqs_client_delete_message_batch(struct sqs_client *client, const char *queue_url,
                                                 const char *const *receipt_handles, size_t count,
                                                 int64_t deadline_ms, sqs_batch_done_fn *done, void *user)
{
    struct sqs_call *call = batch_new(client, &s_delete_batch, count, deadline_ms, done, user);
    return sqs_call_start(call, queue_url, sqs_request_delete_batch(&call->body, queue_url, receipt_handles, count));
}

struct sqs_call *sqs_client_change_visibility_batch(struct sqs_client *client, const char *queue_url,
                                                    const struct sqs_visibility_entry *entries, size_t count,
                                                    int64_t deadline_ms, sqs_batch_done_fn *done, void *user)
{
    struct sqs_call *call = batch_new(client, &s_visibility_batch, count, deadline_ms, done, user);
    return sqs_call_start(call, queue_url, sqs_request_visibility_batch(&call->body, queue_url, entries, count));
}

struct sqs_call *sqs_client_send_message(struct sqs_client *client, const char *queue_url,
                                         const struct sqs_send_entry *entry, int64_t deadline_ms,
                                         sqs_send_done_fn *done, void *user)
{
    CHECK(entry->attribute_count <= SQS_ATTRIBUTES_MAX);
    struct sqs_call *call = sqs_call_new(client, &s_send, deadline_ms, user);
    call->done.send = done;
    return sqs_call_start(call, queue_url, sqs_request_send(&call->body, queue_url, entry));
}

struct sqs_call *sqs_client_send_message_batch(struct sqs_client *client, const char *queue_url,
                                               const struct sqs_send_entry *entries, size_t count,
                                               int64_t deadline_ms, sqs_batch_done_fn *done, void *user)
{
    struct sqs_call *call = batch_new(client, &s_send_batch, count, deadline_ms, done, user);
    return sqs_call_start(call, queue_url, sqs_request_send_batch(&call->body, queue_url, entries, count));
}

struct sqs_call *sqs_client_probe_send(struct sqs_client *client, const char *queue_url, int64_t deadline_ms,
                                       sqs_batch_done_fn *done, void *user)
{
    struct sqs_call *call = sqs_call_new(client, &s_send_batch, deadline_ms, user);
    call->done.batch = done;
    return sqs_call_start(call, queue_url, sqs_request_send_batch(&call->body, queue_url, NULL, 0));
}

struct sqs_call *sqs_client_get_queue_attributes(struct sqs_client *client, const char *queue_url,
                                                 int64_t deadline_ms, sqs_attributes_done_fn *done, void *user)
{
    struct sqs_call *call = sqs_call_new(client, &s_get_attributes, deadline_ms, user);
    call->done.attributes = done;
    return sqs_call_start(call, queue_url, sqs_request_attributes(&call->body, queue_url));
}

struct sqs_call *sqs_client_get_queue_url(struct sqs_client *client, const char *queue_name, int64_t deadline_ms,
                                          sqs_queue_url_done_fn *done, void *user)
{
    struct sqs_call *call = sqs_call_new(client, &s_get_queue_url, deadline_ms, user);
    call->done.queue_url = done;
    return sqs_call_start(call, NULL, sqs_request_queue_url(&call->body, queue_name));
}

struct sqs_call *sqs_client_create_queue(struct sqs_client *client, const char *queue_name,
                                         const struct sqs_queue_attribute *attributes, size_t count,
                                         int64_t deadline_ms, sqs_queue_url_done_fn *done, void *user)
{
    CHECK(count <= SQS_ATTRIBUTES_MAX);
    struct sqs_call *call = sqs_call_new(client, &s_create_queue, deadline_ms, user);
    call->done.queue_url = done;
    return sqs_call_start(call, NULL, sqs_request_create(&call->body, queue_name, attributes, count));
}

/* SQS's part of check_live.h: credentials, queues, dead-letter queues, permissions as far as calls without an effect
 * show them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "check_live.h"
#include "sqs_session.h"

#define RECEIVES_MIN 10                        /* of order: group, before SQS itself moves a message away */
#define MESSAGE_BYTES_MAX ((int64_t)1 << 20)   /* SQS's own limit, where a queue does not say */
#define BODY_FACTOR 10                         /* messages of a receive, in one request to the gateway */
#define NO_HANDLE "ferry-check-invalid-handle" /* of no message */

struct look {
    const struct settings *settings;
    const struct check_retentions *retentions;
    struct findings *findings;
    struct sqs_session *session;
};

static int64_t number_of(const json_t *attributes, const char *name, int64_t otherwise)
{
    const char *text = json_string_value(json_object_get(attributes, name));
    return text != NULL ? strtoll(text, NULL, 10) : otherwise;
}

static bool is_true(const json_t *attributes, const char *name)
{
    const char *text = json_string_value(json_object_get(attributes, name));
    return text != NULL && strcmp(text, "true") == 0;
}

/* NULL where they cannot be had, which has been told. */
static json_t *ask_attributes(const struct look *look, const char *url, const char *subject)
{
    json_t *attributes = NULL;
    struct error error = {0};
    if (sqs_session_get_queue_attributes(look->session, url, &attributes, &error) == STATUS_OK) {
        findings_add(look->findings, &finding_queue_reached, subject, "%s answers", url);
        return attributes;
    }
    const char *code = sqs_session_error_code(look->session);
    switch (sqs_session_error_class(look->session)) {
    case SQS_ERROR_MISSING_QUEUE:
        findings_add(look->findings, &finding_queue_missing, subject, "there is no such queue: %s", url);
        break;
    case SQS_ERROR_CREDENTIALS:
    case SQS_ERROR_FINAL:
        findings_add(look->findings, &finding_queue_refused, subject, "GetQueueAttributes of %s is refused: %s", url,
                     code[0] != '\0' ? code : error.text);
        break;
    case SQS_ERROR_THROTTLED:
    case SQS_ERROR_HANDLE:
    case SQS_ERROR_TRANSIENT:
        findings_add(look->findings, &finding_queue_unreachable, subject, "%s: %s", url, error.text);
        break;
    }
    return NULL;
}

/* ---- permissions ---- */

/* The status of a call that SQS cannot carry out, and answers only to who may make it. */
static void tell_permission(const struct look *look, const char *subject, const char *action, enum status status,
                            const struct error *error)
{
    enum sqs_error_class class = sqs_session_error_class(look->session);
    if (status == STATUS_OK || class == SQS_ERROR_HANDLE) {
        findings_add(look->findings, &finding_allowed, subject, "%s is not refused", action);
    } else if (class == SQS_ERROR_CREDENTIALS) {
        findings_add(look->findings, &finding_refused, subject, "%s is refused: %s", action,
                     sqs_session_error_code(look->session));
    } else {
        findings_add(look->findings, &finding_unclear, subject, "%s with nothing to do is answered: %s", action,
                     error->text);
    }
}

static void check_settling(const struct look *look, const char *url, const char *subject)
{
    struct error error = {0};
    enum status status = sqs_session_delete(look->session, url, NO_HANDLE, &error);
    tell_permission(look, subject, "DeleteMessage", status, &error);
    error = (struct error){0};
    status = sqs_session_change_visibility(look->session, url, NO_HANDLE, 0, &error);
    tell_permission(look, subject, "ChangeMessageVisibility", status, &error);
}

static void check_sending(const struct look *look, const char *url, const char *subject)
{
    struct error error = {0};
    enum status status = sqs_session_probe_send(look->session, url, &error);
    tell_permission(look, subject, "SendMessage", status, &error);
}

/* ---- dead letters ---- */

static void check_dead_letter_retention(const struct look *look, const char *subject, const json_t *queue,
                                        const json_t *dead)
{
    int64_t own = number_of(queue, "MessageRetentionPeriod", 0);
    int64_t theirs = number_of(dead, "MessageRetentionPeriod", 0);
    if (own > 0 && theirs > 0 && theirs <= own) {
        findings_add(look->findings, &finding_dead_letter_retention, subject,
                     "keeps messages for %" PRId64 " h, the queue before it for %" PRId64 " h", theirs / 3600,
                     own / 3600);
    }
}

/* A queue that the configuration names for dead letters. */
static void check_dead_letter_queue(const struct look *look, const char *url, const json_t *queue)
{
    char *subject = memory_format("dead-letter queue %s", strrchr(url, '/') + 1);
    json_t *attributes = ask_attributes(look, url, subject);
    if (attributes != NULL) {
        check_dead_letter_retention(look, subject, queue, attributes);
        check_sending(look, url, subject);
    }
    json_decref(attributes);
    free(subject);
}

/* Each once. */
static void check_dead_letter_queues(const struct look *look, const struct settings_queue *queue,
                                     const json_t *attributes)
{
    const char *urls[SETTINGS_QUEUE_ROUTES_MAX + 1] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i <= queue->route_count; i++) {
        const struct settings_route *route =
            i < queue->route_count ? settings_find_route(look->settings, queue->routes[i]) : NULL;
        const char *url = i < queue->route_count ? (route != NULL ? route->dead_letter_queue : NULL)
                                                 : queue->dead_letter_queue;
        bool is_new = url != NULL;
        for (size_t j = 0; is_new && j < count; j++) {
            is_new = strcmp(urls[j], url) != 0;
        }
        if (is_new) {
            urls[count++] = url;
            check_dead_letter_queue(look, url, attributes);
        }
    }
}

static bool has_dead_letter_queue(const struct settings *settings, const struct settings_queue *queue)
{
    for (size_t i = 0; i < queue->route_count; i++) {
        const struct settings_route *route = settings_find_route(settings, queue->routes[i]);
        if (route == NULL || route->dead_letter_queue == NULL) {
            return false;
        }
    }
    return true;
}

/* maxReceiveCount is a number, in some servers a text. 0: there is no policy. */
static int64_t receives_of(const json_t *attributes)
{
    const char *text = json_string_value(json_object_get(attributes, "RedrivePolicy"));
    json_t *policy = text != NULL ? json_loads(text, 0, NULL) : NULL;
    const json_t *most = json_object_get(policy, "maxReceiveCount");
    int64_t receives = json_is_string(most) ? strtoll(json_string_value(most), NULL, 10) : json_integer_value(most);
    json_decref(policy);
    return receives;
}

static void check_redrive(const struct look *look, const struct settings_queue *queue, bool by_group,
                          const char *subject, const json_t *attributes)
{
    int64_t receives = receives_of(attributes);
    if (receives == 0 && by_group && !has_dead_letter_queue(look->settings, queue)) {
        findings_add(look->findings, &finding_no_dead_letters, subject,
                     "has no redrive policy, and a route of it no dead_letter_queue");
    } else if (receives > 0 && receives < RECEIVES_MIN && by_group) {
        findings_add(look->findings, &finding_redrive_low, subject,
                     "its redrive policy has a maxReceiveCount of %" PRId64 "; order: group needs at least %d",
                     receives, RECEIVES_MIN);
    } else if (receives > 0) {
        findings_add(look->findings, &finding_redrive, subject, "SQS moves a message away after %" PRId64 " receives",
                     receives);
    }
}

/* ---- the queue ---- */

static void check_retention(const struct look *look, const struct settings_queue *queue, const char *subject,
                            const json_t *attributes)
{
    int64_t kept_ms = number_of(attributes, "MessageRetentionPeriod", 0) * 1000;
    for (size_t i = 0; i < queue->route_count; i++) {
        const struct settings_route *route = settings_find_route(look->settings, queue->routes[i]);
        CHECK(route != NULL);
        const char *name = route->namespace_ != NULL ? route->namespace_ : look->settings->temporal.namespace_;
        for (size_t j = 0; j < look->retentions->count && route->target == SETTINGS_TARGET_WORKFLOW; j++) {
            const struct check_retention *known = &look->retentions->entries[j];
            if (strcmp(known->namespace_name, name) == 0 && known->retention_ms > 0 && kept_ms > known->retention_ms) {
                findings_add(look->findings, &finding_beyond_retention, subject,
                             "keeps messages for %" PRId64 " h, and the namespace %s knows closed runs for %" PRId64
                             " h (route %s)",
                             kept_ms / 3600000, name, known->retention_ms / 3600000, route->name);
            }
        }
    }
}

static void tell_settings(const struct look *look, const struct settings_queue *queue, const char *subject,
                          const json_t *attributes)
{
    const char *scope = json_string_value(json_object_get(attributes, "DeduplicationScope"));
    const char *throughput = json_string_value(json_object_get(attributes, "FifoThroughputLimit"));
    const char *key = json_string_value(json_object_get(attributes, "KmsMasterKeyId"));
    int64_t bytes = number_of(attributes, "MaximumMessageSize", MESSAGE_BYTES_MAX);
    findings_add(look->findings, &finding_visibility, subject,
                 "its own visibility is %" PRId64 " s; the poller asks for %" PRId64 " s, and renews it",
                 number_of(attributes, "VisibilityTimeout", 30), queue->visibility_ms / 1000);
    findings_add(look->findings, &finding_queue_settings, subject,
                 "messages of up to %" PRId64 " bytes, delayed by %" PRId64 " s; content-based deduplication "
                 "%s%s%s%s%s; %s%s",
                 bytes, number_of(attributes, "DelaySeconds", 0),
                 is_true(attributes, "ContentBasedDeduplication") ? "on" : "off",
                 scope != NULL ? ", deduplication by " : "", scope != NULL ? scope : "",
                 throughput != NULL ? ", throughput " : "", throughput != NULL ? throughput : "",
                 key != NULL ? "encrypted with the KMS key " : "encryption with a KMS key off", key != NULL ? key : "");
    if (bytes * BODY_FACTOR > look->settings->gateway.max_body_bytes) {
        findings_add(look->findings, &finding_message_over_body, subject,
                     "takes messages of up to %" PRId64 " bytes, and gateway.max_body is %" PRId64
                     "; ten of them go in several requests, and one that is longer with its escapes is rejected",
                     bytes, look->settings->gateway.max_body_bytes);
    }
}

static void check_queue(const struct look *look, const struct settings_queue *queue)
{
    char *subject = memory_format("queue %s", queue->name);
    json_t *attributes = ask_attributes(look, queue->url, subject);
    if (attributes != NULL) {
        const struct settings_route *route = settings_find_route(look->settings, queue->routes[0]);
        CHECK(route != NULL);
        bool by_group = settings_effective_order(queue, route) == SETTINGS_ORDER_GROUP;
        if (by_group && !is_true(attributes, "FifoQueue")) {
            findings_add(look->findings, &finding_queue_type, subject, "order is group, and it is a standard queue");
        }
        check_redrive(look, queue, by_group, subject, attributes);
        check_retention(look, queue, subject, attributes);
        check_settling(look, queue->url, subject);
        tell_settings(look, queue, subject, attributes);
        check_dead_letter_queues(look, queue, attributes);
    }
    json_decref(attributes);
    free(subject);
}

/* The queues of routes with target: sqs. */
static void check_targets(const struct look *look)
{
    for (size_t i = 0; i < look->settings->route_count; i++) {
        const struct settings_route *route = &look->settings->routes[i];
        if (route->target == SETTINGS_TARGET_SQS) {
            char *subject = memory_format("route %s", route->name);
            check_sending(look, route->queue, subject);
            free(subject);
        }
    }
}

static bool needs_sqs(const struct settings *settings)
{
    bool needs = settings->queue_count > 0;
    for (size_t i = 0; i < settings->route_count; i++) {
        needs = needs || settings->routes[i].target == SETTINGS_TARGET_SQS;
    }
    return needs;
}

void check_queues(const struct settings *settings, const struct check_retentions *retentions,
                  struct findings *findings)
{
    struct look look = {.settings = settings, .retentions = retentions, .findings = findings};
    struct error error = {0};
    const char *source = "";
    if (!needs_sqs(settings)) {
        return;
    }
    enum status status = sqs_session_new(&look.session, &error);
    if (status == STATUS_OK) {
        status = sqs_session_find_credentials(look.session, &source, &error);
    }
    if (status != STATUS_OK) {
        findings_add(findings, &finding_no_credentials, "sqs", "%s", error.text);
    } else {
        findings_add(findings, &finding_credentials, "sqs", "credentials are from: %s", source);
        for (size_t i = 0; i < settings->queue_count; i++) {
            check_queue(&look, &settings->queues[i]);
        }
        check_targets(&look);
    }
    sqs_session_destroy(look.session);
}

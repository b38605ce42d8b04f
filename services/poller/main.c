/* ferry-poller: receives from SQS, forwards to the gateway, keeps leases, settles. Wiring only. */
#include "aws/sqs_stack.h"
#include "base/loop.h"
#include "http/tls.h"
#include "operator.h"
#include "poller.h"
#include "service/service.h"

#define CONNECTIONS_PER_HOST 128 /* waits (32), forwards and probes of each queue; receives, deletes, renewals */

struct running {
    struct service *service;
    struct loop *loop;
    struct poller *poller;
};

static int64_t grace_ms(const struct settings *settings)
{
    return settings->poller.grace_ms;
}

static const char *admin_listen(const struct settings *settings)
{
    return settings->poller.admin_listen;
}

/* What the poller shows the gateway, and whom it trusts there. The check reads the files, too. */
static enum status read_certificates(const struct settings *settings, struct http_tls **out_tls, struct error *error)
{
    const struct settings_gateway *gateway = &settings->gateway;
    const struct http_tls_files files = {.certificate = gateway->client_tls_certificate,
                                         .key = gateway->client_tls_key,
                                         .ca = gateway->client_tls_ca};
    if (files.certificate == NULL && files.ca == NULL) {
        *out_tls = NULL; /* the system's CAs will do */
        return STATUS_OK;
    }
    return http_tls_new(&files, out_tls, error);
}

static enum status check(const struct settings *settings, struct error *error)
{
    if (settings->queue_count == 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "no queue: name one in the file (queues: - url: …) or in FERRY_QUEUE_URL");
    }
    struct http_tls *tls = NULL;
    enum status status = read_certificates(settings, &tls, error);
    http_tls_destroy(tls);
    return status;
}

static void on_ready(void *user, bool is_ready, const char *reason)
{
    struct running *running = user;
    service_set_ready(running->service, is_ready, reason);
}

static void on_drained(void *user)
{
    struct running *running = user;
    loop_stop(running->loop);
}

static void stop_on_loop(void *argument)
{
    struct running *running = argument;
    poller_stop(running->poller);
}

static void on_stop(void *user)
{
    struct running *running = user;
    loop_post(running->loop, stop_on_loop, running);
}

/* *out_token NULL: none is sent. */
static enum status read_token(const struct settings_gateway *gateway, struct secret **out_token, struct error *error)
{
    if (gateway->token_file != NULL) {
        return secret_new_from_file(gateway->token_file, gateway->token_overlap_ms, out_token, error);
    }
    *out_token = gateway->token != NULL ? secret_new(gateway->token) : NULL;
    return STATUS_OK;
}

static enum status run(struct service *service, const struct settings *settings, struct error *error)
{
    enum status status = STATUS_OK;
    struct running running = {.service = service};
    struct sqs_stack *sqs = NULL;
    struct http_tls *tls = NULL;
    struct secret *token = NULL;
    struct operator *operator = NULL;
    const struct http_client_options http_options = {.max_connections_per_host = CONNECTIONS_PER_HOST};
    struct poller_options options = {
        .metrics = service_metrics(service),
        .tracer = service_tracer(service),
        .settings = settings,
        .ready = on_ready,
        .drained = on_drained,
        .user = &running,
    };
    status = read_certificates(settings, &tls, error);
    if (status == STATUS_OK) {
        status = read_token(&settings->gateway, &token, error);
    }
    if (status == STATUS_OK) {
        status = sqs_stack_new(&http_options, &sqs, error);
    }
    if (status != STATUS_OK) {
        goto done;
    }
    running.loop = sqs_stack_loop(sqs);
    options.loop = running.loop;
    options.http = sqs_stack_http(sqs);
    options.sqs = sqs_stack_client(sqs);
    options.tls = tls;
    options.token = token;
    running.poller = poller_new(&options);
    operator = operator_new(running.loop, running.poller, settings, token);
    service_set_api(service, operator);
    poller_start(running.poller);
    service_set_stop(service, on_stop, &running);
    loop_run(running.loop);
    service_set_api(service, NULL);
done:
    operator_destroy(operator);
    poller_destroy(running.poller);
    sqs_stack_destroy(sqs);
    http_tls_destroy(tls);
    secret_destroy(token);
    return status;
}

int main(int argc, char **argv)
{
    const struct service_definition definition = {
        .name = "ferry-poller",
        .summary = "receives messages from Amazon SQS and hands them to ferry-gateway",
        .admin_listen = admin_listen,
        .grace_ms = grace_ms,
        .api = operator_routes,
        .api_count = operator_route_count,
        .check = check,
        .run = run,
    };
    return service_main(&definition, argc, argv);
}

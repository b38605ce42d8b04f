/* The whole configuration of Ferry as typed structs: one YAML file for all services, read and checked in full by each
 * of them, so that the same file gives the same errors everywhere. Precedence: flag > environment > file > default.
 * docs/configuration.md describes every key. Pure but for reading files and the environment. */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct event_pattern;
struct json_schema;
struct settings_cors; /* settings/access.h */
struct settings_token;
struct settings_webhook;

#define SETTINGS_QUEUES_MAX 64
#define SETTINGS_ROUTES_MAX 64
#define SETTINGS_QUEUE_ROUTES_MAX 16
#define SETTINGS_MEMBERS_MAX 32 /* memo fields, search attributes; of a route */
#define SETTINGS_CODEC_KEYS_MAX 32
#define SETTINGS_NAME_MAX 100   /* bytes of a route's or queue's name */

enum settings_ack { SETTINGS_ACK_START, SETTINGS_ACK_COMPLETION, SETTINGS_ACK_WORKER };
enum settings_order { SETTINGS_ORDER_AUTO, SETTINGS_ORDER_NONE, SETTINGS_ORDER_GROUP };
enum settings_input { SETTINGS_INPUT_MESSAGE, SETTINGS_INPUT_BODY, SETTINGS_INPUT_EVENT };
/* on_failed, on_canceled, unmatched. A dead letter needs a queue to go to. */
enum settings_closed_action { SETTINGS_CLOSED_RETURN, SETTINGS_CLOSED_DELETE, SETTINGS_CLOSED_DEAD_LETTER };
enum settings_target {
    SETTINGS_TARGET_WORKFLOW, /* one run for a message */
    SETTINGS_TARGET_SIGNAL,   /* one long-lived run for an identity; a signal for a message */
    SETTINGS_TARGET_SQS       /* no run: the gateway sends the event to a queue */
};
/* What a message's Body is wrapped in, and is taken out of before anybody looks at it. */
enum settings_envelope { SETTINGS_ENVELOPE_NONE, SETTINGS_ENVELOPE_SNS, SETTINGS_ENVELOPE_EVENTBRIDGE };

/* A memo field or search attribute: a name and a template (settings/template.h). */
struct settings_member {
    char *name;
    char *value;
};

/* A key of temporal.codec, which encrypts payloads. */
struct settings_codec_key {
    char *id;   /* what payloads call it; each its own */
    char *file; /* what holds it; read by who connects to Temporal */
};

struct settings_temporal {
    char *address;   /* host:port */
    char *namespace_;
    char *api_key;   /* NULL: none. From TEMPORAL_API_KEY[_FILE]; implies TLS */
    char *api_key_file; /* where api_key is from, and is read again; NULL: none, or it is from TEMPORAL_API_KEY */
    bool tls;
    char *tls_ca;    /* PEM file paths; NULL: none */
    char *tls_certificate;
    char *tls_key;
    char *tls_server_name;
    struct settings_codec_key *codec_keys; /* the first encrypts, all decrypt; NULL: payloads are not encrypted */
    size_t codec_key_count;
};

struct settings_route {
    char *name;
    char *workflow;
    char *task_queue;
    char *namespace_;  /* NULL: temporal.namespace */
    enum settings_target target;
    char *signal;      /* the signal's name; NULL unless target is SIGNAL */
    char *id;          /* template, "{MessageId}" */
    char *id_prefix;   /* default: name */
    bool same_id_is_duplicate;
    enum settings_input input;
    enum settings_ack ack;
    enum settings_order order;
    enum settings_closed_action on_failed;   /* unless said: DEAD_LETTER where there is a queue for it, else RETURN */
    enum settings_closed_action on_canceled; /* the same */
    char *dead_letter_queue;                 /* URL; NULL: none */
    int64_t max_attempts;                    /* runs for a message, over all its deliveries; 3 */
    int64_t backoff_ms;                      /* before the second attempt, doubled for each further one; 1 s */
    int64_t backoff_max_ms;                  /* 60 s */
    int64_t execution_timeout_ms; /* 0: none */
    int64_t run_timeout_ms;
    int64_t task_timeout_ms;
    struct settings_member *memo;
    size_t memo_count;
    struct settings_member *search_attributes;
    size_t search_attribute_count;
    char *priority;     /* template whose text is "1" to "5"; NULL: none */
    char *fairness_key; /* template; NULL: none */
    char *schema_file;  /* NULL: none */
    struct json_schema *schema; /* what schema_file holds (rules/json_schema.h) */
    char *filter;       /* JSON; NULL: the route takes every message */
    struct event_pattern *pattern; /* what filter says (rules/event_pattern.h) */
    char *schema_text;  /* what schema_file holds, as it is; NULL: none */
    char *description;  /* for people; NULL: none */
    /* Of a route with target SQS alone, which has neither workflow nor task_queue. */
    char *queue;            /* URL */
    char *group;            /* template; NULL: none, which a FIFO queue does not take */
    char *deduplication_id; /* template; NULL: none, which only a standard queue is */
    int64_t delay_ms;       /* -1: the queue's own */
    struct settings_webhook *webhook; /* whose events the route takes at /v1/webhooks; NULL: none */
};

struct settings_queue {
    char *url;
    char *name;                  /* for logs, metrics and operators; the URL's last segment; each queue its own */
    char **routes;               /* names, settings_find_route gives them: the first whose filter takes a message */
    size_t route_count;          /* at least 1 */
    enum settings_closed_action unmatched; /* a message that no route takes; RETURN */
    char *dead_letter_queue;     /* URL, for these alone; NULL: none */
    enum settings_envelope envelope;
    int64_t visibility_ms;       /* 60 s */
    int64_t wait_ms;             /* long poll, 20 s */
    int64_t max_in_flight;       /* 500 */
    int64_t max_in_flight_bytes; /* 64 MiB */
    int64_t receives;            /* most receive calls at once while messages flow, 4 */
};

struct settings_poller {
    char *admin_listen; /* 127.0.0.1:8081 */
    int64_t grace_ms;   /* 30 s */
};

struct settings_gateway {
    char *url;          /* what the poller talks to, http://localhost:8080 */
    char *listen;       /* 127.0.0.1:8080 */
    int listen_line;    /* where settings.path says so; 0: it does not */
    char *admin_listen; /* NULL: health and metrics on `listen` only */
    char *token;        /* NULL: none. From FERRY_API_TOKEN[_FILE] or token_file: what it was when it was read */
    char *token_file;   /* to be read again when it changes; NULL: the token is not from a file */
    int64_t token_overlap_ms;     /* how long the token before a change is good, 5 min */
    char *tls_certificate;        /* PEM file paths; NULL: none. The server's: */
    char *tls_key;
    char *tls_client_ca;          /* clients need a certificate of this CA */
    char *client_tls_ca;          /* The clients' of `url`: whom they trust and what they show */
    char *client_tls_certificate;
    char *client_tls_key;
    bool auth_none;     /* `auth: none`: said aloud */
    char *callback_url;     /* where Temporal reaches this gateway; NULL: completion callbacks are not asked for */
    int64_t long_polls;     /* runs that are waited for by history long polls, 1,000 */
    int64_t history_streams; /* histories that are followed by server-sent events, 200 */
    int64_t max_body_bytes; /* 16 MiB: ten messages of 1 MiB with escapes */
    int64_t grace_ms;
    int64_t max_connections;             /* 10,000 */
    int64_t max_connections_per_address; /* 0, unless said: 1,000, and any number for this machine's own */
    int64_t header_timeout_ms;           /* 10 s */
    int64_t transfer_timeout_ms;         /* 30 s */
    int64_t idle_timeout_ms;             /* 75 s */
    struct settings_token *tokens; /* beside `token` */
    size_t token_count;
    struct settings_cors *cors; /* NULL: off */
};

struct settings_worker {
    char *task_queue;       /* hello-world-queue */
    int64_t activities;     /* at once, 200 */
    int64_t workflow_cache; /* runs, 10,000 */
    int64_t grace_ms;
    char *admin_listen;     /* 127.0.0.1:8082 */
};

struct settings_hello {
    int64_t work_ms; /* each of the two waits of helloWorldActivity, 1000 */
};

struct settings {
    char *path; /* the file that was read; NULL: none */
    struct settings_temporal temporal;
    struct settings_queue *queues;
    size_t queue_count;
    struct settings_route *routes; /* at least "hello-world" unless the file names others */
    size_t route_count;
    struct settings_poller poller;
    struct settings_gateway gateway;
    struct settings_worker worker;
    struct settings_hello hello;
};

/* path: from --config; NULL: $FERRY_CONFIG, else ./ferry.yaml if it is there, else none.
 * INVALID_ARGUMENT: "ferry.yaml:12: routes.orders.ack: expected start, completion or worker, found \"done\"". */
MUST_CHECK enum status settings_load(const char *path, struct settings **out_settings, struct error *error);
void settings_destroy(struct settings *settings); /* wipes secrets; NULL is fine */

const struct settings_route *settings_find_route(const struct settings *settings, const char *name); /* NULL: none */
/* A listen address ("127.0.0.1:8080", "[::1]:8080", "localhost:0", "unix:@name") that only this machine reaches. */
bool settings_listen_is_loopback(const char *listen);
/* INVALID_ARGUMENT: it is no URL of a queue; the text says what one looks like, and what was found. */
MUST_CHECK enum status settings_check_queue_url(const char *value, struct error *error);
bool settings_url_is_fifo(const char *queue_url); /* it ends in .fifo, as SQS demands of FIFO queues */
bool settings_queue_is_fifo(const struct settings_queue *queue);
/* Order with `auto` resolved for this queue. A signal's order is that of its group, too, unless the route says none. */
enum settings_order settings_effective_order(const struct settings_queue *queue, const struct settings_route *route);

#endif

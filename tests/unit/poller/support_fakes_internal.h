/* What the fakes' files share (see support_fakes.h): the messages, the journal, and requests that stay open. All of it
 * is used with the mutex held, but for what is the test's own thread's. */
#ifndef POLLER_SUPPORT_FAKES_INTERNAL_H
#define POLLER_SUPPORT_FAKES_INTERNAL_H

#include "support_fakes.h"

#include <pthread.h>

#include "aws/credentials.h"
#include "aws/sqs_client.h"
#include "base/attributes.h"
#include "http/client.h"
#include "http/server.h"

#define MESSAGES_MAX 64
#define LINES_MAX 4096
#define POLLS_MAX 64
#define ROUTES_MAX 4
#define POLLERS_MAX 2
#define URLS_MAX 8
#define TEXT_MAX_BYTES 512

struct fake_message {
    const char *id;
    const char *group;
    const char *sequence;
    const char *outcome;
    const char *body;
    const char *attributes;
    json_t *last_event;
    const char *status; /* of its run; NULL: open */
    int run;            /* how many there were; 0: none */
    int attempt;        /* as the gateway counts */
    int64_t visible_ms;
    int receives;
    bool is_damaged;
    bool is_deleted;
};

/* A request that is answered later: a receive, a wait, or one that a test has told to be held. */
struct open_poll {
    struct http_exchange *exchange; /* NULL: free place */
    /* true: it was answered. Asked at every tick; once the fakes are ending, it must answer. */
    bool (*answer)(struct fakes *fakes, struct open_poll *poll);
    int64_t deadline_ms;
    json_t *request;        /* owned: its body; NULL: not needed */
    int visibility_seconds; /* of a receive; so the next */
    int max_messages;
};

struct fakes {
    pthread_mutex_t mutex; /* guards all up to `loop` */
    struct fake_message messages[MESSAGES_MAX];
    size_t message_count;
    char *lines[LINES_MAX];
    size_t line_count;
    struct open_poll polls[POLLS_MAX];
    bool is_ending;

    bool is_fifo; /* from here on: the queue's */
    const char *failing_action;
    const char *failing_type;
    const char *retry_after;
    int failing_status;
    bool are_renewals_held;
    size_t attributes_limit;
    json_t *last_sent;

    int gateway_status; /* from here on: the gateway's */
    size_t batch_limit;
    bool is_ready;
    bool are_events_held;
    const char *held_id;
    bool are_probes_held;
    const char *auto_close;
    bool are_non_retryable;
    const char *failing_route;
    int failing_route_status;

    struct loop *loop; /* from here on: the test's thread */
    pthread_t ticker;
    struct http_server *server;
    struct http_client *http;
    struct aws_credentials_provider *credentials;
    struct sqs_client *sqs;
    struct metrics *metrics;
    struct poller *pollers[POLLERS_MAX];
    size_t poller_count;
    struct settings settings;
    struct settings_queue queue;
    struct settings_route routes[ROUTES_MAX];
    char *urls[URLS_MAX];
    size_t url_count;
    char endpoint[64];
    bool poller_is_ready;
    bool is_drained;
    char reason[TEXT_MAX_BYTES];
};

void fakes_lock(struct fakes *fakes); /* without the mutex */
void fakes_unlock(struct fakes *fakes);
void fakes_note(struct fakes *fakes, const char *format, ...) PRINTF_LIKE(2, 3);
struct fake_message *fakes_find(struct fakes *fakes, const char *id); /* NULL: none */
void fakes_reply_json(struct http_exchange *exchange, int status, json_t *take);

/* Copies it; takes its request. */
void fakes_keep(struct fakes *fakes, const struct open_poll *poll);
bool fakes_poll_is_over(const struct fakes *fakes, const struct open_poll *poll); /* late, or the fakes are ending */
/* A thread that answers open requests until the fakes end; its argument is the fakes. Without the mutex. */
void fakes_tick(void *argument);

/* Handlers of requests; user is the fakes. Without the mutex. */
void fake_sqs_on_action(struct http_exchange *exchange, void *user);
void fake_gateway_on_events(struct http_exchange *exchange, void *user);
void fake_gateway_on_wait(struct http_exchange *exchange, void *user);
void fake_gateway_on_probe(struct http_exchange *exchange, void *user);

#endif

/* What the parts of the server share: its state, an exchange's state, and who may touch which. */
#ifndef HTTP_SERVER_INTERNAL_H
#define HTTP_SERVER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/metrics.h"
#include "connections.h"
#include "head.h"
#include "http/server.h"
#include "lingering.h"
#include "listen.h"
#include "route.h"
#include "server_loop.h"
#include "target.h"

#define SERVER_STATUS_FIRST 100
#define SERVER_STATUS_COUNT 500 /* 100 .. 599 */

/* Made on first use by any server thread; two that race get the same pointers from the registry. */
struct server_route_metrics {
    _Atomic(struct metric_histogram *) seconds;
    _Atomic(struct metric_counter *) requests[SERVER_STATUS_COUNT];
};

/* Watches the sockets of suspended exchanges for a client that hangs up: microhttpd does not look at them. Its thread
 * starts with the first watch. */
struct gone_watcher {
    pthread_mutex_t mutex; /* guards everything here; never held while gone() runs */
    pthread_cond_t finished; /* a gone() has returned */
    struct list watched;   /* http_exchange.gone_node */
    uint64_t last_id;
    const struct http_exchange *running; /* whose gone() runs now, on the watcher's thread */
    pthread_t thread;
    bool has_thread;
    bool is_stopping;
    int epoll;
    int wakeup; /* eventfd */
};

struct http_server {
    struct MHD_Daemon *daemon;
    struct server_loop loop; /* runs the daemon; with TLS it has a thread of its own */
    struct listen_socket listening;
    struct http_route *routes; /* fixed; their texts are in route_texts */
    char **route_texts;        /* owned: method and path of each route */
    struct server_route_metrics *route_metrics; /* one for each route; NULL without a registry */
    size_t route_count;
    size_t max_body_bytes;
    bool (*admit)(struct http_exchange *exchange, void *user);
    void *admit_user;
    void (*ended)(void *user, void *attachment, int status);
    void *ended_user;
    struct metrics *metrics; /* borrowed; NULL: none */
    struct http_tls *tls;    /* borrowed; NULL: plain HTTP */
    struct server_connections connections;
    struct gone_watcher gone;
    struct lingering lingering;

    int quiesced; /* the listening socket since a drain began; -1: microhttpd's own. The draining thread's */

    atomic_bool is_draining; /* set once, under mutex */
    pthread_mutex_t mutex;   /* guards what follows */
    pthread_cond_t idle;     /* active or unanswered became 0 */
    size_t active;         /* exchanges from request line to the end of their reply */
    bool is_over;          /* a drain has returned: what handlers need may be gone, and none is called any more */
    size_t unanswered;     /* exchanges that a handler has and has not replied to, replies still at work, and streams
                              that their writers have not ended */
    struct list streams;   /* http_stream.node: those to be told of a drain */
};

/* How far the handler's answer and microhttpd's thread have come. The answer may win the race against the suspension:
 * whoever comes second resumes the connection. */
enum exchange_state {
    EXCHANGE_HANDLING, /* not suspended yet; no answer yet */
    EXCHANGE_WAITING,  /* suspended; the answer resumes it */
    EXCHANGE_REPLIED   /* response is set */
};

/* One request and its answer. Made with the request line and freed when microhttpd reports the request's end, both on
 * the connection's server thread, which alone touches it until the handler is called. While suspended it belongs to
 * the handler's side. */
struct http_exchange {
    struct http_server *server;
    struct MHD_Connection *connection;
    const char *target; /* where microhttpd has it, of target_length */
    size_t target_length;
    const char *method;
    char *path;    /* raw, in storage */
    size_t path_length;
    char *decoded; /* in storage: room for the decoded parameters */
    const char *raw_query; /* NULL: none */
    char *query_scratch;   /* owned; NULL without a query */
    struct target_pair *query;
    size_t query_count;
    struct route_match match; /* match.route NULL: none */
    struct target_pair parameters[ROUTE_PARAMETERS_MAX];
    struct buffer body;
    size_t body_limit;
    size_t body_seen;       /* bytes of it that have come, those thrown away too */
    int64_t body_started_ms;
    int64_t started_us;
    struct head head;       /* once has_begun */
    struct reply_header *reply_headers; /* owned list, the last one first; owned by who holds the exchange */
    size_t reply_header_count;
    const void *caller;     /* the admit hook's */
    void *attachment;       /* likewise; NULL: none */
    bool is_asterisk;       /* "OPTIONS *" */
    bool is_malformed;      /* the target cannot be read */
    bool has_begun;         /* headers were seen */
    bool is_refused;        /* answered before the handler: the body is read and thrown away */
    bool is_dispatched;     /* the handler was called */
    bool ends_connection;   /* the answer says that the connection ends with it */
    struct http_stream *stream; /* the answer goes on (stream.c); NULL: it does not */

    atomic_int state; /* enum exchange_state */
    struct MHD_Response *response; /* written before state becomes REPLIED, read after */
    unsigned status;               /* 0: no answer was given */
    size_t reply_length;           /* of its body */

    struct list gone_node; /* guarded by gone_watcher.mutex, like the rest of gone_ */
    uint64_t gone_id;      /* 0: not watched */
    void (*gone)(void *user);
    void *gone_user;

    char storage[]; /* path, query, decoded parameters */
};

/* Added by http_exchange_add_header. */
struct reply_header {
    struct reply_header *next;
    char *value; /* in name's memory */
    char name[];
};

/* exchange.c */
struct http_exchange *exchange_new(struct http_server *server, struct MHD_Connection *connection, const char *target);
void exchange_destroy(struct http_exchange *exchange);
/* Decodes the captures of match into parameters, and the query. false: an invalid escape, or too much of a query. */
MUST_CHECK bool exchange_decode_target(struct http_exchange *exchange);

/* reply.c */
void reply_headers_free(struct reply_header *headers);
void exchange_reply_problem(struct http_exchange *exchange, int status, const char *type, const char *title,
                            const char *detail, const struct http_header *headers, size_t header_count);

/* server.c */
void server_answered(struct http_server *server); /* one less is unanswered; nothing of the server afterwards */

/* gone.c */
void gone_watcher_init(struct gone_watcher *watcher);
void gone_watcher_deinit(struct gone_watcher *watcher); /* nothing is watched any more; joins the thread */
/* No gone() of this exchange runs when it returns, unless it is called inside that very gone(). */
void gone_unwatch(struct http_exchange *exchange);

/* server_metrics.c */
void server_metrics_count(struct http_server *server, const struct http_exchange *exchange, int64_t now_us);

#endif

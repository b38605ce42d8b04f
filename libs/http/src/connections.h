/* The server's connections: who may come, how many, and until when each must have moved on. microhttpd's own timeout
 * counts silence only, and its limits let newcomers wait for a place; ours refuse at once and have deadlines
 * (docs/limits.md, docs/adr/0024). */
#ifndef HTTP_CONNECTIONS_H
#define HTTP_CONNECTIONS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/metrics.h"
#include "http/server.h"

struct tls_connection;

/* Why a connection or a request was refused or cut off: the label of ferry_http_server_refused. */
enum refusal {
    REFUSED_CONNECTIONS,      /* all places are taken */
    REFUSED_ADDRESS,          /* the client's share of them is */
    REFUSED_UNDER_PRESSURE,   /* an idle connection, cut off because others found no place */
    REFUSED_NO_REQUEST,       /* it ended before its first request line: garbage, another protocol, a line too long */
    REFUSED_HANDSHAKE,        /* the same with TLS, where it is most often the handshake that failed */
    REFUSED_HEADER_TIMEOUT,
    REFUSED_TRANSFER_TIMEOUT, /* a body that came, or an answer that was taken, too slowly */
    REFUSED_MALFORMED,        /* head or framing that cannot be read, or can be in two ways, or that broke off */
    REFUSED_HEAD_SIZE,
    REFUSED_BODY_SIZE,
    REFUSED_SLOW_READER,      /* a stream whose buffer ran full */
    REFUSALS
};

/* What a connection's deadline is for. */
enum connection_phase {
    CONNECTION_HEAD,     /* the first request's head, and the handshake before it; a later head behind its first line */
    CONNECTION_IDLE,     /* between requests */
    CONNECTION_BODY,     /* a request's body */
    CONNECTION_HANDLING, /* no deadline: it is ours to answer */
    CONNECTION_REPLY     /* an answer on its way */
};

/* microhttpd's socket context. Made and freed on the connection's server thread. */
struct server_connection {
    struct list node; /* in server_connections.open; guarded by its mutex */
    int descriptor;   /* microhttpd's; open as long as the connection is in the list */
    atomic_int phase; /* enum connection_phase; a deadline that ends at the very moment of a change may be called by
                         the other phase's name */
    _Atomic int64_t deadline_ms;
    atomic_bool is_cut;         /* by us */
    bool has_request;           /* a first request line was seen. The server thread's, as what follows */
    bool expects_more;          /* its client may still send what nobody will read, should the connection end */
    struct tls_connection *tls; /* owned; NULL: plain */
    char *peer;                 /* owned; NULL until somebody asks. Belongs to who holds the exchange */
};

/* With a thread that ends connections whose deadline has come. */
struct server_connections {
    struct http_server_limits limits; /* no member is 0, but max_connections_per_address */
    struct metrics *metrics;          /* borrowed; NULL: none */
    struct metric_counter *refused[REFUSALS];
    struct metric_gauge *gauge;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    struct list open; /* server_connection.node */
    size_t count;
    struct map *addresses; /* how many of each address, as uintptr_t */
    bool is_full;          /* somebody was sent away since the last look */
    bool is_asleep;        /* the thread is: there is no connection */
    bool is_stopping;
    struct log_limiter log;
    pthread_t thread;
    bool has_thread;
};

/* Makes sure of descriptors; lowers limits.max_connections where the system gives fewer. */
void connections_init(struct server_connections *connections, const struct http_server_limits *limits,
                      struct metrics *metrics);
MUST_CHECK enum status connections_start(struct server_connections *connections, struct error *error);
void connections_deinit(struct server_connections *connections); /* none is open */

/* MHD_AcceptPolicyCallback; user is the struct server_connections. */
enum MHD_Result connections_admit(void *user, const struct sockaddr *address, socklen_t length);
struct server_connection *connections_add(struct server_connections *connections, struct MHD_Connection *connection);
/* Before microhttpd closes the descriptor. */
void connections_remove(struct server_connections *connections, struct MHD_Connection *connection,
                        struct server_connection *ours);

struct server_connection *connection_of(struct MHD_Connection *connection);
/* http_exchange_peer */
const char *connection_peer(struct MHD_Connection *connection);
/* From now on. INT64_MAX: no deadline. */
void connection_wait(struct server_connection *connection, enum connection_phase phase, int64_t deadline_ms);
/* Any thread that knows the connection to be open: the socket is shut down, and microhttpd ends the connection. */
void connection_cut(struct server_connections *connections, struct server_connection *connection, enum refusal why);
/* How long bytes may take, the timeout included. */
int64_t connections_transfer_ms(const struct server_connections *connections, size_t bytes);

void connections_refused(struct server_connections *connections, enum refusal why); /* counts */

#endif

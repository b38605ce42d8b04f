/* See connections.h. */
#include "connections.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "descriptors.h"
#include "peer.h"

#define CONNECTIONS_DEFAULT 10000
#define CONNECTIONS_PER_ADDRESS_DEFAULT 1000
#define HEADER_TIMEOUT_DEFAULT_MS 10000
#define TRANSFER_TIMEOUT_DEFAULT_MS 30000
#define IDLE_TIMEOUT_DEFAULT_MS 75000
#define TRANSFER_BYTES_PER_SECOND 16384
/* What a process opens beside its server's connections: Temporal's, files, other servers. */
#define DESCRIPTORS_BESIDE 256
/* The shortest timeout is held to a quarter of itself, and none is looked at more often or less often than this. */
#define LOOK_PARTS 4
#define LOOK_MIN_MS 10
#define LOOK_MAX_MS 1000
/* An idle connection this old makes room when somebody was sent away. */
#define PRESSURE_IDLE_MS 2000
#define REFUSED_LOG_MS 10000

static const char *const s_refusals[REFUSALS] = {
    [REFUSED_CONNECTIONS] = "connections",
    [REFUSED_ADDRESS] = "connections_per_address",
    [REFUSED_UNDER_PRESSURE] = "idle_under_pressure",
    [REFUSED_NO_REQUEST] = "no_request",
    [REFUSED_HANDSHAKE] = "handshake",
    [REFUSED_HEADER_TIMEOUT] = "header_timeout",
    [REFUSED_TRANSFER_TIMEOUT] = "transfer_timeout",
    [REFUSED_MALFORMED] = "malformed",
    [REFUSED_HEAD_SIZE] = "head_size",
    [REFUSED_BODY_SIZE] = "body_size",
    [REFUSED_SLOW_READER] = "slow_reader",
};

static void make_metrics(struct server_connections *connections)
{
    struct metrics *metrics = connections->metrics;
    if (metrics == NULL) {
        return;
    }
    for (int i = 0; i < REFUSALS; i++) {
        connections->refused[i] = metrics_counter(metrics, "ferry_http_server_refused",
                                                  "Connections and requests refused or cut off, by what was wrong.",
                                                  METRIC_LABELS({"reason", s_refusals[i]}));
    }
    connections->gauge = metrics_gauge(metrics, "ferry_http_server_connections", "Open connections of clients.", NULL);
}

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value > 0 ? value : fallback;
}

static void ensure_descriptors(struct http_server_limits *limits)
{
    size_t wanted = (size_t)limits->max_connections + DESCRIPTORS_BESIDE;
    size_t given = descriptors_ensure(wanted);
    if (given >= wanted) {
        return;
    }
    size_t fewer = given > (size_t)2 * DESCRIPTORS_BESIDE ? given - DESCRIPTORS_BESIDE : given / 2;
    log_event(LOG_LEVEL_WARN,
              "the system gives fewer open files than connections may come: raise the hard limit (ulimit -Hn, "
              "LimitNOFILE=), or lower max_connections",
              LOG_INTEGER("max_connections", limits->max_connections), LOG_INTEGER("open_files", given),
              LOG_INTEGER("connections_taken", fewer));
    limits->max_connections = (unsigned)fewer;
}

void connections_init(struct server_connections *connections, const struct http_server_limits *limits,
                      struct metrics *metrics)
{
    struct http_server_limits *own = &connections->limits;
    *own = *limits;
    own->max_connections = own->max_connections > 0 ? own->max_connections : CONNECTIONS_DEFAULT;
    own->header_timeout_ms = or_default(own->header_timeout_ms, HEADER_TIMEOUT_DEFAULT_MS);
    own->transfer_timeout_ms = or_default(own->transfer_timeout_ms, TRANSFER_TIMEOUT_DEFAULT_MS);
    own->idle_timeout_ms = or_default(own->idle_timeout_ms, IDLE_TIMEOUT_DEFAULT_MS);
    ensure_descriptors(own);
    connections->metrics = metrics;
    make_metrics(connections);
    pthread_mutex_init(&connections->mutex, NULL);
    thread_condition_init(&connections->changed);
    list_init(&connections->open);
    connections->addresses = map_new();
}

void connections_deinit(struct server_connections *connections)
{
    pthread_mutex_lock(&connections->mutex);
    connections->is_stopping = true;
    pthread_cond_broadcast(&connections->changed);
    pthread_mutex_unlock(&connections->mutex);
    if (connections->has_thread) {
        thread_join(connections->thread);
    }
    CHECK(list_is_empty(&connections->open));
    map_destroy(connections->addresses);
    pthread_cond_destroy(&connections->changed);
    pthread_mutex_destroy(&connections->mutex);
}

void connections_refused(struct server_connections *connections, enum refusal why)
{
    if (connections->refused[why] != NULL) {
        metric_counter_add(connections->refused[why], 1);
    }
}

/* --- who may come ------------------------------------------------------------------------------------------------- */

/* The client's name where it has a share of its own; false: it may take as many as there are. */
static bool has_share(const struct server_connections *connections, const struct sockaddr *address, socklen_t length,
                      char out_client[PEER_TEXT_SIZE])
{
    if (connections->limits.max_connections_per_address == 0 && peer_is_this_machine(address, length)) {
        return false;
    }
    peer_client(address, length, out_client);
    return true;
}

/* @locks mutex */
static uintptr_t connections_of(const struct server_connections *connections, const char *client)
{
    return (uintptr_t)map_get(connections->addresses, client);
}

enum MHD_Result connections_admit(void *user, const struct sockaddr *address, socklen_t length)
{
    struct server_connections *connections = user;
    unsigned most = connections->limits.max_connections_per_address;
    char client[PEER_TEXT_SIZE];
    enum refusal why = REFUSALS;
    bool is_logged = false;
    int64_t suppressed = 0;
    bool is_shared = has_share(connections, address, length, client);
    pthread_mutex_lock(&connections->mutex);
    if (connections->count >= connections->limits.max_connections) {
        why = REFUSED_CONNECTIONS;
        connections->is_full = true;
    } else if (is_shared &&
               connections_of(connections, client) >= (most > 0 ? most : CONNECTIONS_PER_ADDRESS_DEFAULT)) {
        why = REFUSED_ADDRESS;
    }
    is_logged = why != REFUSALS && log_limiter_allows(&connections->log, REFUSED_LOG_MS, &suppressed);
    pthread_mutex_unlock(&connections->mutex);
    if (why == REFUSALS) {
        return MHD_YES;
    }
    connections_refused(connections, why);
    if (is_logged) {
        log_event(LOG_LEVEL_WARN, "connections are refused: there are as many as the limits allow",
                  LOG_STRING("reason", s_refusals[why]), LOG_INTEGER("suppressed", suppressed));
    }
    return MHD_NO;
}

static void address_of(struct MHD_Connection *connection, const struct sockaddr **out_address, socklen_t *out_length)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    *out_address = info != NULL ? info->client_addr : NULL;
    *out_length = 0;
    if (*out_address != NULL && (*out_address)->sa_family == AF_INET) {
        *out_length = sizeof(struct sockaddr_in);
    } else if (*out_address != NULL && (*out_address)->sa_family == AF_INET6) {
        *out_length = sizeof(struct sockaddr_in6);
    }
}

/* @locks mutex */
static void count_client(struct server_connections *connections, const char *client, int change)
{
    uintptr_t count = connections_of(connections, client) + (uintptr_t)(intptr_t)change;
    if (count > 0) {
        (void)map_put(connections->addresses, client, (void *)count); /* NOLINT(performance-no-int-to-ptr) */
    } else {
        (void)map_remove(connections->addresses, client);
    }
}

struct server_connection *connections_add(struct server_connections *connections, struct MHD_Connection *connection)
{
    const struct sockaddr *address = NULL;
    socklen_t length = 0;
    char client[PEER_TEXT_SIZE];
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    CHECK(info != NULL);
    struct server_connection *ours = memory_alloc(sizeof *ours);
    ours->descriptor = info->connect_fd;
    ours->expects_more = true;
    connection_wait(ours, CONNECTION_HEAD, clock_monotonic_ms() + connections->limits.header_timeout_ms);
    address_of(connection, &address, &length);
    bool is_shared = has_share(connections, address, length, client);
    pthread_mutex_lock(&connections->mutex);
    list_append(&connections->open, &ours->node);
    connections->count++;
    if (connections->is_asleep) {
        pthread_cond_broadcast(&connections->changed);
    }
    if (is_shared) {
        count_client(connections, client, 1);
    }
    pthread_mutex_unlock(&connections->mutex);
    if (connections->gauge != NULL) {
        metric_gauge_add(connections->gauge, 1);
    }
    return ours;
}

void connections_remove(struct server_connections *connections, struct MHD_Connection *connection,
                        struct server_connection *ours)
{
    const struct sockaddr *address = NULL;
    socklen_t length = 0;
    char client[PEER_TEXT_SIZE];
    address_of(connection, &address, &length);
    bool is_shared = has_share(connections, address, length, client);
    pthread_mutex_lock(&connections->mutex);
    list_remove(&ours->node);
    connections->count--;
    if (is_shared) {
        count_client(connections, client, -1);
    }
    pthread_mutex_unlock(&connections->mutex);
    if (connections->gauge != NULL) {
        metric_gauge_add(connections->gauge, -1);
    }
    free(ours->peer);
    free(ours);
}

struct server_connection *connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    CHECK(info != NULL && info->socket_context != NULL);
    return info->socket_context;
}

const char *connection_peer(struct MHD_Connection *connection)
{
    struct server_connection *ours = connection_of(connection);
    if (ours->peer == NULL) {
        const struct sockaddr *address = NULL;
        socklen_t length = 0;
        char text[PEER_TEXT_SIZE];
        address_of(connection, &address, &length);
        peer_text(address, length, text);
        ours->peer = memory_copy_string(text);
    }
    return ours->peer;
}

/* --- until when --------------------------------------------------------------------------------------------------- */

void connection_wait(struct server_connection *connection, enum connection_phase phase, int64_t deadline_ms)
{
    atomic_store_explicit(&connection->phase, (int)phase, memory_order_relaxed);
    atomic_store_explicit(&connection->deadline_ms, deadline_ms, memory_order_relaxed);
}

int64_t connections_transfer_ms(const struct server_connections *connections, size_t bytes)
{
    return connections->limits.transfer_timeout_ms + (int64_t)(bytes / (TRANSFER_BYTES_PER_SECOND / 1000));
}

static void shut(struct server_connection *connection)
{
    atomic_store_explicit(&connection->deadline_ms, INT64_MAX, memory_order_relaxed);
    atomic_store_explicit(&connection->is_cut, true, memory_order_relaxed);
    (void)shutdown(connection->descriptor, SHUT_RDWR);
}

void connection_cut(struct server_connections *connections, struct server_connection *connection, enum refusal why)
{
    connections_refused(connections, why);
    if (why == REFUSED_TRANSFER_TIMEOUT || why == REFUSED_SLOW_READER) {
        /* What the kernel still holds for a reader who does not read is thrown away with the socket. */
        const struct linger none = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(connection->descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    shut(connection);
}

/* @locks mutex */
static void look_at(struct server_connections *connections, struct server_connection *connection, int64_t now_ms,
                    bool is_full)
{
    int64_t deadline_ms = atomic_load_explicit(&connection->deadline_ms, memory_order_relaxed);
    int phase = atomic_load_explicit(&connection->phase, memory_order_relaxed);
    if (phase == CONNECTION_IDLE) {
        if (now_ms >= deadline_ms) {
            shut(connection); /* as promised, and nobody's fault */
        } else if (is_full && deadline_ms - now_ms <= connections->limits.idle_timeout_ms - PRESSURE_IDLE_MS) {
            connection_cut(connections, connection, REFUSED_UNDER_PRESSURE);
        }
    } else if (now_ms >= deadline_ms) {
        connection_cut(connections, connection,
                       phase == CONNECTION_HEAD ? REFUSED_HEADER_TIMEOUT : REFUSED_TRANSFER_TIMEOUT);
    }
}

static int64_t look_interval_ms(const struct http_server_limits *limits)
{
    int64_t shortest = limits->header_timeout_ms;
    shortest = limits->transfer_timeout_ms < shortest ? limits->transfer_timeout_ms : shortest;
    shortest = limits->idle_timeout_ms < shortest ? limits->idle_timeout_ms : shortest;
    int64_t interval = shortest / LOOK_PARTS;
    if (interval < LOOK_MIN_MS) {
        return LOOK_MIN_MS;
    }
    return interval > LOOK_MAX_MS ? LOOK_MAX_MS : interval;
}

/* Looks at every connection, which costs some nanoseconds for each, and sleeps while there is none. */
static void look_main(void *argument)
{
    struct server_connections *connections = argument;
    int64_t interval_ms = look_interval_ms(&connections->limits);
    pthread_mutex_lock(&connections->mutex);
    while (!connections->is_stopping) {
        int64_t now_ms = clock_monotonic_ms();
        for (struct list *node = connections->open.next; node != &connections->open; node = node->next) {
            look_at(connections, LIST_ITEM(node, struct server_connection, node), now_ms, connections->is_full);
        }
        connections->is_full = false;
        connections->is_asleep = connections->count == 0;
        (void)thread_condition_wait(&connections->changed, &connections->mutex,
                                    connections->is_asleep ? INT64_MAX : now_ms + interval_ms);
        connections->is_asleep = false;
    }
    pthread_mutex_unlock(&connections->mutex);
}

enum status connections_start(struct server_connections *connections, struct error *error)
{
    enum status status = thread_start(&connections->thread, "http-deadlines", 0, look_main, connections, error);
    connections->has_thread = status == STATUS_OK;
    return status;
}

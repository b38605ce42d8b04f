/* Answers that go on: bounded buffers between a writer on any thread and microhttpd, which asks for bytes when the
 * client takes them. While there are none the connection is suspended, and watched for a client that hangs up.
 *
 * Three own a stream: its writer until http_stream_end, its exchange until microhttpd has done with the request, and
 * the response until it is destroyed. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "reply.h"

#define STREAM_BUFFER_DEFAULT ((size_t)256 << 10)
#define STREAM_BLOCK ((size_t)4096) /* what microhttpd asks for at once, as far as it has memory */
#define STREAM_OWNERS 3

struct http_stream {
    struct list node; /* http_server.streams, as long as it must be told of a drain; guarded by the server's mutex */
    struct http_server *server;
    void (*gone)(void *user); /* fixed, as the next two */
    void (*drained)(void *user);
    void *user;

    pthread_mutex_t mutex;     /* guards what follows */
    pthread_cond_t finished;   /* gone() or drained() has returned */
    struct buffer filling;     /* what was written last */
    struct buffer sending;     /* what was written before, but for the bytes that were taken */
    size_t taken;
    struct MHD_Connection *connection; /* NULL: the request is over */
    unsigned owners;
    bool is_suspended;
    bool is_ended;    /* by its writer: what is in the buffers is the rest */
    bool is_closed;   /* nobody reads any more */
    bool is_draining; /* the server stops: no more is taken */
    bool was_told;    /* gone() was called */
    bool is_in_gone;  /* on gone_thread */
    bool is_drained_due; /* something was written since it was told last */
    bool is_in_drained;
    pthread_t gone_thread;
};

static void release(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    stream->owners--;
    bool is_last = stream->owners == 0;
    pthread_mutex_unlock(&stream->mutex);
    if (is_last) {
        buffer_deinit(&stream->filling);
        buffer_deinit(&stream->sending);
        pthread_cond_destroy(&stream->finished);
        pthread_mutex_destroy(&stream->mutex);
        free(stream);
    }
}

/* @locks mutex */
static void wake(struct http_stream *stream)
{
    if (stream->is_suspended) {
        stream->is_suspended = false;
        MHD_resume_connection(stream->connection);
        server_loop_wake(&stream->server->loop);
    }
}

/* Tells the writer, once, unless it has ended the stream. The caller is an owner, or keeps one from letting go. */
static void tell_gone(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    bool is_due = !stream->was_told && !stream->is_ended && stream->gone != NULL;
    stream->was_told = true;
    stream->is_in_gone = stream->is_in_gone || is_due;
    if (is_due) {
        stream->gone_thread = pthread_self();
    }
    pthread_mutex_unlock(&stream->mutex);
    if (is_due) {
        stream->gone(stream->user);
        pthread_mutex_lock(&stream->mutex);
        stream->is_in_gone = false;
        pthread_cond_broadcast(&stream->finished);
        pthread_mutex_unlock(&stream->mutex);
    }
}

/* The watcher's thread: the client has hung up. The exchange, an owner, waits for the end of this. */
static void client_gone(void *user)
{
    struct http_stream *stream = user;
    pthread_mutex_lock(&stream->mutex);
    stream->is_closed = true;
    wake(stream);
    pthread_mutex_unlock(&stream->mutex);
    tell_gone(stream);
}

/* @locks mutex. How many bytes there are to send, none of them taken yet. */
static size_t bytes_left(struct http_stream *stream)
{
    if (stream->taken == stream->sending.length) {
        struct buffer empty = stream->sending;
        stream->sending = stream->filling;
        stream->filling = empty;
        buffer_clear(&stream->filling);
        stream->taken = 0;
    }
    return stream->sending.length - stream->taken;
}

/* Tells the writer that all was taken; is_in_drained is set, so that it cannot end the stream. */
static void tell_drained(struct http_stream *stream)
{
    stream->drained(stream->user);
    pthread_mutex_lock(&stream->mutex);
    stream->is_in_drained = false;
    pthread_cond_broadcast(&stream->finished);
    pthread_mutex_unlock(&stream->mutex);
}

/* MHD_ContentReaderCallback, on the connection's server thread. */
static ssize_t read_some(void *user, uint64_t position, char *out, size_t room)
{
    struct http_stream *stream = user;
    const struct server_connections *connections = &stream->server->connections;
    ssize_t result = 0;
    bool is_drained_due = false;
    (void)position;
    pthread_mutex_lock(&stream->mutex);
    size_t left = bytes_left(stream);
    if (stream->is_closed) {
        result = MHD_CONTENT_READER_END_WITH_ERROR;
    } else if (left > 0) {
        size_t length = left < room ? left : room;
        memcpy(out, stream->sending.data + stream->taken, length);
        stream->taken += length;
        result = (ssize_t)length;
        server_loop_moved(&stream->server->loop);
        connection_wait(connection_of(stream->connection), CONNECTION_REPLY,
                        clock_monotonic_ms() + connections_transfer_ms(connections, length));
    } else if (stream->is_ended || stream->is_draining) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        connection_wait(connection_of(stream->connection), CONNECTION_HANDLING, INT64_MAX);
        stream->is_suspended = true;
        /* Decided here: what is written from now on has a notice of its own. */
        is_drained_due = stream->is_drained_due && stream->drained != NULL;
        stream->is_drained_due = false;
        stream->is_in_drained = is_drained_due;
        MHD_suspend_connection(stream->connection);
    }
    pthread_mutex_unlock(&stream->mutex);
    if (is_drained_due) {
        tell_drained(stream);
    }
    return result;
}

/* MHD_ContentReaderFreeCallback */
static void response_destroyed(void *user)
{
    release(user);
}

void stream_completed(struct http_exchange *exchange)
{
    struct http_stream *stream = exchange->stream;
    if (stream == NULL) {
        return;
    }
    gone_unwatch(exchange);
    pthread_mutex_lock(&stream->mutex);
    stream->is_closed = true;
    stream->connection = NULL;
    pthread_mutex_unlock(&stream->mutex);
    tell_gone(stream);
    exchange->stream = NULL;
    release(stream);
}

struct http_stream *http_exchange_stream_begin(struct http_exchange *exchange,
                                               const struct http_stream_options *options)
{
    struct http_server *server = exchange->server;
    struct http_stream *stream = memory_alloc(sizeof *stream);
    size_t maximum = options->buffer_bytes > 0 ? options->buffer_bytes : STREAM_BUFFER_DEFAULT;
    stream->server = server;
    stream->gone = options->gone;
    stream->drained = options->drained;
    stream->user = options->user;
    stream->connection = exchange->connection;
    stream->owners = STREAM_OWNERS;
    buffer_init(&stream->filling, maximum);
    buffer_init(&stream->sending, maximum);
    pthread_mutex_init(&stream->mutex, NULL);
    thread_condition_init(&stream->finished);
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_some, stream,
                                                                      response_destroyed);
    CHECK(response != NULL); /* only for want of memory */
    reply_add_headers(exchange, response, options->content_type, options->headers, options->header_count);
    http_exchange_on_gone(exchange, client_gone, stream);
    exchange->stream = stream;
    pthread_mutex_lock(&server->mutex);
    list_append(&server->streams, &stream->node);
    server->unanswered += exchange->is_dispatched ? 0 : 1; /* until http_stream_end */
    bool is_draining = atomic_load_explicit(&server->is_draining, memory_order_relaxed);
    pthread_mutex_unlock(&server->mutex);
    reply_finish(exchange, response, options->status > 0 ? (unsigned)options->status : MHD_HTTP_OK);
    if (is_draining) {
        streams_drain(server);
    }
    return stream;
}

bool http_stream_write(struct http_stream *stream, const void *bytes, size_t length)
{
    pthread_mutex_lock(&stream->mutex);
    CHECK(!stream->is_ended);
    bool is_open = !stream->is_closed && !stream->is_draining;
    if (is_open) {
        size_t waiting = stream->filling.length + stream->sending.length - stream->taken;
        is_open = length <= stream->filling.maximum - waiting && buffer_append(&stream->filling, bytes, length);
        stream->is_drained_due = true;
        if (!is_open) {
            stream->is_closed = true;
            connection_cut(&stream->server->connections, connection_of(stream->connection), REFUSED_SLOW_READER);
        }
        wake(stream);
    }
    pthread_mutex_unlock(&stream->mutex);
    return is_open;
}

size_t http_stream_waiting(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    size_t waiting = stream->filling.length + stream->sending.length - stream->taken;
    pthread_mutex_unlock(&stream->mutex);
    return waiting;
}

void http_stream_end(struct http_stream *stream)
{
    struct http_server *server = stream->server;
    pthread_mutex_lock(&server->mutex);
    list_remove(&stream->node);
    pthread_mutex_unlock(&server->mutex);
    pthread_mutex_lock(&stream->mutex);
    stream->is_ended = true;
    wake(stream);
    while (stream->is_in_drained ||
           (stream->is_in_gone && pthread_equal(stream->gone_thread, pthread_self()) == 0)) {
        (void)thread_condition_wait(&stream->finished, &stream->mutex, INT64_MAX);
    }
    pthread_mutex_unlock(&stream->mutex);
    release(stream);
    server_answered(server);
}

void streams_drain(struct http_server *server)
{
    for (;;) {
        pthread_mutex_lock(&server->mutex);
        struct list *node = list_take_first(&server->streams);
        if (node == NULL) {
            pthread_mutex_unlock(&server->mutex);
            return;
        }
        struct http_stream *stream = LIST_ITEM(node, struct http_stream, node);
        pthread_mutex_lock(&stream->mutex);
        stream->owners++;
        stream->is_draining = true;
        wake(stream);
        pthread_mutex_unlock(&stream->mutex);
        pthread_mutex_unlock(&server->mutex);
        tell_gone(stream);
        release(stream);
    }
}

/* Connections that end before their client has said all: a socket that is closed with bytes in it, or to which more
 * come, is reset, and what was sent last is lost with it. So their sockets stay behind microhttpd's close, read to
 * their end and thrown away, for a bounded time and amount (RFC 9112, section 9.6; docs/limits.md). The thread starts
 * with the first of them. */
#ifndef HTTP_LINGERING_H
#define HTTP_LINGERING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINGERING_BYTES_MAX ((size_t)32 << 20) /* of one connection */
#define LINGERING_SOCKETS_MAX 128              /* beyond, the oldest is closed */

struct lingering_socket {
    int descriptor;
    int64_t deadline_ms;
    size_t bytes; /* read so far */
};

struct lingering {
    int64_t time_ms; /* of one connection. Fixed */

    pthread_mutex_t mutex; /* guards what follows */
    struct lingering_socket sockets[LINGERING_SOCKETS_MAX]; /* the oldest first */
    size_t count;
    pthread_t thread;
    bool has_thread;
    bool is_stopping;
    int epoll;
    int wakeup; /* eventfd */
};

void lingering_init(struct lingering *lingering, int64_t time_ms);
void lingering_deinit(struct lingering *lingering); /* closes all that is left */

/* Any thread. Ends the sending side of descriptor, which stays the caller's to close, and keeps a copy of it to read.
 * Nothing if its peer has ended the connection already, or if the system has no descriptor or thread to give. */
void lingering_add(struct lingering *lingering, int descriptor);

#endif

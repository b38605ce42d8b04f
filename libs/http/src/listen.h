/* Listening sockets from an address text: "127.0.0.1:8080", "[::1]:0", "localhost:8080", "unix:/run/x" or
 * "unix:@name" (the abstract name space). */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <stdbool.h>

#include "base/error.h"

struct listen_socket {
    int descriptor; /* non-blocking, close-on-exec, listening; -1: none */
    int port;       /* the real one; 0 for a unix socket */
    char *unix_path; /* owned; to be removed when closed. NULL: TCP or an abstract name */
};

/* A unix path where nobody listens any more is taken over. INVALID_ARGUMENT: the text does not parse or resolve;
 * UNAVAILABLE: the address is taken or not ours; PERMISSION_DENIED. */
MUST_CHECK enum status listen_open(const char *address, bool reuse_port, struct listen_socket *out_socket,
                                   struct error *error);
/* Removes the unix path and frees it; closes the descriptor unless it is -1. */
void listen_close(struct listen_socket *listening);

#endif

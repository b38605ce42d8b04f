/* Opens listening sockets: see listen.h. */
#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"

#define LISTEN_BACKLOG 4096
#define UNIX_PREFIX "unix:"
#define LISTEN_HOST_MAX 256

struct host_and_port {
    char host[LISTEN_HOST_MAX];
    char port[6];
};

static bool parse_host_and_port(const char *address, struct host_and_port *out)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL) {
        return false;
    }
    const char *host = address;
    size_t host_length = (size_t)(colon - address);
    if (host_length >= 2 && host[0] == '[' && host[host_length - 1] == ']') {
        host++;
        host_length -= 2;
    } else if (memchr(host, ':', host_length) != NULL) {
        return false; /* IPv6 needs its brackets */
    }
    const char *port = colon + 1;
    size_t port_length = strlen(port);
    if (host_length == 0 || host_length >= sizeof out->host || port_length == 0 || port_length >= sizeof out->port ||
        strspn(port, "0123456789") != port_length || strtoul(port, NULL, 10) > 65535) {
        return false;
    }
    memcpy(out->host, host, host_length);
    out->host[host_length] = '\0';
    memcpy(out->port, port, port_length + 1);
    return true;
}

/* Says in the words of somebody who has to act what a failed bind or listen means. */
static enum status bind_failed(const char *address, int cause, struct error *error)
{
    char reason[128];
    const char *text = strerror_r(cause, reason, sizeof reason);
    switch (cause) {
    case EADDRINUSE:
        return error_set(error, STATUS_UNAVAILABLE,
                         "cannot listen on %s: the address is in use by another process; stop it or choose another "
                         "address",
                         address);
    case EACCES:
    case EPERM:
        return error_set(error, STATUS_PERMISSION_DENIED, "cannot listen on %s: %s", address, text);
    default:
        return error_set(error, STATUS_UNAVAILABLE, "cannot listen on %s: %s", address, text);
    }
}

/* Returns the errno of what failed, 0 for success. The socket is closed on failure. */
static int open_socket(int family, const struct sockaddr *address, socklen_t length, bool reuse_port, int *out_socket)
{
    int cause = 0;
    int one = 1;
    int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
        return errno;
    }
    if (family != AF_UNIX) {
        (void)setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one); /* restart beside TIME_WAIT */
        if (reuse_port && setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0) {
            cause = errno;
            goto done;
        }
    }
    if (bind(descriptor, address, length) != 0 || listen(descriptor, LISTEN_BACKLOG) != 0) {
        cause = errno;
        goto done;
    }
    *out_socket = descriptor;
    descriptor = -1;
done:
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return cause;
}

static int port_of(int descriptor)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    memset(&address, 0, sizeof address);
    socklen_t length = sizeof address;
    if (getsockname(descriptor, &address.any, &length) != 0) {
        return 0;
    }
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static enum status open_tcp(const char *address, bool reuse_port, struct listen_socket *out_socket,
                            struct error *error)
{
    struct host_and_port parsed;
    if (!parse_host_and_port(address, &parsed)) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "\"%s\" is no address to listen on: expected HOST:PORT, [IPv6]:PORT, unix:PATH or unix:@NAME",
                         address);
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(parsed.host, parsed.port, &hints, &found);
    if (failed != 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "cannot listen on %s: host \"%s\": %s", address, parsed.host,
                         gai_strerror(failed));
    }
    int cause = EADDRNOTAVAIL;
    int descriptor = -1;
    /* localhost may name ::1 first on a machine without IPv6: the first address that can be bound is taken, but one
     * in use is not passed over, or two servers would seem to share a port. */
    for (const struct addrinfo *at = found; at != NULL && cause != 0; at = at->ai_next) {
        cause = open_socket(at->ai_family, at->ai_addr, at->ai_addrlen, reuse_port, &descriptor);
        if (cause == EADDRINUSE) {
            break;
        }
    }
    freeaddrinfo(found);
    if (cause != 0) {
        return bind_failed(address, cause, error);
    }
    *out_socket = (struct listen_socket){.descriptor = descriptor, .port = port_of(descriptor)};
    return STATUS_OK;
}

/* A path that is a socket on which nobody listens: left behind by a process that was killed. */
static bool is_stale_socket(const struct sockaddr_un *address)
{
    struct stat about;
    if (lstat(address->sun_path, &about) != 0 || !S_ISSOCK(about.st_mode)) {
        return false;
    }
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) {
        return false;
    }
    bool is_stale = connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
    (void)close(probe);
    return is_stale;
}

static enum status open_unix(const char *address, struct listen_socket *out_socket, struct error *error)
{
    const char *path = address + strlen(UNIX_PREFIX);
    size_t length = strlen(path);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    bool is_abstract = path[0] == '@';
    if (length < (is_abstract ? 2U : 1U) || length >= sizeof name.sun_path) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "\"%s\": a unix socket needs a name of 1 to %zu bytes",
                         address, sizeof name.sun_path - 1);
    }
    memcpy(name.sun_path, path, length);
    socklen_t name_length = sizeof name;
    if (is_abstract) {
        name.sun_path[0] = '\0';
        name_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    }
    int descriptor = -1;
    int cause = open_socket(AF_UNIX, (const struct sockaddr *)&name, name_length, false, &descriptor);
    if (cause == EADDRINUSE && !is_abstract && is_stale_socket(&name) && unlink(name.sun_path) == 0) {
        cause = open_socket(AF_UNIX, (const struct sockaddr *)&name, name_length, false, &descriptor);
    }
    if (cause != 0) {
        return bind_failed(address, cause, error);
    }
    *out_socket = (struct listen_socket){.descriptor = descriptor,
                                         .unix_path = is_abstract ? NULL : memory_copy_string(path)};
    return STATUS_OK;
}

enum status listen_open(const char *address, bool reuse_port, struct listen_socket *out_socket, struct error *error)
{
    if (strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0) {
        return open_unix(address, out_socket, error);
    }
    return open_tcp(address, reuse_port, out_socket, error);
}

void listen_close(struct listen_socket *listening)
{
    if (listening->unix_path != NULL) {
        (void)unlink(listening->unix_path); /* gone already is as good */
        free(listening->unix_path);
        listening->unix_path = NULL;
    }
    if (listening->descriptor >= 0) {
        (void)close(listening->descriptor);
        listening->descriptor = -1;
    }
}

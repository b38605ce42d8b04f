/* From a listen address to what is asked: see health_target.h. */
#include "health_target.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define UNIX_PREFIX "unix:"

/* "fe80::1%eth0" in brackets: a URL wants the percent sign encoded. */
static char *host_for_url(const char *host, size_t length)
{
    const char *zone = memchr(host, '%', length);
    if (zone == NULL) {
        return memory_format("%.*s", (int)length, host);
    }
    size_t before = (size_t)(zone - host);
    return memory_format("%.*s%%25%.*s", (int)before, host, (int)(length - before - 1), zone + 1);
}

static bool is_host(const char *host, size_t length, const char *expected)
{
    return length == strlen(expected) && memcmp(host, expected, length) == 0;
}

enum status health_target_init(struct health_target *target, const char *listen, bool is_tls, const char *path,
                               struct error *error)
{
    const char *scheme = is_tls ? "https" : "http";
    if (strncmp(listen, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0) {
        target->url = memory_format("%s://localhost%s", scheme, path);
        target->unix_socket = memory_copy_string(listen + strlen(UNIX_PREFIX));
        return STATUS_OK;
    }
    const char *colon = strrchr(listen, ':');
    if (colon == NULL || strspn(colon + 1, "0") == strlen(colon + 1)) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "it listens on %s, and only the running process knows on which port: give it a port", listen);
    }
    size_t length = (size_t)(colon - listen);
    char *host = NULL;
    if (is_host(listen, length, "0.0.0.0")) {
        host = memory_copy_string("127.0.0.1");
    } else if (is_host(listen, length, "[::]")) {
        host = memory_copy_string("[::1]");
    } else {
        host = host_for_url(listen, length);
    }
    target->url = memory_format("%s://%s%s%s", scheme, host, colon, path);
    target->unix_socket = NULL;
    free(host);
    return STATUS_OK;
}

void health_target_deinit(struct health_target *target)
{
    free(target->url);
    free(target->unix_socket);
    *target = (struct health_target){0};
}

char *health_target_describe(const struct health_target *target, const char *path)
{
    return target->unix_socket != NULL ? memory_format(UNIX_PREFIX "%s%s", target->unix_socket, path)
                                       : memory_copy_string(target->url);
}

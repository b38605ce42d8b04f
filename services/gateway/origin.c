/* See origin.h. */
#include "origin.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "cors.h"

#define LOCAL_NAME "localhost"
#define SCHEME_END "://"

/* Scheme and port are those that the browser used: what stands before us may have others (TLS). */
static bool is_own(const char *origin, const char *host)
{
    const char *end = strstr(origin, SCHEME_END);
    return end != NULL && host != NULL && strcasecmp(end + sizeof SCHEME_END - 1, host) == 0;
}

static bool ends_with_local_name(const char *name, size_t length)
{
    size_t wanted = sizeof LOCAL_NAME - 1;
    return length >= wanted && strncasecmp(name + length - wanted, LOCAL_NAME, wanted) == 0 &&
           (length == wanted || name[length - wanted - 1] == '.');
}

/* An address, in brackets if it is of IPv6, or a name that means this machine everywhere (RFC 6761, 6.3). */
static bool is_local(const char *host)
{
    char address[INET6_ADDRSTRLEN] = "";
    struct in6_addr ignored;
    bool has_brackets = host[0] == '[';
    const char *name = has_brackets ? host + 1 : host;
    size_t length = strcspn(name, has_brackets ? "]" : ":");
    if (length < sizeof address) {
        memcpy(address, name, length);
    }
    return inet_pton(has_brackets ? AF_INET6 : AF_INET, address, &ignored) == 1 ||
           (!has_brackets && ends_with_local_name(name, length));
}

enum status origin_check(const struct origin_request *request, struct error *error)
{
    const char *origin = request->origin;
    if (!request->is_read && origin != NULL && !is_own(origin, request->host) && !cors_allows(request->cors, origin)) {
        return error_set(error, STATUS_PERMISSION_DENIED,
                         "Origin: the page is another site's: name it in gateway.cors.origins, or ask for tokens");
    }
    if (request->needs_local_host && request->host != NULL && !is_local(request->host)) {
        return error_set(error, STATUS_PERMISSION_DENIED,
                         "Host: expected localhost or an IP address, since no token is asked for and another site's "
                         "name may lead here: configure a token, or auth: none");
    }
    return STATUS_OK;
}

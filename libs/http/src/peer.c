/* See peer.h. */
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define IPV6_CLIENT_BYTES 8

/* The address of either family; false: neither. */
static bool read_address(const struct sockaddr *address, socklen_t length, struct in_addr *out_v4,
                         struct in6_addr *out_v6, bool *out_is_v6)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (address == NULL) {
        return false;
    }
    if (address->sa_family == AF_INET && length >= (socklen_t)sizeof v4) {
        memcpy(&v4, address, sizeof v4);
        *out_v4 = v4.sin_addr;
        *out_is_v6 = false;
        return true;
    }
    if (address->sa_family != AF_INET6 || length < (socklen_t)sizeof v6) {
        return false;
    }
    memcpy(&v6, address, sizeof v6);
    *out_is_v6 = !IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    *out_v6 = v6.sin6_addr;
    memcpy(out_v4, &v6.sin6_addr.s6_addr[12], sizeof *out_v4);
    return true;
}

static void write_v6(const struct in6_addr *address, const char *suffix, char out[PEER_TEXT_SIZE])
{
    char text[INET6_ADDRSTRLEN] = "";
    (void)inet_ntop(AF_INET6, address, text, sizeof text);
    (void)snprintf(out, PEER_TEXT_SIZE, "%s%s", text, suffix); /* it fits */
}

void peer_text(const struct sockaddr *address, socklen_t length, char out[PEER_TEXT_SIZE])
{
    struct in_addr v4 = {0};
    struct in6_addr v6 = {0};
    bool is_v6 = false;
    (void)snprintf(out, PEER_TEXT_SIZE, "unix");
    if (!read_address(address, length, &v4, &v6, &is_v6)) {
        return;
    }
    if (is_v6) {
        write_v6(&v6, "", out);
    } else {
        (void)inet_ntop(AF_INET, &v4, out, PEER_TEXT_SIZE);
    }
}

void peer_client(const struct sockaddr *address, socklen_t length, char out[PEER_TEXT_SIZE])
{
    struct in_addr v4 = {0};
    struct in6_addr v6 = {0};
    bool is_v6 = false;
    if (!read_address(address, length, &v4, &v6, &is_v6) || !is_v6) {
        peer_text(address, length, out);
        return;
    }
    memset(&v6.s6_addr[IPV6_CLIENT_BYTES], 0, sizeof v6.s6_addr - IPV6_CLIENT_BYTES);
    write_v6(&v6, "/64", out);
}

bool peer_is_this_machine(const struct sockaddr *address, socklen_t length)
{
    struct in_addr v4 = {0};
    struct in6_addr v6 = {0};
    bool is_v6 = false;
    if (!read_address(address, length, &v4, &v6, &is_v6)) {
        return true;
    }
    return is_v6 ? IN6_IS_ADDR_LOOPBACK(&v6) : ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
}

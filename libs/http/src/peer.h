/* Clients' addresses as text. Pure. */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include <stdbool.h>
#include <sys/socket.h>

#define PEER_TEXT_SIZE 64

/* "192.0.2.1" (for an IPv4 address in IPv6's clothes, too), "2001:db8::1", "unix". */
void peer_text(const struct sockaddr *address, socklen_t length, char out[PEER_TEXT_SIZE]);
/* What one client is: its IPv4 address, or the first 64 bits of an IPv6 one ("2001:db8:0:1::/64"), which one client has
 * whole. */
void peer_client(const struct sockaddr *address, socklen_t length, char out[PEER_TEXT_SIZE]);
bool peer_is_this_machine(const struct sockaddr *address, socklen_t length); /* loopback, or no network address */

#endif

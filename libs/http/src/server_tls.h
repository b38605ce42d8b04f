/* TLS of the server: microhttpd's own, with credentials that we give to each connection before its handshake. All on
 * the connection's server thread. */
#ifndef HTTP_SERVER_TLS_H
#define HTTP_SERVER_TLS_H

#include <stddef.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>

#include "server_internal.h"

/* TLS 1.3, and 1.2 with forward secrecy and authenticated encryption: what every client of the last ten years has. */
#define SERVER_TLS_PRIORITIES                                                                                     \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+AES-256-GCM:"        \
    "+CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:%SERVER_PRECEDENCE"

/* The connection is made, its handshake has not begun: the credentials that microhttpd gave it at the start of the
 * server are replaced by those of now. */
struct tls_connection *server_tls_begin(struct http_server *server, struct MHD_Connection *connection);
void server_tls_end(struct tls_connection *context); /* the session is gone by now; NULL is fine */
/* For MHD_OPTION_HTTPS_CERT_CALLBACK2: refuses, since no handshake shall reach it. */
int server_tls_no_certificate(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                              gnutls_pcert_st **certificates, unsigned *certificate_count,
                              gnutls_ocsp_data_st **answers, unsigned *answer_count, gnutls_privkey_t *key,
                              unsigned *flags);
/* The certificates have changed since the connection began: it shall end with the next answer. */
bool server_tls_is_outdated(struct http_exchange *exchange);
/* Sends past microhttpd, as far as there is room. */
void server_tls_send(struct MHD_Connection *connection, const char *bytes, size_t length);

#endif

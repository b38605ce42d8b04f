/* Certificates from PEM files, for a server or for the requests of a client: read and checked at the start, and read
 * again when the files change, so that whoever rotates them needs no restart. New connections use what the files say
 * now. Files that cannot be used (missing for a moment, a key that does not belong to the certificate) leave the last
 * good ones as they are; that is logged once for each state of the files. docs/adr/0016.
 *
 * Any thread. It outlives the server and the requests that use it. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include "base/error.h"

struct http_tls;

struct http_tls_files {
    const char *certificate; /* what we show: the certificate, then those between it and its CA. NULL: none */
    const char *key;         /* the certificate's, without a passphrase; NULL exactly when certificate is NULL */
    const char *ca;          /* whom we trust. NULL: a client trusts the system's CAs, a server asks for nothing */
};

/* Copies the names. INVALID_ARGUMENT names the file and what is wrong with it: it cannot be read, is over 1 MiB, is not
 * PEM, the certificate has expired, the key is encrypted or belongs to another certificate. */
MUST_CHECK enum status http_tls_new(const struct http_tls_files *files, struct http_tls **out_tls,
                                    struct error *error);
void http_tls_destroy(struct http_tls *tls); /* NULL is fine */

#endif

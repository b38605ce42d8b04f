/* What the files of a struct http_tls held at one moment: bytes for curl, credentials for GnuTLS. Never changed once
 * made; shared by reference count between the http_tls and the connections and calls that use it. */
#ifndef HTTP_TLS_MATERIAL_H
#define HTTP_TLS_MATERIAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gnutls/gnutls.h>

#include "base/file.h"
#include "http/tls.h"

enum tls_part { TLS_CERTIFICATE, TLS_KEY, TLS_CA };
#define TLS_PARTS 3

struct tls_paths {
    char *of[TLS_PARTS]; /* by enum tls_part; NULL: none */
};

struct tls_material {
    atomic_uint references;
    struct tls_pem {
        char *text; /* NULL: no such file is named */
        size_t length;
    } pem[TLS_PARTS];
    int64_t expires; /* of the certificate, in seconds since 1970; INT64_MAX: there is none */
    gnutls_certificate_credentials_t credentials; /* certificate and key to show, CAs to trust */
};

/* Reads and checks the files. out_stamps are set in any case. The caller has the only reference. */
MUST_CHECK enum status tls_material_load(const struct tls_paths *paths, struct tls_material **out_material,
                                         struct file_stamp out_stamps[TLS_PARTS], struct error *error);
struct tls_material *tls_material_share(struct tls_material *material);
void tls_material_release(struct tls_material *material); /* NULL is fine */

/* What the files hold now, read again if they have changed; they are looked at once a second at the most. The caller
 * releases it. now_ms: clock_monotonic_ms. */
struct tls_material *tls_current(struct http_tls *tls, int64_t now_ms);
/* What tls_current would give is not this one. */
bool tls_is_outdated(struct http_tls *tls, const struct tls_material *material, int64_t now_ms);
const struct tls_paths *tls_paths_of(const struct http_tls *tls);

#endif

/* Certificates for tests, made by GnuTLS while the test runs. */
#ifndef HTTP_TEST_SUPPORT_TLS_H
#define HTTP_TEST_SUPPORT_TLS_H

#include <stdbool.h>

#include <gnutls/x509.h>

enum test_role { TEST_CA, TEST_SERVER, TEST_CLIENT, TEST_EXPIRED_CLIENT };

struct test_identity {
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
};

/* issuer NULL: signed by itself. name: the common name, and of a server the DNS name beside 127.0.0.1. */
struct test_identity test_identity_make(enum test_role role, const char *name, const struct test_identity *issuer);
void test_identity_free(struct test_identity *identity);

/* A folder of its own below /tmp for files; removed with everything in it. */
void test_folder_make(void);
void test_folder_remove(void);
/* The folder's path and name; in one of a few static places, good until some calls later. */
const char *test_path(const char *name);
/* Puts a file in its place at once, as whoever rotates does. */
void test_write(const char *name, const char *text);
void test_write_certificate(const char *name, const struct test_identity *identity);
void test_write_key(const char *name, const struct test_identity *identity);

#endif

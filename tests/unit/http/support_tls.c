/* See support_tls.h. */
#include "support_tls.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"

#define DAY_SECONDS ((time_t)86400)
#define PATHS 8

static char s_folder[64];

static void add_role(gnutls_x509_crt_t certificate, enum test_role role, const char *name)
{
    static const unsigned char loopback[] = {127, 0, 0, 1};
    const char *purpose = role == TEST_SERVER ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT;
    assert_true(gnutls_x509_crt_set_basic_constraints(certificate, role == TEST_CA, -1) >= 0);
    if (role == TEST_CA) {
        assert_true(gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_KEY_CERT_SIGN) >= 0);
        return;
    }
    assert_true(gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE) >= 0);
    assert_true(gnutls_x509_crt_set_key_purpose_oid(certificate, purpose, 0) >= 0);
    if (role == TEST_SERVER) {
        assert_true(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name),
                                                         GNUTLS_FSAN_SET) >= 0);
        assert_true(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS, loopback, sizeof loopback,
                                                         GNUTLS_FSAN_APPEND) >= 0);
    }
}

struct test_identity test_identity_make(enum test_role role, const char *name, const struct test_identity *issuer)
{
    static unsigned char serial = 1;
    struct test_identity made = {0};
    time_t now = time(NULL);
    unsigned char id[20];
    size_t id_size = sizeof id;
    assert_true(gnutls_x509_privkey_init(&made.key) >= 0);
    unsigned curve = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
    assert_true(gnutls_x509_privkey_generate(made.key, GNUTLS_PK_ECDSA, curve, 0) >= 0);
    assert_true(gnutls_x509_crt_init(&made.certificate) >= 0);
    assert_true(gnutls_x509_crt_set_version(made.certificate, 3) >= 0);
    assert_true(gnutls_x509_crt_set_serial(made.certificate, &serial, 1) >= 0);
    serial++;
    assert_true(gnutls_x509_crt_set_dn_by_oid(made.certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                              (unsigned)strlen(name)) >= 0);
    assert_true(gnutls_x509_crt_set_activation_time(made.certificate, now - 10 * DAY_SECONDS) >= 0);
    assert_true(gnutls_x509_crt_set_expiration_time(
                    made.certificate, role == TEST_EXPIRED_CLIENT ? now - DAY_SECONDS : now + 10 * DAY_SECONDS) >= 0);
    assert_true(gnutls_x509_crt_set_key(made.certificate, made.key) >= 0);
    assert_true(gnutls_x509_crt_get_key_id(made.certificate, 0, id, &id_size) >= 0);
    assert_true(gnutls_x509_crt_set_subject_key_id(made.certificate, id, id_size) >= 0);
    add_role(made.certificate, role, name);
    assert_true(gnutls_x509_crt_sign2(made.certificate, issuer != NULL ? issuer->certificate : made.certificate,
                                      issuer != NULL ? issuer->key : made.key, GNUTLS_DIG_SHA256, 0) >= 0);
    return made;
}

void test_identity_free(struct test_identity *identity)
{
    gnutls_x509_crt_deinit(identity->certificate);
    gnutls_x509_privkey_deinit(identity->key);
}

void test_folder_make(void)
{
    (void)snprintf(s_folder, sizeof s_folder, "/tmp/ferry-tls-XXXXXX");
    assert_non_null(mkdtemp(s_folder));
}

void test_folder_remove(void)
{
    DIR *folder = opendir(s_folder);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            assert_int_equal(unlink(test_path(entry->d_name)), 0);
        }
    }
    (void)closedir(folder);
    assert_int_equal(rmdir(s_folder), 0);
}

const char *test_path(const char *name)
{
    static char paths[PATHS][512];
    static unsigned next;
    char *path = paths[next++ % PATHS];
    (void)snprintf(path, sizeof paths[0], "%s/%s", s_folder, name);
    return path;
}

void test_write(const char *name, const char *text)
{
    const char *temporary = test_path("being-written");
    FILE *file = fopen(temporary, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(temporary, test_path(name)), 0);
}

void test_write_certificate(const char *name, const struct test_identity *identity)
{
    gnutls_datum_t pem = {0};
    assert_true(gnutls_x509_crt_export2(identity->certificate, GNUTLS_X509_FMT_PEM, &pem) >= 0);
    test_write(name, (const char *)pem.data);
    gnutls_free(pem.data);
}

void test_write_key(const char *name, const struct test_identity *identity)
{
    gnutls_datum_t pem = {0};
    assert_true(gnutls_x509_privkey_export2(identity->key, GNUTLS_X509_FMT_PEM, &pem) >= 0);
    test_write(name, (const char *)pem.data);
    gnutls_free(pem.data);
}

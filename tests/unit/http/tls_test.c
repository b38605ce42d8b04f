/* Certificate files: what is refused and in which words, and what happens when they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support_tls.h"
#include "tls_material.h"

#define LATER_MS INT64_C(1000) /* than the last look at the files */

static struct test_identity s_ca;
static struct test_identity s_server;
static struct test_identity s_other;

static int make(void **state)
{
    (void)state;
    s_ca = test_identity_make(TEST_CA, "test CA", NULL);
    s_server = test_identity_make(TEST_SERVER, "gateway.test", &s_ca);
    s_other = test_identity_make(TEST_SERVER, "gateway.test", &s_ca);
    return 0;
}

static int discard(void **state)
{
    (void)state;
    test_identity_free(&s_ca);
    test_identity_free(&s_server);
    test_identity_free(&s_other);
    return 0;
}

static int write_files(void **state)
{
    (void)state;
    test_folder_make();
    test_write_certificate("ca.pem", &s_ca);
    test_write_certificate("server.pem", &s_server);
    test_write_key("server.key", &s_server);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

static struct http_tls_files files_named(const char *certificate, const char *key, const char *ca)
{
    return (struct http_tls_files){.certificate = certificate != NULL ? test_path(certificate) : NULL,
                                   .key = key != NULL ? test_path(key) : NULL,
                                   .ca = ca != NULL ? test_path(ca) : NULL};
}

static struct http_tls *open_good(void)
{
    struct http_tls *tls = NULL;
    struct error error = {0};
    struct http_tls_files files = files_named("server.pem", "server.key", "ca.pem");
    assert_int_equal(http_tls_new(&files, &tls, &error), STATUS_OK);
    return tls;
}

static void assert_refused(struct http_tls_files files, const char *path, const char *why)
{
    struct http_tls *tls = NULL;
    struct error error = {0};
    assert_int_equal(http_tls_new(&files, &tls, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, path));
    if (strstr(error.text, why) == NULL) {
        fail_msg("expected \"%s\" in: %s", why, error.text);
    }
    assert_null(tls);
}

static void names_the_file_that_cannot_be_used_and_why(void **state)
{
    (void)state;
    struct test_identity expired = test_identity_make(TEST_EXPIRED_CLIENT, "late", &s_ca);
    test_write_certificate("expired.pem", &expired);
    test_write_key("expired.key", &expired);
    test_write("junk", "this is no PEM\n");
    test_write("damaged", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    test_write_key("other.key", &s_other);
    assert_refused(files_named("server.pem", "missing.key", NULL), "missing.key", "TLS key: ");
    assert_refused(files_named("missing.pem", "server.key", NULL), "missing.pem", "No such file or directory");
    assert_refused(files_named(NULL, NULL, "missing.pem"), "missing.pem", "TLS CA: ");
    assert_refused(files_named("junk", "server.key", NULL), "junk", "holds no certificate in PEM form");
    assert_refused(files_named("damaged", "server.key", NULL), "damaged", "holds a certificate that cannot be read");
    assert_refused(files_named("server.key", "server.pem", NULL), "server.key", "holds no certificate in PEM form");
    assert_refused(files_named("server.pem", "server.pem", NULL), "server.pem", "holds no private key in PEM form");
    assert_refused(files_named(NULL, NULL, "junk"), "junk", "holds no certificate in PEM form");
    assert_refused(files_named("server.pem", "other.key", NULL), "other.key", "does not belong to the certificate in");
    assert_refused(files_named("expired.pem", "expired.key", NULL), "expired.pem", "the certificate expired at 20");
    assert_refused(files_named(NULL, NULL, "expired.pem"), "expired.pem", "the CA certificate expired at 20");
    test_identity_free(&expired);
}

static void refuses_a_key_with_a_passphrase(void **state)
{
    (void)state;
    char text[4096];
    size_t size = sizeof text - 1;
    assert_true(gnutls_x509_privkey_export_pkcs8(s_server.key, GNUTLS_X509_FMT_PEM, "secret",
                                                 GNUTLS_PKCS_PBES2_AES_256, text, &size) >= 0);
    text[size] = '\0';
    test_write("locked.key", text);
    assert_refused(files_named("server.pem", "locked.key", NULL), "locked.key", "expected one without a passphrase");
}

static void gives_the_same_until_a_file_changes(void **state)
{
    (void)state;
    struct http_tls *tls = open_good();
    struct tls_material *first = tls_current(tls, 0);
    struct tls_material *second = tls_current(tls, LATER_MS);
    assert_ptr_equal(first, second);
    assert_false(tls_is_outdated(tls, first, 2 * LATER_MS));
    tls_material_release(first);
    tls_material_release(second);
    http_tls_destroy(tls);
}

static void looks_at_the_files_once_a_second_at_the_most(void **state)
{
    (void)state;
    struct http_tls *tls = open_good();
    struct tls_material *before = tls_current(tls, 5000);
    test_write_certificate("server.pem", &s_other);
    test_write_key("server.key", &s_other);
    assert_false(tls_is_outdated(tls, before, 5999));
    assert_true(tls_is_outdated(tls, before, 6000));
    struct tls_material *after = tls_current(tls, 6000);
    assert_string_not_equal(before->pem[TLS_KEY].text, after->pem[TLS_KEY].text);
    tls_material_release(before);
    tls_material_release(after);
    http_tls_destroy(tls);
}

static void keeps_the_last_good_ones_while_a_rotation_is_half_done(void **state)
{
    (void)state;
    struct http_tls *tls = open_good();
    struct tls_material *good = tls_current(tls, 0);
    test_write_certificate("server.pem", &s_other); /* and the key is still the old one */
    assert_false(tls_is_outdated(tls, good, LATER_MS));
    assert_int_equal(unlink(test_path("server.key")), 0);
    assert_false(tls_is_outdated(tls, good, 2 * LATER_MS));
    test_write("server.key", "");
    assert_false(tls_is_outdated(tls, good, 3 * LATER_MS));
    test_write_key("server.key", &s_other);
    assert_true(tls_is_outdated(tls, good, 4 * LATER_MS));
    tls_material_release(good);
    http_tls_destroy(tls);
}

static void sees_a_change_behind_a_symbolic_link(void **state)
{
    (void)state;
    test_write_certificate("new-ca.pem", &s_other);
    assert_int_equal(symlink("ca.pem", test_path("linked.pem")), 0);
    struct http_tls *tls = NULL;
    struct http_tls_files files = files_named(NULL, NULL, "linked.pem");
    assert_int_equal(http_tls_new(&files, &tls, NULL), STATUS_OK);
    struct tls_material *before = tls_current(tls, 0);
    assert_int_equal(symlink("new-ca.pem", test_path("next")), 0);
    assert_int_equal(rename(test_path("next"), test_path("linked.pem")), 0);
    assert_true(tls_is_outdated(tls, before, LATER_MS));
    tls_material_release(before);
    http_tls_destroy(tls);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, write_files, remove_files)
    const struct CMUnitTest tests[] = {
        TEST(names_the_file_that_cannot_be_used_and_why),
        TEST(refuses_a_key_with_a_passphrase),
        TEST(gives_the_same_until_a_file_changes),
        TEST(looks_at_the_files_once_a_second_at_the_most),
        TEST(keeps_the_last_good_ones_while_a_rotation_is_half_done),
        TEST(sees_a_change_behind_a_symbolic_link),
    };
    return cmocka_run_group_tests(tests, make, discard);
}

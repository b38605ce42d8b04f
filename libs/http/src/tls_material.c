/* Reads and checks certificate files: see tls_material.h. */
#include "tls_material.h"

#include <stdlib.h>

#include <gnutls/x509.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"

#define TLS_FILE_MAX ((size_t)1 << 20)

static const char *const s_part_names[TLS_PARTS] = {"certificate", "key", "CA"};

/* Certificates out of a PEM file; release with free_certificates. */
struct certificates {
    gnutls_x509_crt_t *list;
    unsigned count;
};

static void free_certificates(struct certificates *certificates)
{
    for (unsigned i = 0; i < certificates->count; i++) {
        gnutls_x509_crt_deinit(certificates->list[i]);
    }
    gnutls_free(certificates->list);
    *certificates = (struct certificates){.list = NULL};
}

static gnutls_datum_t datum_of(const struct tls_pem *pem)
{
    return (gnutls_datum_t){.data = (unsigned char *)pem->text, .size = (unsigned)pem->length};
}

static enum status parse_certificates(const char *path, const struct tls_pem *pem, struct certificates *out,
                                      struct error *error)
{
    gnutls_datum_t data = datum_of(pem);
    int code = gnutls_x509_crt_list_import2(&out->list, &out->count, &data, GNUTLS_X509_FMT_PEM, 0);
    if (code >= 0 && out->count > 0) {
        return STATUS_OK;
    }
    free_certificates(out);
    if (code >= 0 || code == GNUTLS_E_NO_CERTIFICATE_FOUND || code == GNUTLS_E_BASE64_DECODING_ERROR ||
        code == GNUTLS_E_BASE64_UNEXPECTED_HEADER_ERROR) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s holds no certificate in PEM form", path);
    }
    return error_set(error, STATUS_INVALID_ARGUMENT, "%s holds a certificate that cannot be read: %s", path,
                     gnutls_strerror(code));
}

/* All of them have expired: one that is still valid is enough for a bundle of CAs. */
static bool have_expired(const struct certificates *certificates, unsigned count, int64_t *out_expires)
{
    int64_t last = INT64_MIN;
    for (unsigned i = 0; i < count; i++) {
        int64_t expires = (int64_t)gnutls_x509_crt_get_expiration_time(certificates->list[i]);
        last = expires > last ? expires : last;
    }
    *out_expires = last;
    return last < clock_wall_ms() / 1000;
}

static enum status check_validity(const char *path, const char *what, const struct certificates *certificates,
                                  unsigned count, int64_t *out_expires, struct error *error)
{
    char when[CLOCK_RFC3339_SIZE];
    if (!have_expired(certificates, count, out_expires)) {
        return STATUS_OK;
    }
    clock_format_rfc3339(*out_expires * 1000, when);
    return error_set(error, STATUS_INVALID_ARGUMENT, "%s: the %s expired at %s", path, what, when);
}

static enum status add_trusted(struct tls_material *material, const char *path, struct error *error)
{
    struct certificates certificates = {.list = NULL};
    int64_t ignored = 0;
    enum status status = parse_certificates(path, &material->pem[TLS_CA], &certificates, error);
    if (status == STATUS_OK) {
        status = check_validity(path, "CA certificate", &certificates, certificates.count, &ignored, error);
    }
    if (status == STATUS_OK) {
        int code = gnutls_certificate_set_x509_trust(material->credentials, certificates.list,
                                                     (int)certificates.count);
        if (code < 0) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "%s cannot be used: %s", path, gnutls_strerror(code));
        }
    }
    free_certificates(&certificates);
    return status;
}

static enum status parse_key(const char *path, const struct tls_pem *pem, gnutls_x509_privkey_t key,
                             struct error *error)
{
    gnutls_datum_t data = datum_of(pem);
    int code = gnutls_x509_privkey_import2(key, &data, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (code >= 0) {
        return STATUS_OK;
    }
    if (code == GNUTLS_E_DECRYPTION_FAILED || code == GNUTLS_E_PK_INVALID_PRIVKEY) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "%s: the key is damaged or encrypted: expected one without a passphrase", path);
    }
    return error_set(error, STATUS_INVALID_ARGUMENT, "%s holds no private key in PEM form", path);
}

static enum status add_identity(struct tls_material *material, const struct tls_paths *paths, struct error *error)
{
    const char *key_path = paths->of[TLS_KEY];
    const char *path = paths->of[TLS_CERTIFICATE];
    struct certificates certificates = {.list = NULL};
    gnutls_x509_privkey_t key = NULL;
    CHECK(gnutls_x509_privkey_init(&key) >= 0); /* only for want of memory */
    enum status status = parse_certificates(path, &material->pem[TLS_CERTIFICATE], &certificates, error);
    if (status == STATUS_OK) {
        status = check_validity(path, "certificate", &certificates, 1, &material->expires, error);
    }
    if (status == STATUS_OK) {
        status = parse_key(key_path, &material->pem[TLS_KEY], key, error);
    }
    if (status == STATUS_OK) {
        int code = gnutls_certificate_set_x509_key(material->credentials, certificates.list, (int)certificates.count,
                                                   key);
        if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "%s: the key does not belong to the certificate in %s",
                               key_path, path);
        } else if (code < 0) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "%s and %s cannot be used together: %s", path, key_path,
                               gnutls_strerror(code));
        }
    }
    gnutls_x509_privkey_deinit(key);
    free_certificates(&certificates);
    return status;
}

static enum status read_files(const struct tls_paths *paths, struct tls_material *material,
                              struct file_stamp stamps[TLS_PARTS], struct error *error)
{
    enum status first = STATUS_OK;
    for (int part = 0; part < TLS_PARTS; part++) {
        stamps[part] = (struct file_stamp){.is_there = false};
        if (paths->of[part] != NULL) {
            struct error why = {0};
            struct tls_pem *pem = &material->pem[part];
            enum status status = file_read(paths->of[part], TLS_FILE_MAX, &pem->text, &pem->length, &stamps[part],
                                           &why);
            if (status != STATUS_OK && first == STATUS_OK) {
                first = error_set(error, status, "TLS %s: %s", s_part_names[part], why.text);
            }
        }
    }
    return first;
}

enum status tls_material_load(const struct tls_paths *paths, struct tls_material **out_material,
                              struct file_stamp out_stamps[TLS_PARTS], struct error *error)
{
    struct tls_material *material = memory_alloc(sizeof *material);
    atomic_init(&material->references, 1U);
    material->expires = INT64_MAX;
    CHECK(gnutls_certificate_allocate_credentials(&material->credentials) >= 0); /* only for want of memory */
    enum status status = read_files(paths, material, out_stamps, error);
    if (status == STATUS_OK && paths->of[TLS_CERTIFICATE] != NULL) {
        status = add_identity(material, paths, error);
    }
    if (status == STATUS_OK && paths->of[TLS_CA] != NULL) {
        status = add_trusted(material, paths->of[TLS_CA], error);
    }
    if (status == STATUS_OK) {
        *out_material = material;
        material = NULL;
    }
    tls_material_release(material);
    return status;
}

struct tls_material *tls_material_share(struct tls_material *material)
{
    (void)atomic_fetch_add_explicit(&material->references, 1U, memory_order_relaxed);
    return material;
}

void tls_material_release(struct tls_material *material)
{
    if (material == NULL || atomic_fetch_sub_explicit(&material->references, 1U, memory_order_acq_rel) != 1U) {
        return;
    }
    gnutls_certificate_free_credentials(material->credentials);
    for (int part = 0; part < TLS_PARTS; part++) {
        if (material->pem[part].text != NULL) {
            memory_wipe(material->pem[part].text, material->pem[part].length);
            free(material->pem[part].text);
        }
    }
    free(material);
}

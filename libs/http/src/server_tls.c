/* See server_tls.h. */
#include "server_tls.h"

#include <stdlib.h>
#include <string.h>

#include <gnutls/x509.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "tls_material.h"

/* What a connection with TLS has beside others. Server thread. */
struct tls_connection {
    struct tls_material *material; /* shared: the session points to its credentials */
    bool is_verified;              /* verdict is set */
    enum status verdict;           /* of the client's certificate */
    int64_t expires;               /* the client's certificate, in seconds since 1970 */
    char reason[ERROR_TEXT_SIZE];
};

static gnutls_session_t session_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info != NULL ? info->tls_session : NULL;
}

static struct tls_connection *context_of(struct MHD_Connection *connection)
{
    return connection_of(connection)->tls;
}

int server_tls_no_certificate(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                              gnutls_pcert_st **certificates, unsigned *certificate_count,
                              gnutls_ocsp_data_st **answers, unsigned *answer_count, gnutls_privkey_t *key,
                              unsigned *flags)
{
    (void)session;
    (void)info;
    (void)certificates;
    (void)certificate_count;
    (void)answers;
    (void)answer_count;
    (void)key;
    (void)flags;
    log_plain(LOG_LEVEL_ERROR, "a TLS handshake came without the server's certificate");
    return -1;
}

struct tls_connection *server_tls_begin(struct http_server *server, struct MHD_Connection *connection)
{
    gnutls_session_t session = session_of(connection);
    CHECK(session != NULL);
    struct tls_connection *context = memory_alloc(sizeof *context);
    context->material = tls_current(server->tls, clock_monotonic_ms());
    CHECK(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, context->material->credentials) >= 0);
    /* Asked for, not demanded: who lacks one is told so by HTTP, in words, and may look at the health routes. */
    gnutls_certificate_server_set_request(
        session, context->material->pem[TLS_CA].text != NULL ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_IGNORE);
    return context;
}

void server_tls_end(struct tls_connection *context)
{
    if (context != NULL) {
        tls_material_release(context->material);
        free(context);
    }
}

bool server_tls_is_outdated(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    const struct tls_connection *context = server->tls != NULL ? context_of(exchange->connection) : NULL;
    return context != NULL && tls_is_outdated(server->tls, context->material, clock_monotonic_ms());
}

void server_tls_send(struct MHD_Connection *connection, const char *bytes, size_t length)
{
    (void)gnutls_record_send(session_of(connection), bytes, length);
}

static int64_t expiry_of(const gnutls_datum_t *der)
{
    gnutls_x509_crt_t certificate = NULL;
    int64_t expires = INT64_MIN;
    CHECK(gnutls_x509_crt_init(&certificate) >= 0); /* only for want of memory */
    if (gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) >= 0) {
        expires = (int64_t)gnutls_x509_crt_get_expiration_time(certificate);
    }
    gnutls_x509_crt_deinit(certificate);
    return expires;
}

static enum status refuse(struct error *error, unsigned verdict)
{
    gnutls_datum_t text = {.data = NULL};
    const char *reason = "it cannot be verified";
    if (gnutls_certificate_verification_status_print(verdict, GNUTLS_CRT_X509, &text, 0) >= 0) {
        reason = (const char *)text.data;
    }
    enum status status = error_set(error, STATUS_PERMISSION_DENIED, "the client's certificate is refused: %s", reason);
    gnutls_free(text.data);
    return status;
}

/* Once for each connection: signatures cost more than a request. */
static enum status verify(gnutls_session_t session, struct tls_connection *context, struct error *error)
{
    unsigned verdict = 0;
    unsigned count = 0;
    char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st wanted = {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)purpose};
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    if (chain == NULL || count == 0) {
        return error_set(error, STATUS_UNAUTHENTICATED, "the client has shown no certificate");
    }
    context->expires = expiry_of(&chain[0]);
    int code = gnutls_certificate_verify_peers(session, &wanted, 1, &verdict);
    if (code < 0) {
        return error_set(error, STATUS_PERMISSION_DENIED, "the client's certificate is refused: %s",
                         gnutls_strerror(code));
    }
    return verdict == 0 ? STATUS_OK : refuse(error, verdict);
}

enum status http_exchange_verify_client(struct http_exchange *exchange, struct error *error)
{
    struct tls_connection *context = exchange->server->tls != NULL ? context_of(exchange->connection) : NULL;
    if (context == NULL || context->material->pem[TLS_CA].text == NULL) {
        return error_set(error, STATUS_UNAUTHENTICATED, "this connection has no client certificates");
    }
    if (!context->is_verified) {
        struct error why = {0};
        context->verdict = verify(session_of(exchange->connection), context, &why);
        context->is_verified = true;
        memcpy(context->reason, why.text, sizeof why.text);
    }
    if (context->verdict != STATUS_OK) {
        return error_set(error, context->verdict, "%s", context->reason);
    }
    if (context->expires < clock_wall_ms() / 1000) {
        return error_set(error, STATUS_PERMISSION_DENIED,
                         "the client's certificate is refused: it has expired since the connection began");
    }
    return STATUS_OK;
}

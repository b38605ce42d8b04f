/* A connection to a Temporal server: one namespace, one identity, shared by client and worker.
 *
 * It owns one thread ("rpc"), on which the done functions of the client run. Any thread may use a connection. Make it
 * after the last fork(), never before. */
#ifndef TEMPORAL_CONNECTION_H
#define TEMPORAL_CONNECTION_H

#include <stdbool.h>

#include "base/error.h"
#include "base/metrics.h"

struct loop;
struct temporal_codec;
struct temporal_connection;

/* All texts are copied; NULL means the default. The *_file members are paths of PEM files. */
struct temporal_connection_options {
    const char *address;        /* "localhost:7233" */
    const char *namespace_name; /* "default" */
    const char *identity;       /* "pid@host" */
    const char *api_key;        /* none. Sent as "authorization: Bearer ..."; implies TLS */
    const char *api_key_file;   /* none. Holds the key instead of api_key; read again when it changes (base/secret.h) */
    bool tls;                   /* also implied by any of the next three */
    const char *tls_ca_file;          /* the system's roots */
    const char *tls_certificate_file; /* none; needs tls_key_file */
    const char *tls_key_file;
    const char *tls_server_name;      /* the address's host */
    struct metrics *metrics;    /* none; borrowed, outlives the connection */
    const struct temporal_codec *codec; /* none; what payloads pass (temporal/codec.h); borrowed, the same */
};

/* Connects in the background: an unreachable server is no error here. The first one keeps OpenSSL from freeing what it
 * has at the end of the process, since gRPC has threads that use it until then; a program that has used OpenSSL before
 * asks for that itself, first of all: OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL).
 * INVALID_ARGUMENT: a file that cannot be read, holds no PEM or no key, or an option that contradicts another. */
MUST_CHECK enum status temporal_connection_new(const struct temporal_connection_options *options,
                                               struct temporal_connection **out_connection, struct error *error);
/* Cancels what is under way and returns when every done function has run. Not on the rpc thread. NULL is fine. */
void temporal_connection_destroy(struct temporal_connection *connection);

const char *temporal_connection_namespace(const struct temporal_connection *connection);
const char *temporal_connection_identity(const struct temporal_connection *connection);
/* The loop of the connection's thread, on which done functions run (base/loop.h): who keeps state that answers change
 * can keep it there. Its tasks must not block. */
struct loop *temporal_connection_loop(struct temporal_connection *connection);
/* Inside a done function that was given an error: the details that the server sent with it, as a JSON array of objects
 * with "@type"; free() it. NULL: it sent none, or the error is not the server's. */
char *temporal_connection_error_details(const struct temporal_connection *connection);
/* Any time: calls that start later use the new key. */
void temporal_connection_set_api_key(struct temporal_connection *connection, const char *api_key);

#endif

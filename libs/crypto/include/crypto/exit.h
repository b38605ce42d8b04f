/* What libcrypto does when the process exits: by itself it frees all it has, by atexit(3), whoever still uses it. */
#ifndef CRYPTO_EXIT_H
#define CRYPTO_EXIT_H

/* libcrypto is not taken apart at exit. gRPC 1.51 has threads that nobody can join; one that begins a TLS handshake at
 * that moment would touch freed memory (a crash in the place of exit code 0). Only counts when nothing has used
 * libcrypto or libssl in this process yet, so a program's main calls it first. Any number of calls; any thread.
 * Source: OPENSSL_init_crypto(3), OPENSSL_INIT_NO_ATEXIT. */
void crypto_keep_at_exit(void);

#endif

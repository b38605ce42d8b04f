/* libcrypto at the end of the process. */
#include "crypto/exit.h"

#include <openssl/crypto.h>

#include "base/check.h"

void crypto_keep_at_exit(void)
{
    CHECK(OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL) == 1);
}

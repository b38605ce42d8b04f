/* What a runtime does to the process that has it. gRPC runs in children alone: nobody may fork behind it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/seal.h"
#include "rpc/channel.h"

enum { EXIT_SEALED = 3, EXIT_NOT_SEALED = 4 };

static bool seals(void)
{
    const uint8_t key[CRYPTO_SEAL_KEY_SIZE] = {1};
    uint8_t sealed[5 + CRYPTO_SEAL_EXTRA];
    return crypto_seal(key, "bytes", 5, sealed, NULL) == STATUS_OK;
}

static void seal_last(void)
{
    _exit(seals() ? EXIT_SEALED : EXIT_NOT_SEALED);
}

static void have_runtime(void)
{
    if (atexit(seal_last) != 0 || signal(SIGSEGV, SIG_DFL) == SIG_ERR) { /* cmocka's handler is for its own tests */
        _exit(EXIT_FAILURE);
    }
    struct rpc_runtime *runtime = rpc_runtime_new();
    bool is_whole = runtime != NULL && seals();
    rpc_runtime_destroy(runtime);
    exit(is_whole ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void libcrypto_outlives_it(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        have_runtime();
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), EXIT_SEALED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(libcrypto_outlives_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

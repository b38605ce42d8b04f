/* libcrypto's end: what still runs at exit may use it. */
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

#include "crypto/exit.h"
#include "crypto/seal.h"

enum { EXIT_SEALED = 3, EXIT_NOT_SEALED = 4, EXIT_NONE = -1 };

static bool seals(void)
{
    const uint8_t key[CRYPTO_SEAL_KEY_SIZE] = {1};
    uint8_t sealed[5 + CRYPTO_SEAL_EXTRA];
    return crypto_seal(key, "bytes", 5, sealed, NULL) == STATUS_OK;
}

/* Registered before libcrypto's own handler, so it runs after that one. */
static void seal_last(void)
{
    _exit(seals() ? EXIT_SEALED : EXIT_NOT_SEALED);
}

/* What a process ends with whose last act is to seal; EXIT_NONE when it crashed in that. */
static int code_of_child(bool keeps)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (atexit(seal_last) != 0 || signal(SIGSEGV, SIG_DFL) == SIG_ERR) {
            _exit(EXIT_FAILURE);
        }
        if (keeps) {
            crypto_keep_at_exit();
        }
        exit(seals() ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int state = 0;
    assert_int_equal(waitpid(child, &state, 0), child);
    return WIFEXITED(state) ? WEXITSTATUS(state) : EXIT_NONE;
}

static void it_is_there_until_the_process_is_gone(void **state)
{
    (void)state;
    assert_int_not_equal(code_of_child(false), EXIT_SEALED); /* else this test would prove nothing */
    assert_int_equal(code_of_child(true), EXIT_SEALED);
}

static void it_may_be_asked_for_more_than_once(void **state)
{
    (void)state;
    crypto_keep_at_exit();
    assert_true(seals());
    crypto_keep_at_exit();
    assert_true(seals());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_there_until_the_process_is_gone),
        cmocka_unit_test(it_may_be_asked_for_more_than_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The life of a process: exit codes, the stop, the admin port. Each case runs service_main in a process of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/seal.h"
#include "service/service.h"

static int s_steps[2];    /* the process says where it is: a letter for each step */
static char s_admin[64];  /* "unix:@…" */
static int s_released[2]; /* the stop function lets the run function go */
static bool s_seals_last; /* the process's last act is to use libcrypto */

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

static void tell(char letter)
{
    if (write(s_steps[1], &letter, 1) != 1) {
        _exit(99);
    }
}

static const char *no_admin(const struct settings *settings)
{
    (void)settings;
    return NULL;
}

static const char *admin_socket(const struct settings *settings)
{
    (void)settings;
    return s_admin;
}

static enum status run_at_once(struct service *service, const struct settings *settings, struct error *error)
{
    (void)service;
    (void)settings;
    (void)error;
    return STATUS_OK;
}

static enum status run_sealing(struct service *service, const struct settings *settings, struct error *error)
{
    (void)service;
    (void)settings;
    return seals() ? STATUS_OK : error_set(error, STATUS_INTERNAL, "libcrypto does not work");
}

static enum status run_without_peer(struct service *service, const struct settings *settings, struct error *error)
{
    (void)service;
    (void)settings;
    return error_set(error, STATUS_UNAVAILABLE, "no peer");
}

static void release(void *user)
{
    (void)user;
    tell('s');
    if (write(s_released[1], "x", 1) != 1) {
        _exit(99);
    }
}

static void only_tell(void *user)
{
    (void)user;
    tell('s');
}

static void wait_for_release(void)
{
    char letter = 0;
    if (read(s_released[0], &letter, 1) != 1) {
        _exit(99);
    }
}

static enum status run_until_stopped(struct service *service, const struct settings *settings, struct error *error)
{
    (void)settings;
    (void)error;
    service_set_stop(service, release, NULL);
    service_set_ready(service, true, "");
    tell('r');
    wait_for_release();
    /* what is set after the stop has come is called at once */
    service_set_stop(service, release, NULL);
    wait_for_release();
    return STATUS_OK;
}

static enum status run_for_ever(struct service *service, const struct settings *settings, struct error *error)
{
    (void)settings;
    (void)error;
    service_set_stop(service, only_tell, NULL);
    service_set_ready(service, false, "the peer sleeps");
    tell('r');
    wait_for_release();
    return STATUS_OK;
}

static enum status check_fails(const struct settings *settings, struct error *error)
{
    (void)settings;
    return error_set(error, STATUS_INVALID_ARGUMENT, "nothing is right");
}

static pid_t start(const struct service_definition *definition, const char *argument)
{
    char name[] = "service";
    char option[32] = "";
    char *arguments[] = {name, argument == NULL ? NULL : option, NULL};
    assert_int_equal(pipe(s_steps), 0);
    assert_int_equal(pipe(s_released), 0);
    if (argument != NULL) {
        (void)strncpy(option, argument, sizeof option - 1);
    }
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (nowhere < 0 || dup2(nowhere, 1) < 0 || dup2(nowhere, 2) < 0 || chdir("/") != 0 || clearenv() != 0) {
            _exit(99);
        }
        if (s_seals_last && atexit(seal_last) != 0) { /* before libcrypto's own handler, so it runs after that one */
            _exit(99);
        }
        exit(service_main(definition, argument == NULL ? 1 : 2, arguments));
    }
    assert_true(child > 0);
    return child;
}

static char next_step(void)
{
    char letter = 0;
    assert_int_equal(read(s_steps[0], &letter, 1), 1);
    return letter;
}

static int finish(pid_t child)
{
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    (void)close(s_steps[0]);
    (void)close(s_steps[1]);
    (void)close(s_released[0]);
    (void)close(s_released[1]);
    assert_true(WIFEXITED(result));
    return WEXITSTATUS(result);
}

static void ask(const char *path, char *answer, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char request[128];
    size_t name_length = strlen(s_admin + strlen("unix:@"));
    size_t length = 0;
    int connection = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(connection >= 0);
    memcpy(address.sun_path + 1, s_admin + strlen("unix:@"), name_length);
    assert_int_equal(connect(connection, (const struct sockaddr *)&address,
                             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + name_length)),
                     0);
    int request_length =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
    assert_int_equal(write(connection, request, (size_t)request_length), request_length);
    ssize_t got = 1;
    while (got > 0 && length < size - 1) {
        got = read(connection, answer + length, size - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    }
    answer[length] = '\0';
    (void)close(connection);
}

static long number_in(const char *text, const char *name)
{
    const char *found = strstr(text, name);
    assert_non_null(found);
    return strtol(found + strlen(name), NULL, 10);
}

static void exit_codes_tell_done_failed_and_wrong(void **state)
{
    (void)state;
    struct service_definition definition = {.name = "test", .summary = "", .admin_listen = no_admin,
                                            .run = run_at_once};
    assert_int_equal(finish(start(&definition, NULL)), 0);
    assert_int_equal(finish(start(&definition, "--check")), 0);
    assert_int_equal(finish(start(&definition, "--version")), 0);
    assert_int_equal(finish(start(&definition, "--help")), 0);
    assert_int_equal(finish(start(&definition, "--nonsense")), 2);
    assert_int_equal(finish(start(&definition, "--config=/nowhere")), 2);
    definition.run = run_without_peer;
    assert_int_equal(finish(start(&definition, NULL)), 1);
    definition.check = check_fails;
    assert_int_equal(finish(start(&definition, NULL)), 2);
    assert_int_equal(finish(start(&definition, "--check")), 2);
}

static void a_signal_stops_it_in_order(void **state)
{
    (void)state;
    struct service_definition definition = {.name = "test", .summary = "", .admin_listen = no_admin,
                                            .run = run_until_stopped};
    pid_t child = start(&definition, NULL);
    assert_int_equal(next_step(), 'r');
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(next_step(), 's');
    assert_int_equal(next_step(), 's');
    assert_int_equal(finish(child), 0);
}

static void a_second_signal_ends_it_at_once(void **state)
{
    (void)state;
    struct service_definition definition = {.name = "test", .summary = "", .admin_listen = no_admin,
                                            .run = run_for_ever};
    pid_t child = start(&definition, NULL);
    assert_int_equal(next_step(), 'r');
    assert_int_equal(kill(child, SIGINT), 0);
    assert_int_equal(next_step(), 's');
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(finish(child), 1);
}

static void the_admin_port_tells_how_it_is(void **state)
{
    (void)state;
    char answer[8192];
    struct service_definition definition = {.name = "test", .summary = "", .admin_listen = admin_socket,
                                            .run = run_for_ever};
    (void)snprintf(s_admin, sizeof s_admin, "unix:@ferry-service-test-%d", (int)getpid());
    pid_t child = start(&definition, NULL);
    assert_int_equal(next_step(), 'r');
    ask("/livez", answer, sizeof answer);
    assert_non_null(strstr(answer, "HTTP/1.1 200"));
    ask("/readyz", answer, sizeof answer);
    assert_non_null(strstr(answer, "HTTP/1.1 503"));
    assert_non_null(strstr(answer, "the peer sleeps"));
    ask("/healthz", answer, sizeof answer);
    assert_non_null(strstr(answer, "HTTP/1.1 503"));
    ask("/version", answer, sizeof answer);
    assert_non_null(strstr(answer, "{\"name\":\"test\",\"version\":\"" FERRY_VERSION "\"}"));
    ask("/metrics", answer, sizeof answer);
    assert_non_null(strstr(answer, "ferry_ready_processes{service=\"test\"} 0"));
    assert_non_null(strstr(answer, "ferry_build_info{service=\"test\",version=\"" FERRY_VERSION "\"} 1"));
    assert_true(number_in(answer, "\nprocess_start_time_seconds ") > 1500000000);
    assert_true(number_in(answer, "\nprocess_resident_memory_bytes ") > 100000);
    assert_true(number_in(answer, "\nprocess_open_fds ") > 3);
    assert_true(number_in(answer, "\nprocess_max_fds ") >= number_in(answer, "\nprocess_open_fds "));
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(next_step(), 's');
    ask("/readyz", answer, sizeof answer);
    assert_non_null(strstr(answer, "stopping"));
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(finish(child), 1);
}

static void ready_is_200(void **state)
{
    (void)state;
    char answer[8192];
    struct service_definition definition = {.name = "test", .summary = "", .admin_listen = admin_socket,
                                            .run = run_until_stopped};
    (void)snprintf(s_admin, sizeof s_admin, "unix:@ferry-service-test-%d", (int)getpid());
    pid_t child = start(&definition, NULL);
    assert_int_equal(next_step(), 'r');
    ask("/readyz", answer, sizeof answer);
    assert_non_null(strstr(answer, "HTTP/1.1 200"));
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(finish(child), 0);
}

static void libcrypto_is_there_until_the_process_is_gone(void **state)
{
    (void)state;
    const struct service_definition definition = {.name = "test", .summary = "", .admin_listen = no_admin,
                                                  .run = run_sealing};
    s_seals_last = true;
    pid_t child = start(&definition, NULL);
    s_seals_last = false;
    assert_int_equal(finish(child), EXIT_SEALED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes_tell_done_failed_and_wrong),
        cmocka_unit_test(a_signal_stops_it_in_order),
        cmocka_unit_test(a_second_signal_ends_it_at_once),
        cmocka_unit_test(the_admin_port_tells_how_it_is),
        cmocka_unit_test(ready_is_200),
        cmocka_unit_test(libcrypto_is_there_until_the_process_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* fork and exec of one child. Other threads of the parent may hold any lock while it forks: between fork and exec
 * stand only async-signal-safe calls, and all memory is prepared before. */
#include "supervisor_child.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/memory.h"

#define EXIT_CANNOT_EXECUTE 127

static size_t name_length(const char *entry)
{
    return strcspn(entry, "=");
}

static bool is_replaced(const char *entry, const char *const *additions)
{
    size_t length = name_length(entry);
    for (size_t i = 0; additions != NULL && additions[i] != NULL; i++) {
        if (name_length(additions[i]) == length && strncmp(entry, additions[i], length) == 0) {
            return true;
        }
    }
    return false;
}

char **environment_new(const char *const *additions)
{
    size_t capacity = 1;
    for (size_t i = 0; environ[i] != NULL; i++) {
        capacity++;
    }
    for (size_t i = 0; additions != NULL && additions[i] != NULL; i++) {
        capacity++;
    }
    char **environment = memory_alloc_array(capacity, sizeof(char *));
    size_t count = 0;
    for (size_t i = 0; environ[i] != NULL; i++) {
        if (!is_replaced(environ[i], additions)) {
            environment[count++] = memory_copy_string(environ[i]);
        }
    }
    for (size_t i = 0; additions != NULL && additions[i] != NULL; i++) {
        environment[count++] = memory_copy_string(additions[i]);
    }
    CHECK(count < capacity);
    return environment;
}

void environment_free(char **environment)
{
    if (environment == NULL) {
        return;
    }
    for (size_t i = 0; environment[i] != NULL; i++) {
        memory_wipe_string(environment[i]); /* tokens travel in environments */
        free(environment[i]);
    }
    free(environment);
}

NORETURN static void child_become(pid_t parent, char *const *arguments, char *const *environment)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        _exit(EXIT_CANNOT_EXECUTE); /* the parent died before the line above */
    }
    (void)setpgid(0, 0);
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) {
        (void)sigaction(number, &action, NULL); /* refused for SIGKILL, SIGSTOP and libc's own */
    }
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    /* Kernels before 5.9 lack it: descriptors are CLOEXEC anyway. */
    (void)syscall(SYS_close_range, STDERR_FILENO + 1U, ~0U, 0U);
    (void)execve(arguments[0], arguments, environment);
    static const char message[] = "cannot execute ";
    (void)!write(STDERR_FILENO, message, sizeof message - 1);
    (void)!write(STDERR_FILENO, arguments[0], strlen(arguments[0]));
    (void)!write(STDERR_FILENO, "\n", 1);
    _exit(EXIT_CANNOT_EXECUTE);
}

pid_t child_start(const char *const *arguments, char *const *environment)
{
    /* execve wants pointers to non-const for history's sake: a copy of the array, prepared before the fork. */
    size_t count = 0;
    while (arguments[count] != NULL) {
        count++;
    }
    CHECK(count > 0);
    char **copy = memory_alloc_array(count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        copy[i] = memory_copy_string(arguments[i]);
    }
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        child_become(parent, copy, environment);
    }
    int saved_errno = errno;
    for (size_t i = 0; i < count; i++) {
        free(copy[i]);
    }
    free(copy);
    errno = saved_errno;
    return child;
}

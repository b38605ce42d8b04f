/* What several tests of base need. */
#include "support.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"

bool aborts(void (*act)(void *argument), void *argument)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct rlimit no_core = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO); /* the message is expected */
        act(argument);
        _exit(0);
    }
    int wait_status = 0;
    CHECK(waitpid(child, &wait_status, 0) == child);
    return WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGABRT;
}

void wait_until(bool (*is_true)(void *argument), void *argument)
{
    int64_t deadline_ms = clock_monotonic_ms() + 60000;
    while (!is_true(argument)) {
        CHECK(clock_monotonic_ms() < deadline_ms);
        (void)poll(NULL, 0, 1);
    }
}

/* See interrupt.h. */
#include "interrupt.h"

#include <poll.h>
#include <signal.h>
#include <time.h>

#include "base/check.h"

static const int s_numbers[] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t s_came;

static void on_signal(int number)
{
    (void)number;
    s_came = 1;
}

void interrupt_watch(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    for (unsigned i = 0; i < sizeof s_numbers / sizeof s_numbers[0]; i++) {
        CHECK(sigaction(s_numbers[i], &action, NULL) == 0);
    }
}

bool interrupt_came(void)
{
    return s_came != 0;
}

/* One that comes between the look and the wait must not be missed: they are blocked there. */
bool interrupt_wait(int64_t ms)
{
    const struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    sigset_t blocked;
    sigset_t before;
    (void)sigemptyset(&blocked);
    for (unsigned i = 0; i < sizeof s_numbers / sizeof s_numbers[0]; i++) {
        CHECK(sigaddset(&blocked, s_numbers[i]) == 0);
    }
    CHECK(pthread_sigmask(SIG_BLOCK, &blocked, &before) == 0);
    if (!interrupt_came()) {
        (void)ppoll(NULL, 0, &span, &before); /* cut short by another signal: then it is over earlier */
    }
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return interrupt_came();
}

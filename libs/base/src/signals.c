/* One thread that waits for the process's signals. */
#include "base/signals.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/thread.h"

struct signals {
    void (*on_signal)(void *user, int number);
    void *user;
    int signal_descriptor;
    int stop_descriptor; /* an eventfd: readable once the thread shall end */
    pthread_t thread;
};

static void wait_for_signals(void *argument)
{
    struct signals *signals = argument;
    for (;;) {
        struct pollfd ready[] = {{.fd = signals->signal_descriptor, .events = POLLIN},
                                 {.fd = signals->stop_descriptor, .events = POLLIN}};
        if (poll(ready, 2, -1) < 0) {
            CHECK(errno == EINTR);
            continue;
        }
        if (ready[1].revents != 0) {
            return;
        }
        struct signalfd_siginfo info;
        ssize_t size = read(signals->signal_descriptor, &info, sizeof info);
        if (size == (ssize_t)sizeof info) {
            signals->on_signal(signals->user, (int)info.ssi_signo);
        }
    }
}

static void signals_free(struct signals *signals)
{
    if (signals->signal_descriptor >= 0) {
        close(signals->signal_descriptor);
    }
    if (signals->stop_descriptor >= 0) {
        close(signals->stop_descriptor);
    }
    free(signals);
}

enum status signals_start(void (*on_signal)(void *user, int number), void *user, struct signals **out_signals,
                          struct error *error)
{
    enum status status = STATUS_OK;
    struct signals *signals = memory_alloc(sizeof *signals);
    signals->on_signal = on_signal;
    signals->user = user;
    signals->stop_descriptor = -1;

    struct sigaction ignore = {.sa_handler = SIG_IGN};
    CHECK(sigaction(SIGPIPE, &ignore, NULL) == 0);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);

    signals->signal_descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals->signal_descriptor < 0) {
        status = error_set(error, STATUS_INTERNAL, "opening a descriptor for signals: %s", strerrordesc_np(errno));
        goto done;
    }
    signals->stop_descriptor = eventfd(0, EFD_CLOEXEC);
    if (signals->stop_descriptor < 0) {
        status = error_set(error, STATUS_INTERNAL, "opening an event descriptor: %s", strerrordesc_np(errno));
        goto done;
    }
    status = thread_start(&signals->thread, "signals", 0, wait_for_signals, signals, error);
    if (status != STATUS_OK) {
        goto done;
    }
    *out_signals = signals;
    signals = NULL;
done:
    if (signals != NULL) {
        signals_free(signals);
    }
    return status;
}

void signals_stop(struct signals *signals)
{
    if (signals == NULL) {
        return;
    }
    uint64_t one = 1;
    CHECK(write(signals->stop_descriptor, &one, sizeof one) == (ssize_t)sizeof one);
    thread_join(signals->thread);
    signals_free(signals);
}

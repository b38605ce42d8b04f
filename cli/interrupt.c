/* See interrupt.h. */
#include "interrupt.h"

#include <signal.h>

#include "base/check.h"

static volatile sig_atomic_t s_came;

static void on_signal(int number)
{
    (void)number;
    s_came = 1;
}

void interrupt_watch(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        CHECK(sigaction(numbers[i], &action, NULL) == 0);
    }
}

bool interrupt_came(void)
{
    return s_came != 0;
}

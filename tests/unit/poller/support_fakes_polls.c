/* Requests that stay open: long polls, and what a test has told to be held. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_fakes_internal.h"

#include <string.h>

#include "base/clock.h"
#include "base/thread.h"

void fakes_keep(struct fakes *fakes, const struct open_poll *poll)
{
    for (size_t i = 0; i < POLLS_MAX; i++) {
        if (fakes->polls[i].exchange == NULL) {
            fakes->polls[i] = *poll;
            return;
        }
    }
    fail_msg("more requests are open than the fakes can keep");
}

bool fakes_poll_is_over(const struct fakes *fakes, const struct open_poll *poll)
{
    return poll->deadline_ms <= clock_monotonic_ms() || fakes->is_ending;
}

static void answer_all(struct fakes *fakes)
{
    for (size_t i = 0; i < POLLS_MAX; i++) {
        struct open_poll *poll = &fakes->polls[i];
        if (poll->exchange != NULL && poll->answer(fakes, poll)) {
            json_decref(poll->request);
            *poll = (struct open_poll){0};
        }
    }
}

void fakes_tick(void *argument)
{
    struct fakes *fakes = argument;
    pthread_cond_t never;
    thread_condition_init(&never);
    fakes_lock(fakes);
    while (!fakes->is_ending) {
        answer_all(fakes);
        (void)thread_condition_wait(&never, &fakes->mutex, clock_monotonic_ms() + 3); /* the tick */
    }
    answer_all(fakes); /* is_ending: leaves none open */
    fakes_unlock(fakes);
    (void)pthread_cond_destroy(&never);
}

/* Signals as posts to a loop. All threads of a service block signals; one thread of this module waits for them. */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

#include "base/error.h"

struct signals;

/* on_signal(user, number) runs on the module's own thread for SIGTERM, SIGINT and SIGHUP: it only posts or sets.
 * Blocks these signals in the calling thread; call before other threads start. SIGPIPE is ignored from here on. */
MUST_CHECK enum status signals_start(void (*on_signal)(void *user, int number), void *user,
                                     struct signals **out_signals, struct error *error);
void signals_stop(struct signals *signals); /* NULL is fine */

#endif

/* `ferry lanes --watch`: the lanes again and again. */
#ifndef CLI_LANES_WATCH_H
#define CLI_LANES_WATCH_H

#include "lanes_view.h"

#define LANES_WATCH_EVERY_MS 2000
#define LANES_WATCH_EVERY_MIN_MS 100

/* Shows what the pollers say, every so often, until an interruption, which is EXIT_DONE, or until nobody reads it any
 * more. Who does not answer is named and asked again, but where nobody answers at first: EXIT_FAILED. */
int lanes_watch_run(struct lanes_view *view, int64_t every_ms);

#endif

/* The first SIGINT, SIGTERM or SIGHUP asks a long command to come to an end; a second one ends the process. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

/* From here on. Once, before the work begins. */
void interrupt_watch(void);
bool interrupt_came(void);
/* Waits so long, or until it comes; whether it came. */
bool interrupt_wait(int64_t ms);

#endif

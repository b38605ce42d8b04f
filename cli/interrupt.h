/* The first SIGINT, SIGTERM or SIGHUP asks a long command to come to an end; a second one ends the process. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <stdbool.h>

/* From here on. Once, before the work begins. */
void interrupt_watch(void);
bool interrupt_came(void);

#endif

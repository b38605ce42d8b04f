/* The end of a chain of runs, in the API's words. Pure. */
#ifndef GATEWAY_RUN_RESULT_H
#define GATEWAY_RUN_RESULT_H

#include "temporal/client.h"
#include "watch.h"

#define RUN_RESULT_MESSAGE_MAX ((size_t)4096) /* bytes of a failure's message that are passed on */
#define RUN_RESULT_TYPE_MAX ((size_t)256)     /* and of its type, which is as long as its worker likes */

/* Takes what it needs out of close. The failure is the first application failure down the chain of causes (the top is
 * only the activity's envelope), else the root. */
void run_result_take(struct temporal_close_result *close, struct watch_result *out_result);

/* Cuts text at a character's border. */
void run_result_cut(char *text, size_t maximum);

#endif

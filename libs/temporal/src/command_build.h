/* Makes Pb__Command messages. Everything is allocated; pb__command__free_unpacked(command, NULL) frees the whole. */
#ifndef TEMPORAL_COMMAND_BUILD_H
#define TEMPORAL_COMMAND_BUILD_H

#include <stdint.h>

#include <temporal/api/command/v1/message.pb-c.h>

#include "temporal/workflow.h"

/* Takes input (NULL: no argument). options' texts are copied. */
Pb__Command *command_build_schedule_activity(const char *activity_id, const char *type, const char *task_queue,
                                             Pb__Payloads *input, const struct temporal_activity_options *options);
Pb__Command *command_build_cancel_activity(int64_t scheduled_event_id);
Pb__Command *command_build_start_timer(const char *timer_id, int64_t milliseconds);
Pb__Command *command_build_cancel_timer(const char *timer_id);
Pb__Command *command_build_complete(Pb__Payloads *result); /* takes it */
Pb__Command *command_build_fail(Pb__Failure *failure);     /* takes it */
Pb__Command *command_build_cancel(void);

#endif

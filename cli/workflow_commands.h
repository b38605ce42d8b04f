/* `ferry workflow …`: workflows of any namespace through the gateway (docs/api.md). */
#ifndef CLI_WORKFLOW_COMMANDS_H
#define CLI_WORKFLOW_COMMANDS_H

#include "command.h"

extern const struct command g_workflow_start_command;
extern const struct command g_workflow_result_command;
extern const struct command g_workflow_signal_command;
extern const struct command g_workflow_query_command;
extern const struct command g_workflow_update_command;
extern const struct command g_workflow_cancel_command;
extern const struct command g_workflow_terminate_command;
extern const struct command g_workflow_reset_command;
extern const struct command g_workflow_describe_command;
extern const struct command g_workflow_list_command;
extern const struct command g_workflow_history_command;

#endif

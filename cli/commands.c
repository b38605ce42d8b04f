/* The list of commands, and how one is found by its words. */
#include <string.h>

#include "check_command.h"
#include "command.h"
#include "completion_command.h"
#include "dlq_drop_command.h"
#include "dlq_ls_command.h"
#include "dlq_replay_command.h"
#include "dlq_show_command.h"
#include "explain_command.h"
#include "lanes_commands.h"
#include "man_pages_command.h"
#include "queue_commands.h"
#include "send_command.h"
#include "trace_command.h"
#include "up.h"
#include "workflow_commands.h"

const struct command *const g_commands[] = {
    &g_up_command,
    &g_check_command,
    &g_explain_command,
    &g_send_command,
    &g_dlq_ls_command,
    &g_dlq_show_command,
    &g_dlq_replay_command,
    &g_dlq_drop_command,
    &g_trace_command,
    &g_lanes_command,
    &g_lanes_retry_command,
    &g_lanes_skip_command,
    &g_lanes_dead_letter_command,
    &g_queue_ls_command,
    &g_queue_pause_command,
    &g_queue_resume_command,
    &g_workflow_start_command,
    &g_workflow_result_command,
    &g_workflow_describe_command,
    &g_workflow_list_command,
    &g_workflow_history_command,
    &g_workflow_signal_command,
    &g_workflow_query_command,
    &g_workflow_update_command,
    &g_workflow_cancel_command,
    &g_workflow_terminate_command,
    &g_workflow_reset_command,
    &g_completion_command,
    &g_man_pages_command,
    NULL,
};

/* How many of the words the command's own words are. 0: they differ. */
static size_t match(const struct command *command, char *const *words, size_t count)
{
    const char *rest = command->words;
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(rest, " ");
        if (strlen(words[i]) != length || strncmp(words[i], rest, length) != 0) {
            return 0;
        }
        if (rest[length] == '\0') {
            return i + 1;
        }
        rest += length + 1;
    }
    return 0;
}

const struct command *command_find(char *const *words, size_t count, size_t *out_used)
{
    const struct command *best = NULL;
    size_t best_used = 0;
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        size_t used = match(*command, words, count);
        if (used > best_used) {
            best = *command;
            best_used = used;
        }
    }
    if (best != NULL) {
        *out_used = best_used;
    }
    return best;
}

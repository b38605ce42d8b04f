/* The queue of commands that wait for their events. */
#include "command_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

#define COMMAND(name) PB__COMMAND_TYPE__COMMAND_TYPE_##name
#define EVENT(name) PB__EVENT_TYPE__EVENT_TYPE_##name

void command_queue_init(struct command_queue *queue)
{
    list_init(&queue->commands);
}

static void destroy(struct command *command)
{
    list_remove(&command->link);
    pb__command__free_unpacked(command->message, NULL);
    free(command);
}

void command_queue_deinit(struct command_queue *queue)
{
    while (!list_is_empty(&queue->commands)) {
        command_queue_remove_first(queue);
    }
}

void command_queue_add(struct command_queue *queue, Pb__Command *message, struct temporal_future *future)
{
    struct command *command = memory_alloc(sizeof *command);
    command->type = message->command_type;
    command->future = future;
    command->message = message;
    list_append(&queue->commands, &command->link);
}

void command_queue_drop(struct command_queue *queue, const struct temporal_future *future)
{
    for (struct list *node = queue->commands.previous; node != &queue->commands; node = node->previous) {
        struct command *command = LIST_ITEM(node, struct command, link);
        if (command->future == future && !command->is_sent) {
            destroy(command);
            return;
        }
    }
}

const struct command *command_queue_first(const struct command_queue *queue)
{
    return list_is_empty(&queue->commands) ? NULL : LIST_ITEM(queue->commands.next, struct command, link);
}

void command_queue_remove_first(struct command_queue *queue)
{
    CHECK(!list_is_empty(&queue->commands));
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was freed before has left the list */
    destroy(LIST_ITEM(queue->commands.next, struct command, link));
}

void command_queue_send(struct command_queue *queue, Pb__Command ***out_messages, size_t *out_count)
{
    size_t count = 0;
    for (struct list *node = queue->commands.next; node != &queue->commands; node = node->next) {
        count += LIST_ITEM(node, struct command, link)->is_sent ? 0 : 1;
    }
    Pb__Command **messages = NULL;
    if (out_messages != NULL && count > 0) {
        messages = memory_alloc_array(count, sizeof(Pb__Command *));
    }
    size_t position = 0;
    for (struct list *node = queue->commands.next; node != &queue->commands; node = node->next) {
        struct command *command = LIST_ITEM(node, struct command, link);
        if (messages != NULL && !command->is_sent) {
            messages[position++] = command->message;
            command->message = NULL;
        }
        command->is_sent = true;
    }
    if (out_messages != NULL) {
        *out_messages = messages;
        *out_count = count;
    }
}

Pb__EventType command_event_type(Pb__CommandType type)
{
    static const struct {
        Pb__CommandType command;
        Pb__EventType event;
    } pairs[] = {
        {COMMAND(SCHEDULE_ACTIVITY_TASK), EVENT(ACTIVITY_TASK_SCHEDULED)},
        {COMMAND(REQUEST_CANCEL_ACTIVITY_TASK), EVENT(ACTIVITY_TASK_CANCEL_REQUESTED)},
        {COMMAND(START_TIMER), EVENT(TIMER_STARTED)},
        {COMMAND(CANCEL_TIMER), EVENT(TIMER_CANCELED)},
        {COMMAND(COMPLETE_WORKFLOW_EXECUTION), EVENT(WORKFLOW_EXECUTION_COMPLETED)},
        {COMMAND(FAIL_WORKFLOW_EXECUTION), EVENT(WORKFLOW_EXECUTION_FAILED)},
        {COMMAND(CANCEL_WORKFLOW_EXECUTION), EVENT(WORKFLOW_EXECUTION_CANCELED)},
        {COMMAND(CONTINUE_AS_NEW_WORKFLOW_EXECUTION), EVENT(WORKFLOW_EXECUTION_CONTINUED_AS_NEW)},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (pairs[i].command == type) {
            return pairs[i].event;
        }
    }
    return EVENT(UNSPECIFIED);
}

const char *command_type_name(Pb__CommandType type)
{
    static const char prefix[] = "COMMAND_TYPE_";
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(&pb__command_type__descriptor, (int)type);
    if (value == NULL || strncmp(value->name, prefix, sizeof prefix - 1) != 0) {
        return "UNKNOWN";
    }
    return value->name + sizeof prefix - 1;
}

bool command_type_is_terminal(Pb__CommandType type)
{
    return type == COMMAND(COMPLETE_WORKFLOW_EXECUTION) || type == COMMAND(FAIL_WORKFLOW_EXECUTION) ||
           type == COMMAND(CANCEL_WORKFLOW_EXECUTION) || type == COMMAND(CONTINUE_AS_NEW_WORKFLOW_EXECUTION);
}

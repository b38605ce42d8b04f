/* See message.h. */
#include "message.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "message_trace.h"

struct message *message_new(struct sqs_message *delivery, void (*release)(struct sqs_message *delivery))
{
    struct message *message = memory_alloc(sizeof *message);
    message->references = 1;
    message->state = MESSAGE_GONE;
    message->delivery = delivery;
    message->release_delivery = release;
    list_init(&message->in_lane);
    list_init(&message->in_ready);
    list_init(&message->in_leases);
    list_init(&message->in_work);
    list_init(&message->watch.link);
    return message;
}

const char *message_state_name(enum message_state state)
{
    static const char *const names[] = {
        [MESSAGE_HELD] = "held",
        [MESSAGE_FORWARDING] = "forwarding",
        [MESSAGE_RUNNING] = "running",
        [MESSAGE_RESTING] = "resting",
        [MESSAGE_DEAD_LETTERING] = "dead_lettering",
        [MESSAGE_SETTLING] = "settling",
        [MESSAGE_GONE] = "gone",
    };
    return names[state];
}

static void setback_destroy(struct setback *setback)
{
    if (setback == NULL) {
        return;
    }
    free(setback->detail);
    free(setback->failure_type);
    free(setback->failure_message);
    free(setback);
}

static char *copy_unless_empty(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : memory_copy_string(text);
}

void message_set_setback(struct message *message, const char *reason, const char *detail, const char *failure_type,
                         const char *failure_message)
{
    struct setback *setback = memory_alloc(sizeof *setback);
    setback->reason = reason;
    setback->detail = copy_unless_empty(detail);
    setback->failure_type = copy_unless_empty(failure_type);
    setback->failure_message = copy_unless_empty(failure_message);
    setback_destroy(message->setback);
    message->setback = setback;
}

struct message *message_acquire(struct message *message)
{
    CHECK(message->references > 0);
    message->references++;
    return message;
}

void message_release(struct message *message)
{
    if (message == NULL) {
        return;
    }
    CHECK(message->references > 0);
    if (--message->references > 0) {
        return;
    }
    CHECK(message->state == MESSAGE_GONE && !message->watch.is_watched && list_is_empty(&message->in_work));
    message_trace_destroy(message);
    message->release_delivery(message->delivery);
    free(message->watch.workflow_id);
    free(message->watch.first_run_id);
    free(message->run_id);
    setback_destroy(message->setback);
    free(message);
}

void message_renew_delivery(struct message *message, struct sqs_message *delivery)
{
    message->release_delivery(message->delivery);
    message->delivery = delivery;
    message->handle_version++;
}

const char *message_id(const struct message *message)
{
    return message->delivery->message_id;
}

const char *message_group(const struct message *message)
{
    return message->delivery->group_id;
}

int sequence_compare(const char *left, const char *right)
{
    const char *a = left != NULL ? left : "";
    const char *b = right != NULL ? right : "";
    if (*a == '\0' || *b == '\0') {
        return (*a != '\0') - (*b != '\0');
    }
    a += strspn(a, "0");
    b += strspn(b, "0");
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    if (a_length != b_length) {
        return a_length < b_length ? -1 : 1;
    }
    return strcmp(a, b);
}

/* See message.h. */
#include "message.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

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
    message->release_delivery(message->delivery);
    free(message->watch.workflow_id);
    free(message->watch.first_run_id);
    free(message->run_id);
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

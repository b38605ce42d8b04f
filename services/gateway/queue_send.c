/* See queue_send.h. */
#include "queue_send.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "problem.h"

/* The thread "sqs" owns it. */
struct sending {
    struct queue_send_options options;
    struct queue_sent *sent;
    bool is_fifo;
    size_t next;      /* FIFO: the one that is sent next */
    size_t under_way;
};

/* One call to SQS. */
struct send_call {
    struct sending *sending;
    struct queue_sent *sent;
};

static void fail(struct queue_sent *sent, enum status status, const char *text)
{
    (void)error_set(&sent->error, status, "%s", text);
    sent->outcome = ENTRY_RETRY;
}

/* SQS says only in words that a message is longer than the queue's own limit, or holds what it does not take. */
static bool is_size_text(const char *text)
{
    return strstr(text, "must be shorter than") != NULL || strstr(text, "too long") != NULL ||
           strstr(text, "exceed") != NULL;
}

static void note_error(struct queue_sent *sent, const struct sqs_error *error)
{
    bool is_content = error->class == SQS_ERROR_FINAL && strstr(error->code, "InvalidMessageContents") != NULL;
    bool is_size = error->class == SQS_ERROR_FINAL && is_size_text(error->error.text);
    sent->error = error->error;
    sent->retry_after_ms = error->retry_after_ms;
    sent->outcome = is_content || is_size ? ENTRY_REJECTED : ENTRY_RETRY;
    sent->class = is_size ? ENTRY_CLASS_TOO_LARGE : ENTRY_CLASS_BAD_EVENT;
    sent->is_refusal = error->class == SQS_ERROR_CREDENTIALS || error->class == SQS_ERROR_MISSING_QUEUE ||
                       error->class == SQS_ERROR_FINAL;
}

static void go_on(struct sending *sending);

static void on_sent(void *user, const struct sqs_entry_result *result, const struct sqs_error *error)
{
    struct send_call *call = user;
    struct queue_sent *sent = call->sent;
    struct sending *sending = call->sending;
    free(call);
    if (error != NULL) {
        note_error(sent, error);
    } else {
        sent->outcome = ENTRY_QUEUED;
        sent->message_id = memory_copy_string(result->message_id);
        sent->sequence_number =
            result->sequence_number[0] != '\0' ? memory_copy_string(result->sequence_number) : NULL;
    }
    sending->under_way--;
    go_on(sending);
}

static void send(struct sending *sending, struct queue_sent *sent)
{
    const struct queue_send_options *options = &sending->options;
    struct sqs_client *client = sqs_stack_client(options->sqs);
    if (client == NULL) {
        fail(sent, STATUS_UNAVAILABLE, "the gateway is stopping");
        return;
    }
    const struct sqs_send_entry entry = queue_message_entry(&sent->message);
    struct send_call *call = memory_alloc(sizeof *call);
    *call = (struct send_call){.sending = sending, .sent = sent};
    sending->under_way++;
    (void)sqs_client_send_message(client, options->route->queue, &entry, options->deadline_ms, on_sent, call);
}

/* An event before it in its group was not sent. */
static bool is_behind_a_failure(const struct sending *sending, size_t index)
{
    const char *group = sending->sent[index].message.group_id;
    for (size_t i = 0; i < index; i++) {
        const struct queue_sent *before = &sending->sent[i];
        if (before->outcome == ENTRY_RETRY && strcmp(before->message.group_id, group) == 0) {
            return true;
        }
    }
    return false;
}

/* Sends what may be sent now; the last one tells. */
static void go_on(struct sending *sending)
{
    while (sending->next < sending->options.count && (!sending->is_fifo || sending->under_way == 0)) {
        size_t index = sending->next++;
        struct queue_sent *sent = &sending->sent[index];
        if (sent->outcome == ENTRY_REJECTED) {
            continue;
        }
        if (sending->is_fifo && is_behind_a_failure(sending, index)) {
            fail(sent, STATUS_UNAVAILABLE, "an event before it in its group could not be sent");
        } else {
            send(sending, sent);
        }
    }
    if (sending->under_way == 0 && sending->next == sending->options.count) {
        sending->options.done(sending->options.user);
        free(sending);
    }
}

static void begin(void *argument)
{
    go_on(argument);
}

void queue_send(const struct queue_send_options *options, struct queue_sent *out_sent)
{
    struct sending *sending = memory_alloc(sizeof *sending);
    *sending = (struct sending){
        .options = *options, .sent = out_sent, .is_fifo = settings_url_is_fifo(options->route->queue)};
    for (size_t i = 0; i < options->count; i++) {
        struct queue_sent *sent = &out_sent[i];
        enum status status = queue_message_make(options->route, &options->events[i], options->traceparent,
                                                &sent->message, &sent->class, &sent->error);
        sent->outcome = status == STATUS_OK ? ENTRY_QUEUED : ENTRY_REJECTED;
    }
    loop_post(sqs_stack_loop(options->sqs), begin, sending);
}

void queue_sent_deinit(struct queue_sent *sent)
{
    queue_message_deinit(&sent->message);
    free(sent->message_id);
    free(sent->sequence_number);
}

struct entry queue_sent_entry(const struct queue_sent *sent, const struct settings_route *route)
{
    struct entry entry = {.outcome = sent->outcome};
    if (sent->outcome == ENTRY_QUEUED) {
        entry.queue = route->queue;
        entry.message_id = sent->message_id;
        entry.sequence_number = sent->sequence_number;
    } else {
        entry.reason = sent->error.text;
        entry.class = sent->class;
    }
    if (sent->outcome == ENTRY_RETRY) {
        entry.retry_after_ms =
            sent->retry_after_ms > 0 ? sent->retry_after_ms : (int64_t)PROBLEM_RETRY_AFTER_SECONDS * 1000;
    }
    return entry;
}

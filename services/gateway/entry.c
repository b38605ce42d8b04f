/* See entry.h. */
#include "entry.h"

#include "json_text.h"

const char *entry_outcome_name(enum entry_outcome outcome)
{
    switch (outcome) {
    case ENTRY_STARTED:
        return "started";
    case ENTRY_ATTACHED:
        return "attached";
    case ENTRY_CLOSED:
        return "closed";
    case ENTRY_REJECTED:
        return "rejected";
    case ENTRY_QUEUED:
        return "queued";
    case ENTRY_RETRY:
        break;
    }
    return "retry";
}

void entry_write_run(struct buffer *out, const struct entry *entry)
{
    json_member_text(out, "workflowId", entry->workflow_id);
    json_member_text(out, "runId", entry->run_id);
    json_member_text(out, "firstRunId", entry->first_run_id);
    if (entry->attempt > 0) {
        json_member_integer(out, "attempt", entry->attempt);
    }
    if (entry->is_signaled) {
        json_member_boolean(out, "signaled", true);
    }
}

static void write_queued(struct buffer *out, const struct entry *entry)
{
    json_member_text(out, "queue", entry->queue);
    json_member_text(out, "messageId", entry->message_id);
    json_member_text(out, "sequenceNumber", entry->sequence_number);
}

void entry_write_failure(struct buffer *out, const struct entry *entry)
{
    json_member_text(out, "status", entry->status);
    json_member_text(out, "failureType", entry->failure_type);
    json_member_text(out, "failureMessage", entry->failure_message);
    if (entry->failure_type != NULL || entry->failure_message != NULL || entry->non_retryable) {
        json_member_boolean(out, "nonRetryable", entry->non_retryable);
    }
}

void entry_write(struct buffer *out, const struct entry *entry)
{
    json_object_begin(out);
    json_member_text(out, "outcome", entry_outcome_name(entry->outcome));
    entry_write_run(out, entry);
    write_queued(out, entry);
    entry_write_failure(out, entry);
    if (entry->retry_after_ms > 0) {
        json_member_integer(out, "retryAfterMs", entry->retry_after_ms);
    }
    json_member_text(out, "reason", entry->reason);
    if (entry->outcome == ENTRY_REJECTED) {
        json_member_text(out, "class", entry_class_name(entry->class));
    }
    json_object_end(out);
}

void entry_write_single(struct buffer *out, const struct entry *entry)
{
    json_object_begin(out);
    if (entry->outcome == ENTRY_QUEUED) {
        write_queued(out, entry);
    } else {
        entry_write_run(out, entry);
        json_member_boolean(out, "started", entry->outcome == ENTRY_STARTED);
        entry_write_failure(out, entry);
    }
    json_object_end(out);
}

int entry_single_status(const struct entry *entry)
{
    switch (entry->outcome) {
    case ENTRY_STARTED:
        return 201;
    case ENTRY_QUEUED:
        return 202;
    case ENTRY_ATTACHED:
    case ENTRY_CLOSED:
    case ENTRY_REJECTED:
    case ENTRY_RETRY:
        break;
    }
    return 200;
}

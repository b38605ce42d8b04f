/* See run_json.h. */
#include "run_json.h"

#include "json_text.h"
#include "value_json.h"

static void member_text(struct buffer *out, const char *name, const char *text)
{
    json_member_text(out, name, text[0] == '\0' ? NULL : text);
}

void run_json_append(struct buffer *out, const struct temporal_describe_result *run)
{
    json_object_begin(out);
    member_text(out, "workflowId", run->workflow_id);
    member_text(out, "runId", run->run_id);
    member_text(out, "firstRunId", run->first_run_id);
    member_text(out, "workflowType", run->workflow_type);
    member_text(out, "taskQueue", run->task_queue);
    json_member_text(out, "status", temporal_run_status_name(run->status));
    json_member_time(out, "startTime", run->start_wall_ms);
    json_member_time(out, "closeTime", run->close_wall_ms);
    json_member_integer(out, "historyLength", run->history_length);
    value_json_entries(out, "memo", run->memo, run->memo_count);
    value_json_entries(out, "searchAttributes", run->search_attributes, run->search_attribute_count);
    json_object_end(out);
}

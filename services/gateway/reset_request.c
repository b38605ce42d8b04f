/* See reset_request.h. */
#include "reset_request.h"

#include <stdlib.h>

#include "json_member.h"

#define EVENT_ID_MAX 1e9 /* Temporal ends a history far below */

static enum status read_event_id(const struct json_member *member, void *out, struct error *error)
{
    return json_member_read_whole(member, 1, EVENT_ID_MAX, out, error);
}

static enum status read_to(const struct json_member *member, void *out, struct error *error)
{
    static const char *const words[] = {"firstWorkflowTask", "lastWorkflowTask", NULL};
    enum reset_point *out_point = out;
    size_t index = 0;
    enum status status = json_member_read_word(member, words, &index, error);
    if (status == STATUS_OK) {
        *out_point = index == 0 ? RESET_TO_FIRST_WORKFLOW_TASK : RESET_TO_LAST_WORKFLOW_TASK;
    }
    return status;
}

static const struct json_member_reader s_members[] = {
    {"eventId", read_event_id, offsetof(struct reset_request, event_id)},
    {"to", read_to, offsetof(struct reset_request, point)},
    {"reason", json_member_read_text, offsetof(struct reset_request, reason)},
};

enum status reset_request_parse(const char *body, size_t length, struct reset_request *out_request,
                                struct error *error)
{
    struct reset_request request = {.point = RESET_TO_EVENT};
    enum status status = json_member_read_body(body, length, s_members, sizeof s_members / sizeof s_members[0],
                                               &request, error);
    if (status == STATUS_OK && (request.point == RESET_TO_EVENT) == (request.event_id == 0)) {
        status = error_set(error, STATUS_INVALID_ARGUMENT,
                           "expected either eventId, or to: firstWorkflowTask or lastWorkflowTask");
    }
    if (status != STATUS_OK) {
        reset_request_deinit(&request);
        return status;
    }
    *out_request = request;
    return STATUS_OK;
}

void reset_request_deinit(struct reset_request *request)
{
    free(request->reason);
    *request = (struct reset_request){0};
}

/* A start's options as the messages that both of its calls are made of. */
#ifndef TEMPORAL_CLIENT_START_PARTS_H
#define TEMPORAL_CLIENT_START_PARTS_H

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/random.h"
#include "temporal/client.h"

/* Caller's storage: texts and the members that messages point at are borrowed from the options; what init allocated
 * goes with deinit. A member that is NULL was not asked for. */
struct client_start_parts {
    Pb__WorkflowType type;
    Pb__TaskQueue task_queue;
    Google__Protobuf__Duration execution_timeout_storage, *execution_timeout;
    Google__Protobuf__Duration run_timeout_storage, *run_timeout;
    Google__Protobuf__Duration task_timeout_storage, *task_timeout;
    Google__Protobuf__Duration start_delay_storage, *start_delay;
    Pb__RetryPolicy retry_storage, *retry;
    Google__Protobuf__Duration retry_initial;
    Google__Protobuf__Duration retry_maximum;
    Pb__Memo memo_storage, *memo;
    Pb__Header header_storage, *header;
    Pb__SearchAttributes search_attributes_storage, *search_attributes;
    Pb__Priority priority_storage, *priority;
    Pb__Payloads *input;
    Pb__WorkflowIdReusePolicy reuse;
    Pb__WorkflowIdConflictPolicy conflict;
    const char *request_id;
    char request_id_storage[RANDOM_UUID_SIZE];
};

void client_start_parts_init(struct client_start_parts *parts, const struct temporal_start_options *options);
/* Fills caller's storage, initialized, but for what concerns callbacks; all of it is borrowed. */
void client_start_request(struct temporal_connection *connection, const struct temporal_start_options *options,
                          struct client_start_parts *parts, Pb__StartWorkflowExecutionRequest *request);
void client_start_parts_deinit(struct client_start_parts *parts);

#endif

/* What the client's calls share. */
#include "client_common.h"

#include <temporal/api/errordetails/v1/message.pb-c.h>

#include "base/clock.h"
#include "payload.h"

int64_t client_deadline(int64_t deadline_ms)
{
    return deadline_ms != 0 ? deadline_ms : clock_monotonic_ms() + TEMPORAL_CLIENT_DEADLINE_DEFAULT_MS;
}

enum status client_status(const struct service_call_result *result, struct error *out_error)
{
    if (result->status == STATUS_OK) {
        return STATUS_OK;
    }
    *out_error = *result->error;
    if (result->status == STATUS_NOT_FOUND) {
        ProtobufCMessage *detail = service_call_detail(result, &pb__namespace_not_found_failure__descriptor);
        if (detail != NULL) {
            out_error->retryable = true;
            protobuf_c_message_free_unpacked(detail, NULL);
        }
    }
    return result->status;
}

const char *client_text(const char *text)
{
    return text != NULL ? text : "";
}

const char *client_namespace(const struct temporal_connection *connection, const char *name)
{
    return name != NULL ? name : temporal_connection_namespace(connection);
}

void client_execution(const struct temporal_run *run, Pb__WorkflowExecution *out_execution)
{
    pb__workflow_execution__init(out_execution);
    out_execution->workflow_id = client_text(run->workflow_id);
    out_execution->run_id = client_text(run->run_id);
}

Pb__Payloads *client_payloads(const struct temporal_payload *payloads, size_t count)
{
    return count > 0 ? payloads_from_view(payloads, count) : NULL;
}

const char *client_request_id(const char *text, char storage[RANDOM_UUID_SIZE])
{
    if (text != NULL) {
        return text;
    }
    random_uuid(storage);
    return storage;
}

/* What the client's calls share. */
#ifndef TEMPORAL_CLIENT_COMMON_H
#define TEMPORAL_CLIENT_COMMON_H

#include <stdint.h>

#include <temporal/api/common/v1/message.pb-c.h>

#include "base/random.h"
#include "service_call.h"
#include "temporal/client.h"

/* 0: the default from now. */
int64_t client_deadline(int64_t deadline_ms);

/* The result's error with what only the client knows: an unknown namespace is retryable. out_error is filled unless
 * STATUS_OK; returns the status. */
enum status client_status(const struct service_call_result *result, struct error *out_error);

/* "" for NULL: protobuf's absent text. */
const char *client_text(const char *text);

/* The namespace of a call: name, or the connection's for NULL. */
const char *client_namespace(const struct temporal_connection *connection, const char *name);

/* Fills caller's storage; run's texts are borrowed. */
void client_execution(const struct temporal_run *run, Pb__WorkflowExecution *out_execution);

/* NULL if there are none; free with pb__payloads__free_unpacked(payloads, NULL). */
Pb__Payloads *client_payloads(const struct temporal_payload *payloads, size_t count);

/* text, or a new request ID in storage. */
const char *client_request_id(const char *text, char storage[RANDOM_UUID_SIZE]);

#endif

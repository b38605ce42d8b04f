/* A run's events as server-sent events, as they happen: GET /v1/workflows/{id}/history, Accept: text/event-stream. */
#ifndef GATEWAY_HISTORY_STREAM_H
#define GATEWAY_HISTORY_STREAM_H

#include "workflow_call.h"

/* Takes the call and answers it: a stream, 204 (the run has closed and the reader has all of it), or a problem. */
void history_stream_begin(struct workflow_call *call, enum temporal_payload_form form);

#endif

/* POST /v1/runs/wait: level-triggered; the watch table (watch.h) does the waiting. */
#include <stdlib.h>

#include "api.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "gateway.h"
#include "json_text.h"
#include "run_list.h"

/* One request on its way from the server's thread to the loop and back to the wire. */
struct runs_call {
    struct gateway *gateway;
    struct http_exchange *exchange;
    struct run_list list;
    int64_t deadline_ms;
};

static void write_run(struct buffer *out, const struct watch_closed *closed)
{
    const struct watch_result *result = closed->result;
    const struct entry entry = {
        .status = result->status,
        .failure_type = result->failure_type,
        .failure_message = result->failure_message,
        .non_retryable = result->non_retryable,
    };
    json_object_begin(out);
    json_member_text(out, "workflowId", closed->run.workflow_id);
    json_member_text(out, "firstRunId", closed->run.first_run_id);
    json_member_text(out, "runId", result->run_id);
    entry_write_failure(out, &entry);
    json_object_end(out);
}

static void on_answer(void *user, const struct watch_closed *closed, size_t count)
{
    struct runs_call *call = user;
    struct buffer body;
    if (count > 0) {
        FAILPOINT("gateway.waiting");
    }
    buffer_init(&body, GATEWAY_REPLY_MAX);
    CHECK(buffer_append_string(&body, "{\"runs\":["));
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            CHECK(buffer_append(&body, ",", 1));
        }
        log_event(LOG_LEVEL_DEBUG, "run closed", LOG_STRING("workflow_id", closed[i].run.workflow_id),
                  LOG_STRING("run_id", closed[i].result->run_id),
                  LOG_STRING("run_status", closed[i].result->status));
        write_run(&body, &closed[i]);
    }
    CHECK(buffer_append_string(&body, "]}"));
    gateway_reply_json(call->exchange, 200, NULL, 0, &body);
    buffer_deinit(&body);
    run_list_deinit(&call->list);
    free(call);
}

static void wait_step(void *argument)
{
    struct runs_call *call = argument;
    struct gateway *gateway = call->gateway;
    if (gateway->stopping) {
        on_answer(call, NULL, 0);
        return;
    }
    watch_table_wait(gateway->watches, call->list.runs, call->list.count, call->deadline_ms, on_answer, call);
}

void gateway_handle_runs_wait(struct http_exchange *exchange, void *user)
{
    struct error error = {0};
    struct run_list list = {0};
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    const struct gateway *gateway = user;
    enum status status = run_list_parse(body, length, gateway->settings, GATEWAY_WAIT_MAX_MS, &list, &error);
    if (status != STATUS_OK) {
        http_exchange_problem(exchange, 400, status == STATUS_MALFORMED ? "malformed-json" : "invalid-request",
                              "The request is not valid", error.text, 0);
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        if (!gateway_may(exchange, API_VERB_WAIT, NULL, list.runs[i].namespace_name)) {
            run_list_deinit(&list);
            return;
        }
    }
    struct runs_call *call = memory_alloc(sizeof *call);
    call->gateway = user;
    call->exchange = exchange;
    call->list = list;
    call->deadline_ms = clock_monotonic_ms() + list.wait_ms;
    loop_post(call->gateway->loop, wait_step, call);
}

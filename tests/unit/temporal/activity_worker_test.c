/* Attempts from the poll to the report: results, failures, cancellation, heartbeats, what is dropped. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "activity_worker.h"
#include "base/clock.h"
#include "base/memory.h"
#include "support_codec.h"
#include "support_worker_calls.h"

struct fixture {
    struct fake_calls fake;
    struct worker_context context;
    struct activity_worker *worker;
    int progress;
};

static void note_progress(void *user)
{
    ((struct fixture *)user)->progress++;
}

static void begin(struct fixture *fixture, temporal_activity_fn *function)
{
    *fixture = (struct fixture){0};
    fake_calls_init(&fixture->fake);
    struct worker_context *context = &fixture->context;
    static char s_namespace[] = "default";
    static char s_queue[] = "queue";
    static char s_identity[] = "me";
    *context = (struct worker_context){
        .loop = loop_new(), .calls = fake_calls_seam(&fixture->fake), .namespace_name = s_namespace,
        .task_queue = s_queue, .identity = s_identity, .instance_key = s_identity, .progress = note_progress,
        .progress_user = fixture};
    worker_metrics_init(&context->metrics, NULL, s_namespace, s_queue);
    fixture->worker = activity_worker_new(
        &(struct activity_worker_options){.context = context, .slots = 4, .polls = 1, .stack_bytes = 1 << 20});
    activity_worker_register(fixture->worker, "act", function, fixture);
    activity_worker_start(fixture->worker);
}

static Pb__PollActivityTaskQueueResponse *make_task(const char *type, int64_t start_to_close_s, int64_t heartbeat_s)
{
    Pb__PollActivityTaskQueueResponse *task = memory_alloc(sizeof *task);
    pb__poll_activity_task_queue_response__init(task);
    task->task_token.data = memory_copy("token", 5);
    task->task_token.len = 5;
    task->activity_type = memory_alloc(sizeof *task->activity_type);
    pb__activity_type__init(task->activity_type);
    task->activity_type->name = memory_copy_string(type);
    task->attempt = 1;
    task->start_to_close_timeout = memory_alloc(sizeof *task->start_to_close_timeout);
    google__protobuf__duration__init(task->start_to_close_timeout);
    task->start_to_close_timeout->seconds = start_to_close_s;
    task->heartbeat_timeout = memory_alloc(sizeof *task->heartbeat_timeout);
    google__protobuf__duration__init(task->heartbeat_timeout);
    task->heartbeat_timeout->seconds = heartbeat_s;
    return task;
}

static void give_task(struct fixture *fixture, const char *type, int64_t start_to_close_s, int64_t heartbeat_s)
{
    Pb__PollActivityTaskQueueResponse *task = make_task(type, start_to_close_s, heartbeat_s);
    fake_calls_answer(fake_calls_wait(&fixture->fake, &service_poll_activity_task_queue), &task->base);
}

static ProtobufCMessage *empty(const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *made = memory_alloc(descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, made);
    return made;
}

static const void *wait_request(struct fixture *fixture, const struct service_method *method)
{
    struct fake_call *call = fake_calls_wait(&fixture->fake, method);
    assert_non_null(call);
    return call->request;
}

static void answer(struct fixture *fixture, const struct service_method *method)
{
    fake_calls_answer(fake_calls_wait(&fixture->fake, method), empty(method->reply));
}

static void end(struct fixture *fixture)
{
    activity_worker_stop(fixture->worker, false);
    fake_calls_fail(fake_calls_waiting(&fixture->fake, &service_poll_activity_task_queue), STATUS_CANCELED,
                    RPC_CANCELLED);
    assert_true(activity_worker_is_idle(fixture->worker));
    assert_true(fixture->progress > 0);
    loop_run_once(fixture->context.loop, 0); /* what was posted before the worker's end has run then */
    activity_worker_destroy(fixture->worker);
    loop_run_once(fixture->context.loop, 0); /* the connection's loop goes on: nothing of the worker is left on it */
    loop_destroy(fixture->context.loop);
    worker_metrics_deinit(&fixture->context.metrics);
    fake_calls_deinit(&fixture->fake);
}

static json_t *gives_result(struct temporal_activity *activity, const json_t *input)
{
    (void)activity;
    assert_null(input);
    return json_string("done");
}

static void a_result_is_reported_and_the_permit_comes_back_with_the_answer(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, gives_result);
    give_task(&fixture, "act", 10, 0);
    const Pb__RespondActivityTaskCompletedRequest *request =
        wait_request(&fixture, &service_respond_activity_task_completed);
    assert_memory_equal(request->result->payloads[0]->data.data, "\"done\"", 6);
    assert_memory_equal(request->task_token.data, "token", 5);
    assert_int_equal(activity_worker_running(fixture.worker), 1);
    assert_int_equal(activity_worker_reserve(fixture.worker, 10), 2);
    answer(&fixture, &service_respond_activity_task_completed);
    assert_int_equal(activity_worker_running(fixture.worker), 0);
    assert_int_equal(activity_worker_reserve(fixture.worker, 10), 1);
    activity_worker_unreserve(fixture.worker, 3);
    end(&fixture);
}

static json_t *fails_for_good(struct temporal_activity *activity, const json_t *input)
{
    (void)input;
    json_t *details = json_string("half");
    temporal_activity_heartbeat(activity, details);
    json_decref(details);
    return temporal_activity_fail_for_good(activity, "Broken", "step %d", 3);
}

static void a_failure_carries_type_message_and_what_no_heartbeat_has_told(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, fails_for_good);
    give_task(&fixture, "act", 10, 5);
    const Pb__RespondActivityTaskFailedRequest *request =
        wait_request(&fixture, &service_respond_activity_task_failed);
    assert_string_equal(request->failure->message, "step 3");
    assert_string_equal(request->failure->application_failure_info->type, "Broken");
    assert_true(request->failure->application_failure_info->non_retryable);
    assert_memory_equal(request->last_heartbeat_details->payloads[0]->data.data, "\"half\"", 6);
    answer(&fixture, &service_record_activity_task_heartbeat);
    answer(&fixture, &service_respond_activity_task_failed);
    end(&fixture);
}

static void an_unknown_activity_fails_so_that_another_worker_may_take_it(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, gives_result);
    give_task(&fixture, "other", 10, 0);
    const Pb__RespondActivityTaskFailedRequest *request =
        wait_request(&fixture, &service_respond_activity_task_failed);
    assert_string_equal(request->failure->application_failure_info->type, "ActivityNotRegistered");
    assert_false(request->failure->application_failure_info->non_retryable);
    answer(&fixture, &service_respond_activity_task_failed);
    end(&fixture);
}

static json_t *waits(struct temporal_activity *activity, const json_t *input)
{
    (void)input;
    temporal_activity_heartbeat(activity, NULL);
    if (!temporal_activity_wait(activity, 60000)) {
        return NULL;
    }
    return json_true();
}

static void cancellation_comes_with_the_heartbeat_s_answer_and_ends_the_wait(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, waits);
    give_task(&fixture, "act", 100, 10);
    Pb__RecordActivityTaskHeartbeatResponse *reply =
        (void *)empty(&pb__record_activity_task_heartbeat_response__descriptor);
    reply->cancel_requested = true;
    fake_calls_answer(fake_calls_wait(&fixture.fake, &service_record_activity_task_heartbeat), &reply->base);
    assert_non_null(wait_request(&fixture, &service_respond_activity_task_canceled));
    answer(&fixture, &service_respond_activity_task_canceled);
    end(&fixture);
}

/* Says something, which goes out, and then asks at once, within the throttle. */
static json_t *asks_before_the_end(struct temporal_activity *activity, const json_t *input)
{
    (void)input;
    json_t *details = json_string("nearly");
    temporal_activity_heartbeat(activity, NULL);
    bool is_wanted = temporal_activity_confirm(activity, details, 60000);
    json_decref(details);
    return is_wanted ? json_string("wanted") : NULL;
}

static void a_confirmation_is_not_throttled_and_sees_a_cancellation(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, asks_before_the_end);
    give_task(&fixture, "act", 100, 10);
    answer(&fixture, &service_record_activity_task_heartbeat);
    Pb__RecordActivityTaskHeartbeatRequest *second =
        (void *)(uintptr_t)wait_request(&fixture, &service_record_activity_task_heartbeat);
    assert_memory_equal(second->details->payloads[0]->data.data, "\"nearly\"", 8);
    Pb__RecordActivityTaskHeartbeatResponse *reply =
        (void *)empty(&pb__record_activity_task_heartbeat_response__descriptor);
    reply->cancel_requested = true;
    fake_calls_answer(fake_calls_wait(&fixture.fake, &service_record_activity_task_heartbeat), &reply->base);
    assert_non_null(wait_request(&fixture, &service_respond_activity_task_canceled));
    answer(&fixture, &service_respond_activity_task_canceled);
    end(&fixture);
}

static void a_confirmation_without_a_cancellation_lets_it_go_on(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, asks_before_the_end);
    give_task(&fixture, "act", 100, 10);
    answer(&fixture, &service_record_activity_task_heartbeat);
    answer(&fixture, &service_record_activity_task_heartbeat);
    const Pb__RespondActivityTaskCompletedRequest *request =
        wait_request(&fixture, &service_respond_activity_task_completed);
    assert_memory_equal(request->result->payloads[0]->data.data, "\"wanted\"", 8);
    answer(&fixture, &service_respond_activity_task_completed);
    end(&fixture);
}

static json_t *asks_for_a_moment(struct temporal_activity *activity, const json_t *input)
{
    (void)input;
    return json_boolean(temporal_activity_confirm(activity, NULL, 0));
}

static void a_confirmation_that_nobody_answers_ends_with_its_time(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, asks_for_a_moment);
    give_task(&fixture, "act", 100, 10);
    const Pb__RespondActivityTaskCompletedRequest *request =
        wait_request(&fixture, &service_respond_activity_task_completed);
    assert_memory_equal(request->result->payloads[0]->data.data, "true", 4);
    answer(&fixture, &service_record_activity_task_heartbeat);
    answer(&fixture, &service_respond_activity_task_completed);
    end(&fixture);
}

/* The first heartbeat goes out; the second, with details, is held back when the cancellation comes. */
static json_t *says_where_it_is(struct temporal_activity *activity, const json_t *input)
{
    (void)input;
    json_t *details = json_string("page 7");
    temporal_activity_heartbeat(activity, NULL);
    temporal_activity_heartbeat(activity, details);
    json_decref(details);
    return temporal_activity_wait(activity, 60000) ? json_true() : NULL;
}

static void details_that_were_held_back_reach_the_server_before_the_cancellation_is_accepted(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, says_where_it_is);
    give_task(&fixture, "act", 100, 10);
    struct fake_call *first = fake_calls_wait(&fixture.fake, &service_record_activity_task_heartbeat);
    Pb__RecordActivityTaskHeartbeatResponse *reply =
        (void *)empty(&pb__record_activity_task_heartbeat_response__descriptor);
    reply->cancel_requested = true;
    fake_calls_answer(first, &reply->base);
    const Pb__RecordActivityTaskHeartbeatRequest *last =
        wait_request(&fixture, &service_record_activity_task_heartbeat);
    assert_memory_equal(last->details->payloads[0]->data.data, "\"page 7\"", 8);
    assert_null(fake_calls_waiting(&fixture.fake, &service_respond_activity_task_canceled));
    answer(&fixture, &service_record_activity_task_heartbeat);
    assert_non_null(wait_request(&fixture, &service_respond_activity_task_canceled));
    answer(&fixture, &service_respond_activity_task_canceled);
    end(&fixture);
}

static void a_stopping_worker_ends_activities_as_retryable_failures(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, waits);
    give_task(&fixture, "act", 100, 10);
    answer(&fixture, &service_record_activity_task_heartbeat);
    activity_worker_cancel_all(fixture.worker);
    const Pb__RespondActivityTaskFailedRequest *request =
        wait_request(&fixture, &service_respond_activity_task_failed);
    assert_string_equal(request->failure->application_failure_info->type, "WorkerShutdown");
    assert_false(request->failure->application_failure_info->non_retryable);
    answer(&fixture, &service_respond_activity_task_failed);
    end(&fixture);
}

static void an_attempt_that_the_server_does_not_know_any_more_reports_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, waits);
    give_task(&fixture, "act", 100, 10);
    fake_calls_fail(fake_calls_wait(&fixture.fake, &service_record_activity_task_heartbeat), STATUS_NOT_FOUND,
                    RPC_NOT_FOUND);
    activity_worker_stop(fixture.worker, false);
    fake_calls_fail(fake_calls_waiting(&fixture.fake, &service_poll_activity_task_queue), STATUS_CANCELED,
                    RPC_CANCELLED);
    loop_run_once(fixture.context.loop, 0);
    activity_worker_destroy(fixture.worker); /* waits for the activity's thread */
    loop_run_once(fixture.context.loop, 0);
    loop_destroy(fixture.context.loop);
    assert_null(fake_calls_waiting(&fixture.fake, &service_respond_activity_task_completed));
    assert_null(fake_calls_waiting(&fixture.fake, &service_respond_activity_task_failed));
    assert_null(fake_calls_waiting(&fixture.fake, &service_respond_activity_task_canceled));
    worker_metrics_deinit(&fixture.context.metrics);
    fake_calls_deinit(&fixture.fake);
}

static void the_attempt_s_own_time_ends_it(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, waits);
    give_task(&fixture, "act", 1, 0);
    answer(&fixture, &service_record_activity_task_heartbeat);
    while (activity_worker_running(fixture.worker) > 0) {
        loop_run_once(fixture.context.loop, 100);
    }
    assert_null(fake_calls_waiting(&fixture.fake, &service_respond_activity_task_completed));
    end(&fixture);
}

static void a_result_that_is_refused_becomes_a_failure_that_says_so(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, gives_result);
    give_task(&fixture, "act", 10, 0);
    fake_calls_fail(fake_calls_wait(&fixture.fake, &service_respond_activity_task_completed), STATUS_TOO_LARGE,
                    RPC_RESOURCE_EXHAUSTED);
    const Pb__RespondActivityTaskFailedRequest *request =
        wait_request(&fixture, &service_respond_activity_task_failed);
    assert_string_equal(request->failure->application_failure_info->type, "OutcomeRefused");
    fake_calls_fail(fake_calls_wait(&fixture.fake, &service_respond_activity_task_failed), STATUS_INVALID_ARGUMENT,
                    RPC_INVALID_ARGUMENT);
    assert_int_equal(activity_worker_running(fixture.worker), 0);
    assert_int_equal(metric_counter_value(fixture.context.metrics.activity_report_dropped), 1);
    end(&fixture);
}

static void an_input_that_cannot_be_decoded_fails_the_attempt_and_not_for_good(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, gives_result);
    fixture.context.codec = &support_codec;
    Pb__PollActivityTaskQueueResponse *task = make_task("act", 10, 0);
    task->input = memory_alloc(sizeof *task->input);
    pb__payloads__init(task->input);
    task->input->n_payloads = 1;
    task->input->payloads = memory_alloc(sizeof(Pb__Payload *));
    task->input->payloads[0] = support_codec_broken();
    fake_calls_answer(fake_calls_wait(&fixture.fake, &service_poll_activity_task_queue), &task->base);
    const Pb__RespondActivityTaskFailedRequest *request =
        wait_request(&fixture, &service_respond_activity_task_failed);
    assert_string_equal(request->failure->message, "a payload cannot be decoded: not turned");
    assert_string_equal(request->failure->application_failure_info->type, "PayloadCodec");
    assert_false(request->failure->application_failure_info->non_retryable);
    answer(&fixture, &service_respond_activity_task_failed);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_is_reported_and_the_permit_comes_back_with_the_answer),
        cmocka_unit_test(a_failure_carries_type_message_and_what_no_heartbeat_has_told),
        cmocka_unit_test(an_unknown_activity_fails_so_that_another_worker_may_take_it),
        cmocka_unit_test(cancellation_comes_with_the_heartbeat_s_answer_and_ends_the_wait),
        cmocka_unit_test(a_confirmation_is_not_throttled_and_sees_a_cancellation),
        cmocka_unit_test(a_confirmation_without_a_cancellation_lets_it_go_on),
        cmocka_unit_test(a_confirmation_that_nobody_answers_ends_with_its_time),
        cmocka_unit_test(details_that_were_held_back_reach_the_server_before_the_cancellation_is_accepted),
        cmocka_unit_test(a_stopping_worker_ends_activities_as_retryable_failures),
        cmocka_unit_test(an_attempt_that_the_server_does_not_know_any_more_reports_nothing),
        cmocka_unit_test(the_attempt_s_own_time_ends_it),
        cmocka_unit_test(an_input_that_cannot_be_decoded_fails_the_attempt_and_not_for_good),
        cmocka_unit_test(a_result_that_is_refused_becomes_a_failure_that_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Temporal's errors → HTTP. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "problem.h"

static struct problem problem_for(enum problem_subject subject, enum status status, const char *text,
                                  bool namespace_missing)
{
    struct error error = {0};
    (void)error_set(&error, status, "%s", text);
    return problem_of_error(subject, &error, namespace_missing);
}

static void an_unreachable_temporal_is_503_with_retry_after(void **state)
{
    (void)state;
    static const enum status statuses[] = {STATUS_UNAVAILABLE, STATUS_DEADLINE_EXCEEDED, STATUS_RESOURCE_EXHAUSTED,
                                           STATUS_CANCELED};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct problem problem = problem_for(PROBLEM_SUBJECT_EVENT, statuses[i], "x", false);
        assert_int_equal(problem.status, 503);
        assert_string_equal(problem.type, "temporal-unavailable");
        assert_true(problem.retry_after_seconds > 0);
    }
}

static void a_missing_namespace_is_never_the_senders_fault(void **state)
{
    (void)state;
    struct problem event = problem_for(PROBLEM_SUBJECT_EVENT, STATUS_NOT_FOUND, "x", true);
    struct problem workflow = problem_for(PROBLEM_SUBJECT_WORKFLOW, STATUS_NOT_FOUND, "x", true);
    assert_int_equal(event.status, 503);
    assert_int_equal(workflow.status, 503);
    assert_string_equal(event.type, "namespace-not-found");
}

static void only_size_rejects_an_event(void **state)
{
    (void)state;
    struct error error = {0};
    (void)error_set(&error, STATUS_INVALID_ARGUMENT, "Blob data size exceeds limit.");
    assert_true(problem_is_rejection(&error));
    assert_int_equal(problem_of_error(PROBLEM_SUBJECT_EVENT, &error, false).status, 413);
    (void)error_set(&error, STATUS_TOO_LARGE, "request too long");
    assert_true(problem_is_rejection(&error));
    (void)error_set(&error, STATUS_INVALID_ARGUMENT, "search attribute X is not defined");
    assert_false(problem_is_rejection(&error));
    (void)error_set(&error, STATUS_INVALID_ARGUMENT, "search attribute X value size 3002 exceeds size limit 2048");
    assert_false(problem_is_rejection(&error));
    (void)error_set(&error, STATUS_PERMISSION_DENIED, "no");
    assert_false(problem_is_rejection(&error));
}

static void what_temporal_refuses_on_a_route_is_502(void **state)
{
    (void)state;
    assert_int_equal(problem_for(PROBLEM_SUBJECT_EVENT, STATUS_INVALID_ARGUMENT, "x", false).status, 502);
    assert_int_equal(problem_for(PROBLEM_SUBJECT_EVENT, STATUS_PERMISSION_DENIED, "x", false).status, 502);
    assert_int_equal(problem_for(PROBLEM_SUBJECT_EVENT, STATUS_UNAUTHENTICATED, "x", false).status, 502);
    assert_int_equal(problem_for(PROBLEM_SUBJECT_WORKFLOW, STATUS_PERMISSION_DENIED, "x", false).status, 502);
}

static void a_workflow_named_by_the_sender_is_theirs_to_get_right(void **state)
{
    (void)state;
    assert_int_equal(problem_for(PROBLEM_SUBJECT_WORKFLOW, STATUS_NOT_FOUND, "x", false).status, 404);
    assert_int_equal(problem_for(PROBLEM_SUBJECT_WORKFLOW, STATUS_ALREADY_EXISTS, "x", false).status, 409);
    assert_int_equal(problem_for(PROBLEM_SUBJECT_WORKFLOW, STATUS_INVALID_ARGUMENT, "x", false).status, 400);
    assert_int_equal(problem_for(PROBLEM_SUBJECT_WORKFLOW, STATUS_FAILED_PRECONDITION, "x", false).status, 409);
}

static void how_busy_temporal_is_is_told_to_who_names_workflows(void **state)
{
    (void)state;
    struct problem busy = problem_for(PROBLEM_SUBJECT_WORKFLOW, STATUS_RESOURCE_EXHAUSTED, "x", false);
    assert_int_equal(busy.status, 429);
    assert_true(busy.retry_after_seconds > 0);
    assert_int_equal(problem_for(PROBLEM_SUBJECT_WORKFLOW, STATUS_DEADLINE_EXCEEDED, "x", false).status, 504);
    assert_int_equal(problem_for(PROBLEM_SUBJECT_WORKFLOW, STATUS_UNAVAILABLE, "x", false).status, 503);
    assert_int_equal(problem_for(PROBLEM_SUBJECT_WORKFLOW, STATUS_CANCELED, "x", false).status, 503);
    assert_int_equal(problem_for(PROBLEM_SUBJECT_WORKFLOW, STATUS_UNIMPLEMENTED, "x", false).status, 501);
}

static void a_namespace_that_the_sender_named_is_theirs(void **state)
{
    (void)state;
    struct problem problem = problem_for(PROBLEM_SUBJECT_NAMESPACE, STATUS_NOT_FOUND, "x", true);
    assert_int_equal(problem.status, 404);
    assert_string_equal(problem.type, "unknown-namespace");
    assert_string_equal(problem_for(PROBLEM_SUBJECT_NAMESPACE, STATUS_NOT_FOUND, "x", false).type,
                        "workflow-not-found");
}

static void a_run_that_has_closed_is_a_conflict_and_no_stranger(void **state)
{
    (void)state;
    struct problem problem = problem_for(PROBLEM_SUBJECT_WORKFLOW, STATUS_NOT_FOUND,
                                         "SignalWorkflowExecution: NOT_FOUND: workflow execution already completed",
                                         false);
    assert_int_equal(problem.status, 409);
    assert_string_equal(problem.type, "wrong-state");
}

static void what_temporal_said_is_kept(void **state)
{
    (void)state;
    struct buffer out;
    struct error error = {.status = STATUS_NOT_FOUND, .peer_code = 5};
    const struct problem problem = {404, "workflow-not-found", "There is no such workflow", 0};
    buffer_init(&out, 1024);
    problem_append(&out, &problem, "none \"x\"",
                   &(struct problem_origin){.error = &error, .grpc_details = "[{\"@type\":\"x\"}]"});
    assert_string_equal(out.data, "{\"type\":\"/problems/workflow-not-found\",\"title\":\"There is no such workflow\","
                                  "\"status\":404,\"detail\":\"none \\\"x\\\"\",\"grpcStatus\":\"NOT_FOUND\","
                                  "\"grpcDetails\":[{\"@type\":\"x\"}]}");
    buffer_clear(&out);
    problem_append(&out, &problem, NULL, &(struct problem_origin){0});
    assert_string_equal(out.data, "{\"type\":\"/problems/workflow-not-found\",\"title\":\"There is no such workflow\","
                                  "\"status\":404,\"detail\":\"There is no such workflow\"}");
    buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unreachable_temporal_is_503_with_retry_after),
        cmocka_unit_test(a_missing_namespace_is_never_the_senders_fault),
        cmocka_unit_test(only_size_rejects_an_event),
        cmocka_unit_test(what_temporal_refuses_on_a_route_is_502),
        cmocka_unit_test(a_workflow_named_by_the_sender_is_theirs_to_get_right),
        cmocka_unit_test(how_busy_temporal_is_is_told_to_who_names_workflows),
        cmocka_unit_test(a_namespace_that_the_sender_named_is_theirs),
        cmocka_unit_test(a_run_that_has_closed_is_a_conflict_and_no_stranger),
        cmocka_unit_test(what_temporal_said_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

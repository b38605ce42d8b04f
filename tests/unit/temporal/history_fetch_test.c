/* Merging pages of history with the poll's own events. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "history_fetch.h"
#include "support_codec.h"
#include "support_worker_calls.h"

static Pb__History *history(int64_t first, int64_t last)
{
    Pb__History *made = memory_alloc(sizeof *made);
    pb__history__init(made);
    if (last >= first) {
        made->n_events = (size_t)(last - first + 1);
        made->events = memory_alloc_array(made->n_events, sizeof(Pb__HistoryEvent *));
        for (size_t i = 0; i < made->n_events; i++) {
            made->events[i] = memory_alloc(sizeof(Pb__HistoryEvent));
            pb__history_event__init(made->events[i]);
            made->events[i]->event_id = first + (int64_t)i;
        }
    }
    return made;
}

static ProtobufCBinaryData token(const char *text)
{
    return (ProtobufCBinaryData){.data = memory_copy(text, strlen(text)), .len = strlen(text)};
}

static ProtobufCMessage *page(int64_t first, int64_t last, const char *next)
{
    Pb__GetWorkflowExecutionHistoryResponse *made = memory_alloc(sizeof *made);
    pb__get_workflow_execution_history_response__init(made);
    made->history = history(first, last);
    if (*next) {
        made->next_page_token = token(next);
    }
    return &made->base;
}

static void count_done(void *user, struct history_fetch *fetch)
{
    (void)fetch;
    ++*(int *)user;
}

struct fixture {
    struct fake_calls fake;
    struct worker_calls calls;
    Pb__PollWorkflowTaskQueueResponse *task;
    struct history_fetch *fetch;
    int done;
};

static struct fixture *begin(struct fixture *fixture, int64_t first, int64_t last, int64_t started, const char *next,
                             bool from_start)
{
    *fixture = (struct fixture){0};
    fake_calls_init(&fixture->fake);
    fixture->calls = fake_calls_seam(&fixture->fake);
    fixture->task = memory_alloc(sizeof *fixture->task);
    pb__poll_workflow_task_queue_response__init(fixture->task);
    fixture->task->history = history(first, last);
    fixture->task->started_event_id = started;
    if (*next) {
        fixture->task->next_page_token = token(next);
    }
    const struct history_fetch_options options = {.calls = &fixture->calls,
                                                  .codec = &support_codec,
                                                  .namespace_name = "default",
                                                  .events_max = 20,
                                                  .bytes_max = 10000};
    fixture->fetch = history_fetch_start(&options, fixture->task, from_start, count_done, &fixture->done);
    return fixture;
}

static void answer(struct fixture *fixture, ProtobufCMessage *reply)
{
    struct fake_call *call = fake_calls_waiting(&fixture->fake, &service_get_workflow_execution_history);
    assert_non_null(call);
    fake_calls_answer(call, reply);
}

static void assert_events(struct fixture *fixture, int64_t first, int64_t last)
{
    const struct error *error = NULL;
    size_t count = 0;
    assert_int_equal(fixture->done, 1);
    assert_int_equal(history_fetch_status(fixture->fetch, &error), STATUS_OK);
    Pb__HistoryEvent *const *events = history_fetch_events(fixture->fetch, &count);
    assert_int_equal(count, last - first + 1);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(events[i]->event_id, first + (int64_t)i);
    }
}

static void assert_fails(struct fixture *fixture, enum status status)
{
    const struct error *error = NULL;
    assert_int_equal(fixture->done, 1);
    assert_int_equal(history_fetch_status(fixture->fetch, &error), status);
    assert_false(error->retryable && status == STATUS_RESOURCE_EXHAUSTED);
}

static void end(struct fixture *fixture)
{
    for (int i = 0; i < fixture->fake.count; i++) {
        assert_int_equal(fixture->fake.calls[i].releases, 1);
    }
    history_fetch_destroy(fixture->fetch);
    pb__poll_workflow_task_queue_response__free_unpacked(fixture->task, NULL);
    fake_calls_deinit(&fixture->fake);
}

static void events_that_only_the_poll_has_are_appended(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 8, 10, 10, "", true);
    answer(&fixture, page(1, 5, "next"));
    answer(&fixture, page(6, 8, ""));
    assert_events(&fixture, 1, 10);
    end(&fixture);
}

static void empty_pages_with_and_without_token_are_passed_over(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 4, 5, 5, "", true);
    answer(&fixture, page(1, 3, "a"));
    answer(&fixture, page(1, 0, "b"));
    answer(&fixture, page(1, 0, ""));
    assert_events(&fixture, 1, 5);
    end(&fixture);
}

static void the_poll_s_token_leads_on_from_its_own_events(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 4, 6, 9, "from poll", false);
    struct fake_call *call = fake_calls_waiting(&fixture.fake, &service_get_workflow_execution_history);
    const Pb__GetWorkflowExecutionHistoryRequest *request = (const void *)call->request;
    assert_int_equal(request->next_page_token.len, strlen("from poll"));
    answer(&fixture, page(7, 9, ""));
    assert_events(&fixture, 4, 9);
    end(&fixture);
}

static void what_lies_behind_the_task_s_own_event_is_cut_off(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 3, 3, 3, "", true);
    answer(&fixture, page(1, 7, "more"));
    assert_events(&fixture, 1, 3);
    end(&fixture);
}

static void a_history_that_ends_too_soon_is_a_failure(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 1, 0, 10, "", true);
    answer(&fixture, page(1, 8, ""));
    assert_fails(&fixture, STATUS_FAILED_PRECONDITION);
    end(&fixture);
}

static void a_gap_is_a_failure(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 8, 9, 9, "", true);
    answer(&fixture, page(1, 6, ""));
    assert_fails(&fixture, STATUS_FAILED_PRECONDITION);
    end(&fixture);
}

static void a_history_over_the_limit_is_refused_and_not_tried_again(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 1, 0, 30, "", true);
    answer(&fixture, page(1, 15, "more"));
    answer(&fixture, page(16, 30, ""));
    assert_fails(&fixture, STATUS_RESOURCE_EXHAUSTED);
    end(&fixture);
}

static void a_page_that_the_codec_cannot_decode_is_a_failure(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 1, 0, 3, "", true);
    ProtobufCMessage *reply = page(1, 2, "more");
    Pb__HistoryEvent *event = ((Pb__GetWorkflowExecutionHistoryResponse *)(void *)reply)->history->events[1];
    event->user_metadata = memory_alloc(sizeof *event->user_metadata);
    pb__user_metadata__init(event->user_metadata);
    event->user_metadata->summary = support_codec_broken();
    answer(&fixture, reply);
    assert_fails(&fixture, STATUS_MALFORMED);
    const struct error *error = NULL;
    assert_int_equal(history_fetch_status(fixture.fetch, &error), STATUS_MALFORMED);
    assert_string_equal(error->text, "a payload cannot be decoded: not turned");
    end(&fixture);
}

static void a_cancelled_fetch_ends_with_its_call(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 1, 0, 3, "", true);
    for (int i = 0; i < FAKE_CALLS_MAX - 1; i++) {
        answer(&fixture, page(1, 0, "again"));
    }
    assert_int_equal(fixture.done, 0);
    history_fetch_cancel(fixture.fetch);
    struct fake_call *call = fake_calls_waiting(&fixture.fake, &service_get_workflow_execution_history);
    assert_true(call->is_cancelled);
    fake_calls_fail(call, STATUS_CANCELED, RPC_CANCELLED);
    assert_fails(&fixture, STATUS_CANCELED);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_that_only_the_poll_has_are_appended),
        cmocka_unit_test(empty_pages_with_and_without_token_are_passed_over),
        cmocka_unit_test(the_poll_s_token_leads_on_from_its_own_events),
        cmocka_unit_test(what_lies_behind_the_task_s_own_event_is_cut_off),
        cmocka_unit_test(a_history_that_ends_too_soon_is_a_failure),
        cmocka_unit_test(a_gap_is_a_failure),
        cmocka_unit_test(a_history_over_the_limit_is_refused_and_not_tried_again),
        cmocka_unit_test(a_page_that_the_codec_cannot_decode_is_a_failure),
        cmocka_unit_test(a_cancelled_fetch_ends_with_its_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a workflow learns about itself, its log, and a run that moves between threads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "payload.h"
#include "support_history_builder.h"

static json_t *tells(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    temporal_workflow_log(workflow, TEMPORAL_LOG_INFO, "before the wait",
                          json_pack("{s:i, s:s, s:[i]}", "number", 7, "text", "t", "list", 1));
    if (!temporal_workflow_sleep(workflow, 1000)) {
        return NULL;
    }
    temporal_workflow_log(workflow, TEMPORAL_LOG_INFO, "after the wait", NULL);
    const struct temporal_workflow_info *info = temporal_workflow_info(workflow);
    return json_pack("[s, s, s, s, s, s, i, I, b]", info->namespace_name, info->workflow_id, info->run_id,
                     info->first_run_id, info->workflow_type, info->task_queue, info->attempt,
                     (json_int_t)info->history_length, (int)temporal_workflow_is_replaying(workflow));
}
static const struct temporal_workflow_definition s_tells = {.name = "tells", .function = tells};

static void build(struct history_builder *history)
{
    history_init(history);
    history_add_execution_started(history, NULL);
    history_add_task(history);
    history_add_task_completed(history);
    int64_t timer = history_add_timer_started(history, "1");
    history_add_timer_fired(history, timer, "1");
    history_add_task(history);
}

static void info_is_complete(void **state)
{
    (void)state;
    struct history_builder history;
    build(&history);
    char *answer = history_replay(&history, &s_tells);
    assert_string_equal(answer, "COMPLETE_WORKFLOW_EXECUTION [\"default\",\"workflow-1\",\"" HISTORY_RUN_ID
                                "\",\"" HISTORY_RUN_ID "\",\"tells\",\"queue\",1,8,false]");
    free(answer);
    history_deinit(&history);
}

static json_t *tells_its_memo(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    struct temporal_payload value = {0};
    if (temporal_workflow_memo_payload(workflow, "absent", &value) ||
        !temporal_workflow_memo_payload(workflow, "FerryRoute", &value)) {
        return json_null();
    }
    return json_pack("[s, s#]", value.encoding, value.data, (int)value.length);
}
static const struct temporal_workflow_definition s_tells_its_memo = {.name = "memo", .function = tells_its_memo};

static char *replay_with_memo(Pb__Memo *memo)
{
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history.events[0]->workflow_execution_started_event_attributes->memo = memo;
    history_add_task(&history);
    char *answer = history_replay(&history, &s_tells_its_memo);
    history_deinit(&history);
    return answer;
}

static void the_memo_is_readable_as_it_came(void **state)
{
    (void)state;
    Pb__Memo *memo = memory_alloc(sizeof *memo);
    pb__memo__init(memo);
    memo->n_fields = 1;
    memo->fields = memory_alloc_array(1, sizeof *memo->fields);
    memo->fields[0] = memory_alloc(sizeof *memo->fields[0]);
    pb__memo__fields_entry__init(memo->fields[0]);
    memo->fields[0]->key = memory_copy_string("FerryRoute");
    memo->fields[0]->value = payload_new(TEMPORAL_ENCODING_JSON, "\"orders\"", strlen("\"orders\""));
    char *answer = replay_with_memo(memo);
    assert_string_equal(answer, "COMPLETE_WORKFLOW_EXECUTION [\"json/plain\",\"\\\"orders\\\"\"]");
    free(answer);
    answer = replay_with_memo(NULL);
    assert_string_equal(answer, "COMPLETE_WORKFLOW_EXECUTION null");
    free(answer);
}

static void log_is_silent_in_replay(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    log_configure(&(struct log_options){.service = "test", .level = LOG_LEVEL_INFO, .format = LOG_FORMAT_JSON,
                                        .file_descriptor = fileno(file)});
    struct history_builder history;
    build(&history);
    char *answer = history_replay(&history, &s_tells);
    free(answer);
    history_deinit(&history);
    log_configure(&(struct log_options){.service = "test", .level = LOG_LEVEL_ERROR, .file_descriptor = 1});

    char text[4096] = "";
    ssize_t length = pread(fileno(file), text, sizeof text - 1, 0);
    assert_true(length > 0);
    assert_null(strstr(text, "before the wait"));
    assert_non_null(strstr(text, "after the wait"));
    assert_non_null(strstr(text, "\"workflow_id\":\"workflow-1\""));
    (void)fclose(file);
}

struct step {
    struct workflow_run *run;
    const struct history_builder *history;
    size_t from;
    size_t to;
    char *answer;
};

static void *take_step(void *context)
{
    struct step *step = context;
    struct workflow_completion completion = history_handle(step->run, step->history, step->from, step->to, 0);
    step->answer = history_describe(&completion);
    workflow_completion_deinit(&completion);
    return NULL;
}

static void run_moves_between_threads(void **state)
{
    (void)state;
    struct history_builder history;
    build(&history);
    struct coroutine_pool *stacks = coroutine_pool_new(1);
    struct workflow_run *run = history_run_new(stacks, &s_tells);
    struct step steps[] = {{.run = run, .history = &history, .from = 0, .to = 3},
                           {.run = run, .history = &history, .from = 3, .to = 8}};
    for (size_t i = 0; i < 2; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, take_step, &steps[i]), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    assert_string_equal(steps[0].answer, "START_TIMER 1 1000ms");
    assert_int_equal(strncmp(steps[1].answer, "COMPLETE_WORKFLOW_EXECUTION", 27), 0);
    free(steps[0].answer);
    free(steps[1].answer);
    workflow_run_destroy(run);
    coroutine_pool_destroy(stacks);
    history_deinit(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(info_is_complete),
        cmocka_unit_test(the_memo_is_readable_as_it_came),
        cmocka_unit_test(log_is_silent_in_replay),
        cmocka_unit_test(run_moves_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

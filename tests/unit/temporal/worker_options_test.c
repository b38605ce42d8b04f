/* A worker's options: defaults, and the ranges of numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "worker_options.h"

static void defaults_stand_where_nothing_was_said(void **state)
{
    (void)state;
    struct temporal_worker_options options = {.task_queue = "q", .activities = 7};
    assert_int_equal(worker_options_complete(&options, NULL), STATUS_OK);
    assert_int_equal(options.activities, 7);
    assert_int_equal(options.workflow_tasks, 100);
    assert_int_equal(options.workflow_cache, 1000);
    assert_int_equal(options.workflow_polls, 2);
    assert_int_equal(options.sticky_polls, 2);
    assert_int_equal(options.activity_polls, 4);
    assert_int_equal(options.sticky_schedule_to_start_ms, 10000);
    assert_int_equal(options.grace_ms, 10000);
    assert_int_equal(options.history_events_max, 51200);
    assert_int_equal(options.history_bytes_max, 64 << 20);
}

static void none_is_kept_where_there_is_one(void **state)
{
    (void)state;
    struct temporal_worker_options options = {.task_queue = "q",
                                              .workflow_cache = TEMPORAL_WORKER_CACHE_NONE,
                                              .grace_ms = TEMPORAL_WORKER_GRACE_NONE};
    assert_int_equal(worker_options_complete(&options, NULL), STATUS_OK);
    assert_int_equal(options.workflow_cache, TEMPORAL_WORKER_CACHE_NONE);
    assert_int_equal(options.grace_ms, TEMPORAL_WORKER_GRACE_NONE);
}

static void assert_refused(struct temporal_worker_options options, const char *text)
{
    struct error error = {0};
    assert_int_equal(worker_options_complete(&options, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, text);
}

static void a_number_beyond_its_limits_is_named_with_them(void **state)
{
    (void)state;
    struct temporal_worker_options limits = {.task_queue = "q", .workflow_tasks = 2, .activity_polls = 100};
    assert_int_equal(worker_options_complete(&limits, NULL), STATUS_OK);
    assert_refused((struct temporal_worker_options){.task_queue = "q", .workflow_tasks = 1},
                   "worker option workflow_tasks: 1 is not within 2 to 100000");
    assert_refused((struct temporal_worker_options){.task_queue = "q", .activity_polls = 101},
                   "worker option activity_polls: 101 is not within 1 to 100");
}

static void a_task_queue_s_name_is_neither_empty_nor_too_long(void **state)
{
    (void)state;
    char name[1002];
    memset(name, 'q', sizeof name);
    name[1000] = '\0';
    struct temporal_worker_options longest = {.task_queue = name};
    assert_int_equal(worker_options_complete(&longest, NULL), STATUS_OK);
    name[1000] = 'q';
    name[1001] = '\0';
    static const char needed[] = "worker option task_queue: 1 to 1000 bytes are needed";
    assert_refused((struct temporal_worker_options){.task_queue = name}, needed);
    assert_refused((struct temporal_worker_options){.task_queue = ""}, needed);
    assert_refused((struct temporal_worker_options){.task_queue = NULL}, needed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_stand_where_nothing_was_said),
        cmocka_unit_test(none_is_kept_where_there_is_one),
        cmocka_unit_test(a_number_beyond_its_limits_is_named_with_them),
        cmocka_unit_test(a_task_queue_s_name_is_neither_empty_nor_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

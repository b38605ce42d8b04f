/* Which queue the activity deletes from. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "delete_target.h"

static char s_a[] = "http://a", s_b[] = "http://b", s_hello[] = "hello", s_done[] = "done", s_other[] = "other";
static char *s_to_hello[] = {s_hello}, *s_to_done[] = {s_done}, *s_to_other[] = {s_other};
static char s_workflow[] = "helloWorld", s_else[] = "else", s_queue[] = "tasks";

static struct settings_route s_routes[] = {
    {.name = s_hello, .workflow = s_workflow, .task_queue = s_queue, .ack = SETTINGS_ACK_WORKER},
    {.name = s_done, .workflow = s_workflow, .task_queue = s_queue, .ack = SETTINGS_ACK_COMPLETION},
    {.name = s_other, .workflow = s_else, .task_queue = s_queue, .ack = SETTINGS_ACK_WORKER},
};

static enum status find(struct settings_queue *queues, size_t count, struct delete_target *target, struct error *error)
{
    const struct settings settings = {.queues = queues, .queue_count = count, .routes = s_routes,
                                      .route_count = 3, .worker = {.task_queue = s_queue}};
    return delete_target_find(&settings, target, error);
}

static void the_queue_whose_route_has_the_worker_delete(void **state)
{
    (void)state;
    struct settings_queue queues[] = {{.url = s_a, .routes = s_to_other, .route_count = 1}, {.url = s_b, .routes = s_to_hello, .route_count = 1}};
    struct delete_target target;
    assert_int_equal(find(queues, 2, &target, NULL), STATUS_OK);
    assert_string_equal(target.queue_url, "http://b");
    assert_false(target.leaves_message);
}

static void no_delete_where_the_route_settles_otherwise(void **state)
{
    (void)state;
    struct settings_queue queues[] = {{.url = s_a, .routes = s_to_done, .route_count = 1}};
    struct delete_target target;
    assert_int_equal(find(queues, 1, &target, NULL), STATUS_OK);
    assert_null(target.queue_url);
    assert_true(target.leaves_message);
}

static void no_queue_is_no_target(void **state)
{
    (void)state;
    struct delete_target target;
    assert_int_equal(find(NULL, 0, &target, NULL), STATUS_OK);
    assert_null(target.queue_url);
    assert_false(target.leaves_message);
}

static void two_queues_are_an_error_that_names_both(void **state)
{
    (void)state;
    struct settings_queue queues[] = {{.url = s_a, .routes = s_to_hello, .route_count = 1}, {.url = s_b, .routes = s_to_hello, .route_count = 1}};
    struct delete_target target;
    struct error error = {0};
    assert_int_equal(find(queues, 2, &target, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "http://a"));
    assert_non_null(strstr(error.text, "http://b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queue_whose_route_has_the_worker_delete),
        cmocka_unit_test(no_delete_where_the_route_settles_otherwise),
        cmocka_unit_test(no_queue_is_no_target),
        cmocka_unit_test(two_queues_are_an_error_that_names_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which queue the activity deletes from. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "delete_target.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static char s_a[] = "http://a", s_b[] = "http://b", s_c[] = "http://c";
static char s_hello[] = "hello", s_done[] = "done", s_other[] = "other", s_far[] = "far", s_missing[] = "missing";
static char s_workflow[] = "helloWorld", s_else[] = "else", s_queue[] = "tasks";
static char s_namespace[] = "default", s_far_namespace[] = "far";

static struct settings_route s_routes[] = {
    {.name = s_hello, .workflow = s_workflow, .task_queue = s_queue, .ack = SETTINGS_ACK_WORKER},
    {.name = s_done, .workflow = s_workflow, .task_queue = s_queue, .ack = SETTINGS_ACK_COMPLETION},
    {.name = s_other, .workflow = s_else, .task_queue = s_queue, .ack = SETTINGS_ACK_WORKER},
    {.name = s_far, .workflow = s_workflow, .task_queue = s_queue, .ack = SETTINGS_ACK_WORKER,
     .namespace_ = s_far_namespace},
};

static char *s_hello_only[] = {s_hello}, *s_done_only[] = {s_done};
static char *s_other_only[] = {s_other}, *s_far_only[] = {s_far};
static char *s_done_then_hello[] = {s_done, s_hello};

#define QUEUE(queue_url, list) {.url = (queue_url), .routes = (list), .route_count = COUNT(list)}

static struct delete_target find(struct settings_queue *queues, size_t count, const char *route, const char *queue_url)
{
    const struct settings settings = {.queues = queues, .queue_count = count, .routes = s_routes,
                                      .route_count = COUNT(s_routes), .worker = {.task_queue = s_queue},
                                      .temporal = {.namespace_ = s_namespace}};
    struct delete_target target;
    delete_target_find(&settings, route, queue_url, &target);
    return target;
}

static void the_queue_whose_route_has_the_worker_delete(void **state)
{
    (void)state;
    struct settings_queue queues[] = {QUEUE(s_a, s_other_only), QUEUE(s_b, s_hello_only), QUEUE(s_c, s_far_only)};
    struct delete_target target = find(queues, COUNT(queues), NULL, NULL);
    assert_int_equal(target.count, 1);
    assert_string_equal(target.queue_urls[0], "http://b");
    assert_false(target.leaves_message);
}

static void no_delete_where_the_route_settles_otherwise(void **state)
{
    (void)state;
    struct settings_queue queues[] = {QUEUE(s_a, s_done_only)};
    struct delete_target target = find(queues, COUNT(queues), NULL, NULL);
    assert_int_equal(target.count, 0);
    assert_true(target.leaves_message);
}

static void no_queue_is_no_target(void **state)
{
    (void)state;
    struct delete_target target = find(NULL, 0, s_hello, s_a);
    assert_int_equal(target.count, 0);
    assert_false(target.leaves_message);
}

static void the_queue_that_is_said_is_the_one(void **state)
{
    (void)state;
    struct settings_queue queues[] = {QUEUE(s_a, s_hello_only), QUEUE(s_b, s_hello_only)};
    struct delete_target target = find(queues, COUNT(queues), s_hello, s_b);
    assert_int_equal(target.count, 1);
    assert_string_equal(target.queue_urls[0], "http://b");
}

static void the_route_that_is_said_decides_whether_the_worker_deletes(void **state)
{
    (void)state;
    struct settings_queue queues[] = {QUEUE(s_a, s_done_then_hello), QUEUE(s_b, s_hello_only)};
    struct delete_target target = find(queues, COUNT(queues), s_done, NULL);
    assert_int_equal(target.count, 0);
    assert_true(target.leaves_message);
    target = find(queues, COUNT(queues), s_hello, s_a);
    assert_int_equal(target.count, 1);
    assert_string_equal(target.queue_urls[0], "http://a");
}

static void where_nobody_says_which_all_of_them_are_named(void **state)
{
    (void)state;
    struct settings_queue queues[] = {QUEUE(s_a, s_hello_only), QUEUE(s_b, s_done_only), QUEUE(s_c, s_hello_only)};
    struct delete_target target = find(queues, COUNT(queues), NULL, NULL);
    assert_int_equal(target.count, 2);
    assert_string_equal(target.queue_urls[0], "http://a");
    assert_string_equal(target.queue_urls[1], "http://c");
    assert_false(target.leaves_message);
}

static void what_the_settings_do_not_know_is_not_said(void **state)
{
    (void)state;
    struct settings_queue queues[] = {QUEUE(s_a, s_hello_only), QUEUE(s_b, s_done_only)};
    struct delete_target target = find(queues, COUNT(queues), s_missing, "http://a.internal");
    assert_int_equal(target.count, 1);
    assert_string_equal(target.queue_urls[0], "http://a");
    target = find(queues, COUNT(queues), s_missing, s_b);
    assert_int_equal(target.count, 0);
    assert_true(target.leaves_message);
    target = find(queues, COUNT(queues), s_done, "http://b.internal");
    assert_int_equal(target.count, 0);
    assert_true(target.leaves_message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queue_whose_route_has_the_worker_delete),
        cmocka_unit_test(no_delete_where_the_route_settles_otherwise),
        cmocka_unit_test(no_queue_is_no_target),
        cmocka_unit_test(the_queue_that_is_said_is_the_one),
        cmocka_unit_test(the_route_that_is_said_decides_whether_the_worker_deletes),
        cmocka_unit_test(where_nobody_says_which_all_of_them_are_named),
        cmocka_unit_test(what_the_settings_do_not_know_is_not_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

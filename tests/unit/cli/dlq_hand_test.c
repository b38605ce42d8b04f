/* Messages in hand: what is known of them, when they are renewed, and how they are let go. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/map.h"
#include "dlq_hand.h"
#include "support_queue.h"

#define SECONDS 120
#define SECONDS_MAX 900
#define URL "http://127.0.0.1:1/1/dead"

static const char *const s_ids[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};

static struct sqs_session *s_queue;
static struct dlq_hand *s_hand;
static struct progress s_progress;

static int begin(void **state)
{
    (void)state;
    s_queue = fake_queue_new();
    s_hand = dlq_hand_new(s_queue, URL, SECONDS, SECONDS_MAX);
    progress_init(&s_progress, false, "", 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    dlq_hand_destroy(s_hand);
    fake_queue_destroy(s_queue);
    return 0;
}

/* Receives it, and keeps it. */
static void keep(const char *id)
{
    fake_queue_hide(s_queue, id, SECONDS);
    struct sqs_message *message = fake_queue_message(s_queue, id);
    dlq_hand_keep(s_hand, message);
    sqs_message_destroy(message);
}

static void put_and_keep(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fake_queue_put(s_queue, s_ids[i], NULL, "1", NULL);
        keep(s_ids[i]);
    }
}

static void pass_seconds(int64_t seconds)
{
    fake_queue_move_clock(s_queue, seconds * 1000);
}

static void expect_journal(const char *lines)
{
    assert_string_equal(fake_queue_journal(s_queue), lines);
}

static size_t release(void)
{
    return dlq_hand_release(s_hand, &s_progress);
}

/* ---- what is known ---- */

static void a_message_is_known_once_it_was_kept_and_in_hand_until_it_is_released(void **state)
{
    (void)state;
    assert_int_equal(dlq_hand_seen(s_hand, "a"), DLQ_HAND_NEVER);
    put_and_keep(1);
    assert_int_equal(dlq_hand_seen(s_hand, "a"), DLQ_HAND_ALREADY);
    assert_int_equal(dlq_hand_seen(s_hand, "b"), DLQ_HAND_NEVER);
    assert_int_equal(dlq_hand_count(s_hand), 1);
    assert_int_equal(release(), 0);
    assert_int_equal(dlq_hand_seen(s_hand, "a"), DLQ_HAND_BEFORE);
    assert_int_equal(dlq_hand_count(s_hand), 0);
    keep("a");
    assert_int_equal(dlq_hand_seen(s_hand, "a"), DLQ_HAND_ALREADY);
    assert_int_equal(dlq_hand_count(s_hand), 1);
}

static void a_message_that_comes_again_is_held_once_under_its_newest_handle(void **state)
{
    (void)state;
    put_and_keep(1);
    keep("a");
    assert_int_equal(dlq_hand_count(s_hand), 1);
    assert_int_equal(release(), 0);
    expect_journal("visibility 0 a\n");
    assert_string_equal(fake_queue_content(s_queue), "a");
}

static void groups_are_counted_by_what_is_in_hand_of_them(void **state)
{
    (void)state;
    struct map *groups = map_new();
    static const char *const names[] = {"g", "g", "h", NULL};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        fake_queue_put(s_queue, s_ids[i], names[i], "1", NULL);
        keep(s_ids[i]);
    }
    assert_int_equal(dlq_hand_groups(s_hand, 1), 2);
    assert_int_equal(dlq_hand_groups(s_hand, 2), 1);
    assert_int_equal(dlq_hand_groups(s_hand, 3), 0);
    (void)map_put(groups, "i", s_hand);
    assert_false(dlq_hand_has_any_group(s_hand, groups));
    (void)map_put(groups, "h", s_hand);
    assert_true(dlq_hand_has_any_group(s_hand, groups));
    assert_int_equal(release(), 0);
    assert_int_equal(dlq_hand_groups(s_hand, 1), 0);
    assert_false(dlq_hand_has_any_group(s_hand, groups));
    map_destroy(groups);
}

/* ---- renewal ---- */

static void what_is_half_over_is_renewed_for_twice_as_long_up_to_the_most(void **state)
{
    (void)state;
    static const struct {
        int64_t after_s;
        const char *lines;
    } steps[] = {{59, ""}, {1, "visibility 240 a b\n"},   {119, ""}, {1, "visibility 480 a b\n"},
                 {239, ""}, {1, "visibility 900 a b\n"}, {449, ""}, {1, "visibility 900 a b\n"}};
    put_and_keep(2);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        pass_seconds(steps[i].after_s);
        dlq_hand_renew(s_hand);
        expect_journal(steps[i].lines);
    }
    assert_int_equal(dlq_hand_count(s_hand), 2);
}

static void only_what_is_due_is_renewed(void **state)
{
    (void)state;
    put_and_keep(1);
    pass_seconds(50);
    fake_queue_put(s_queue, "b", NULL, "1", NULL);
    keep("b");
    pass_seconds(10);
    dlq_hand_renew(s_hand);
    expect_journal("visibility 240 a\n");
    pass_seconds(50);
    dlq_hand_renew(s_hand);
    expect_journal("visibility 240 b\n");
}

static void more_than_ten_are_renewed_in_several_calls(void **state)
{
    (void)state;
    put_and_keep(12);
    pass_seconds(60);
    dlq_hand_renew(s_hand);
    expect_journal("visibility 240 a b c d e f g h i j\nvisibility 240 k l\n");
}

static void what_has_run_out_or_is_gone_is_let_go(void **state)
{
    (void)state;
    put_and_keep(2);
    pass_seconds(119);
    fake_queue_hide(s_queue, "b", SECONDS); /* somebody else's */
    dlq_hand_renew(s_hand);
    expect_journal("visibility 240 a b!\n");
    assert_int_equal(dlq_hand_count(s_hand), 1);
    pass_seconds(241);
    dlq_hand_renew(s_hand);
    expect_journal("visibility 480 a!\n");
    assert_int_equal(dlq_hand_count(s_hand), 0);
    assert_int_equal(dlq_hand_seen(s_hand, "a"), DLQ_HAND_ALREADY);
    assert_int_equal(release(), 0);
    expect_journal("");
}

static void what_was_let_go_or_dropped_is_not_released(void **state)
{
    (void)state;
    put_and_keep(3);
    pass_seconds(60);
    fake_queue_hide(s_queue, "b", SECONDS); /* somebody else's */
    dlq_hand_renew(s_hand);
    dlq_hand_drop(s_hand, "c");
    dlq_hand_drop(s_hand, "never kept");
    assert_int_equal(dlq_hand_count(s_hand), 1);
    assert_int_equal(dlq_hand_seen(s_hand, "c"), DLQ_HAND_ALREADY);
    (void)fake_queue_journal(s_queue);
    assert_int_equal(release(), 0);
    expect_journal("visibility 0 a\n");
}

static void a_renewal_that_fails_is_tried_again_ten_seconds_later(void **state)
{
    (void)state;
    put_and_keep(2);
    pass_seconds(60);
    fake_queue_fail(s_queue, FAKE_VISIBILITY, SQS_ERROR_TRANSIENT, "InternalFailure");
    dlq_hand_renew(s_hand);
    expect_journal("visibility 240!\n");
    fake_queue_fail(s_queue, FAKE_VISIBILITY, SQS_ERROR_TRANSIENT, NULL);
    fake_queue_fail_entry(s_queue, FAKE_VISIBILITY, "a", SQS_ERROR_THROTTLED);
    pass_seconds(9);
    dlq_hand_renew(s_hand);
    expect_journal("");
    pass_seconds(1);
    dlq_hand_renew(s_hand);
    expect_journal("visibility 240 a! b\n");
    fake_queue_fail_entry(s_queue, FAKE_VISIBILITY, NULL, SQS_ERROR_THROTTLED);
    pass_seconds(10);
    dlq_hand_renew(s_hand);
    expect_journal("visibility 240 a\n");
    assert_int_equal(dlq_hand_count(s_hand), 2);
}

/* ---- release ---- */

static void all_are_made_visible_the_last_received_first(void **state)
{
    (void)state;
    put_and_keep(12);
    assert_int_equal(release(), 0);
    expect_journal("visibility 0 l k j i h g f e d c\nvisibility 0 b a\n");
    assert_string_equal(fake_queue_content(s_queue), "a b c d e f g h i j k l");
    assert_int_equal(release(), 0);
    expect_journal("");
}

static void what_sqs_could_not_be_told_is_counted_and_what_is_gone_is_not(void **state)
{
    (void)state;
    put_and_keep(3);
    fake_queue_fail_entry(s_queue, FAKE_VISIBILITY, "b", SQS_ERROR_TRANSIENT);
    fake_queue_hide(s_queue, "c", SECONDS); /* somebody else's */
    assert_int_equal(release(), 1);
    expect_journal("visibility 0 c! b! a\n");
    assert_int_equal(dlq_hand_count(s_hand), 0);
}

static void a_release_that_fails_is_the_last_call_and_all_that_is_left_is_counted(void **state)
{
    (void)state;
    put_and_keep(12);
    fake_queue_fail(s_queue, FAKE_VISIBILITY, SQS_ERROR_TRANSIENT, "InternalFailure");
    assert_int_equal(release(), 12);
    expect_journal("visibility 0!\n");
    assert_int_equal(dlq_hand_count(s_hand), 0);
    assert_int_equal(dlq_hand_seen(s_hand, "a"), DLQ_HAND_BEFORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_is_known_once_it_was_kept_and_in_hand_until_it_is_released, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_message_that_comes_again_is_held_once_under_its_newest_handle, begin, end),
        cmocka_unit_test_setup_teardown(groups_are_counted_by_what_is_in_hand_of_them, begin, end),
        cmocka_unit_test_setup_teardown(what_is_half_over_is_renewed_for_twice_as_long_up_to_the_most, begin, end),
        cmocka_unit_test_setup_teardown(only_what_is_due_is_renewed, begin, end),
        cmocka_unit_test_setup_teardown(more_than_ten_are_renewed_in_several_calls, begin, end),
        cmocka_unit_test_setup_teardown(what_has_run_out_or_is_gone_is_let_go, begin, end),
        cmocka_unit_test_setup_teardown(what_was_let_go_or_dropped_is_not_released, begin, end),
        cmocka_unit_test_setup_teardown(a_renewal_that_fails_is_tried_again_ten_seconds_later, begin, end),
        cmocka_unit_test_setup_teardown(all_are_made_visible_the_last_received_first, begin, end),
        cmocka_unit_test_setup_teardown(what_sqs_could_not_be_told_is_counted_and_what_is_gone_is_not, begin, end),
        cmocka_unit_test_setup_teardown(a_release_that_fails_is_the_last_call_and_all_that_is_left_is_counted, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

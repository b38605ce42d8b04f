/* The table by MessageId, the lanes, and what leaves in which order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/memory.h"
#include "hand.h"

#define HOUR_MS ((int64_t)3600 * 1000)

static void release(struct sqs_message *delivery)
{
    free(delivery);
}

static struct sqs_message *delivery_of(const char *id, const char *group, const char *sequence, int64_t receives)
{
    struct sqs_message *delivery = memory_alloc(sizeof *delivery);
    *delivery = (struct sqs_message){.message_id = id,
                                     .receipt_handle = "handle",
                                     .json = "{}",
                                     .json_length = 2,
                                     .group_id = group,
                                     .sequence_number = sequence,
                                     .receive_count = receives};
    return delivery;
}

static struct message *add(struct hand *hand, const char *id, const char *group, const char *sequence)
{
    struct lease lease;
    struct message *message = NULL;
    lease_begin(&lease, 0, 3600, 0);
    assert_int_equal(hand_add(hand, delivery_of(id, group, sequence, 1), release, &lease, 0, &message), HAND_NEW);
    return message;
}

static const char *ready_id(const struct hand *hand)
{
    struct message *message = hand_first_ready(hand, 0, 0);
    return message != NULL ? message_id(message) : "";
}

/* Takes the first of a list of leaving messages and checks who it is. */
static void expect_leaving(struct list *out, const char *id, int seconds)
{
    struct list *node = list_take_first(out);
    assert_non_null(node);
    struct message *message = LIST_ITEM(node, struct message, in_work);
    assert_string_equal(message_id(message), id);
    assert_int_equal(message->leave_seconds, seconds);
    assert_int_equal(message->state, MESSAGE_GONE);
    message_release(message);
}

static int set_up(void **state)
{
    struct hand *hand = memory_alloc(sizeof *hand);
    hand_init(hand, true, 2);
    *state = hand;
    return 0;
}

static int tear_down(void **state)
{
    hand_deinit(*state);
    free(*state);
    return 0;
}

static void sequence_numbers_compare_as_decimal_numbers_of_any_length(void **state)
{
    (void)state;
    assert_true(sequence_compare("9", "10") < 0);
    assert_true(sequence_compare("18870930070498303999", "18870930070498304000") < 0);
    assert_true(sequence_compare("100000000000000000000000000000", "99999999999999999999999999999") > 0);
    assert_int_equal(sequence_compare("0042", "42"), 0);
    assert_true(sequence_compare(NULL, "0") < 0);
    assert_int_equal(sequence_compare(NULL, ""), 0);
}

static void a_lane_gives_out_its_lowest_message_only(void **state)
{
    struct hand *hand = *state;
    (void)add(hand, "a2", "A", "2");
    (void)add(hand, "a10", "A", "10");
    (void)add(hand, "a1", "A", "1");
    assert_int_equal(hand->lines[0].count, 1);
    assert_string_equal(ready_id(hand), "a1");
}

static void the_next_becomes_ready_when_the_one_before_is_settled(void **state)
{
    struct hand *hand = *state;
    struct message *first = add(hand, "a1", "A", "1");
    (void)add(hand, "a2", "A", "2");
    hand_forward(hand, first);
    assert_int_equal(hand->lines[0].count, 0);
    hand_run(hand, first);
    assert_int_equal(hand->lines[0].count, 0);
    hand_settle(hand, first, false); /* its delete is what settles it */
    assert_int_equal(hand->lines[0].count, 0);
    hand_remove_settled(hand, first);
    assert_string_equal(ready_id(hand), "a2");
    assert_int_equal(hand_count(hand), 1);
}

static void a_completed_chain_is_settled_before_its_delete(void **state)
{
    struct hand *hand = *state;
    struct list out;
    list_init(&out);
    struct message *first = add(hand, "a1", "A", "1");
    (void)add(hand, "a2", "A", "2");
    hand_forward(hand, first);
    hand_run(hand, first);
    hand_settle(hand, first, true);
    assert_string_equal(ready_id(hand), "a2");
    assert_int_equal(hand_count(hand), 2);
    hand_leave(hand, first, LEAVE_AS_IS, "lapsed", 0, &out); /* takes nobody along */
    expect_leaving(&out, "a1", LEAVE_AS_IS);
    assert_true(list_is_empty(&out));
    assert_string_equal(ready_id(hand), "a2");
}

static void lanes_run_in_parallel(void **state)
{
    struct hand *hand = *state;
    struct message *first = add(hand, "a1", "A", "1");
    (void)add(hand, "b1", "B", "1");
    (void)add(hand, "none", NULL, NULL);
    assert_int_equal(hand->lines[0].count, 3);
    hand_forward(hand, first);
    assert_string_equal(ready_id(hand), "b1");
}

static void a_message_that_comes_late_with_a_lower_number_waits_for_the_busy_one_and_goes_next(void **state)
{
    struct hand *hand = *state;
    struct message *second = add(hand, "a2", "A", "2");
    hand_forward(hand, second);
    (void)add(hand, "a3", "A", "3");
    (void)add(hand, "a1", "A", "1");
    assert_int_equal(hand->lines[0].count, 0);
    hand_settle(hand, second, false);
    hand_remove_settled(hand, second);
    assert_string_equal(ready_id(hand), "a1");
}

static void what_is_put_back_is_ready_again_behind_the_other_lanes(void **state)
{
    struct hand *hand = *state;
    struct message *first = add(hand, "a1", "A", "1");
    (void)add(hand, "b1", "B", "1");
    hand_forward(hand, first);
    hand_put_back(hand, first);
    assert_string_equal(ready_id(hand), "b1");
    assert_int_equal(hand->lines[0].count, 2);
    assert_int_equal(hand->held, 2);
}

static void the_first_untried_of_an_opening_is_found(void **state)
{
    struct hand *hand = *state;
    struct message *first = add(hand, "a1", "A", "1");
    struct message *second = add(hand, "b1", "B", "1");
    first->tried_in = 7;
    assert_ptr_equal(hand_first_untried(hand, 0, 7), second);
    second->tried_in = 7;
    assert_null(hand_first_untried(hand, 0, 7));
    assert_ptr_equal(hand_first_untried(hand, 0, 8), first);
}

static void a_delayed_message_is_ready_at_its_time(void **state)
{
    struct hand *hand = *state;
    struct message *first = add(hand, "a1", "A", "1");
    first->not_before_ms = 500;
    assert_null(hand_first_ready(hand, 0, 499));
    assert_int_equal(hand_next_ready_ms(hand, 0, 0), 500);
    assert_ptr_equal(hand_first_ready(hand, 0, 500), first);
    assert_int_equal(hand_next_ready_ms(hand, 0, 500), INT64_MAX);
}

static void a_leaving_message_takes_everything_behind_it_along_highest_first_itself_last(void **state)
{
    struct hand *hand = *state;
    struct list out;
    list_init(&out);
    (void)add(hand, "a1", "A", "1");
    struct message *second = add(hand, "a2", "A", "2");
    (void)add(hand, "a10", "A", "10");
    (void)add(hand, "a9", "A", "9");
    (void)add(hand, "b1", "B", "1");
    hand_leave(hand, second, 40, "test", 0, &out);
    assert_true(second->is_last_of_lane);
    message_acquire(second);
    expect_leaving(&out, "a10", 0);
    expect_leaving(&out, "a9", 0);
    expect_leaving(&out, "a2", 40);
    assert_true(list_is_empty(&out));
    message_release(second);
    assert_int_equal(hand_count(hand), 2);
    assert_string_equal(ready_id(hand), "a1"); /* what was before it stays */
}

static void a_running_head_leaves_with_its_followers_and_its_lane_is_gone(void **state)
{
    struct hand *hand = *state;
    struct list out;
    list_init(&out);
    struct message *first = add(hand, "a1", "A", "1");
    (void)add(hand, "a2", "A", "2");
    hand_forward(hand, first);
    hand_run(hand, first);
    hand_leave(hand, first, LEAVE_AS_IS, "test", 0, &out);
    expect_leaving(&out, "a2", 0);
    expect_leaving(&out, "a1", LEAVE_AS_IS);
    assert_int_equal(hand_count(hand), 0);
    assert_int_equal(hand->lines[0].count, 0);
    (void)add(hand, "a3", "A", "3");
    assert_string_equal(ready_id(hand), "a3");
}

static void what_has_lapsed_leaves_without_a_call(void **state)
{
    struct hand *hand = *state;
    struct list out;
    list_init(&out);
    struct message *first = add(hand, "a1", "A", "1");
    struct message *second = add(hand, "a2", "A", "2");
    lease_renewed(&second->lease, 10, 3600, 0);
    hand_leave(hand, first, 30, "test", HOUR_MS, &out);
    expect_leaving(&out, "a2", 0);
    expect_leaving(&out, "a1", LEAVE_AS_IS);
}

static void without_lanes_nobody_takes_others_along(void **state)
{
    (void)state;
    struct hand hand;
    struct list out;
    list_init(&out);
    hand_init(&hand, false, 1);
    struct message *first = add(&hand, "a1", "A", "1");
    (void)add(&hand, "a2", "A", "2");
    assert_int_equal(hand.lines[0].count, 2);
    hand_leave(&hand, first, 10, "test", 0, &out);
    expect_leaving(&out, "a1", 10);
    assert_true(list_is_empty(&out));
    assert_int_equal(hand_count(&hand), 1);
    hand_deinit(&hand);
}

static void two_copies_are_one_message_with_the_newest_handle(void **state)
{
    struct hand *hand = *state;
    struct lease lease;
    struct message *message = NULL;
    struct message *first = add(hand, "a1", "A", "1");
    hand_forward(hand, first);
    hand_run(hand, first);
    lease_begin(&lease, 70000, 3600, 0);
    struct sqs_message *newer = delivery_of("a1", "A", "1", 2);
    assert_int_equal(hand_add(hand, newer, release, &lease, 0, &message), HAND_NEWER_COPY);
    assert_ptr_equal(message, first);
    assert_ptr_equal(first->delivery, newer);
    assert_int_equal(first->handle_version, 1);
    assert_int_equal(first->state, MESSAGE_RUNNING);
    assert_int_equal(first->lease.received_ms, 70000);
    assert_int_equal(hand_add(hand, delivery_of("a1", "A", "1", 1), release, &lease, 0, &message), HAND_OLDER_COPY);
    assert_ptr_equal(first->delivery, newer);
    assert_int_equal(hand_count(hand), 1);
    assert_int_equal(hand->bytes, 2);
}

static void leases_are_sorted_by_deadline(void **state)
{
    struct hand *hand = *state;
    struct message *first = add(hand, "a1", "A", "1");
    struct message *second = add(hand, "b1", "B", "1");
    assert_ptr_equal(hand_first_lease(hand), first);
    lease_renewed(&first->lease, 1000, 3600, 0);
    hand_lease_changed(hand, first);
    assert_ptr_equal(hand_first_lease(hand), second);
    assert_ptr_equal(hand_next_lease(hand, second), first);
    assert_null(hand_next_lease(hand, first));
}

static void shutdown_hands_held_ones_back_highest_first_and_leaves_running_ones(void **state)
{
    struct hand *hand = *state;
    struct list out;
    list_init(&out);
    struct message *first = add(hand, "a1", "A", "1");
    (void)add(hand, "a4", "A", "4");
    (void)add(hand, "b2", "B", "2");
    (void)add(hand, "b30", "B", "30");
    (void)add(hand, "a3", "A", "3");
    hand_forward(hand, first);
    hand_run(hand, first);
    hand_leave_held(hand, "shutdown", 0, &out);
    expect_leaving(&out, "b30", 0);
    expect_leaving(&out, "a4", 0);
    expect_leaving(&out, "a3", 0);
    expect_leaving(&out, "b2", 0);
    assert_true(list_is_empty(&out));
    assert_int_equal(hand_count(hand), 1);
    assert_int_equal(hand->running, 1);
    assert_int_equal(hand->lines[0].count, 0);
}

static void counts_and_bytes_follow_the_states(void **state)
{
    struct hand *hand = *state;
    struct message *first = add(hand, "a1", "A", "1");
    assert_int_equal(hand->held, 1);
    assert_int_equal(hand->bytes, 2);
    hand_forward(hand, first);
    assert_int_equal(hand->forwarding, 1);
    hand_run(hand, first);
    assert_int_equal(hand->running, 1);
    hand_settle(hand, first, true);
    assert_int_equal(hand->settling, 1);
    hand_remove_settled(hand, first);
    assert_int_equal(hand->held + hand->forwarding + hand->running + hand->settling, 0);
    assert_int_equal(hand->bytes, 0);
    assert_int_equal(map_count(hand->lanes), 0);
}

static void a_resting_message_blocks_its_lane_and_goes_on_when_it_wakes(void **state)
{
    struct hand *hand = *state;
    struct message *first = add(hand, "a1", "A", "1");
    struct message *second = add(hand, "a2", "A", "2");
    hand_forward(hand, first);
    hand_run(hand, first);
    hand_rest(hand, first);
    assert_int_equal(hand->resting, 1);
    assert_int_equal(hand->lines[0].count, 0);
    hand_wake(hand, first);
    assert_string_equal(ready_id(hand), "a1");
    hand_forward(hand, first);
    hand_rest(hand, first); /* a closed run was found */
    hand_dead_letter(hand, first);
    assert_int_equal(hand->dead_lettering, 1);
    assert_int_equal(hand->lines[0].count, 0);
    hand_rest(hand, first); /* its queue is in trouble */
    hand_dead_letter(hand, first);
    hand_settle(hand, first, false);
    assert_int_equal(hand->lines[0].count, 0);
    hand_remove_settled(hand, first);
    assert_ptr_equal(hand_first_ready(hand, 0, 0), second);
}

static void a_ready_message_may_rest_or_be_settled_without_being_forwarded(void **state)
{
    struct hand *hand = *state;
    struct message *first = add(hand, "a1", "A", "1");
    (void)add(hand, "a2", "A", "2");
    hand_rest(hand, first);
    assert_int_equal(hand->lines[0].count, 0);
    hand_wake(hand, first);
    assert_true(hand_is_ready(first));
    hand_settle(hand, first, false);
    assert_int_equal(hand->lines[0].count, 0);
    hand_remove_settled(hand, first);
    assert_string_equal(ready_id(hand), "a2");
}

static void lines_are_kept_apart_and_a_lane_runs_across_them(void **state)
{
    struct hand *hand = *state;
    struct lease lease;
    struct message *first = NULL;
    struct message *second = NULL;
    lease_begin(&lease, 0, 3600, 0);
    assert_int_equal(hand_add(hand, delivery_of("a1", "A", "1", 1), release, &lease, 1, &first), HAND_NEW);
    assert_int_equal(hand_add(hand, delivery_of("a2", "A", "2", 1), release, &lease, 0, &second), HAND_NEW);
    assert_null(hand_first_ready(hand, 0, 0));
    assert_ptr_equal(hand_first_ready(hand, 1, 0), first);
    assert_int_equal(hand->lines[1].count, 1);
    hand_forward(hand, first);
    assert_int_equal(hand->lines[1].count, 0);
    hand_settle(hand, first, true);
    assert_ptr_equal(hand_first_ready(hand, 0, 0), second);
    hand_remove_settled(hand, first);
}

static void shutdown_hands_resting_ones_back_behind_their_followers(void **state)
{
    struct hand *hand = *state;
    struct list out;
    struct message *first = add(hand, "a1", "A", "1");
    (void)add(hand, "a2", "A", "2");
    (void)add(hand, "b1", "B", "3");
    hand_rest(hand, first);
    list_init(&out);
    hand_leave_held(hand, "shutdown", 0, &out);
    expect_leaving(&out, "b1", 0);
    expect_leaving(&out, "a2", 0);
    expect_leaving(&out, "a1", 0);
    assert_true(list_is_empty(&out));
    assert_int_equal(hand_count(hand), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequence_numbers_compare_as_decimal_numbers_of_any_length),
        TEST(a_lane_gives_out_its_lowest_message_only),
        TEST(the_next_becomes_ready_when_the_one_before_is_settled),
        TEST(a_completed_chain_is_settled_before_its_delete),
        TEST(lanes_run_in_parallel),
        TEST(a_message_that_comes_late_with_a_lower_number_waits_for_the_busy_one_and_goes_next),
        TEST(what_is_put_back_is_ready_again_behind_the_other_lanes),
        TEST(the_first_untried_of_an_opening_is_found),
        TEST(a_delayed_message_is_ready_at_its_time),
        TEST(a_leaving_message_takes_everything_behind_it_along_highest_first_itself_last),
        TEST(a_running_head_leaves_with_its_followers_and_its_lane_is_gone),
        TEST(what_has_lapsed_leaves_without_a_call),
        cmocka_unit_test(without_lanes_nobody_takes_others_along),
        TEST(two_copies_are_one_message_with_the_newest_handle),
        TEST(leases_are_sorted_by_deadline),
        TEST(shutdown_hands_held_ones_back_highest_first_and_leaves_running_ones),
        TEST(counts_and_bytes_follow_the_states),
        TEST(a_resting_message_blocks_its_lane_and_goes_on_when_it_wakes),
        TEST(a_ready_message_may_rest_or_be_settled_without_being_forwarded),
        TEST(lines_are_kept_apart_and_a_lane_runs_across_them),
        TEST(shutdown_hands_resting_ones_back_behind_their_followers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Going through a dead-letter queue once: what is looked at, how far it goes, and what is visible at its end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "dlq_scan.h"
#include "interrupt.h"
#include "support_queue.h"

#define URL "http://127.0.0.1:1/1/dead"
#define URL_FIFO URL ".fifo"
#define ACTS_MAX 32
#define HOUR_MS INT64_C(3600000)

static struct sqs_session *s_queue;
static struct where *s_where;
static struct progress s_progress;
static struct dlq_scan_options s_options;
static struct dlq_scan_result s_result;
static struct error s_error;
static bool s_is_interrupted;

/* What the test's act does, and what it was given. */
static struct {
    const char *deletes;    /* "a c": these go away; NULL: all that it is given; "": none */
    bool is_deaf;           /* done without anything going away, as `dlq ls` does */
    size_t ends_after;      /* so many acts: the scan ends; 0: never */
    size_t interrupt_after; /* so many acts */
    int64_t takes_ms;       /* each act */
    size_t count;
    size_t items[ACTS_MAX];
    int64_t at_ms[ACTS_MAX]; /* since the scan began */
    char seen[256];          /* "a b c" */
    int64_t began_ms;
} s_act;

/* In place of cli/interrupt.c. */
void interrupt_watch(void)
{
}

bool interrupt_came(void)
{
    return s_is_interrupted;
}

/* Whether words, parted by blanks, hold the word. */
static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at++) {
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool act(void *user, struct dlq_item *items, size_t count)
{
    assert_ptr_equal(user, s_queue);
    assert_true(count >= 1 && count <= SQS_BATCH_MAX && s_act.count < ACTS_MAX);
    s_act.items[s_act.count] = count;
    s_act.at_ms[s_act.count++] = sqs_session_now_ms(s_queue) - s_act.began_ms;
    fake_queue_move_clock(s_queue, s_act.takes_ms);
    for (size_t i = 0; i < count; i++) {
        const struct sqs_message *message = items[i].message;
        size_t length = strlen(s_act.seen);
        (void)snprintf(s_act.seen + length, sizeof s_act.seen - length, "%s%s", length > 0 ? " " : "",
                       message->message_id);
        if (!s_act.is_deaf && (s_act.deletes == NULL || has_word(s_act.deletes, message->message_id))) {
            struct sqs_session_entry deleted;
            assert_int_equal(sqs_session_delete_batch(s_queue, URL, &message->receipt_handle, 1, &deleted, NULL),
                             STATUS_OK);
            items[i].is_gone = deleted.is_ok;
            items[i].is_done = deleted.is_ok;
        }
        items[i].is_done = items[i].is_done || s_act.is_deaf;
    }
    s_is_interrupted = s_is_interrupted || s_act.count == s_act.interrupt_after;
    return s_act.count != s_act.ends_after;
}

static int begin(void **state)
{
    (void)state;
    s_queue = fake_queue_new();
    s_where = where_new();
    s_is_interrupted = false;
    s_error = (struct error){0};
    memset(&s_act, 0, sizeof s_act);
    progress_init(&s_progress, false, "", 0);
    s_options = (struct dlq_scan_options){
        .queue_url = URL, .where = s_where, .act = act, .user = s_queue, .progress = &s_progress};
    return 0;
}

static int end(void **state)
{
    (void)state;
    where_destroy(s_where);
    fake_queue_destroy(s_queue);
    return 0;
}

static void put(const char *id, const char *group, const char *body)
{
    fake_queue_put(s_queue, id, group, body, NULL);
}

/* a, b, c ... */
static void put_many(size_t count, const char *group)
{
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"};
    assert_true(count <= sizeof ids / sizeof ids[0]);
    for (size_t i = 0; i < count; i++) {
        put(ids[i], group, "{\"n\":1}");
    }
}

static void add_condition(const char *condition)
{
    assert_int_equal(where_add(s_where, condition, &s_error), STATUS_OK);
}

static enum status scan(void)
{
    s_act.began_ms = sqs_session_now_ms(s_queue);
    return dlq_scan_run(s_queue, &s_options, &s_result, &s_error);
}

static void expect_scan(void)
{
    assert_int_equal(scan(), STATUS_OK);
}

static void expect_content(const char *content)
{
    assert_string_equal(fake_queue_content(s_queue), content);
}

/* ---- what is looked at ---- */

static void every_message_is_looked_at_once_and_visible_again_at_the_end(void **state)
{
    (void)state;
    put_many(12, NULL);
    s_act.is_deaf = true;
    expect_scan();
    assert_string_equal(s_act.seen, "a b c d e f g h i j k l");
    assert_int_equal(s_result.looked_at, 12);
    assert_int_equal(s_result.taken, 12);
    assert_int_equal(s_result.kept_hidden, 0);
    assert_false(s_result.is_limit_reached || s_result.is_interrupted || s_result.is_hand_full);
    expect_content("a b c d e f g h i j k l");
    assert_string_equal(fake_queue_journal(s_queue), "receive a b c d e f g h i j\nreceive k l\nreceive -\n"
                                                     "visibility 0 l k j i h g f e d c\nvisibility 0 b a\n");
}

static void the_conditions_decide_what_is_acted_on(void **state)
{
    (void)state;
    put("a", NULL, "{\"n\":1}");
    put("b", NULL, "{\"n\":2}");
    put("c", NULL, "{\"n\":1}");
    put("d", NULL, "not JSON");
    add_condition("body.n=1");
    expect_scan();
    assert_string_equal(s_act.seen, "a c");
    assert_int_equal(s_result.looked_at, 4);
    assert_int_equal(s_result.taken, 2);
    expect_content("b d");
}

static void a_letter_that_cannot_be_read_is_given_with_what_is_wrong(void **state)
{
    (void)state;
    fake_queue_put(s_queue, "a", NULL, "1", "{\"FerryDeadLetter\":{\"DataType\":\"String\",\"StringValue\":\"{}\"}}");
    add_condition("reason=failed");
    expect_scan();
    assert_int_equal(s_result.taken, 0); /* it has no reason */
    assert_int_equal(s_result.looked_at, 1);
    expect_content("a");
}

static void what_came_after_the_scan_began_is_left_alone(void **state)
{
    (void)state;
    put_many(2, NULL);
    fake_queue_set_sent(s_queue, "b", clock_wall_ms() + HOUR_MS);
    expect_scan();
    assert_string_equal(s_act.seen, "a");
    assert_int_equal(s_result.looked_at, 1);
    expect_content("b");
}

static void an_empty_queue_is_one_receive(void **state)
{
    (void)state;
    expect_scan();
    assert_int_equal(s_result.looked_at, 0);
    assert_string_equal(fake_queue_journal(s_queue), "receive -\n");
}

/* ---- how far it goes ---- */

static void the_limit_counts_what_is_done_and_the_rest_is_visible(void **state)
{
    (void)state;
    put_many(5, NULL);
    s_options.limit = 3;
    s_act.deletes = "b c d e"; /* a stays, and is none of the three */
    expect_scan();
    assert_true(s_result.is_limit_reached);
    assert_string_equal(s_act.seen, "a b c d");
    expect_content("a e");
}

static void a_rate_lets_through_a_seconds_worth_and_then_one_after_another(void **state)
{
    (void)state;
    put_many(7, NULL);
    s_options.per_second = 3;
    expect_scan();
    assert_string_equal(s_act.seen, "a b c d e f g");
    assert_int_equal(s_act.count, 5);
    assert_int_equal(s_act.items[0], 3);
    for (size_t i = 1; i < s_act.count; i++) {
        assert_int_equal(s_act.items[i], 1);
        assert_true(s_act.at_ms[i] * 3 >= (int64_t)i * 1000 && s_act.at_ms[i] * 3 < (int64_t)i * 1000 + 12);
    }
    expect_content("");
}

static void what_is_in_hand_is_renewed_while_the_rate_is_waited_for(void **state)
{
    (void)state;
    put("kept", NULL, "{\"n\":2}");
    put_many(5, NULL);
    add_condition("body.n=1");
    s_options.per_second = 1;
    s_options.visibility_seconds = 4;
    s_act.is_deaf = true;
    expect_scan();
    assert_string_equal(s_act.seen, "a b c d e");
    assert_non_null(strstr(fake_queue_journal(s_queue), "visibility 8 kept a b"));
    assert_int_equal(s_result.kept_hidden, 0);
    expect_content("kept a b c d e");
}

/* Ten come together, and the last has its turn after nine seconds. */
static void what_waits_for_its_turn_longer_than_its_visibility_is_renewed_too(void **state)
{
    (void)state;
    put_many(10, NULL);
    s_options.per_second = 1;
    s_options.visibility_seconds = 5;
    expect_scan();
    assert_string_equal(s_act.seen, "a b c d e f g h i j");
    expect_content("");
}

static void an_act_can_end_the_scan(void **state)
{
    (void)state;
    put_many(12, NULL);
    s_act.ends_after = 1;
    expect_scan();
    assert_int_equal(s_act.count, 1);
    assert_false(s_result.is_limit_reached || s_result.is_interrupted);
    expect_content("k l");
}

/* ---- what goes wrong ---- */

static void what_did_not_go_away_is_not_acted_on_again_and_visible_at_the_end(void **state)
{
    (void)state;
    put_many(3, NULL);
    fake_queue_fail_entry(s_queue, FAKE_DELETE, "b", SQS_ERROR_TRANSIENT);
    expect_scan();
    assert_string_equal(s_act.seen, "a b c");
    expect_content("b");
    assert_int_equal(s_result.kept_hidden, 0);
}

static void a_queue_that_cannot_be_read_is_an_error_and_what_is_in_hand_goes_back(void **state)
{
    (void)state;
    put_many(2, NULL);
    fake_queue_fail(s_queue, FAKE_RECEIVE, SQS_ERROR_MISSING_QUEUE, "QueueDoesNotExist");
    assert_int_equal(scan(), STATUS_UNAVAILABLE);
    assert_string_equal(s_error.text, URL ": QueueDoesNotExist");
    assert_int_equal(s_result.looked_at, 0);
    expect_content("a b");
}

static void sqss_own_limit_ends_the_scan_without_an_error(void **state)
{
    (void)state;
    fake_queue_fail(s_queue, FAKE_RECEIVE, SQS_ERROR_FINAL, "OverLimit");
    expect_scan();
    assert_true(s_result.is_hand_full);
}

static void what_cannot_be_made_visible_is_counted(void **state)
{
    (void)state;
    put_many(3, NULL);
    s_act.is_deaf = true;
    fake_queue_fail_entry(s_queue, FAKE_VISIBILITY, "b", SQS_ERROR_TRANSIENT);
    expect_scan();
    assert_int_equal(s_result.kept_hidden, 1);
    expect_content("a b* c");
}

static void a_message_whose_visibility_ran_out_in_hand_comes_again_and_is_not_acted_on_again(void **state)
{
    (void)state;
    put_many(2, NULL);
    s_act.deletes = "b";
    s_act.takes_ms = (DLQ_SCAN_VISIBILITY_SECONDS + 1) * INT64_C(1000);
    expect_scan();
    assert_string_equal(s_act.seen, "a b"); /* b, too late to be deleted, stays as well */
    assert_int_equal(s_result.looked_at, 2);
    assert_int_equal(s_result.kept_hidden, 0);
    assert_non_null(strstr(fake_queue_journal(s_queue), "visibility 240 a! b!\nreceive a b\n"));
    expect_content("a b");
}

static void a_queue_into_which_more_comes_than_is_taken_is_left_after_ten_receives(void **state)
{
    (void)state;
    static char ids[FAKE_QUEUE_MESSAGES_MAX][8];
    for (size_t i = 0; i < FAKE_QUEUE_MESSAGES_MAX; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "m%zu", i);
        put(ids[i], NULL, "1");
        fake_queue_set_sent(s_queue, ids[i], clock_wall_ms() + HOUR_MS);
    }
    expect_scan();
    assert_int_equal(s_result.looked_at, 0);
    assert_int_equal(s_act.count, 0);
    size_t receives = 0;
    const char *journal = fake_queue_journal(s_queue);
    for (const char *at = journal; (at = strstr(at, "receive m")) != NULL; at++) {
        receives++;
    }
    assert_int_equal(receives, 10);
    assert_null(strchr(fake_queue_content(s_queue), '*'));
}

static void what_a_killed_scan_had_in_hand_is_found_when_its_visibility_is_over(void **state)
{
    (void)state;
    put_many(3, NULL);
    fake_queue_hide(s_queue, "a", DLQ_SCAN_VISIBILITY_SECONDS);
    fake_queue_hide(s_queue, "b", DLQ_SCAN_VISIBILITY_SECONDS);
    expect_scan();
    assert_string_equal(s_act.seen, "c");
    fake_queue_move_clock(s_queue, DLQ_SCAN_VISIBILITY_SECONDS * INT64_C(1000));
    expect_scan();
    assert_string_equal(s_act.seen, "c a b");
    assert_int_equal(s_result.looked_at, 2);
    expect_content("");
}

/* ---- interruption ---- */

static void an_interruption_before_the_first_receive_takes_nothing(void **state)
{
    (void)state;
    put_many(1, NULL);
    s_is_interrupted = true;
    expect_scan();
    assert_true(s_result.is_interrupted);
    assert_string_equal(fake_queue_journal(s_queue), "");
}

static void an_interruption_between_two_receives_puts_back_what_is_in_hand(void **state)
{
    (void)state;
    put_many(12, NULL);
    s_act.deletes = "a b";
    s_act.interrupt_after = 1;
    expect_scan();
    assert_true(s_result.is_interrupted);
    assert_int_equal(s_act.count, 1);
    expect_content("c d e f g h i j k l");
}

static void an_interruption_ends_the_wait_for_the_rate(void **state)
{
    (void)state;
    put_many(5, NULL);
    s_options.per_second = 2;
    s_act.interrupt_after = 2;
    expect_scan();
    assert_true(s_result.is_interrupted);
    assert_false(s_result.is_limit_reached);
    assert_string_equal(s_act.seen, "a b c");
    expect_content("d e");
}

/* ---- FIFO ---- */

static void messages_behind_those_that_stay_are_reached_when_something_of_their_group_went(void **state)
{
    (void)state;
    s_options.queue_url = URL_FIFO;
    put_many(10, "G");
    put("x", "G", "1");
    put("y", "G", "1");
    s_act.deletes = "a c x y";
    expect_scan();
    assert_string_equal(s_act.seen, "a b c d e f g h i j x y");
    assert_int_equal(s_result.groups_cut, 0); /* eight stay: there is nothing behind them */
    expect_content("b d e f g h i j");
}

static void what_stands_behind_ten_that_stay_is_out_of_reach_and_said(void **state)
{
    (void)state;
    s_options.queue_url = URL_FIFO;
    put_many(12, "G");
    put("x", "H", "1");
    s_act.is_deaf = true;
    expect_scan();
    assert_string_equal(s_act.seen, "a b c d e f g h i j x");
    assert_int_equal(s_result.groups_cut, 1);
    expect_content("a b c d e f g h i j k l x");
}

static void a_group_goes_back_with_its_head_last(void **state)
{
    (void)state;
    s_options.queue_url = URL_FIFO;
    put_many(3, "G");
    s_act.is_deaf = true;
    expect_scan();
    assert_string_equal(fake_queue_journal(s_queue), "receive a b c\nreceive -\nvisibility 0 c b a\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_message_is_looked_at_once_and_visible_again_at_the_end),
        TEST(the_conditions_decide_what_is_acted_on),
        TEST(a_letter_that_cannot_be_read_is_given_with_what_is_wrong),
        TEST(what_came_after_the_scan_began_is_left_alone),
        TEST(an_empty_queue_is_one_receive),
        TEST(the_limit_counts_what_is_done_and_the_rest_is_visible),
        TEST(a_rate_lets_through_a_seconds_worth_and_then_one_after_another),
        TEST(what_is_in_hand_is_renewed_while_the_rate_is_waited_for),
        TEST(what_waits_for_its_turn_longer_than_its_visibility_is_renewed_too),
        TEST(an_act_can_end_the_scan),
        TEST(what_did_not_go_away_is_not_acted_on_again_and_visible_at_the_end),
        TEST(a_queue_that_cannot_be_read_is_an_error_and_what_is_in_hand_goes_back),
        TEST(sqss_own_limit_ends_the_scan_without_an_error),
        TEST(what_cannot_be_made_visible_is_counted),
        TEST(a_message_whose_visibility_ran_out_in_hand_comes_again_and_is_not_acted_on_again),
        TEST(a_queue_into_which_more_comes_than_is_taken_is_left_after_ten_receives),
        TEST(what_a_killed_scan_had_in_hand_is_found_when_its_visibility_is_over),
        TEST(an_interruption_before_the_first_receive_takes_nothing),
        TEST(an_interruption_between_two_receives_puts_back_what_is_in_hand),
        TEST(an_interruption_ends_the_wait_for_the_rate),
        TEST(messages_behind_those_that_stay_are_reached_when_something_of_their_group_went),
        TEST(what_stands_behind_ten_that_stay_is_out_of_reach_and_said),
        TEST(a_group_goes_back_with_its_head_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

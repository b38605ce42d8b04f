/* Route lists: which route takes a message, what becomes of one that none takes; each case in its lane. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "support_fakes.h"

#define TAKES(id) "{\"messageId\":[\"" id "\"]}"

static void the_first_route_whose_filter_takes_a_message_gets_it(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_set_auto_close(fakes, "Completed");
    fakes_set_filter(fakes, TAKES("m1"));
    (void)fakes_add_route(fakes, "second", TAKES("m2"));
    (void)fakes_add_route(fakes, "rest", NULL);
    fakes_send(fakes, "m1", "", "");
    fakes_send(fakes, "m2", "", "");
    fakes_send(fakes, "m3", "", "");
    fakes_send(fakes, "m4", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "forward m1", 1);
    fakes_expect(fakes, "forward@second m2", 1);
    fakes_expect(fakes, "forward@rest m3,m4", 1);
    fakes_expect(fakes, "delete m4", 1);
    fakes_destroy(fakes);
}

static void a_group_keeps_its_order_across_routes(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_set_filter(fakes, TAKES("a1"));
    (void)fakes_add_route(fakes, "rest", NULL);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    assert_int_equal(fakes_count(fakes, "forward@rest a2"), 0);
    fakes_close_run(fakes, "a1", "Completed");
    fakes_expect(fakes, "forward@rest a2", 1);
    fakes_expect(fakes, "delete a1", 1);
    fakes_destroy(fakes);
}

static void an_unmatched_message_is_returned_after_everything_behind_it(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_set_auto_close(fakes, "Completed");
    fakes_set_filter(fakes, TAKES("a1"));
    (void)fakes_add_route(fakes, "third", TAKES("a3"));
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_send(fakes, "a3", "A", "3");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility a2 10", 1);
    assert_true(fakes_index(fakes, "visibility a3 0") < fakes_index(fakes, "visibility a2 10"));
    assert_int_equal(fakes_count_prefix(fakes, "forward@third"), 0);
    fakes_expect(fakes, "delete a1", 1);
    fakes_destroy(fakes);
}

static void an_unmatched_message_is_deleted_when_the_queue_says_so_in_its_turn(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_queue(fakes)->unmatched = SETTINGS_CLOSED_DELETE;
    fakes_set_filter(fakes, TAKES("a1"));
    (void)fakes_add_route(fakes, "third", TAKES("a3"));
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_send(fakes, "a3", "A", "3");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    assert_int_equal(fakes_count(fakes, "delete a2"), 0);
    fakes_close_run(fakes, "a1", "Completed");
    fakes_expect(fakes, "forward@third a3", 1);
    assert_true(fakes_index(fakes, "delete a2") < fakes_index(fakes, "forward@third a3"));
    fakes_destroy(fakes);
}

static void an_unmatched_message_is_dead_lettered_in_its_turn(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_set_auto_close(fakes, "Completed");
    fakes_queue(fakes)->unmatched = SETTINGS_CLOSED_DEAD_LETTER;
    fakes_queue(fakes)->dead_letter_queue = fakes_queue_url(fakes, "unmatched.fifo");
    fakes_set_filter(fakes, TAKES("a2"));
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "delete a2", 1);
    assert_true(fakes_index(fakes, "send unmatched.fifo a1") < fakes_index(fakes, "delete a1"));
    assert_true(fakes_index(fakes, "delete a1") < fakes_index(fakes, "forward a2"));
    fakes_destroy(fakes);
}

static void one_routes_open_circuit_leaves_the_other_route_alone_and_receives_nothing(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_set_filter(fakes, TAKES("a1"));
    (void)fakes_add_route(fakes, "rest", NULL);
    fakes_set_route_status(fakes, "hello-world", 503);
    fakes_set_ready(fakes, false);
    fakes_set_auto_close(fakes, "Completed");
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "b1", "B", "2");
    fakes_send(fakes, "b2", "B", "3");
    fakes_start(fakes);
    fakes_expect(fakes, "forward a1", 1);
    fakes_expect(fakes, "delete b2", 1); /* what is in hand for the other route goes on */
    size_t receives = fakes_count(fakes, "receive");
    fakes_send(fakes, "c1", "C", "4");
    fakes_set_route_status(fakes, NULL, 0);
    assert_true(fakes_count(fakes, "receive") <= receives + 2);
    fakes_set_ready(fakes, true);
    fakes_expect(fakes, "delete a1", 1);
    fakes_expect(fakes, "delete c1", 1);
    fakes_destroy(fakes);
}

static void a_damaged_message_in_the_middle_of_a_lane_takes_what_is_behind_it_along(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send_damaged(fakes, "a2", "A", "2");
    fakes_send(fakes, "a3", "A", "3");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility a2 10", 1);
    fakes_expect(fakes, "wait", 1);
    assert_true(fakes_index(fakes, "visibility a3 0") < fakes_index(fakes, "visibility a2 10"));
    fakes_close_run(fakes, "a1", "Completed");
    fakes_expect(fakes, "delete a1", 1);
    assert_int_equal(fakes_count_prefix(fakes, "visibility a1"), 0);
    assert_int_equal(fakes_count(fakes, "forward a3"), 0);
    fakes_destroy(fakes);
}

static void a_message_whose_workflow_is_gone_is_returned(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_route(fakes)->max_attempts = 3;
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    fakes_close_run(fakes, "a1", "NotFound");
    fakes_expect(fakes, "visibility a1 10", 1);
    assert_true(fakes_index(fakes, "visibility a2 0") < fakes_index(fakes, "visibility a1 10"));
    fakes_destroy(fakes);
}

static void what_is_in_an_envelope_is_forwarded_and_what_is_not_is_rejected(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_set_auto_close(fakes, "Completed");
    fakes_queue(fakes)->envelope = SETTINGS_ENVELOPE_SNS;
    fakes_route(fakes)->dead_letter_queue = fakes_queue_url(fakes, "dead.fifo");
    fakes_send(fakes, "a1", "A", "1");
    fakes_set_content(fakes, "a1", "{\"Type\":\"Notification\",\"TopicArn\":\"t\",\"Message\":\"in\\nside\"}", NULL);
    fakes_send(fakes, "b1", "B", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "delete a1", 1);
    fakes_expect(fakes, "delete b1", 1);
    assert_int_equal(fakes_count(fakes, "send dead.fifo b1"), 1);
    json_t *event = fakes_last_event(fakes, "a1");
    assert_string_equal(json_string_value(json_object_get(json_object_get(event, "data"), "Body")), "in\nside");
    json_decref(event);
    json_t *sent = fakes_last_sent(fakes);
    assert_string_equal(json_string_value(json_object_get(sent, "MessageBody")), "{\"message\":\"hi\"}");
    json_decref(sent);
    fakes_destroy(fakes);
}

/* Nothing else flows on its route: nothing shows whether the message or the route's target is at fault. */
static void one_bad_message_of_a_route_does_not_stop_the_other_routes(void **state)
{
    (void)state;
    static const char *const others[] = {"m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"};
    struct fakes *fakes = fakes_new(false, 60);
    fakes_set_auto_close(fakes, "Completed");
    fakes_set_filter(fakes, TAKES("bad"));
    (void)fakes_add_route(fakes, "rest", NULL);
    fakes_send(fakes, "bad", "", "");
    fakes_set_outcome(fakes, "bad", "retry");
    fakes_start(fakes);
    fakes_expect(fakes, "forward bad", 3); /* its circuit is open, and the receives from before have ended */
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        fakes_send(fakes, others[i], "", "");
    }
    fakes_expect(fakes, "delete m8", 1);
    assert_true(fakes_count(fakes, "forward bad") <= 5); /* not one of them for each of its tries */
    assert_int_equal(fakes_count(fakes, "give bad"), 1);
    fakes_destroy(fakes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_route_whose_filter_takes_a_message_gets_it),
        cmocka_unit_test(a_group_keeps_its_order_across_routes),
        cmocka_unit_test(an_unmatched_message_is_returned_after_everything_behind_it),
        cmocka_unit_test(an_unmatched_message_is_deleted_when_the_queue_says_so_in_its_turn),
        cmocka_unit_test(an_unmatched_message_is_dead_lettered_in_its_turn),
        cmocka_unit_test(one_routes_open_circuit_leaves_the_other_route_alone_and_receives_nothing),
        cmocka_unit_test(a_damaged_message_in_the_middle_of_a_lane_takes_what_is_behind_it_along),
        cmocka_unit_test(a_message_whose_workflow_is_gone_is_returned),
        cmocka_unit_test(what_is_in_an_envelope_is_forwarded_and_what_is_not_is_rejected),
        cmocka_unit_test(one_bad_message_of_a_route_does_not_stop_the_other_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

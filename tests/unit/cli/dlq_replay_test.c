/* Replays: what is sent with which identity, what is deleted for it, and what stays. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dlq_replay.h"
#include "support_queue.h"

#define FROM "http://127.0.0.1:1/1/dead"
#define FROM_FIFO FROM ".fifo"
#define ORDERS "http://127.0.0.1:1/1/orders"
#define ORDERS_FIFO ORDERS ".fifo"

/* What the poller writes: the message's first ID, and the queue that it came from. */
#define LETTER(id, queue)                                                                                              \
    "{\"colour\":{\"DataType\":\"String\",\"StringValue\":\"red\"},\"FerryDeadLetter\":{\"DataType\":\"String\","      \
    "\"StringValue\":\"{\\\"messageId\\\":\\\"" id "\\\",\\\"queue\\\":\\\"" queue                                     \
    "\\\",\\\"workflowId\\\":\\\"w-" id "\\\",\\\"runId\\\":\\\"r-" id "\\\"}\"}}"

static struct sqs_session *s_queue;
static struct progress s_progress;
static char *s_said;
static size_t s_said_length;

static int begin(void **state)
{
    (void)state;
    s_queue = fake_queue_new();
    progress_init(&s_progress, false, "", 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(s_said);
    s_said = NULL;
    fake_queue_destroy(s_queue);
    return 0;
}

/* One scan; what is reported of each message goes to s_said. */
static struct dlq_report replay(const char *from, const char *to, bool is_dry_run)
{
    free(s_said);
    struct dlq_report report = {.out = open_memstream(&s_said, &s_said_length),
                                .is_dry_run = is_dry_run,
                                .outcome = is_dry_run ? "would replay" : "replayed",
                                .progress = &s_progress};
    struct dlq_replay user = {.session = s_queue, .from = from, .to = to, .report = &report};
    struct where *where = where_new();
    struct dlq_scan_result result = {0};
    struct error error = {0};
    const struct dlq_scan_options options = {
        .queue_url = from, .where = where, .act = dlq_replay_act, .user = &user, .progress = &s_progress};
    assert_non_null(report.out);
    assert_int_equal(dlq_scan_run(s_queue, &options, &result, &error), STATUS_OK);
    assert_int_equal(fclose(report.out), 0);
    where_destroy(where);
    return report;
}

static bool said(const char *text)
{
    return strstr(s_said, text) != NULL;
}

static void a_letter_goes_where_it_came_from_with_its_identity_and_is_deleted(void **state)
{
    (void)state;
    fake_queue_put(s_queue, "d1", NULL, "1", LETTER("m1", ORDERS));
    struct dlq_report report = replay(FROM, NULL, false);
    assert_int_equal(report.done, 1);
    assert_int_equal(report.left, 0);
    assert_string_equal(fake_queue_journal(s_queue), "receive d1\nsend " ORDERS " \"1\"\ndelete d1\nreceive -\n");
    const char *attributes = fake_queue_last_attributes(s_queue);
    assert_null(strstr(attributes, "FerryDeadLetter"));
    assert_non_null(strstr(attributes, "FerryReplay"));
    assert_non_null(strstr(attributes, "\\\"messageId\\\":\\\"m1\\\""));
    assert_non_null(strstr(attributes, "\\\"runId\\\":\\\"r-m1\\\""));
    assert_non_null(strstr(attributes, "colour"));
    assert_true(said("m1 (dead letter d1)"));
}

static void letters_of_several_queues_are_a_batch_for_each(void **state)
{
    (void)state;
    fake_queue_put(s_queue, "d1", NULL, "1", LETTER("m1", ORDERS));
    fake_queue_put(s_queue, "d2", NULL, "2", LETTER("m2", ORDERS "2"));
    fake_queue_put(s_queue, "d3", NULL, "3", LETTER("m3", ORDERS));
    assert_int_equal(replay(FROM, NULL, false).done, 3);
    assert_string_equal(fake_queue_journal(s_queue),
                        "receive d1 d2 d3\nsend " ORDERS " \"1\" \"3\"\ndelete d1 d3\n"
                        "send " ORDERS "2 \"2\"\ndelete d2\nreceive -\n");
}

static void what_sqs_does_not_take_stays_and_is_not_deleted(void **state)
{
    (void)state;
    fake_queue_put(s_queue, "d1", NULL, "1", LETTER("m1", ORDERS));
    fake_queue_put(s_queue, "d2", NULL, "2", LETTER("m2", ORDERS));
    fake_queue_fail_entry(s_queue, FAKE_SEND, "\"1\"", SQS_ERROR_FINAL);
    struct dlq_report report = replay(FROM, NULL, false);
    assert_int_equal(report.done, 1);
    assert_int_equal(report.left, 1);
    assert_true(said("left      m1 (dead letter d1): as told"));
    assert_string_equal(fake_queue_content(s_queue), "d1");
    assert_non_null(strstr(fake_queue_journal(s_queue), "delete d2\n"));
}

static void a_send_that_fails_as_a_whole_leaves_all(void **state)
{
    (void)state;
    fake_queue_put(s_queue, "d1", NULL, "1", LETTER("m1", ORDERS));
    fake_queue_put(s_queue, "d2", NULL, "2", LETTER("m2", ORDERS));
    fake_queue_fail(s_queue, FAKE_SEND, SQS_ERROR_CREDENTIALS, "AccessDenied");
    struct dlq_report report = replay(FROM, NULL, false);
    assert_int_equal(report.done, 0);
    assert_int_equal(report.left, 2);
    assert_true(said("m2 (dead letter d2): AccessDenied"));
    assert_string_equal(fake_queue_content(s_queue), "d1 d2");
    assert_null(strstr(fake_queue_journal(s_queue), "delete"));
}

static void a_letter_that_was_not_deleted_is_done_and_sent_once_in_a_scan(void **state)
{
    (void)state;
    fake_queue_put(s_queue, "d1", NULL, "1", LETTER("m1", ORDERS));
    fake_queue_fail_entry(s_queue, FAKE_DELETE, "d1", SQS_ERROR_TRANSIENT);
    struct dlq_report report = replay(FROM, NULL, false);
    assert_int_equal(report.done, 1);
    assert_true(said("its dead letter was not deleted"));
    assert_string_equal(fake_queue_journal(s_queue),
                        "receive d1\nsend " ORDERS " \"1\"\ndelete d1!\nreceive -\nvisibility 0 d1\n");
}

static void after_a_kill_between_send_and_delete_the_same_is_sent_again(void **state)
{
    (void)state;
    fake_queue_put(s_queue, "d1", "G", "1", LETTER("m1", ORDERS_FIFO));
    fake_queue_fail(s_queue, FAKE_DELETE, SQS_ERROR_TRANSIENT, "killed");
    fake_queue_fail(s_queue, FAKE_VISIBILITY, SQS_ERROR_TRANSIENT, "killed");
    (void)replay(FROM_FIFO, NULL, false);
    char *first = strdup(fake_queue_last_attributes(s_queue));
    assert_non_null(strstr(fake_queue_journal(s_queue), "send " ORDERS_FIFO " d1\n"));
    fake_queue_fail(s_queue, FAKE_DELETE, SQS_ERROR_TRANSIENT, NULL);
    fake_queue_fail(s_queue, FAKE_VISIBILITY, SQS_ERROR_TRANSIENT, NULL);
    assert_int_equal(replay(FROM_FIFO, NULL, false).done, 0); /* it is hidden yet */
    fake_queue_move_clock(s_queue, DLQ_SCAN_VISIBILITY_SECONDS * INT64_C(1000));
    (void)fake_queue_journal(s_queue);
    assert_int_equal(replay(FROM_FIFO, NULL, false).done, 1);
    assert_non_null(strstr(fake_queue_journal(s_queue), "send " ORDERS_FIFO " d1\ndelete d1\n"));
    assert_string_equal(fake_queue_last_attributes(s_queue), first); /* the gateway makes one run of the two */
    assert_string_equal(fake_queue_content(s_queue), "");
    free(first);
}

static void what_cannot_be_replayed_is_left_and_said(void **state)
{
    (void)state;
    fake_queue_put(s_queue, "d1", NULL, "1", NULL);
    fake_queue_put(s_queue, "d2", NULL, "2", LETTER("m2", FROM));
    fake_queue_put(s_queue, "d3", NULL, "3", "{\"FerryDeadLetter\":{\"DataType\":\"String\",\"StringValue\":\"?\"}}");
    assert_int_equal(replay(FROM, NULL, false).left, 3);
    assert_true(said("d1 (dead letter d1): it does not say which queue it came from"));
    assert_true(said("m2 (dead letter d2): it would go to the queue that it is in"));
    assert_true(said("d3 (dead letter d3): the attribute FerryDeadLetter"));
    assert_string_equal(fake_queue_content(s_queue), "d1 d2 d3");
    assert_int_equal(replay(FROM, ORDERS, false).done, 2); /* named, the first two know where to go */
    assert_string_equal(fake_queue_content(s_queue), "d3");
}

static void a_dry_run_sends_and_deletes_nothing(void **state)
{
    (void)state;
    fake_queue_put(s_queue, "d1", NULL, "1", LETTER("m1", ORDERS));
    assert_int_equal(replay(FROM, NULL, true).done, 1);
    assert_true(said("would replay m1 (dead letter d1) to " ORDERS));
    assert_string_equal(fake_queue_journal(s_queue), "receive d1\nreceive -\nvisibility 0 d1\n");
}

static void what_does_not_fit_into_a_call_goes_with_the_next(void **state)
{
    (void)state;
    static char bodies[2][DLQ_REPLAY_BATCH_BYTES_MAX / 2];
    for (size_t i = 0; i < 2; i++) {
        memset(bodies[i], 'x', sizeof bodies[i] - 1);
        fake_queue_put(s_queue, i == 0 ? "d1" : "d2", "G", bodies[i], LETTER("m", ORDERS_FIFO));
    }
    assert_int_equal(replay(FROM_FIFO, NULL, false).done, 2);
    assert_string_equal(fake_queue_journal(s_queue), "receive d1 d2\nsend " ORDERS_FIFO " d1\ndelete d1\n"
                                                     "send " ORDERS_FIFO " d2\ndelete d2\nreceive -\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_letter_goes_where_it_came_from_with_its_identity_and_is_deleted),
        TEST(letters_of_several_queues_are_a_batch_for_each),
        TEST(what_sqs_does_not_take_stays_and_is_not_deleted),
        TEST(a_send_that_fails_as_a_whole_leaves_all),
        TEST(a_letter_that_was_not_deleted_is_done_and_sent_once_in_a_scan),
        TEST(after_a_kill_between_send_and_delete_the_same_is_sent_again),
        TEST(what_cannot_be_replayed_is_left_and_said),
        TEST(a_dry_run_sends_and_deletes_nothing),
        TEST(what_does_not_fit_into_a_call_goes_with_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

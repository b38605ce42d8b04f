/* What a queue's metrics say before anything has happened. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "consumer_metrics.h"

static void assert_says(struct metrics *metrics, const char *line)
{
    struct buffer text;
    buffer_init(&text, METRICS_TEXT_MAX);
    metrics_write(metrics, &text);
    if (strstr(text.data, line) == NULL) {
        fail_msg("expected \"%s\" in:\n%s", line, text.data);
    }
    buffer_deinit(&text);
}

static void what_may_go_wrong_is_counted_from_nought(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct consumer_metrics of;
    consumer_metrics_init(&of, metrics, "q");
    assert_says(metrics, "\nferry_poller_dead_letters_total{queue=\"q\",reason=\"timed_out\"} 0\n");
    assert_says(metrics, "\nferry_poller_dead_letters_failed_total{class=\"throttled\",queue=\"q\"} 0\n");
    assert_says(metrics, "\nferry_poller_dead_letters_failed_total{class=\"final\",queue=\"q\"} 0\n");
    assert_says(metrics, "\nferry_poller_messages_rejected_total{class=\"not_json\",queue=\"q\"} 0\n");
    assert_says(metrics, "\nferry_poller_messages_unmatched_total{action=\"delete\",queue=\"q\"} 0\n");
    consumer_metrics_dead_letter(&of, "timed_out");
    consumer_metrics_dead_letter_failed(&of, "final");
    consumer_metrics_rejected(&of, "not_json");
    consumer_metrics_rejected(&of, "not_json");
    consumer_metrics_unmatched(&of, "delete");
    assert_says(metrics, "\nferry_poller_dead_letters_total{queue=\"q\",reason=\"timed_out\"} 1\n");
    assert_says(metrics, "\nferry_poller_dead_letters_failed_total{class=\"final\",queue=\"q\"} 1\n");
    assert_says(metrics, "\nferry_poller_messages_rejected_total{class=\"not_json\",queue=\"q\"} 2\n");
    assert_says(metrics, "\nferry_poller_messages_unmatched_total{action=\"delete\",queue=\"q\"} 1\n");
    metrics_destroy(metrics);
}

static void the_hand_s_limits_stand_beside_what_is_in_it(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct consumer_metrics of;
    consumer_metrics_init(&of, metrics, "q");
    consumer_metrics_limits(&of, 500, 65536);
    assert_says(metrics, "\nferry_poller_messages_in_hand_limit{queue=\"q\"} 500\n");
    assert_says(metrics, "\nferry_poller_bytes_in_hand_limit{queue=\"q\"} 65536\n");
    metrics_destroy(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_go_wrong_is_counted_from_nought),
        cmocka_unit_test(the_hand_s_limits_stand_beside_what_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
